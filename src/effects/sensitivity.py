r"""How strong would something unmeasured have to be to explain an effect away?

A confounder that multiplies the probability of the treatment by at most :math:`RR_{EU}` and the risk by at most
:math:`RR_{UD}` moves a risk ratio by no more than

.. math:: B = \frac{RR_{EU} RR_{UD}}{RR_{EU} + RR_{UD} - 1}

The E-value is the strength, the same in both, at which B reaches the ratio. Nothing is assumed of the confounder: it
may be one thing or many, binary or not.

References
----------
Ding and VanderWeele (2016), *Sensitivity analysis without assumptions*, Epidemiology 27; VanderWeele and Ding (2017),
Annals of Internal Medicine 167, for the E-value; Cinelli and Hazlett (2020), Journal of the Royal Statistical Society B
82, for measured features as a yardstick.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..parameter_checks import shown
from .result import EffectResult

BOUNDS = ["estimate", "lower", "upper"]


def e_value(result: EffectResult, reference: str | None = None) -> pd.DataFrame:
    r"""E-values of the risk ratios of a result, and of the end of their intervals that lies nearer to 1.

    For a ratio above 1, :math:`E = RR + \sqrt{RR (RR - 1)}`, for one below 1 that of its inverse.

    Parameters
    ----------
    result : EffectResult
    reference : str, optional
        As in ``result.ratio``.

    Returns
    -------
    DataFrame
        level (or strategy), reference, time, ratio, lower, upper, e_value, e_value_of_interval. 1: the interval holds
        1, and nothing unmeasured is needed.

    Examples
    --------
    >>> from secondplan import EffectResult
    >>> result = EffectResult(("3 months", "6 months"), [365], [[0.3], [0.2]], [[[0.01, -0.01]], [[0.0, 0.01]]])
    >>> e_value(result, "6 months")[["ratio", "e_value"]].round(2).to_numpy().tolist()
    [[1.5, 2.37]]
    """
    table = result.ratio(reference).drop(columns=["std_error", "p_value"]).rename(columns={"estimate": "ratio"})
    ratio, lower, upper = (table[name].to_numpy() for name in ("ratio", "lower", "upper"))
    nearest = np.where(ratio >= 1.0, np.maximum(lower, 1.0), np.minimum(upper, 1.0))
    return table.assign(e_value=_strength(ratio), e_value_of_interval=_strength(nearest))


@dataclass(frozen=True, repr=False)
class TippingPoint:
    """What :func:`tipping_point` found.

    Attributes
    ----------
    table : DataFrame
        What :func:`e_value` gives.
    yardsticks : DataFrame
        Per name in ``without``, level and time: ``difference`` with everything adjusted for, ``unadjusted`` (the
        difference without these features), ``moved`` (by how much they move it), ``times_as_strong``: how many times as
        much a hidden confounder would have to move it to leave nothing. Empty where none were given.
    result : EffectResult
    reference : str, optional
    """

    table: pd.DataFrame
    yardsticks: pd.DataFrame
    result: EffectResult = field(repr=False)
    reference: str | None = None

    def at(self, treatment: float, outcome: float | None = None) -> pd.DataFrame:
        """Where the ratios can lie if there is a hidden confounder of a given strength.

        Parameters
        ----------
        treatment, outcome : float
            Most by which it multiplies the probability of the level, and the risk; 1 or more. ``outcome`` is
            ``treatment`` where it is not given.

        Returns
        -------
        DataFrame
            level (or strategy), reference, time, ratio, ``lowest``, ``highest`` (of the true ratio, the interval's own
            uncertainty included), ``explained_away`` (1 lies between them).

        Raises
        ------
        ValueError
            A strength below 1.
        """
        outcome = treatment if outcome is None else outcome
        for name, value in (("treatment", treatment), ("outcome", outcome)):
            if not value >= 1.0:
                raise ValueError(f"{name} must be 1 or more, got {shown(value)}")
        bias = treatment * outcome / (treatment + outcome - 1.0)
        table = self.table.drop(columns=["e_value", "e_value_of_interval"])
        low, high = table["lower"].fillna(table["ratio"]) / bias, table["upper"].fillna(table["ratio"]) * bias
        found = table.drop(columns=["lower", "upper"])
        return found.assign(lowest=low, highest=high, explained_away=(low <= 1.0) & (high >= 1.0))

    @property
    def words(self) -> str:
        """How strong a hidden confounder would have to be, at the last day, in a sentence per level."""
        name, lines = self.result.level_name, []
        last = self.table[self.table["time"] == self.table["time"].max()]
        for row in last.to_dict("records"):
            head = f"{row[name]} against {row['reference']}, day {row['time']:g}"
            if not np.isfinite(row["ratio"]):
                lines.append(f"{head}: not known.")
                continue
            if row["e_value_of_interval"] == 1.0:
                lines.append(f"{head}: no difference beyond noise, so there is nothing to explain away.")
                continue
            whole, interval = row["e_value"], row["e_value_of_interval"]
            moves = "raise" if row["ratio"] > 1.0 else "lower"
            lines.append(
                f"{head}: to explain the difference away, something unmeasured would have to {moves} the chance of "
                f"“{row[name]}” and raise the risk, each {whole:.2f}-fold, beyond all that is adjusted for; to make it "
                f"no more than noise, each {interval:.2f}-fold."
            )
            lines.extend(self._as_strong_as(row))
        return "\n".join(lines)

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the strengths that explain each difference away; see :func:`secondplan.plots.plot_tipping_point`."""
        from ..plots import plot_tipping_point

        return plot_tipping_point(self, ax=ax, **options)

    def __repr__(self) -> str:
        """Words, and the E-values."""
        return f"{self.words}\n{self.table.round(3).to_string(index=False)}"

    def _repr_html_(self) -> str:
        tables = [self.table, self.yardsticks] if len(self.yardsticks) else [self.table]
        listed = "".join(table.round(3).to_html(index=False, border=0) for table in tables)
        return "".join(f"<p>{line}</p>" for line in self.words.split("\n")) + listed

    def _as_strong_as(self, row: dict[str, Any]) -> list[str]:
        """Yardsticks of one level and time in words."""
        if self.yardsticks.empty:
            return []
        name = self.result.level_name
        own = self.yardsticks[(self.yardsticks[name] == row[name]) & (self.yardsticks["time"] == row["time"])]
        return [f"{row[name]}: {_compared_with(found)}" for found in own.to_dict("records")]


def _compared_with(found: dict[str, Any]) -> str:
    """One yardstick in words: what leaving it out does to the difference."""
    if found["moved"] == 0.0:
        return f"leaving out {found['without']} does not move the difference."
    words = f"leaving out {found['without']} moves the difference by {100 * found['moved']:+.1f} percentage points"
    if np.isfinite(found["times_as_strong"]):
        times = found["times_as_strong"]
        return f"{words}; something unmeasured would have to move it {times:.1f} times as much to leave nothing."
    return f"{words}: something unmeasured that works like it would hide this difference, not make it."


def tipping_point(
    result: EffectResult, without: Mapping[str, EffectResult] | None = None, *, reference: str | None = None
) -> TippingPoint:
    """How strong a hidden confounder would have to be to explain an effect away, in the words of the data.

    Parameters
    ----------
    result : EffectResult
        Adjusted for everything that was measured.
    without : mapping of str to EffectResult, optional
        The same estimate without some of the measured features, by what they are called: ``{"domestic abuse and
        neglect": sp.standardised_risk(smaller_model, ...)}``. By how much the difference moves is the yardstick for
        what was not measured.
    reference : str, optional
        As in ``result.difference``.

    Returns
    -------
    TippingPoint

    Raises
    ------
    ValueError
        A result in ``without`` has other levels or times.

    Examples
    --------
    >>> from secondplan import EffectResult
    >>> result = EffectResult(("3 months", "6 months"), [365], [[0.3], [0.2]], [[[0.01, -0.01]], [[0.0, 0.01]]])
    >>> bool(tipping_point(result, reference="6 months").at(3.0)["explained_away"].item())
    True
    """
    rows = []
    own = result.difference(reference)
    for name, other in (without or {}).items():
        if other.levels != result.levels or not np.array_equal(other.times, result.times):
            raise ValueError(f"without: the result for {name!r} must have the levels and times of the first")
        unadjusted = other.difference(reference)["estimate"]
        moved = unadjusted - own["estimate"]
        # Only a confounder that adds to the difference could, unmeasured, account for it.
        same = np.sign(moved) == np.sign(own["estimate"])
        needed = (own["estimate"] / moved).where(same & (moved != 0), np.inf)
        table = own.iloc[:, :3].assign(difference=own["estimate"], unadjusted=unadjusted, moved=moved)
        rows.append(table.assign(times_as_strong=needed).assign(without=name))
    yardsticks = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
    return TippingPoint(e_value(result, reference), yardsticks, result, reference)


def _strength(ratio: np.ndarray) -> np.ndarray:
    """E-values of ratios; 1 of 1, NaN of NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        above = np.where(ratio < 1.0, 1.0 / ratio, ratio)
        return np.asarray(above + np.sqrt(above * (above - 1.0)))
