"""The effect of one column on what a model predicts, all else equal: ratios by coefficients, or average risks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from ...parameter_checks import shown
from ..curves.confidence import check_interval
from ..features.columns import Column
from ..features.encoder import as_frame
from ..inputs.given_days import as_days
from ..numerics.quadratic import quadratic_forms

ROWS_KEPT = 400
N_VALUES = 41
# A number with so few values is shown at each of them.
FEW_VALUES = 12
RISK = "average risk"
COLUMNS = ["event", "time", "value", "estimate", "lower", "upper"]
BOUNDS = COLUMNS[3:]


@dataclass(frozen=True)
class PartialEffect:
    """The effect of one column, all others held.

    Attributes
    ----------
    column : str
    scale : str
        What ``estimate`` is: ``"hazard ratio"`` and its like, against ``reference``; or ``"average risk"`` of the rows
        by each of ``times``, were all of them to have the value.
    reference : float, bool, str or None
        The value whose ratio is 1; None for risks.
    held : str
        How the other columns are held, in words.
    times : tuple of float
        Days of the risks, or of ratios that change with time; empty where one ratio holds on all days.
    table : DataFrame
        One row per event, time and value: event, time (NaN where one ratio holds on all days), value, estimate, lower,
        upper (NaN without a band).
    """

    column: str
    scale: str
    reference: Any
    held: str
    times: tuple[float, ...]
    table: pd.DataFrame

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw it with its band; options as in :func:`secondplan.plot_effect`."""
        from ...plots import plot_effect

        return plot_effect(self, ax=ax, **options)


def some_rows(X: Any) -> Any:
    """Evenly spaced rows of training, at most 400: what values a column has, and whom risks are averaged over."""
    if not hasattr(X, "__len__"):
        X = np.asarray(X)
    step = -(-len(X) // ROWS_KEPT)
    return X.iloc[::step].copy() if isinstance(X, pd.DataFrame) else np.array(X[::step])


def partial_effect(
    model: Any, column: str, X: Any, *, values: Any, reference: Any, times: Any, event: int | None, level: float
) -> PartialEffect:
    """The effect as :meth:`..estimator.views.ModelViews.partial_effect` describes it."""
    check_interval(level, "log")
    rows = as_frame(X) if X is not None else as_frame(model._some_rows) if hasattr(model, "_some_rows") else None
    learnt: Column | None = model.encoder_.columns_.get(column)
    names = [*model.encoder_.columns_, *_strata(model)]
    if column not in names:
        raise ValueError(f"{shown(column)} is no column that the model uses; these are: {', '.join(names) or 'none'}")
    grid = _values(column, learnt, rows, values)
    days = as_days(model.horizon if times is None else times, "times")
    if event is not None and event not in model.events_:
        known = ", ".join(map(str, model.events_))
        raise ValueError(f"event {shown(event)} is not modelled; the model's events are {known}")
    if learnt is None or not hasattr(model, "summary_"):
        return _average_risks(model, column, grid, rows, days, model._stated_event if event is None else event)
    events = model.events_ if event is None else (event,)
    if reference is None:
        reference = learnt.levels[0] if learnt.levels else False if learnt.kind == "boolean" else learnt.typical
    typical = pd.DataFrame([model.encoder_.reference_] * len(grid))
    changed, base = typical.assign(**{column: grid}), typical.iloc[[0]].assign(**{column: [reference]})
    varies = bool(_varying(model) & {column, *model.feature_names_out_[model.encoder_.groups_[column]]})
    if varies:
        parts = [_ratios_by_day(model, changed, base, days, grid, code, level) for code in events]
    else:
        parts = [
            _ratios(model, changed, base, code, level).assign(event=code, time=np.nan, value=grid) for code in events
        ]
    table = pd.concat(parts, ignore_index=True)[COLUMNS]
    has_products = len(model.encoder_.groups_[column]) > len(learnt.feature_names)
    held = "the others at their median or most frequent value" if has_products else ""
    return PartialEffect(column, model.ratio_name, reference, held, tuple(days.tolist()) if varies else (), table)


def _ratios_by_day(
    model: Any, changed: pd.DataFrame, base: pd.DataFrame, days: np.ndarray, grid: list[Any], event: int, level: float
) -> pd.DataFrame:
    """:func:`_ratios` of hazards that change with time, day after day."""
    rows = [
        model.hazard_ratio(changed.iloc[[row]], base, times=days, event=event, level=level).assign(value=value)
        for row, value in enumerate(grid)
    ]
    table = pd.concat(rows, ignore_index=True).rename(columns={"hazard_ratio": "estimate"}).assign(event=event)
    return table.sort_values("time", kind="stable")


def _ratios(model: Any, changed: pd.DataFrame, base: pd.DataFrame, event: int, level: float) -> pd.DataFrame:
    """Ratio of each row of ``changed`` to ``base``: estimate, lower, upper."""
    coef, covariance = dict(coefficients(model))[event]
    difference = model.encoder_.design(changed) - model.encoder_.design(base)
    log_ratio = difference @ coef
    half = ndtri(0.5 + level / 2.0) * np.sqrt(np.maximum(quadratic_forms(difference, covariance), 0.0))
    with np.errstate(over="ignore"):
        return pd.DataFrame(np.exp(np.column_stack([log_ratio, log_ratio - half, log_ratio + half])), columns=BOUNDS)


def coefficients(model: Any) -> Iterator[tuple[int, tuple[np.ndarray, np.ndarray]]]:
    """Coefficients (p,) and their covariance (p, p) by event, whichever form the model keeps them in."""
    names, coef, covariance = list(model.feature_names_out_), model.coef_, model.covariance_
    for place, event in enumerate(model.events_):
        if isinstance(coef, pd.DataFrame):
            of_event = covariance[event]
            if isinstance(of_event, pd.DataFrame):
                # Features whose effect changes with time are elsewhere, and the same in what is compared here.
                of_event = of_event.reindex(index=names, columns=names, fill_value=0.0).to_numpy()
            yield event, (coef[event].to_numpy(), of_event)
        elif coef.ndim == 2:  # event after event, each followed by its terms of time
            begin = place * (len(covariance) // len(coef))
            block = slice(begin, begin + len(names))
            yield event, (coef[place], covariance[block, block])
        else:
            yield event, (coef, covariance)


def _average_risks(
    model: Any, column: str, grid: list[Any], rows: pd.DataFrame | None, days: np.ndarray, event: int
) -> PartialEffect:
    """The average over the rows of the risk by each day, were all of them to have each value."""
    if rows is None:
        raise ValueError(
            "risks are averaged over rows, which this model does not hold (a saved one never does): give X"
        )
    rows = rows.iloc[:: -(-len(rows) // ROWS_KEPT)]
    # All at once: what is to be warned of is said once.
    given = pd.concat([rows] * len(grid), ignore_index=True)
    given[column] = pd.Series(grid).repeat(len(rows)).to_numpy()
    risk = model.predict_cumulative_incidence(given, days, event=event).reshape(len(grid), len(rows), -1).mean(axis=1)
    if np.isnan(risk).all():
        last = np.floor(model.follow_up_.max())
        raise ValueError(
            f"no risk by day {days.min():g} is known, as training was followed to day {last:g}; "
            f"type: model.set_params(horizon={last:g})"
        )
    parts = [
        pd.DataFrame({"event": event, "time": day, "value": grid, "estimate": own, "lower": np.nan, "upper": np.nan})
        for day, own in zip(days, risk.T, strict=True)
    ]
    held = f"average over {len(rows):,} rows, the others as they are"
    table = pd.concat(parts, ignore_index=True)[COLUMNS]
    return PartialEffect(column, RISK, None, held, tuple(days.tolist()), table)


def _values(column: str, learnt: Column | None, rows: pd.DataFrame | None, values: Any) -> list[Any]:
    """The values at which the effect is stated, in order."""
    if values is not None:
        given = list(np.atleast_1d(values)) if not isinstance(values, str) else [values]
        return [value.item() if isinstance(value, np.generic) else value for value in given]
    if learnt is not None and learnt.levels:
        return list(learnt.levels)
    if learnt is not None and learnt.kind == "boolean":
        return [False, True]
    if rows is not None:
        found = rows[column].dropna()
        if learnt is None:
            return sorted(pd.unique(found), key=str)[:N_VALUES]
        numbers = np.unique(found.to_numpy(float))
        if numbers.size <= FEW_VALUES:
            return numbers.tolist()
        low, high = np.quantile(found.to_numpy(float), [0.02, 0.98])
        return np.linspace(low, high, N_VALUES).tolist()
    if learnt is not None and learnt.spline is not None:
        return np.linspace(learnt.spline.lower, learnt.spline.upper, N_VALUES).tolist()
    raise ValueError(f"this model does not hold which values {column} has (a saved one never does): give X, or values")


def _varying(model: Any) -> set[str]:
    """Columns and features whose ratio changes with time."""
    return set(getattr(model, "time_varying", None) or ())


def _strata(model: Any) -> list[str]:
    """Columns that have baselines of their own and no coefficient."""
    given = getattr(model, "strata", None) or []
    return [given] if isinstance(given, str) else list(given)
