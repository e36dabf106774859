"""Risks over minimum lengths of plans: what each further month would do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from ...parameter_checks import shown
from ...plans.strategies import NaturalCourse, NotBefore
from ..result import EffectResult
from .emulated_trial import LEAST_DAYS, EmulatedTrial, effect_of
from .estimation import estimate

MONTHS = range(1, 13)


@dataclass(frozen=True, repr=False, eq=False)
class PolicyCurve:
    """Risks had no plan been ended before 1, 2, ... months.

    Attributes
    ----------
    risk : EffectResult
        A strategy a minimum length, and the natural course.
    months : tuple of float
    """

    risk: EffectResult
    months: tuple[float, ...]

    @property
    def table(self) -> pd.DataFrame:
        """months (0 is the natural course), time, estimate, std_error, lower, upper; difference and its interval."""
        length = dict(zip(self.risk.levels, (0.0, *self.months), strict=True))
        risks = self.risk.table
        risks.insert(0, "months", risks["strategy"].map(length))
        differences = self.risk.difference().drop(columns=["reference", "p_value"])
        renamed = {name: f"difference_{name}" for name in ("std_error", "lower", "upper")}
        differences = differences.rename(columns={"estimate": "difference", **renamed})
        return risks.merge(differences, on=["strategy", "time"], how="left").drop(columns="strategy")

    def plot(self, ax: Any = None) -> Any:
        """Risk by minimum length, one line per time; see :func:`secondplan.plot_policy`."""
        from ...plots import plot_policy

        return plot_policy(self.table, ax=ax)

    def __repr__(self) -> str:
        return repr(self.risk)

    def _repr_html_(self) -> str:
        return self.risk._repr_html_()


def policy_curve(trial: EmulatedTrial, months: Iterable[float] = MONTHS) -> PolicyCurve:
    """Risks over minimum lengths of plans, from the people and models of an emulated trial.

    Parameters
    ----------
    trial : EmulatedTrial
    months : iterable of int or float
        Minimum lengths, ascending, up to 12 months or the longest of the trial's strategies.

    Returns
    -------
    PolicyCurve
        ``.table``, ``.risk`` and ``.plot()``. Errors are from influence functions.

    Raises
    ------
    ValueError
        Months are not ascending, or longer than the trial looked at reviews.

    Examples
    --------
    >>> from secondplan import emulate_trial, policy_curve, simulate
    >>> trial = emulate_trial(simulate(n_children=400), times=[365])
    >>> policy_curve(trial, months=[3, 6]).table["months"].tolist()
    [0.0, 3.0, 6.0]
    """
    if not isinstance(trial, EmulatedTrial):
        raise ValueError(f"trial must be what emulate_trial gives, got {type(trial).__name__}")
    lengths = tuple(float(month) for month in months)
    strategies = [NotBefore(months=month) for month in lengths]
    if not lengths or any(later <= earlier for earlier, later in pairwise(lengths)):
        raise ValueError(f"months must be ascending, got {shown(list(lengths))}")
    asked = [getattr(strategy, "days", 0) for strategy in trial.emulation.strategies]
    if strategies[-1].days > max(LEAST_DAYS, *asked):
        raise ValueError(f"months must be at most 12 or those of the trial's strategies, got {shown(lengths[-1])}")
    emulation = trial.emulation.with_strategies([NaturalCourse(), *strategies])
    found = estimate(emulation, start=None)
    times = [int(time) for time in trial.risk.times]
    return PolicyCurve(effect_of(emulation, found, times, trial.level), lengths)
