"""Did an authority's practice change on a named date, and more than elsewhere?

An interrupted time series sets the authority against its own trend; a difference in differences against what other
authorities did at the same time. Both describe authorities, not children: they tell whether a share moved, not why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..given_dates import given_date
from ..models.monitoring.difference_in_differences import (
    LEAST_CONTROLS,
    DifferenceInDifferences,
    UnitChanges,
)
from ..models.monitoring.segmented_regression import SegmentedRegression, segmented_regression
from ..parameter_checks import shown
from ..plans.indicators.monthly import monthly_counts

if TYPE_CHECKING:
    from ..plans.store import Plans

MONTHS_PER_PERIOD = 3
DAYS_OF_A_YEAR = 365.25
COLUMNS = ["la_code", "period", "count", "n"]
COLUMNS_OF_DFE = {"n_second": "count", "n_started": "n"}
AUTOCORRELATED = 0.5
LEVEL = 0.95
# Columns of the table, and what they are called of a difference.
CONTRAST = {"estimate": "difference"} | {name: name for name in ("std_error", "lower", "upper", "p_value")}
BY_PERIOD = ["difference", "difference_lower", "difference_upper"]


@dataclass(frozen=True)
class PracticeChange:
    """What :func:`change_of_practice` found.

    Attributes
    ----------
    table : DataFrame
        Per ``method`` and ``measure``: ``estimate``, ``std_error``, ``lower``, ``upper``, ``p_value``; shares between 0
        and 1, slopes per year.
    series : DataFrame
        Per ``period`` (its first day): ``share`` of the authority with ``lower`` and ``upper``, ``fitted`` and
        ``projected`` (as it would have gone on), ``controls`` (share of all controls together), ``difference`` of the
        authority's change since the time before from that of its controls, with ``difference_lower``,
        ``difference_upper``.
    la_code : str
    date : Timestamp
    what : str
    overdispersion : float
        By which the authority's shares vary more than the binomial says.
    autocorrelation : float
    difference : DifferenceInDifferences, optional
        None where there are fewer than three controls.
    assumptions : tuple of str
    """

    table: pd.DataFrame = field(repr=False)
    series: pd.DataFrame = field(repr=False)
    la_code: str
    date: pd.Timestamp
    what: str
    overdispersion: float
    autocorrelation: float
    difference: DifferenceInDifferences | None
    assumptions: tuple[str, ...] = field(repr=False)

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the series; see :func:`secondplan.plots.plot_practice_change`."""
        from ..plots import plot_practice_change

        return plot_practice_change(self, ax=ax, **options)

    @property
    def words(self) -> str:
        """What the numbers say, and what they leave open."""
        jump = self.table.loc[("interrupted time series", "change of level")]
        lines = [
            f"Authority {self.la_code}, {self.what}: on {self.date:%d %B %Y} the share {_moved(jump)} "
            "against its own trend."
        ]
        if self.difference is not None:
            row = self.table.loc[("difference in differences", "change")]
            trend = self.table.loc[("difference in differences", "trend before, per year")]
            lines.append(
                f"Against {self.difference.n_controls} other authorities it {_moved(row)}; "
                f"{100 * self.difference.placebo_p_value:.0f} % of the authorities differ from the others as much."
            )
            if trend["p_value"] < 1.0 - LEVEL:
                lines.append(
                    "Its trend before the date was another than theirs: the comparison with them is not sound."
                )
        if abs(self.autocorrelation) > AUTOCORRELATED:
            lines.append("Successive periods go together beyond the trend: the errors of the series are too small.")
        return " ".join(lines)

    def __repr__(self) -> str:
        shown_table = self.table.map(_cell).to_string()
        return f"{self.words}\n{shown_table}"

    def _repr_html_(self) -> str:
        listed = "".join(f"<li>{line}</li>" for line in self.assumptions)
        return f"<p>{self.words}</p>{self.table.map(_cell).to_html(border=0)}<p>Assumed:</p><ul>{listed}</ul>"


def change_of_practice(
    plans: Plans | pd.DataFrame,
    la_code: str,
    date: Any,
    controls: Any = None,
    *,
    indicator: str = "ended_within_3_months",
    first: Any = None,
    last: Any = None,
) -> PracticeChange:
    """Ask whether an authority's practice changed on a date, by its own trend and by other authorities.

    Parameters
    ----------
    plans : Plans or DataFrame
        Plans are counted in quarters from ``date`` on, backwards and forwards (a month in which both practices fall is
        left out). Or counts: ``la_code``, ``period`` (the first day), ``count``, ``n`` per authority and period; or
        :func:`~secondplan.published_second_plans` as it is.
    la_code : str
        The authority that changed.
    date : date
        When, known beforehand: not found by looking at the series.
    controls : list of str, optional
        Authorities that did not change; by default all others. An empty list: only the authority's own series.
    indicator : str
        As in :func:`~secondplan.monthly_shares`: ``"ended_within_3_months"``, ``"followed_within_12_months"``,
        ``"second_plans"``, ``"second_plans_reported"``. Not with a DataFrame.
    first, last : date, optional
        Days to be used; by default all that the data of every authority cover.

    Returns
    -------
    PracticeChange

    Raises
    ------
    ValueError
        The authority is not in the data, or has fewer than three periods before or after the date.

    Notes
    -----
    See :mod:`~secondplan.models.monitoring.segmented_regression` and
    :mod:`~secondplan.models.monitoring.difference_in_differences` for models, variances and sources.

    Examples
    --------
    >>> import secondplan as sp
    >>> found = sp.change_of_practice(sp.published_second_plans(), "330", "2017-04-01", last="2020-03-31")
    >>> found.difference.n_controls > 100
    True
    """
    day = given_date(date, "date")
    counts, what = _counts(plans, indicator, day, first, last)
    wide = {name: counts.pivot_table(index="la_code", columns="period", values=name) for name in ("count", "n")}
    count, n = wide["count"], wide["n"].where(wide["n"] > 0)
    if la_code not in count.index:
        raise ValueError(f"la_code must be an authority of the data, got {shown(la_code)}")
    others = _controls(controls, la_code, count.index)
    share = count / n
    time = np.asarray((share.columns - day) / pd.Timedelta(days=DAYS_OF_A_YEAR), dtype=float)
    known = share.loc[la_code].notna().to_numpy()
    own, size, when = (values[known] for values in (share.loc[la_code].to_numpy(), n.loc[la_code].to_numpy(), time))
    fit = segmented_regression(own, size, when, LEVEL)
    tables = {"interrupted time series": fit.table}
    series = _own_series(share.loc[la_code][known], size, fit)
    between, assumptions = None, ["The date was chosen before the series was looked at."]
    assumptions.append("Without the change the authority's share would have gone on along its own straight line.")
    if len(others) >= LEAST_CONTROLS:
        units = [la_code, *others]
        changes = UnitChanges(share.loc[units].to_numpy(), n.loc[units].to_numpy(), time, LEVEL)
        between, trend = changes.change(), changes.trend_before()
        rows = {"change": between, "trend before, per year": trend}
        tables["difference in differences"] = pd.DataFrame(
            {name: [getattr(row, of, np.nan) for row in rows.values()] for name, of in CONTRAST.items()},
            index=pd.Index(list(rows), name="measure"),
        )
        series = series.join(pd.DataFrame(changes.by_period(), share.columns, BY_PERIOD))
        series["controls"] = (count.loc[others].sum() / n.loc[others].sum()).reindex(series.index)
        assumptions.append(
            "Without the change it would have moved as other authorities did, give or take their spread."
        )
        assumptions.append(
            "Nothing else befell this authority alone at that time, and controls did not change because of it."
        )
    return PracticeChange(
        pd.concat(tables, names=["method", "measure"]),
        series,
        la_code,
        day,
        what,
        fit.overdispersion,
        fit.autocorrelation,
        between,
        tuple(assumptions),
    )


def _counts(plans: Any, indicator: str, day: pd.Timestamp, first: Any, last: Any) -> tuple[pd.DataFrame, str]:
    """Counts by authority and period, and what is counted."""
    if not isinstance(plans, pd.DataFrame):
        monthly = monthly_counts(plans, indicator, first=first, last=last)
        # Months as numbers, from the month in which the change falls; a month of both practices is of neither.
        number = 12 * (monthly["month"].dt.year - day.year) + monthly["month"].dt.month - day.month
        begin = 0 if day.day == 1 else 1
        kept = monthly[(number < 0) | (number >= begin)]
        number = number[kept.index] - begin * (number[kept.index] >= begin)
        block = number // MONTHS_PER_PERIOD
        whole = number.groupby(block).transform("nunique") == MONTHS_PER_PERIOD
        start = kept["month"].groupby(block).transform("min")
        blocks = kept.assign(period=start)[whole].groupby(["la_code", "period"], as_index=False)[["count", "n"]].sum()
        return blocks, indicator.replace("_", " ")
    table, what = plans, "counts given"
    if "year_ending" in table.columns:
        first_day = pd.PeriodIndex.from_fields(year=table["year_ending"] - 1, month=4, freq="M").to_timestamp()
        table, what = (
            table.rename(columns=COLUMNS_OF_DFE).assign(period=first_day),
            "second and later plans of those started",
        )
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise ValueError(f"counts need the columns {', '.join(COLUMNS)}, missing: {', '.join(missing)}")
    table = table[COLUMNS].dropna()
    if first is not None:
        table = table[table["period"] >= given_date(first, "first")]
    if last is not None:
        table = table[table["period"] <= given_date(last, "last")]
    return table.astype({"count": float, "n": float}), what


def _controls(controls: Any, la_code: str, known: pd.Index) -> list[str]:
    others = [code for code in known if code != la_code] if controls is None else [str(code) for code in controls]
    unknown = sorted(set(others) - set(known))
    if unknown or la_code in others:
        wrong = ", ".join(unknown) or la_code
        raise ValueError(f"controls must be other authorities of the data, got {wrong}")
    return others


def _own_series(share: pd.Series, n: np.ndarray, fit: SegmentedRegression) -> pd.DataFrame:
    """The authority's shares with intervals as wide as its own variation, beside the fitted lines."""
    from statsmodels.stats.proportion import proportion_confint

    size = n / fit.overdispersion
    lower, upper = proportion_confint(share.to_numpy() * size, size, alpha=1.0 - LEVEL, method="wilson")
    columns = {"share": share, "lower": lower, "upper": upper, "fitted": fit.fitted, "projected": fit.projected}
    return pd.DataFrame(columns, index=share.index)


def _moved(row: pd.Series) -> str:
    size = f"{100 * abs(row['estimate']):.1f} percentage points"
    interval = f"95 % {100 * row['lower']:.1f} to {100 * row['upper']:.1f}"
    if row["p_value"] < 1.0 - LEVEL:
        return f"{'rose' if row['estimate'] > 0 else 'fell'} by {size} ({interval})"
    return f"moved by no more than chance ({'+' if row['estimate'] > 0 else '-'}{size}, {interval})"


def _cell(value: float) -> str:
    return f"{value:.4f}"
