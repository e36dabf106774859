"""Strategies for when plans end: what an authority could have decided, instead of what it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..parameter_checks import shown

DAYS_PER_YEAR = 365
MONTHS_PER_YEAR = 12


@dataclass(frozen=True)
class NaturalCourse:
    """Plans end when they end: what the authorities did.

    Examples
    --------
    >>> NaturalCourse().name
    'natural course'
    """

    @property
    def name(self) -> str:
        """What the strategy is called in tables and plots."""
        return "natural course"


@dataclass(frozen=True)
class _AtMonths:
    """A strategy that turns on a number of months after the plan's start."""

    months: float

    def __post_init__(self) -> None:
        _days(self.months)

    @property
    def days(self) -> int:
        """The day of the turn, counted from the plan's start: ``round(months * 365 / 12)``."""
        return _days(self.months)


@dataclass(frozen=True)
class NotBefore(_AtMonths):
    """No plan is ended before ``months``; from then on plans end as they did.

    Only endings that somebody decides are put off. Care, a move, death and the 18th birthday end a plan whenever they
    come.

    Parameters
    ----------
    months : int or float
        More than 0. In days ``round(months * 365 / 12)``: 91, 182, 274 and 365 for 3, 6, 9 and 12 months; it is the
        first on which a plan may be ended.

    Raises
    ------
    ValueError
        ``months`` is no number, not positive, or less than a day.

    Examples
    --------
    >>> NotBefore(months=3).days, NotBefore(months=3).name
    (91, 'no ending before 3 months')
    """

    @property
    def name(self) -> str:
        """What the strategy is called in tables and plots."""
        return f"no ending before {_in_months(self.months)}"


@dataclass(frozen=True)
class EndBy(_AtMonths):
    """Every plan is ended by ``months``, at its last review in time; until then plans end as they did.

    Parameters
    ----------
    months : int or float
        As in :class:`NotBefore`; in days it is the last on which a review may end the plan.
    grace_days : int
        So many days later the plan that a review has ended may still run. :func:`emulate_trial` cannot see by how much
        an ending would have been late that did not come, and so allows its own ``grace_days``: a simulated world, and
        its truth, are of the same strategy with the same number here. In ``confounding-measured`` 14 days in place of
        none move the risk by less than 0.0002.

    Raises
    ------
    ValueError
        ``months`` is no number, not positive, or less than a day; ``grace_days`` is no whole number or negative.

    Examples
    --------
    >>> EndBy(months=12).days, EndBy(months=12).name
    (365, 'ending by 12 months')
    """

    grace_days: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.grace_days, bool) or not isinstance(self.grace_days, int) or self.grace_days < 0:
            raise ValueError(f"grace_days must be a whole number of 0 or more, got {shown(self.grace_days)}")

    @property
    def name(self) -> str:
        """What the strategy is called in tables and plots."""
        grace = f" and {self.grace_days} days" if self.grace_days else ""
        return f"ending by {_in_months(self.months)}{grace}"


Strategy = NaturalCourse | NotBefore | EndBy


def _days(months: Any) -> int:
    number = months.item() if hasattr(months, "item") and getattr(months, "size", 1) == 1 else months
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    # Compared from below, so that NaN is refused too; no plan lasts longer than childhood.
    if not is_number or not 0 < number <= 18 * MONTHS_PER_YEAR or round(number * DAYS_PER_YEAR / MONTHS_PER_YEAR) < 1:
        raise ValueError(f"months must be a number from 1 day to {18 * MONTHS_PER_YEAR} months, got {shown(months)}")
    return round(number * DAYS_PER_YEAR / MONTHS_PER_YEAR)


def _in_months(months: float) -> str:
    return f"{months:g} month{'' if months == 1 else 's'}"
