"""Partial dependence: the average risk of rows, were all of them to have one value of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from ...parameter_checks import shown
from ..curves.confidence import check_interval
from ..features.encoder import as_frame
from ..inputs.follow_up import said_once
from ..inputs.given_days import as_days
from ..numerics.row_totals import RowTotals
from .column_effect import COLUMNS, ROWS_KEPT, PartialEffect, values_of
from .total_risks import Refits, RiskTotals, total_risks

if TYPE_CHECKING:
    from ..estimator.base import IncidenceModel

RISK = "average risk"


def partial_dependence(
    model: IncidenceModel,
    X: Any,
    column: str,
    times: Any = None,
    *,
    values: Any = None,
    event: int | None = None,
    eligible_days: Any = None,
    level: float = 0.95,
    max_rows: int = ROWS_KEPT,
    y: Any = None,
    cluster: Any = None,
    n_bootstrap: int = 0,
    random_state: Any = None,
) -> PartialEffect:
    r"""Average risk of the rows by each day, were all of them to have each value of a column, all else as it is.

    .. math:: \bar F(t \mid v) = \frac{1}{n} \sum_i F(t \mid x_i \text{ with } v \text{ in the column})

    It is what goes with the column in this model, not what would happen if it were changed. Columns that follow from
    it stay as they are: with another plan length the age at the end of the plan, the number of reviews and the band of
    length would differ too, and a row with a plan of 30 days and six reviews describes nobody.
    :func:`accumulated_local_effects` moves rows only a little, among children who have such plans.

    Parameters
    ----------
    model : IncidenceModel
        Fitted or loaded.
    X : DataFrame or ndarray, shape (n_rows, n_columns)
        The rows over which risks are averaged.
    column : str
        A number, a boolean, a category or a column of strata.
    times : float or array, shape (n_times,), optional
        Days after the plan's end; ``horizon`` if not given.
    values : array, optional
        By default all levels, or 41 numbers from the 2nd to the 98th percentile.
    event : int, optional
        That of ``predict`` if not given.
    eligible_days : float or array, shape (n_rows,), optional
        As in ``predict_cumulative_incidence``.
    level : float
        Coverage of the pointwise band, which covers what the estimates of the model leave open, for these rows. It is
        that of the delta method for every model with intervals of its own (with strata and coefficients, of rows of one
        stratum); others, such as ``BoostedHazard``, have one by the bootstrap only.
    max_rows : int
        Of more rows so many evenly spaced ones are taken.
    y, cluster : optional
        Outcomes and families of the rows of ``X``, for the bootstrap; as in ``fit``.
    n_bootstrap : int
        Draws of families to which the model is fitted again; the band is then of the percentiles.
    random_state : int, Generator or None

    Returns
    -------
    PartialEffect
        With ``table`` and ``plot()``; without a band (NaN) where there is none.

    Raises
    ------
    ValueError
        The model does not use the column or is not of the event, or no risk is known by any of the days.

    References
    ----------
    Friedman (2001), Greedy function approximation, Annals of Statistics 29, section 8.2.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from secondplan import CauseSpecificCox
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"length": rng.uniform(30, 800, 200), "disabled": rng.random(200) < 0.3})
    >>> y = pd.DataFrame({"duration": rng.exponential(400, 200), "event": rng.integers(0, 3, 200)})
    >>> found = partial_dependence(CauseSpecificCox().fit(X, y), X, "length", [365], values=[60, 365])
    >>> found.table.columns.tolist()
    ['event', 'time', 'value', 'estimate', 'lower', 'upper']
    """
    check_is_fitted(model)
    check_interval(level, "log")
    frame, code = as_frame(X), asked_event(model, event)
    rows, eligible = some_of(frame, eligible_days, max_rows)
    names = [*model.encoder_.columns_, *strata_of(model)]
    if column not in names:
        raise ValueError(f"{shown(column)} is no column that the model uses; these are: {', '.join(names) or 'none'}")
    grid = values_of(column, model.encoder_.columns_.get(column), frame, values)
    days = as_days(model.horizon if times is None else times, "times")
    refits = Refits(X, y, cluster, n_bootstrap, random_state)
    with said_once():
        return average_risks(
            model, column, grid, rows, days, event=code, level=level, eligible_days=eligible, refits=refits
        )


def average_risks(
    model: Any,
    column: str,
    grid: list[Any],
    rows: pd.DataFrame | None,
    days: np.ndarray,
    *,
    event: int,
    level: float,
    eligible_days: np.ndarray | None = None,
    refits: Refits | None = None,
) -> PartialEffect:
    """The average over the rows of the risk by each day, were all of them to have each value of ``grid``."""
    if rows is None:
        raise ValueError(
            "risks are averaged over rows, which this model does not hold (a saved one never does): give X"
        )
    rows, eligible_days = some_of(rows, eligible_days, ROWS_KEPT) if refits is None else (rows, eligible_days)
    # All at once: what is to be warned of is said once.
    given = pd.concat([rows] * len(grid), ignore_index=True)
    given[column] = pd.Series(grid).repeat(len(rows)).to_numpy()
    eligible = None if eligible_days is None else np.tile(eligible_days, len(grid))
    totals = RowTotals(np.repeat(np.arange(len(grid)), len(rows)), np.full(len(given), 1.0 / len(rows)), len(grid))
    found = total_risks(model, given, days, totals, event=event, eligible_days=eligible, refits=refits)
    if np.isnan(found.estimate).all():
        last = np.floor(model.follow_up_.max())
        raise ValueError(
            f"no risk by day {days.min():g} is known, as training was followed to day {last:g}; "
            f"type: model.set_params(horizon={last:g})"
        )
    held = f"average over {len(rows):,} rows, the others as they are"
    table = effect_table(found, grid, days, event, found.bounds(level, is_risk=True))
    return PartialEffect(column, RISK, None, held, tuple(days.tolist()), table)


def effect_table(found: RiskTotals, grid: list[Any], days: np.ndarray, event: int, bounds: np.ndarray) -> pd.DataFrame:
    """The table of a :class:`.column_effect.PartialEffect`, day after day."""
    parts = [
        pd.DataFrame(
            {
                "event": event,
                "time": day,
                "value": grid,
                "estimate": found.estimate[:, place],
                "lower": bounds[:, place, 0],
                "upper": bounds[:, place, 1],
            }
        )
        for place, day in enumerate(days)
    ]
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def asked_event(model: Any, event: int | None) -> int:
    """The event that is asked for; ValueError where the model is not of it."""
    if event is not None and event not in model.events_:
        known = ", ".join(map(str, model.events_))
        raise ValueError(f"event {shown(event)} is not modelled; the model's events are {known}")
    return model._stated_event if event is None else event  # type: ignore[no-any-return]


def some_of(frame: pd.DataFrame, eligible_days: Any, max_rows: int) -> tuple[pd.DataFrame, np.ndarray | None]:
    """At most so many evenly spaced rows, with their eligible days."""
    if not len(frame):
        raise ValueError("X has no row")
    kept = np.arange(len(frame))
    if len(frame) > max_rows:
        kept = np.linspace(0, len(frame) - 1, max_rows).round().astype(int)
    if eligible_days is None:
        return frame.iloc[kept], None
    return frame.iloc[kept], np.broadcast_to(np.asarray(eligible_days, dtype=float), len(frame))[kept]


def strata_of(model: Any) -> list[str]:
    """Columns that have baselines of their own and no coefficient."""
    given = getattr(model, "strata", None) or []
    return [given] if isinstance(given, str) else list(given)
