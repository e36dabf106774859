"""What the standard errors of a fitted Cox model rest on, and what of it a saved model holds."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ...caller_warnings import warn
from ..estimator.design import TrainingRows
from ..estimator.unstated import warn_of_unsaved
from ..incidence.moments import FEWEST_EVENTS
from .baseline import cumulative_hazard_error, filling_error, kept_means
from .fitted_influence import children_by_stratum, fitted_influence
from .prediction import CoxPrediction

# Training rows, and days between those that are kept, for which saving tries whether errors can be stated.
ROWS_TRIED = 100
DAYS_TRIED = 200


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
        if not self.hazard_moments_ and kept.any():
            self._warn_of_days_between(rows)

    def _warn_of_days_between(self, rows: TrainingRows) -> None:
        """Warn of event days on which a saved model does not state the errors of some training rows."""
        chosen = np.unique(np.linspace(0, len(rows) - 1, ROWS_TRIED).astype(np.int64))
        days = np.unique(self.baseline_time_[self.mean_error_ > 0])
        days = days[np.unique(np.linspace(0, days.size - 1, DAYS_TRIED).astype(np.int64))] if days.size else days
        design, since = self._centred(rows.design[chosen]), np.zeros((chosen.size, 1))
        times = np.broadcast_to(days, (chosen.size, days.size))
        saved = replace(self.baseline_, mean=self.saved_mean(), mean_error=self.mean_error_)
        _, error = cumulative_hazard_error(saved, self.coef_, self.covariance_, design, times, since)
        strata = np.unique(self.baseline_stratum_[self.mean_steps_])
        if np.isnan(error[np.isin(design.stratum_of_each, strata)]).any():
            warn(
                f"intervals from the plan's end on are not saved for all days ({len(rows):,} children): on days close "
                f"to each other, between which fewer than {FEWEST_EVENTS} children left, a child could be told from "
                'them; all are saved with std_error="jackknife", or where fit is given clusters'
            )

    def _rows_of_training(self, what: str) -> TrainingRows:
        check_is_fitted(self)
        rows = getattr(self, "_training", None)
        if rows is None:
            raise ValueError(
                f"{what} needs the training rows, which a saved or copied model does not hold; fit it again"
            )
        return rows
