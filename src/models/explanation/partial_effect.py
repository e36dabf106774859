"""The effect of one column on what a model predicts, all else equal: ratios by coefficients, or average risks."""

from __future__ import annotations

from collections.abc import Iterator
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
from .average_risks import asked_event, average_risks, strata_of
from .column_effect import BOUNDS, COLUMNS, PartialEffect, values_of


def partial_effect(
    model: Any, column: str, X: Any, *, values: Any, reference: Any, times: Any, event: int | None, level: float
) -> PartialEffect:
    """The effect as :meth:`..estimator.views.ModelViews.partial_effect` describes it."""
    check_interval(level, "log")
    rows = as_frame(X) if X is not None else as_frame(model._some_rows) if hasattr(model, "_some_rows") else None
    learnt: Column | None = model.encoder_.columns_.get(column)
    names = [*model.encoder_.columns_, *strata_of(model)]
    if column not in names:
        raise ValueError(f"{shown(column)} is no column that the model uses; these are: {', '.join(names) or 'none'}")
    grid = values_of(column, learnt, rows, values)
    days = as_days(model.horizon if times is None else times, "times")
    code = asked_event(model, event)
    if learnt is None or not hasattr(model, "summary_"):
        return average_risks(model, column, grid, rows, days, event=code, level=level)
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


def _varying(model: Any) -> set[str]:
    """Columns and features whose ratio changes with time."""
    return set(getattr(model, "time_varying", None) or ())
