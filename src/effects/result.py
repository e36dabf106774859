"""What every estimate of an effect gives: risks by level, their contrasts, and how far they can be from the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from ..models.curves.confidence import SumShape, check_interval, incidence_bounds
from ..parameter_checks import shown
from ..small_counts import SUPPRESSED, is_small

ESTIMATES = ["estimate", "std_error", "lower", "upper"]


@dataclass(frozen=True, repr=False, eq=False)
class RiskCurve:
    """Risks by level on a grid of days that begins on day 0 or later, for areas beneath them.

    Attributes
    ----------
    times : ndarray, shape (n_days,)
        Ascending.
    risk : ndarray, shape (n_levels, n_days)
    influence : ndarray, shape (n_levels, n_days, n_clusters), optional
    draws : ndarray, shape (n_draws, n_levels, n_days), optional
    is_step : bool
        The risk jumps on the days and is flat between them; otherwise it is taken as straight between them.
    """

    times: np.ndarray
    risk: np.ndarray
    influence: np.ndarray | None = None
    draws: np.ndarray | None = None
    is_step: bool = False

    def area_weights(self, until: float) -> np.ndarray:
        """What the risks on the days are multiplied by to give the area from day 0 to ``until``, shape (n_days,)."""
        days = np.clip(self.times, 0.0, until)
        if self.is_step:
            return np.diff(days, append=until)
        # From day 0 to the first day the risk is straight from 0 on; after the last one it stays.
        gaps = np.diff(days, prepend=0.0)
        weights = (gaps + np.append(gaps[1:], 0.0)) / 2.0
        if days.size:
            weights[-1] += until - days[-1]
        return weights


@dataclass(frozen=True, repr=False, eq=False)
class EffectResult:
    r"""Risks had everybody had one level of a treatment, and what follows: differences, ratios, days, plans avoided.

    The estimators of this package give it. Errors come from the influence functions,

    .. math:: \hat R - R \approx \sum_c \mathrm{IF}_c, \qquad \widehat{se}^2 = \sum_c \mathrm{IF}_c^2

    over clusters c (families, or rows), or from draws of the bootstrap.

    Attributes
    ----------
    levels : tuple of str
        Names of the levels or strategies.
    times : ndarray, shape (n_times,)
        Days.
    risk : ndarray, shape (n_levels, n_times)
        NaN where it is not known.
    influence : ndarray, shape (n_levels, n_times, n_clusters), or None
        By level, time and cluster (row, where rows are independent); their sum of squares is the variance. It is of
        persons: for use within the authority.
    draws : ndarray, shape (n_draws, n_levels, n_times), or None
        Risks in draws of the bootstrap, where there are no influence functions.
    curve : RiskCurve, function of the last day that makes one, or None
        For areas.
    estimand : str
        What is estimated, in one line.
    assumptions : tuple of str
        What must hold for it to be the effect, in words.
    n_children : int, optional
        Children to whom the risks belong.
    counts : ndarray of int, shape (n_levels, n_times), optional
        Events seen of children of each level by each day: where they are 1 to 5, plans avoided are withheld.
    level : float
        Coverage of the intervals.
    level_name : str
        ``level`` or ``strategy``: the first column of the tables.
    reference : str, optional
        The level against which contrasts are made by default; the first if not given.
    small_sample : bool
        Intervals of contrasts and of days lost, and tests, allow for few clusters that stand for many: for the skewness
        of the influence (Hall 1992) and for how well its sum of squares is known (Pan and Wall 2002). Otherwise they
        are normal and symmetric, as in riskRegression.

    Examples
    --------
    >>> influence = [[[0.01, -0.01]], [[0.0, 0.01]]]
    >>> result = EffectResult(("3 months", "6 months"), [365], [[0.25], [0.2]], influence)
    >>> result.difference("3 months")[["level", "estimate", "std_error"]].round(3).to_numpy().tolist()
    [['6 months', -0.05, 0.022]]
    """

    levels: tuple[str, ...]
    times: np.ndarray
    risk: np.ndarray
    influence: np.ndarray | None = None
    draws: np.ndarray | None = None
    curve: RiskCurve | Callable[[float], RiskCurve] | None = None
    estimand: str = "risk had everybody had the level"
    assumptions: tuple[str, ...] = ()
    n_children: int | None = None
    counts: np.ndarray | None = None
    level: float = 0.95
    level_name: str = "level"
    reference: str | None = None
    small_sample: bool = False

    def __post_init__(self) -> None:
        check_interval(self.level, "log")
        names = tuple(map(str, self.levels))
        times, risk = np.atleast_1d(np.asarray(self.times, dtype=float)), np.asarray(self.risk, dtype=float)
        shape = (len(names), times.size)
        if len(set(names)) != len(names):
            raise ValueError(f"levels must have different names, got {len(names)} with {len(set(names))} names")
        given = {"risk": risk, "influence": self.influence, "draws": self.draws, "counts": self.counts}
        axes = {"risk": slice(0, 2), "influence": slice(0, 2), "draws": slice(1, 3), "counts": slice(0, 2)}
        for name, value in given.items():
            if value is not None:
                object.__setattr__(self, name, np.asarray(value))
                if np.shape(value)[axes[name]] != shape:
                    raise ValueError(
                        f"{name}: expected {shape[0]} levels by {shape[1]} times, got shape {np.shape(value)}"
                    )
        object.__setattr__(self, "levels", names)
        object.__setattr__(self, "times", times)
        if self.reference is not None:
            self._place(self.reference)

    @property
    def table(self) -> pd.DataFrame:
        """The risks: level (or strategy), time, estimate, std_error, lower, upper.

        Intervals are symmetric on the scale log(-log(1 - R)), or percentiles of the bootstrap.
        """
        own, value = np.arange(len(self.levels)), self.risk
        error = self._error(value, self._uncertain)
        if self.draws is not None:
            lower, upper = self._percentiles(self.draws)
        else:
            lower, upper = incidence_bounds(value, error, self.level)
            lower, upper = (np.where(np.isnan(error), np.nan, bound) for bound in (lower, upper))
        return self._framed(own, self.times, (value, error, lower, upper))

    @property
    def n_clusters(self) -> int | None:
        """Number of clusters that the errors rest on; None for a bootstrap."""
        return None if self.influence is None else self.influence.shape[2]

    def difference(self, reference: str | None = None) -> pd.DataFrame:
        """Risk of each other level less that of ``reference``, by time.

        Parameters
        ----------
        reference : str, optional
            Name of a level; by default the one the result was made with, or the first.

        Returns
        -------
        DataFrame
            level (or strategy), reference, time, estimate, std_error, lower, upper, p_value.
        """
        return self._contrast_frame(reference, self.risk, self._uncertain, self.times, plain=True)

    def ratio(self, reference: str | None = None) -> pd.DataFrame:
        """Risk of each other level divided by that of ``reference``; intervals and tests on the logarithmic scale.

        Parameters
        ----------
        reference : str, optional
            As in :meth:`difference`.

        Returns
        -------
        DataFrame
            The columns of :meth:`difference`; ``std_error`` is that of the ratio, by the delta method.
        """
        positive = np.where(self.risk > 0, self.risk, np.nan)
        uncertain = self._uncertain
        if self.draws is not None:
            uncertain = np.log(np.where(self.draws > 0, self.draws, np.nan))
        elif uncertain is not None:
            uncertain = uncertain / positive[..., None]
        return self._contrast_frame(reference, np.log(positive), uncertain, self.times, plain=False)

    def time_lost(self, until: float, reference: str | None = None) -> pd.DataFrame:
        r"""Days lost to the event by day ``until``, :math:`\int_0^{until} R(t)\,dt`.

        On average so many of these days lie after the event: of second plans, days on which one had begun.

        Parameters
        ----------
        until : float
            Days.
        reference : str, optional
            Where given, days lost less those of this level.

        Returns
        -------
        DataFrame
            level (or strategy), time (``until``), estimate, std_error, lower, upper; with ``reference`` its column and
            ``p_value`` too.

        Raises
        ------
        ValueError
            ``until`` is not above 0, or the result has no curve.
        """
        if not 0 < until < np.inf:
            raise ValueError(f"until must be a number of days above 0, got {shown(until)}")
        if self.curve is None:
            raise ValueError("this result has no curve of the risk, which an area needs: ask for it at times only")
        curve = self.curve(until) if callable(self.curve) else self.curve
        weights = curve.area_weights(float(until))
        used = weights > 0
        area = curve.risk[:, used] @ weights[used]
        uncertain = None
        if curve.draws is not None:
            uncertain = (curve.draws[..., used] @ weights[used])[..., None]
        elif curve.influence is not None:
            uncertain = np.einsum("lgc,g->lc", curve.influence[:, used], weights[used])[:, None]
        days = np.array([float(until)])
        if reference is not None:
            return self._contrast_frame(reference, area[:, None], uncertain, days, plain=True)
        error = self._error(area[:, None], uncertain)
        bounds = (np.clip(bound, 0.0, until) for bound in self._bounds(area[:, None], error, uncertain))
        return self._framed(np.arange(len(self.levels)), days, (area[:, None], error, *bounds))

    def avoided(self, per: int = 1000, reference: str | None = None) -> pd.DataFrame:
        """Second plans avoided among ``per`` children, were all of them to have each level in place of ``reference``.

        Parameters
        ----------
        per : int
        reference : str, optional
            As in :meth:`difference`.

        Returns
        -------
        DataFrame
            level (or strategy), reference, time, per, estimate (negative: more second plans), std_error, lower, upper,
            children (the same among all children of the data, where their number is known: an estimate, not a count;
            ``c`` for 1 to 5, so that it is not taken for one), is_withheld. Where 1 to 5 events were seen of a level
            or of the reference, all figures are withheld (NaN, ``c``), and this is what ``is_withheld`` says.

        Raises
        ------
        ValueError
            ``per`` is no whole number of 1 or more.
        """
        if isinstance(per, bool) or int(per) != per or per < 1:
            raise ValueError(f"per must be a whole number of 1 or more, got {shown(per)}")
        frame = self.difference(reference).drop(columns="p_value")
        lower, upper = frame["lower"].copy(), frame["upper"].copy()
        share = -frame["estimate"]
        frame["estimate"], frame["std_error"] = per * share, per * frame["std_error"]
        frame["lower"], frame["upper"] = -per * upper, -per * lower
        frame.insert(3, "per", int(per))
        withheld = np.zeros(len(frame), dtype=bool)
        if self.counts is not None:
            small = is_small(self.counts)
            others, place = self._against(reference)
            withheld = (small[others] | small[place]).ravel()
        frame.loc[withheld, ESTIMATES] = np.nan
        if self.n_children is not None:
            number = (share * self.n_children).round()
            hidden = withheld | is_small(number.abs())
            frame["children"] = number.astype("Int64").astype(object).mask(hidden, SUPPRESSED)
        frame["is_withheld"] = withheld
        return frame

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the risks by time, one line per level with its interval; see :func:`secondplan.plot_levels`."""
        from ..plots import plot_levels

        title = f"{self.estimand[:1].upper()}{self.estimand[1:]}"
        return plot_levels(self.table, ax=ax, **{"title": title} | options)

    def __repr__(self) -> str:
        """The estimand, the risks in percent with intervals, and how errors were made."""
        return f"{self._heading()}\n{self._in_percent().to_string()}\n{self._foot()}"

    def _repr_html_(self) -> str:
        """The same as a table for notebooks, with the assumptions."""
        assumed = "".join(f"<li>{escape(line)}</li>" for line in self.assumptions)
        listed = f"<p>It is the effect if:</p><ul>{assumed}</ul>" if assumed else ""
        return f"<p>{escape(self._heading())}</p>{self._in_percent().to_html()}<p>{escape(self._foot())}</p>{listed}"

    def _heading(self) -> str:
        return f"{self.estimand[:1].upper()}{self.estimand[1:]}; percent, {self.level:.0%} interval"

    def _foot(self) -> str:
        if self.draws is not None:
            return f"Intervals: {len(self.draws):,} draws of the bootstrap. .assumptions says what must hold."
        if self.influence is None:
            return "No intervals. .assumptions says what must hold."
        return f"Errors: the influence of {self.n_clusters:,} clusters. .assumptions says what must hold."

    def _in_percent(self) -> pd.DataFrame:
        table = self.table
        values = 100 * table[["estimate", "lower", "upper"]].to_numpy()
        text = [
            "not known"
            if np.isnan(value)
            else f"{value:.1f}" + ("" if np.isnan(low) else f" ({low:.1f} to {high:.1f})")
            for value, low, high in values
        ]
        columns = [f"day {day:g}" for day in self.times]
        cells = np.array(text, dtype=object).reshape(len(self.levels), -1)
        return pd.DataFrame(cells, index=pd.Index(self.levels, name=self.level_name), columns=columns)

    def _named(self, reference: str | None) -> str:
        given = self.reference if reference is None else reference
        return self.levels[0] if given is None else str(given)

    def _place(self, name: str) -> int:
        if str(name) not in self.levels:
            raise ValueError(
                f"{shown(name)} is no {self.level_name} of the result; these are: {', '.join(self.levels)}"
            )
        return self.levels.index(str(name))

    def _against(self, reference: str | None) -> tuple[np.ndarray, int]:
        """Positions of the other levels, and of the reference."""
        place = self._place(self._named(reference))
        return np.delete(np.arange(len(self.levels)), place), place

    @property
    def _uncertain(self) -> np.ndarray | None:
        """Draws (n_draws, n_levels, n_times), or influence (n_levels, n_times, n_clusters)."""
        return self.influence if self.draws is None else self.draws

    def _error(self, value: np.ndarray, uncertain: np.ndarray | None) -> np.ndarray:
        """Standard errors of values, NaN where these are."""
        if uncertain is None:
            return np.full(value.shape, np.nan)
        if self.draws is not None:
            error = np.std(uncertain, axis=0, ddof=1)
        else:
            error = np.sqrt(np.einsum("ktc,ktc->kt", uncertain, uncertain))
        return np.where(np.isnan(value), np.nan, error)

    def _percentiles(self, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        lower, upper = np.quantile(draws, [0.5 - self.level / 2, 0.5 + self.level / 2], axis=0)
        return lower, upper

    def _bounds(
        self, value: np.ndarray, error: np.ndarray, uncertain: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Bounds on the plain scale, or percentiles."""
        if self.draws is not None and uncertain is not None:
            return self._percentiles(uncertain)
        return self._shape(value, uncertain).bounds(value, error, self.level)

    def _shape(self, value: np.ndarray, uncertain: np.ndarray | None) -> SumShape:
        if self.small_sample and self.draws is None and uncertain is not None:
            return SumShape.of(uncertain)
        return SumShape(np.zeros_like(value), np.full_like(value, np.inf))

    def _contrast_frame(
        self,
        reference: str | None,
        value: np.ndarray,
        uncertain: np.ndarray | None,
        times: np.ndarray,
        *,
        plain: bool,
    ) -> pd.DataFrame:
        """Values of the other levels less that of the reference, as they are or exponentiated."""
        others, place = self._against(reference)
        value = value[others] - value[place]
        if uncertain is not None:
            axis = 0 if self.draws is None else 1
            uncertain = np.take(uncertain, others, axis) - np.take(uncertain, [place], axis)
        error = self._error(value, uncertain)
        lower, upper = self._bounds(value, error, uncertain)
        with np.errstate(divide="ignore", invalid="ignore"):
            p_value = self._shape(value, uncertain).p_value(value, error)
        if not plain:
            value, lower, upper = np.exp(value), np.exp(lower), np.exp(upper)
            error = value * error
        frame = self._framed(others, times, (value, error, lower, upper))
        frame.insert(1, "reference", self._named(reference))
        frame["p_value"] = p_value.ravel()
        return frame

    def _framed(self, places: np.ndarray, times: np.ndarray, values: tuple[np.ndarray, ...]) -> pd.DataFrame:
        columns: dict[str, Any] = {
            self.level_name: np.repeat(np.array(self.levels, dtype=object)[places], times.size),
            "time": np.tile(times, places.size),
        }
        named = zip(ESTIMATES, values, strict=True)
        return pd.DataFrame({**columns, **{name: np.asarray(value, dtype=float).ravel() for name, value in named}})
