r"""Harrell's bootstrap of optimism: how much better a model looks on the children it was fitted to.

A model fitted to all children is measured on them (its apparent measure :math:`\theta`). Fitted to a draw of families
with replacement, it is measured on the draw (:math:`\theta^*_b`) and on all children (:math:`\theta_b`). The optimism
is the mean of :math:`\theta^*_b - \theta_b`, the corrected measure :math:`\theta` less that; its 95 % interval is that
of the :math:`\theta^*_b`, shifted by the optimism, where there are 100 draws or more.

Sources: Harrell, Lee and Mark (1996), Statistics in Medicine 15, for the correction; Noma, Shinozaki, Iba, Teramukai
and Furukawa (2021), Statistics in Medicine 40, for the interval (their location-shifted bootstrap).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..models.inputs.outcome import check_outcome
from ..models.metrics.calibration_estimate import group_codes
from ..models.metrics.metric_bounds import holm_within, normal_p_value
from ..plans.cohort import Cohort
from .combining import KEY, PAIR
from .measured_rows import MeasuredRows

BOUNDS = (0.025, 0.975)
# With fewer draws the corrected measures stand without errors and bounds.
LEAST_DRAWS = 100
ONE_RISK = 1e-12


@dataclass(frozen=True)
class Draw:
    """Measures of one model fitted to a draw, by ``(model, metric, time)``: on the draw, and on all children.

    ``is_average``: the model gives everybody one risk. With each model come the measures of the average risk.
    """

    apparent: pd.Series
    tested: pd.Series
    is_average: bool


def measure_draw(name: str, risk: np.ndarray, times: np.ndarray, cohort: Cohort, drawn: np.ndarray) -> Draw:
    """Measure risks (n, n_times) of a model fitted to the rows ``drawn``, positions of which some are repeated."""
    y = check_outcome(cohort.y, n_rows=len(cohort))
    families = group_codes(cohort.cluster, len(y))
    weight = np.bincount(drawn, minlength=len(y)).astype(float)
    stated = np.where(np.isnan(risk).any(axis=0), np.nan, risk)
    apparent, tested = (
        MeasuredRows.of({name: stated}, y, times, families, weight=own).table.set_index(KEY)["estimate"]
        for own in (weight, None)
    )
    return Draw(apparent, tested, bool((np.ptp(risk, axis=0) < ONE_RISK).all()))


class OptimismCorrection:
    """Corrects the apparent measures of all models by their draws.

    Parameters
    ----------
    draws : mapping of str to sequence of Draw
        By model; those of the average risk come with each.
    """

    def __init__(self, draws: Mapping[str, Sequence[Draw]]):
        self.draws = draws

    def __call__(self, measured: Sequence[MeasuredRows]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Table and differences, corrected; the table has ``apparent`` and ``optimism`` too."""
        apparent, tested = (self._values(part) for part in ("apparent", "tested"))
        own = measured[0].table
        records = []
        for key, value in zip(own[KEY].itertuples(index=False, name=None), own["estimate"], strict=True):
            records.append((*key, *_corrected(value, apparent.get(key), tested.get(key))))
        columns = ["estimate", "std_error", "lower", "upper", "apparent", "optimism"]
        table = pd.DataFrame(records, columns=[*KEY, *columns])
        pairs = []
        found = measured[0].differences
        for (model, reference, metric, time), value in zip(
            found[PAIR].itertuples(index=False, name=None), found["difference"], strict=True
        ):
            gaps = [
                values[model, metric, time] - values[reference, metric, time]
                if (model, metric, time) in values and (reference, metric, time) in values
                else None
                for values in (apparent, tested)
            ]
            difference, error, lower, upper, *_ = _corrected(value, *gaps)
            p_value = normal_p_value(difference, error)
            pairs.append((model, reference, metric, time, difference, error, lower, upper, p_value))
        columns = ["difference", "std_error", "lower", "upper", "p_value"]
        between = pd.DataFrame(pairs, columns=[*PAIR, *columns])
        return table, between.assign(p_adjusted=holm_within(between["p_value"], between["metric"]))

    def _values(self, part: str) -> dict[tuple[str, str, float], np.ndarray]:
        """Values of each measure over the draws, NaN where one could not be measured."""
        found: dict[tuple[str, str, float], np.ndarray] = {}
        # A model of everybody's average gives way to the average risk of the rows, which comes with the others.
        for draws in sorted(self.draws.values(), key=lambda draws: not draws[0].is_average):
            values = pd.concat([getattr(draw, part) for draw in draws], axis=1)
            found |= dict(zip(values.index, values.to_numpy(dtype=float), strict=True))
        return found


def _corrected(
    value: float, apparent: np.ndarray | None, tested: np.ndarray | None
) -> tuple[float, float, float, float, float, float]:
    """Corrected measure, its error and bounds, and the apparent one and its optimism."""
    known = None if apparent is None or tested is None else np.isfinite(apparent) & np.isfinite(tested)
    if known is None or apparent is None or tested is None or known.sum() < 2 or not np.isfinite(value):
        unknown = float("nan")
        return unknown, unknown, unknown, unknown, value, unknown
    optimism = float((apparent - tested)[known].mean())
    if known.sum() < LEAST_DRAWS:
        unknown = float("nan")
        return value - optimism, unknown, unknown, unknown, value, optimism
    low, high = np.quantile(apparent[known], BOUNDS) - optimism
    return value - optimism, float(apparent[known].std(ddof=1)), float(low), float(high), value, optimism
