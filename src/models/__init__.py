"""Survival statistics: arrays and frames in, arrays out. Nothing here knows of children, files of plans or MLflow.

Names are loaded when they are first used, so that importing one model does not import the libraries of all.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .aalen_johansen_model import AalenJohansen
    from .base import IncidenceModel
    from .boosting import BoostedHazard
    from .bundle import load_model, model_digest, save_bundle
    from .cause_specific import CauseSpecificCox
    from .cox import CoxPH
    from .cox_path import CoxElasticNetCV
    from .discrete_time import DiscreteTimeHazard
    from .features import FeatureEncoder
    from .fine_gray import FineGray
    from .gray import gray_test
    from .logrank import logrank_test
    from .nonparametric import aalen_johansen, kaplan_meier, nelson_aalen
    from .outcome import Outcome, check_outcome
    from .parametric import ParametricAFT
    from .royston_parmar import RoystonParmar

_MODULES = {
    "AalenJohansen": "aalen_johansen_model",
    "BoostedHazard": "boosting",
    "CauseSpecificCox": "cause_specific",
    "CoxElasticNetCV": "cox_path",
    "CoxPH": "cox",
    "DiscreteTimeHazard": "discrete_time",
    "FeatureEncoder": "features",
    "FineGray": "fine_gray",
    "IncidenceModel": "base",
    "Outcome": "outcome",
    "ParametricAFT": "parametric",
    "RoystonParmar": "royston_parmar",
    "aalen_johansen": "nonparametric",
    "check_outcome": "outcome",
    "gray_test": "gray",
    "kaplan_meier": "nonparametric",
    "load_model": "bundle",
    "logrank_test": "logrank",
    "model_digest": "bundle",
    "nelson_aalen": "nonparametric",
    "save_bundle": "bundle",
}

__all__ = [
    "AalenJohansen",
    "BoostedHazard",
    "CauseSpecificCox",
    "CoxElasticNetCV",
    "CoxPH",
    "DiscreteTimeHazard",
    "FeatureEncoder",
    "FineGray",
    "IncidenceModel",
    "Outcome",
    "ParametricAFT",
    "RoystonParmar",
    "aalen_johansen",
    "check_outcome",
    "gray_test",
    "kaplan_meier",
    "load_model",
    "logrank_test",
    "model_digest",
    "nelson_aalen",
    "save_bundle",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
