"""Survival statistics: arrays and frames in, arrays out. Nothing here knows of children, files of plans or MLflow.

Names are loaded when they are first used, so that importing one model does not import the libraries of all.
"""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names
from .registry import MODELS

if TYPE_CHECKING:
    from .aft.distributions import compare_distributions
    from .aft.model import ParametricAFT
    from .bundle import load_model, model_digest
    from .cause_specific.model import CauseSpecificCox
    from .cox.model import CoxPH
    from .cox.path import CoxElasticNetCV
    from .curves.nonparametric import aalen_johansen, kaplan_meier, nelson_aalen
    from .discrete_time.boosting import BoostedHazard
    from .discrete_time.model import DiscreteTimeHazard
    from .estimator.base import IncidenceModel
    from .estimator.bundle_files import save_bundle
    from .estimator.nested_models import compare_nested
    from .explanation.average_risks import partial_dependence
    from .explanation.contributions import explain_risk
    from .explanation.local_effects import accumulated_local_effects
    from .features.encoder import FeatureEncoder
    from .fine_gray.model import FineGray
    from .group_tests.gray import gray_test
    from .group_tests.logrank import logrank_test
    from .group_tests.restricted_means import restricted_mean_difference
    from .inputs.follow_up import FollowUpWarning
    from .inputs.outcome import Outcome, check_outcome
    from .marginal.aalen_johansen import AalenJohansen
    from .royston_parmar.model import RoystonParmar
    from .stacking.model import StackedIncidence

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        **{module: [name] for name, module in MODELS.items()},
        "aft.distributions": ["compare_distributions"],
        "bundle": ["load_model", "model_digest"],
        "curves.nonparametric": ["aalen_johansen", "kaplan_meier", "nelson_aalen"],
        "estimator.base": ["IncidenceModel"],
        "estimator.bundle_files": ["save_bundle"],
        "estimator.nested_models": ["compare_nested"],
        "explanation.average_risks": ["partial_dependence"],
        "explanation.contributions": ["explain_risk"],
        "explanation.local_effects": ["accumulated_local_effects"],
        "features.encoder": ["FeatureEncoder"],
        "group_tests.gray": ["gray_test"],
        "group_tests.logrank": ["logrank_test"],
        "group_tests.restricted_means": ["restricted_mean_difference"],
        "inputs.follow_up": ["FollowUpWarning"],
        "inputs.outcome": ["Outcome", "check_outcome"],
    },
)
