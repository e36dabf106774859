"""statsmodels' ``PHReg``, or a factory of it such as ``functools.partial(PHReg, ties="efron")``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .cause_rows import CauseRows
from .foreign_call import foreign_call
from .hazards import CauseHazard
from .proportional_hazards import ProportionalHazards


def fit_phreg(
    factory: Callable[..., Any], rows: CauseRows, options: Mapping[str, Any], name: str
) -> tuple[Any, CauseHazard]:
    """The results of the fit to the rows of one event, and the hazard that its coefficients state.

    statsmodels, as Stata, counts a row that enters on the day of an event among those at risk on it. Here, as in R, it
    comes after: entries are handed over later by half the least distance of two times.
    """
    rows.require(name, takes_entry=True, takes_weight=False)
    given: dict[str, Any] = {"status": rows.is_event.astype(int)}
    if rows.has_delayed_entry:
        late = rows.entry >= 0
        times = np.unique(np.concatenate([rows.duration, rows.entry[late]]))
        given["entry"] = np.where(late, rows.entry + 0.5 * np.diff(times).min(), 0.0)
    if rows.cluster is not None:
        options = {"groups": rows.cluster, **options}
    results = foreign_call(
        name,
        f"the fit for event {rows.event}",
        lambda: factory(rows.duration, rows.features.to_numpy(), **given).fit(**options),
    )
    coef = np.asarray(getattr(results, "params", np.nan), dtype=float)
    if coef.shape != (rows.features.shape[1],) or not np.isfinite(coef).all():
        raise ValueError(f"{name}: the fit for event {rows.event} gives no finite coefficient for every feature")
    return results, ProportionalHazards(rows, coef)
