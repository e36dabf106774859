"""Which features make a row's risk what it is: contributions that add up, for models with a linear predictor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from ...parameter_checks import shown
from ..features.encoder import FeatureEncoder, as_frame
from ..inputs.follow_up import said_once
from ..inputs.given_days import as_days
from .average_risks import asked_event

if TYPE_CHECKING:
    from ..estimator.asked import Asked
    from ..estimator.base import IncidenceModel

TYPICAL = "a row with every feature at its median or most frequent value in training"
# Gauss-Legendre nodes of the integral along the way; more where the first do not reach the difference.
N_NODES = (8, 40)
NEARLY = 1e-9
# Central differences of sixth order, in parts of the whole way of a feature.
STEP = 0.02
STENCIL = np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0]) * STEP
STENCIL_WEIGHTS = np.array([-1.0, 9.0, -45.0, 45.0, -9.0, 1.0]) / (60.0 * STEP)
# Numbers of one array held at once.
NUMBERS_PER_BLOCK = 4_000_000
COLUMNS = ["row", "time", "feature", "value", "contribution"]


@dataclass(frozen=True)
class RiskContributions:
    """How each feature takes the risk from the baseline to that of the row.

    Attributes
    ----------
    table : DataFrame
        ``row`` (position in ``X``), ``time``, ``feature``, ``value`` (of the row; None for a group of columns) and
        ``contribution``, on the scale of risk: 0.02 is two percentage points more. They add up to the difference.
    risks : DataFrame
        ``row, time, baseline, risk``.
    reference : str
        What the baseline is, in words.
    event : int
        Code of the event.
    """

    table: pd.DataFrame
    risks: pd.DataFrame
    reference: str
    event: int

    def __repr__(self) -> str:
        """The contributions by row, a column for each time."""
        wide = self.table.pivot_table(
            index=["row", "feature"], columns="time", values="contribution", sort=False, dropna=False
        )
        return f"contributions to the risk of event {self.event}, against {self.reference}\n{wide.round(4).to_string()}"

    def plot(self, row: int = 0, time: float | None = None, *, ax: Any = None, **options: Any) -> Any:
        """Draw one row's way from the baseline to its risk; see :func:`secondplan.plot_contributions`."""
        from ...plots import plot_contributions

        return plot_contributions(self, row, time, ax=ax, **options)


def explain_risk(
    model: IncidenceModel,
    X: Any,
    times: Any = None,
    *,
    event: int | None = None,
    reference: Any = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    eligible_days: Any = None,
    elapsed: Any = 0.0,
) -> RiskContributions:
    r"""Share the difference between a row's risk and a baseline among its features, so that nothing is left over.

    All features go from the baseline's values r to the row's x together and evenly, :math:`z(a) = r + a (x - r)`, and
    each is given what its own move changes on the way (Aumann and Shapley's shares, also called integrated gradients):

    .. math:: \phi_j = \int_0^1 (x_j - r_j) \, \frac{\partial F(t \mid z)}{\partial z_j} \Big|_{z = z(a)} \, da,
        \qquad \sum_j \phi_j = F(t \mid x) - F(t \mid r).

    F is the cumulative incidence with all other events competing, so that a feature counts by what it does to the
    hazards of all of them. A feature with the baseline's value is given 0; of an interaction each side is given what
    its own move brings. Columns of the design that belong to one feature (levels, spline) are added. The integral is
    taken numerically and what rounding leaves of the difference, below 1e-9 as a rule, is shared in proportion.

    The contributions describe the model, not causes. ``reason_1`` of :func:`~secondplan.score` is another, quicker
    measure: what one feature alone would change, which does not add up.

    Parameters
    ----------
    model : IncidenceModel
        Fitted or loaded, with a linear predictor (all but ``AalenJohansen`` and ``BoostedHazard``).
    X : DataFrame or ndarray, shape (n_rows, n_columns)
        The rows to explain; a few dozen take a second or so.
    times : float or array, shape (n_times,), optional
        Days after the plan's end; ``horizon`` if not given.
    event : int, optional
        Code of the event; that of ``predict`` if not given.
    reference : DataFrame, optional
        The row to compare with, or several, whose average risk is then the baseline (their contributions are averaged;
        takes as many times as long). By default the typical row that every model, also a saved one, holds: each
        feature at its median or most frequent value in training.
    groups : mapping of str to sequence of str, optional
        Columns that count as one feature, by its name; the others count each by itself.
    eligible_days, elapsed
        As in ``predict_cumulative_incidence``; they, strata and offsets are the row's own in its baseline too.

    Returns
    -------
    RiskContributions
        With ``table``, ``risks`` and ``plot(row)``; NaN where the risk is not known.

    Raises
    ------
    ValueError
        The model has no linear predictor, ``groups`` names a column twice or one that the model does not use, or as
        ``predict_cumulative_incidence``.

    References
    ----------
    Aumann and Shapley (1974), Values of Non-Atomic Games, Princeton University Press. Friedman (2004), Paths and
    consistency in additive cost sharing, International Journal of Game Theory 32. Sundararajan, Taly and Yan (2017),
    Axiomatic attribution for deep networks, ICML.

    Examples
    --------
    >>> import pandas as pd
    >>> from secondplan import CoxPH
    >>> X = pd.DataFrame({"length": [60, 400, 200, 300, 350, 90], "disabled": [True, False, False, True, True, False]})
    >>> model = CoxPH(horizon=6).fit(X, {"duration": [2, 3, 4, 6, 7, 8], "event": [1, 1, 1, 0, 1, 1]})
    >>> found = explain_risk(model, X[:1])
    >>> difference = found.risks["risk"] - found.risks["baseline"]
    >>> bool(abs(found.table["contribution"].sum() - difference[0]) < 1e-12)
    True
    """
    check_is_fitted(model)
    if not hasattr(model, "summary_"):
        raise ValueError(
            f"{type(model).__name__} has no linear predictor; permutation_importance and partial_dependence say what "
            "moves its risks"
        )
    code = asked_event(model, event)
    chosen: Any = getattr(model, "model_", model)  # of a path
    frame, encoder = as_frame(X), chosen.encoder_
    names, players = _players(encoder, groups)
    with said_once():
        asked = chosen._asked(frame, model.horizon if times is None else times, eligible_days, elapsed)
        starts, words = _starts(encoder, reference)
        n_main = starts.shape[1]
        parts = [
            _along(chosen, asked, code, np.broadcast_to(start, (len(asked), n_main)), list(players.values()))
            for start in starts
        ]
    baseline, risk, shares = (np.mean([part[place] for part in parts], axis=0) for place in range(3))
    places = np.indices(risk.shape).reshape(2, -1)
    days = as_days(model.horizon if times is None else times, "times")
    risks = pd.DataFrame(
        {"row": places[0], "time": days[places[1]], "baseline": baseline.ravel(), "risk": risk.ravel()}
    )
    values = [frame[own[0]].to_numpy(object) if len(own) == 1 else np.full(len(frame), None) for own in names.values()]
    row, time, player = np.indices((*risk.shape, len(names))).reshape(3, -1)
    table = pd.DataFrame(
        {
            "row": row,
            "time": days[time],
            "feature": np.array(list(names), dtype=object)[player],
            # Values of every kind, and None: pandas is not to find a kind for them.
            "value": pd.Series(np.stack(values)[player, row] if names else [], dtype=object),
            "contribution": shares.transpose(0, 2, 1).ravel(),
        }
    )
    return RiskContributions(table[COLUMNS], risks, words, code)


def _players(
    encoder: FeatureEncoder, groups: Mapping[str, Sequence[str]] | None
) -> tuple[dict[str, list[str]], dict[str, np.ndarray]]:
    """Columns of each feature that counts as one, and positions of their main effects in the design."""
    given = {name: list(columns) for name, columns in (groups or {}).items()}
    taken = [column for columns in given.values() for column in columns]
    unknown = [column for column in taken if column not in encoder.columns_]
    known = ", ".join(encoder.columns_)
    if unknown:
        raise ValueError(f"groups: {shown(unknown[0])} is no column that the model uses; these are: {known}")
    if len(set(taken)) < len(taken):
        raise ValueError(
            f"groups must name each column once, got {len(taken)} names of {len(set(taken))} columns; the model uses: "
            f"{known}"
        )
    names = given | {
        name: [name] for name, column in encoder.columns_.items() if column.feature_names and name not in taken
    }
    places = {name: [place for place in own if place < encoder.n_main] for name, own in encoder.groups_.items()}
    return names, {
        name: np.array([place for column in columns for place in places[column]], dtype=int)
        for name, columns in names.items()
    }


def _starts(encoder: FeatureEncoder, reference: Any) -> tuple[np.ndarray, str]:
    """Main effects of the rows that are compared with, shape (n_reference, n_main), and what they are in words."""
    if reference is None:
        given, words = pd.DataFrame([encoder.reference_]), TYPICAL
    else:
        given = as_frame(reference)
        given = given[[name for name in given.columns if name in encoder.columns_]]
        if not len(given):
            raise ValueError("reference has no row")
        words = "the given row" if len(given) == 1 else f"the average risk of the {len(given):,} given rows"
    return encoder.design(given)[:, : encoder.n_main], words


def _along(
    model: Any, asked: Asked, event: int, start: np.ndarray, players: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Risks at the start and at the end of the way, both (n, m), and the players' shares of it (n, n_players, m)."""
    end = asked.design.matrix[:, : start.shape[1]]
    rows = np.arange(len(asked))
    baseline, risk = (_risk(model, asked, event, rows, main) for main in (start, end))
    shares = np.zeros((len(asked), len(players), asked.times.shape[1]))
    for n_nodes in N_NODES:
        left = np.abs(risk - baseline - shares.sum(axis=1)).max(axis=1, initial=0.0)
        open_rows = rows[left > NEARLY]
        for own in _blocks(open_rows, n_nodes * STENCIL.size * len(players) * start.shape[1]):
            shares[own] = _integrals(model, asked, event, own, start[own], end[own], players, n_nodes)
    size = np.abs(shares)
    whole = size.sum(axis=1, keepdims=True)
    part = np.divide(size, whole, out=np.zeros_like(size), where=whole > 0)
    return baseline, risk, shares + part * (risk - baseline - shares.sum(axis=1))[:, None, :]


def _blocks(rows: np.ndarray, numbers_per_row: int) -> Iterator[np.ndarray]:
    n_block = max(1, NUMBERS_PER_BLOCK // max(1, numbers_per_row))
    return (rows[begin : begin + n_block] for begin in range(0, rows.size, n_block))


def _integrals(
    model: Any,
    asked: Asked,
    event: int,
    rows: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    players: list[np.ndarray],
    n_nodes: int,
) -> np.ndarray:
    """The players' integrals for some rows, shape (n_rows, n_players, n_times); 0 for those that do not move."""
    node, weight = np.polynomial.legendre.leggauss(n_nodes)
    node, weight = (node + 1.0) / 2.0, weight / 2.0
    way = end - start
    own_way = np.zeros((len(players), *way.shape))
    for own, places in zip(own_way, players, strict=True):
        own[:, places] = way[:, places]
    player, row = np.nonzero((own_way != 0).any(axis=2))
    moves = own_way[player, row]
    middle = start[row, None] + node[:, None] * way[row, None]
    points = middle[:, :, None] + STENCIL[:, None] * moves[:, None, None]
    which = np.repeat(rows[row], n_nodes * STENCIL.size)
    risk = _risk(model, asked, event, which, points.reshape(-1, start.shape[1]))
    slopes = np.einsum("s,pqsm->pqm", STENCIL_WEIGHTS, risk.reshape(row.size, n_nodes, STENCIL.size, -1))
    result = np.zeros((rows.size, len(players), asked.times.shape[1]))
    result[row, player] = np.einsum("q,pqm->pm", weight, slopes)
    return result


def _risk(model: Any, asked: Asked, event: int, rows: np.ndarray, main: np.ndarray) -> np.ndarray:
    """Incidence of rows that are asked for, with other main effects (n_rows, n_main); shape (n_rows, n_times)."""
    design = replace(asked.design[rows], matrix=model.encoder_.with_products(main))
    unknown = None if asked.unknown is None else asked.unknown[rows]
    found: np.ndarray = model._asked_incidence(
        replace(asked, design=design, times=asked.times[rows], since=asked.since[rows], unknown=unknown), event
    )
    return found
