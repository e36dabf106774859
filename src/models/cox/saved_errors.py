"""What the standard errors of a fitted Cox model rest on, and what of it a saved model holds."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..estimator.design import TrainingRows
from ..estimator.unstated import warn_of_unsaved
from .baseline import filling_error, kept_means
from .fitted_influence import children_by_stratum, fitted_influence
from .prediction import CoxPrediction


class CoxErrors(CoxPrediction):
    """The part of :class:`.model.CoxPH` that makes, from the training rows, what errors rest on."""

    ties: str
    naive_covariance_: np.ndarray

    @cached_property
    def hazard_moments_(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """What jackknife errors of curves rest on in a saved model, by stratum; computed when first asked for."""
        from .kernels.row_influence import CauseFit

        fit = CauseFit(self.event, self.coef_, self.naive_covariance_, self.center_, self.offset_center_)
        rows = self._rows_of_training("hazard_moments_")
        found = fitted_influence(rows, [fit], ties=self.ties, std_error="jackknife", horizon=self.horizon)
        self._row_moments = [None if kept else found.of(code) for code, kept in enumerate(found.is_kept)]
        return found.kept

    @cached_property
    def mean_steps_(self) -> np.ndarray:  # type: ignore[override]
        """Positions of the steps of the baseline at which a saved model holds ``mean_values_``, shape (n_kept,)."""
        rows = self._rows_of_training("mean_steps_")
        return kept_means(rows, self.baseline_time_, self.baseline_stratum_, self.horizon)

    @cached_property
    def mean_values_(self) -> np.ndarray:  # type: ignore[override]
        """The baseline's running sum of means at these steps, shape (n_kept, p)."""
        return self._exact_mean[self.mean_steps_]

    @cached_property
    def mean_error_(self) -> np.ndarray:  # type: ignore[override]
        """How far the sums that a saved model has may be off at each step, shape (n_steps,)."""
        return filling_error(self._exact_mean, self.saved_mean(), self.covariance_)

    def warn_of_unsaved(self) -> None:
        """Warn of the strata whose intervals a saved model will not give."""
        rows = getattr(self, "_training", None)
        if rows is None:
            return
        counts = children_by_stratum(rows, max(1, len(self.strata_)))
        kept, has_steps = np.zeros(counts.size, dtype=bool), np.zeros(counts.size, dtype=bool)
        has_steps[self.baseline_stratum_] = True
        if self.hazard_moments_:
            kept |= [bool(moments) for moments in self.hazard_moments_]
        elif self.coef_.size:
            kept[self.baseline_stratum_[self.mean_steps_]] = True
        else:
            kept[:] = True
        warn_of_unsaved(counts, kept | ~has_steps)

    def _rows_of_training(self, what: str) -> TrainingRows:
        check_is_fitted(self)
        rows = getattr(self, "_training", None)
        if rows is None:
            raise ValueError(
                f"{what} needs the training rows, which a saved or copied model does not hold; fit it again"
            )
        return rows
