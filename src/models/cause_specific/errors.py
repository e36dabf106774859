"""What the standard errors of cause-specific Cox models rest on, in the fitted model and in a saved one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ...caller_warnings import warn
from ..cox.baseline import LARGEST_ETA
from ..cox.fitted_influence import FittedInfluence, children_by_stratum, fitted_influence
from ..cox.model import CoxPH
from ..estimator.asked import Asked
from ..estimator.base import IncidenceModel
from ..estimator.design import Design, TrainingRows
from ..estimator.unstated import warn_of_unsaved
from ..incidence.errors import IncidenceErrors
from ..incidence.exact_sums import Jumps, event_positions, merge_jumps
from ..incidence.hazard_moments import CellMoments, RowMoments
from ..incidence.influence_error import UncertainHazards, covariance_of_totals
from ..incidence.sums import IncidenceSums
from ..numerics.blas_threads import one_blas_thread
from ..numerics.fixed_blocks import row_products
from ..numerics.row_totals import RowTotals

# Strata of fewer children have errors exactly as R's from the plan's end on, which rest on every single row: from them
# the features of each child that had an event could be worked out, so that a saved model has none.
LEAST_CHILDREN_AS_R = 1_000


def are_as_r(rows: TrainingRows, std_error: str) -> np.ndarray:
    """Where errors from the plan's end on are exactly R's, which has no clusters and weights, shape (n_strata,)."""
    is_as_r = std_error == "riskregression" and rows.cluster is None and rows.weight is None
    return is_as_r & (children_by_stratum(rows, max(1, len(rows.design.labels))) < LEAST_CHILDREN_AS_R)


class CauseSpecificErrors(IncidenceModel):
    """The part of :class:`.model.CauseSpecificCox` that gives standard errors."""

    ties: str
    form: str
    std_error: str
    cause_models_: Mapping[int, CoxPH]
    is_as_r_: np.ndarray
    predictor_moments_: np.ndarray
    _training: TrainingRows
    _sums_exactly: bool = False

    def warn_of_unsaved(self) -> None:
        """Warn of the strata whose intervals a saved model will not give, or not from the plan's end on."""
        rows: TrainingRows | None = getattr(self, "_training", None)
        if rows is None:
            return
        counts = children_by_stratum(rows, max(1, len(self.strata_)))
        kept = np.array([bool(moments) for moments in self.moments_])
        warn_of_unsaved(counts, kept)
        part = kept & self.is_as_r_
        if part.any():
            warn(
                f"intervals from the plan's end on are not saved in {int(part.sum())} of {part.size} strata "
                f"({int(counts[part].sum())} children), only those given elapsed days: where there are fewer than "
                f"{LEAST_CHILDREN_AS_R:,} children they are R's, from which a child could be told; they are saved with "
                'std_error="jackknife", and where fit is given cluster'
            )

    @cached_property
    @one_blas_thread()
    def _influence(self) -> FittedInfluence:
        """What standard errors rest on, in the process that fitted the model."""
        from ..cox.kernels.row_influence import CauseFit

        fits = [CauseFit(cause, m.coef_, m.naive_covariance_, m.center_) for cause, m in self.cause_models_.items()]
        return fitted_influence(self._training, fits, ties=self.ties, std_error=self.std_error, horizon=self.horizon)

    @cached_property
    def moments_(self) -> list[dict[str, Any]]:
        """What a saved model holds of the influence of rows, by stratum; computed when first asked for."""
        return self._influence.kept

    def _incidence_error(self, design: Design, times: np.ndarray, since: np.ndarray, event: int) -> np.ndarray:
        """Standard error of the incidence from ``since`` (n_rows, 1) to ``times`` (n_rows, n_times)."""
        risk, cause = self._relative_risk(design.matrix), self.events_.index(event)
        distance = self._distances(design.matrix)
        error = np.empty(times.shape)
        for code, rows in design.by_stratum():
            by_row = self._is_by_row(code, since[rows, 0])
            for is_by_row in np.unique(by_row):
                own = rows if by_row.all() or not by_row.any() else np.arange(len(design))[rows][by_row == is_by_row]
                errors = self._errors(code, bool(is_by_row))
                if errors is None:
                    error[own] = self._unstated(code, times[own], since[own])
                else:
                    error[own] = errors.error(distance[:, own], risk[own], times[own], since[own], cause)
        error[self._is_flat(design, times, since, event)] = 0.0
        return error

    def _is_flat(self, design: Design, times: np.ndarray, since: np.ndarray, event: int) -> np.ndarray:
        """Where a cause has no hazard from ``since`` (n_rows, 1) to ``times``: differences of sums leave rounding.

        A rounding error with an interval is worse than none: its bounds are 0 and 1. Shape (n_rows, n_times).
        """
        result = np.zeros(times.shape, dtype=bool)
        if np.any(since > 0):
            cause = self.events_.index(event)
            for code, rows in design.by_stratum():
                jumps = self._sums(code).jumps
                days = jumps.time[jumps.hazard[cause] > 0]
                passed, reached = (np.searchsorted(days, until[rows], side="right") for until in (since, times))
                result[rows] = (reached <= passed) & (since[rows] > 0)
        return result

    def _covariance_of_totals(self, asked: Asked, event: int, totals: RowTotals) -> np.ndarray | None:
        """Covariance of totals of rows' incidences by each time, shape (m, n_groups, n_groups); None where not known.

        Rows of several strata have none.
        """
        design = asked.design
        code = int(design.stratum_of_each[0])
        errors = self._errors(code, bool(self._is_by_row(code, asked.since[:, 0]).all()))
        if errors is None or np.any(design.stratum_of_each != code):
            return None
        risk, distance = self._relative_risk(design.matrix), self._distances(design.matrix)
        cause = self.events_.index(event)
        return covariance_of_totals(errors.hazards, distance, risk, asked.times, asked.since, cause, self.form, totals)

    def _is_by_row(self, stratum: int, since: np.ndarray) -> np.ndarray:
        """Whether errors rest on the influence of every row, which no saved model holds; both of shape (n_rows,)."""
        if not self.moments_[stratum]:
            return np.ones(since.shape, dtype=bool)
        return (since <= 0) & bool(self.is_as_r_[stratum])

    def _unstated(self, stratum: int, times: np.ndarray, since: np.ndarray) -> np.ndarray:
        """NaN where the incidence has grown from ``since`` to ``times``, and 0 where it has not."""
        jumps = self._sums(stratum).jumps
        begin = np.where(since > 0, event_positions(jumps, since), 0)
        return np.where(event_positions(jumps, times) > begin, np.nan, 0.0)

    def _errors(self, stratum: int, is_by_row: bool) -> IncidenceErrors | None:
        """The standard errors over the stratum's event times, made when first asked for and never saved.

        None where they rest on the influence of every row and the model was loaded.
        """
        made = self.__dict__.setdefault("_errors_by_stratum", {})
        key = stratum, self.form, is_by_row
        if key not in made:
            hazards = self._uncertain_hazards(stratum, is_by_row)
            made[key] = None if hazards is None else IncidenceErrors(hazards, self._sums(stratum))
        return made[key]

    def _uncertain_hazards(self, stratum: int, is_by_row: bool) -> UncertainHazards | None:
        jumps = self._sums(stratum).jumps
        moments: CellMoments | RowMoments
        if not is_by_row:
            moments = CellMoments(**self.moments_[stratum])
        elif hasattr(self, "_training"):
            moments = self._influence.of(stratum)
        else:
            return None
        mean = np.zeros((*jumps.hazard.shape, len(self.feature_names_out_)))
        for position, (by_time, model) in enumerate(zip(mean, self.cause_models_.values(), strict=True)):
            begin, end = np.searchsorted(model.baseline_stratum_, [stratum, stratum + 1])
            steps = np.searchsorted(jumps.time, model.baseline_time_[begin:end])
            if is_by_row:
                by_time[steps] = self._influence.means[position][begin:end]
            else:
                by_time[steps] = np.diff(model.saved_mean()[begin:end], axis=0, prepend=0.0)
        return UncertainHazards(jumps, mean, moments)

    def _distances(self, design: np.ndarray) -> np.ndarray:
        """From the center of each cause, shape (n_causes, n_rows, n_features)."""
        return np.stack([design - model.center_ for model in self.cause_models_.values()])

    def _relative_risk(self, design: np.ndarray) -> np.ndarray:
        """Against the center of each cause, shape (n_rows, n_causes)."""
        return np.exp(np.minimum(self._predictors(design), LARGEST_ETA))

    def _predictors(self, design: np.ndarray) -> np.ndarray:
        """Linear predictor of each cause, 0 at its center, shape (n_rows, n_causes)."""
        centers = [model.center_ @ model.coef_ for model in self.cause_models_.values()]
        return row_products(design, self._coef) - centers

    @property
    def _coef(self) -> np.ndarray:
        return np.column_stack([model.coef_ for model in self.cause_models_.values()])

    def _sums(self, stratum: int) -> IncidenceSums:
        """The sums over the stratum's event times, made when first asked for and never saved."""
        made = self.__dict__.setdefault("_sums_by_stratum", {})
        if (stratum, self.form) not in made:
            made[stratum, self.form] = IncidenceSums(
                self._jumps(stratum), self.form, self.predictor_moments_, exactly=self._sums_exactly
            )
        return made[stratum, self.form]

    def _jumps(self, stratum: int) -> Jumps:
        own = [(model, model.baseline_stratum_ == stratum) for model in self.cause_models_.values()]
        times = [model.baseline_time_[steps] for model, steps in own]
        return merge_jumps(times, [model.baseline_hazard_[steps] for model, steps in own])
