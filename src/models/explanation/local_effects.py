"""Accumulated local effects: what small moves of a number change among the rows that are near it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from ...parameter_checks import shown
from ..curves.confidence import check_interval
from ..features.columns import NUMERIC
from ..features.encoder import as_frame
from ..inputs.follow_up import said_once
from ..inputs.given_days import as_days
from ..numerics.row_totals import RowTotals
from .average_risks import asked_event, effect_table, some_of
from .column_effect import PartialEffect
from .total_risks import Refits, total_risks

if TYPE_CHECKING:
    from ..estimator.base import IncidenceModel

SCALE = "accumulated local effect"


def accumulated_local_effects(
    model: IncidenceModel,
    X: Any,
    column: str,
    times: Any = None,
    *,
    n_bins: int = 20,
    event: int | None = None,
    eligible_days: Any = None,
    level: float = 0.95,
    max_rows: int = 4_000,
    y: Any = None,
    cluster: Any = None,
    n_bootstrap: int = 0,
    random_state: Any = None,
) -> PartialEffect:
    r"""How the risk changes along a number, from the small moves of the rows that are near each of its values.

    Edges :math:`z_0 < \dots < z_K` are quantiles of the column. In each bin its rows move from the lower edge to the
    upper one; the averages of what that changes are added up, and the curve is moved so that its average is 0:

    .. math:: g(z_k) = \sum_{l \le k} \frac{1}{n_l} \sum_{i \in \text{bin } l}
        \left[ F(t \mid x_i, z_l) - F(t \mid x_i, z_{l-1}) \right].

    Unlike :func:`partial_dependence` no row is given a value far from its own, so that columns that go together with
    this one (age at the end, number of reviews, with plan length) are as they are among such children. What they bring
    themselves is not in the curve, and it is an association, not what would happen if plans were longer.

    Parameters
    ----------
    model : IncidenceModel
        Fitted or loaded.
    X : DataFrame or ndarray, shape (n_rows, n_columns)
        Rows like those that the curve is to describe.
    column : str
        A column of numbers.
    times : float or array, shape (n_times,), optional
        Days after the plan's end; ``horizon`` if not given.
    n_bins : int
        Bins of about equal numbers of rows; fewer where many rows share a value.
    event, eligible_days, level, max_rows, y, cluster, n_bootstrap, random_state
        As in :func:`partial_dependence`.

    Returns
    -------
    PartialEffect
        ``table`` has the curve at the edges, 0 on average over the rows (linear between edges), with its band.

    Raises
    ------
    ValueError
        The column is not one of the model's numbers, is missing in some rows, or has one value only.

    References
    ----------
    Apley and Zhu (2020), Visualizing the effects of predictor variables in black box supervised learning models,
    Journal of the Royal Statistical Society B 82; edges and centring as in their R package ALEPlot.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from secondplan import CauseSpecificCox
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"length": rng.uniform(30, 800, 200), "disabled": rng.random(200) < 0.3})
    >>> y = pd.DataFrame({"duration": rng.exponential(400, 200), "event": rng.integers(0, 3, 200)})
    >>> found = accumulated_local_effects(CauseSpecificCox().fit(X, y), X, "length", [365], n_bins=4)
    >>> len(found.table)
    5
    """
    check_is_fitted(model)
    check_interval(level, "log")
    frame, code = as_frame(X), asked_event(model, event)
    learnt = model.encoder_.columns_.get(column)
    if learnt is None or learnt.kind != NUMERIC:
        numbers = ", ".join(name for name, own in model.encoder_.columns_.items() if own.kind == NUMERIC)
        raise ValueError(f"{shown(column)} is no number that the model uses; these are: {numbers or 'none'}")
    rows, eligible = some_of(frame, eligible_days, max_rows)
    number = rows[column].to_numpy(dtype=float, na_value=np.nan)
    if np.isnan(number).any():
        raise ValueError(f"column {column}: missing in {int(np.isnan(number).sum())} of {number.size} rows of X")
    if not n_bins >= 1:
        raise ValueError(f"n_bins must be 1 or more, got {n_bins}")
    edges = np.unique([number.min(), *np.quantile(number, np.arange(1, n_bins + 1) / n_bins, method="inverted_cdf")])
    if edges.size < 2:
        raise ValueError(f"column {column} has one value only in the rows of X")
    own_bin = np.maximum(np.searchsorted(edges, number, side="left") - 1, 0)
    counts = np.bincount(own_bin, minlength=edges.size - 1)
    moved = pd.concat([rows.assign(**{column: edges[own_bin + end]}) for end in (0, 1)], ignore_index=True)
    weight = np.concatenate([-1.0 / counts[own_bin], 1.0 / counts[own_bin]])
    totals = RowTotals(np.tile(own_bin, 2), weight, edges.size - 1)
    days = as_days(model.horizon if times is None else times, "times")
    with said_once():
        local = total_risks(
            model,
            moved,
            days,
            totals,
            event=code,
            eligible_days=None if eligible is None else np.tile(eligible, 2),
            refits=Refits(X, y, cluster, n_bootstrap, random_state),
        )
    # Sums up to each edge, less the average of the curve over the rows, which lie evenly between their edges.
    sums = np.tri(edges.size, edges.size - 1, -1)
    average = counts / counts.sum() @ (sums[:-1] + sums[1:]) / 2.0
    found = local.combined(sums - average)
    table = effect_table(found, edges.tolist(), days, code, found.bounds(level, is_risk=False))
    held = f"from small moves of {len(rows):,} rows, 0 on average"
    return PartialEffect(column, SCALE, None, held, tuple(days.tolist()), table)
