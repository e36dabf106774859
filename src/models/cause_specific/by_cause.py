"""What is read from the Cox models of the causes: coefficients, tests, likelihoods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from ...parameter_checks import shown
from ..cox.model import CoxPH
from ..cox.proportionality import ProportionalityTest, joined_tests
from ..features.encoder import FeatureEncoder


class ByCause:
    """The part of :class:`.model.CauseSpecificCox` that its causes' models answer, each for its event."""

    cause_models_: Mapping[int, CoxPH]
    feature_names_out_: np.ndarray
    encoder_: FeatureEncoder
    columns_by_event: Mapping[int, Sequence[str]] | None

    @property
    def coef_(self) -> pd.DataFrame:
        """Coefficients, one row per feature, one column per cause."""
        columns = {cause: model.coef_ for cause, model in self.cause_models_.items()}
        return pd.DataFrame(columns, index=self.feature_names_out_)

    @property
    def covariance_(self) -> dict[int, np.ndarray]:
        """Covariance of each cause's coefficients, shape (p, p)."""
        return {cause: model.covariance_ for cause, model in self.cause_models_.items()}

    @property
    def summary_(self) -> pd.DataFrame:
        """The summary of each cause's model, indexed by (event, feature)."""
        tables = {cause: model.summary_[~self._left_out(cause)] for cause, model in self.cause_models_.items()}
        return pd.concat(tables, names=["event"])

    @property
    def log_likelihood_(self) -> pd.Series:
        """Log partial likelihood of each cause's fit; their sum is that of the model."""
        return self._of_each(lambda model: model.log_likelihood_[1])

    @property
    def aic_(self) -> pd.Series:
        """Akaike's criterion of each cause, from its partial likelihood: the smaller, the better."""
        return self._of_each(lambda model: model.aic_)

    @property
    def bic_(self) -> pd.Series:
        """Schwarz's criterion of each cause, with the number of its events, as R's ``BIC(coxph(...))``."""
        return self._of_each(lambda model: model.bic_)

    def test_proportional_hazards(self, transform: str = "km", *, terms: bool = True) -> ProportionalityTest:
        """Score test of proportional hazards of each cause, as ``cox.zph`` of R's survival 3.

        Parameters
        ----------
        transform, terms
            As in :meth:`CoxPH.test_proportional_hazards`.

        Returns
        -------
        ProportionalityTest
            Indexed by (event, term): chisq, df, p; ``plot()`` has a panel for each event and feature.
        """
        check_is_fitted(self)
        tests = {
            cause: model.test_proportional_hazards(transform, terms=terms)
            for cause, model in self.cause_models_.items()
        }
        return joined_tests(tests)

    def _left_out(self, cause: int) -> np.ndarray:
        """Features that the hazard of the cause does not depend on by ``columns_by_event``, shape (p,)."""
        encoder = self.encoder_
        left_out = np.zeros(len(encoder.get_feature_names_out()), dtype=bool)
        if self.columns_by_event is None or cause not in self.columns_by_event:
            return left_out
        kept, left_out[:] = list(self.columns_by_event[cause]), True
        unknown = [name for name in kept if name not in encoder.groups_ and name not in encoder.dropped_]
        if isinstance(self.columns_by_event[cause], str) or unknown:
            raise ValueError(
                f"columns_by_event must give event {cause} a list of columns that the model uses, got "
                f"{shown(self.columns_by_event[cause]) if not unknown else ', '.join(map(str, unknown))}"
            )
        for name in kept:
            left_out[encoder.groups_.get(name, [])] = False
        return left_out

    def _fitted_log_likelihood(self) -> pd.Series:
        return self.log_likelihood_

    def _n_parameters(self) -> pd.Series:
        return self._of_each(lambda model: model._n_parameters())

    def _of_each(self, number: Any) -> pd.Series:
        return pd.Series({cause: number(model) for cause, model in self.cause_models_.items()})
