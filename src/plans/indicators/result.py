"""The indicators of a period, exact and as they may be published."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...small_counts import SUPPRESSED
from ..disclosure import round_to_ten

if TYPE_CHECKING:
    from ...models.monitoring import Funnel

COUNT_COLUMNS, SHARE_COLUMNS = ("n", "of_n"), ("pct", "lower", "upper")
PUBLISHED_COLUMNS = ("published_n", "region_pct", "england_pct")
HEADINGS = {
    "table": "table",
    "indicator": "indicator",
    "n": "number",
    "pct": "%",
    "published_n": "published number",
    "region_pct": "region %",
    "england_pct": "England %",
}


@dataclass(frozen=True, repr=False)
class Indicators:
    """Indicators of a period, by group, beside what DfE has published.

    Attributes
    ----------
    first, last : Timestamp
        The period.
    by : tuple of str
        The columns that name the groups.
    table : DataFrame
        One row per group and indicator: the group (``all`` for all together), ``key``, ``table``, ``indicator``, ``n``,
        ``of_n`` (the count of which it is a share), ``pct``, ``lower`` and ``upper`` (Wilson's 95 % interval, as if
        plans were independent), ``published_n`` (the authority's own published count), ``region_pct`` and
        ``england_pct`` (published), and for disclosure control ``is_withheld``, ``is_rounded``. Counts are exact:
        :meth:`to_frame` gives the table as it may be published.
    notes : tuple of str
        What limits the figures, for a reader.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    by: tuple[str, ...]
    table: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()

    def to_frame(self, *, disclosure: bool = True) -> pd.DataFrame:
        """The table, by default as it may leave the authority.

        Parameters
        ----------
        disclosure : bool
            Withhold counts of 1 to 5 and those that would reveal them (``c``), with what is computed from them, and
            round counts of several authorities to 10 (percentages come from the unrounded counts, to one decimal). With
            ``False`` all counts are exact: for use within the authority.

        Returns
        -------
        DataFrame
            The columns of :attr:`table` without those for disclosure control.
        """
        frame = self.table.drop(columns=["is_withheld", "is_rounded", "of_is_withheld"])
        if not disclosure:
            return frame
        rounded = self.table["is_rounded"].to_numpy()
        hidden = self.table["is_withheld"].to_numpy()
        of_hidden = self.table["of_is_withheld"].to_numpy()
        for column, mask in (("n", hidden), ("of_n", of_hidden)):
            values = frame[column].to_numpy(dtype=float)
            shown = np.where(rounded, round_to_ten(values), values)
            frame[column] = _whole(shown).mask(mask, SUPPRESSED).set_axis(frame.index)
        for column in SHARE_COLUMNS:
            frame[column] = frame[column].round(1).astype(object).mask(hidden | of_hidden, SUPPRESSED)
        frame["published_n"] = frame["published_n"].astype("Int64")
        for column in ("region_pct", "england_pct"):
            frame[column] = frame[column].round(1)
        return frame

    def value(self, key: str, column: str = "n", **group: str) -> Any:
        """One exact figure: ``value("second_plans", "pct", la_code="330")``.

        Parameters
        ----------
        key : str
            The indicator.
        column : str
            A column of :attr:`table`.
        **group
            Values of the columns of ``by``; without any, all groups together.
        """
        rows = self.table[self.table["key"] == key]
        for name in self.by:
            rows = rows[rows[name] == group.get(name, "all")]
        if rows.empty:
            raise KeyError(f"no indicator {key!r} for that group")
        found = rows[column].iloc[0]
        return float(found) if isinstance(found, float) else found

    def funnel(self, key: str = "second_plans", **options: Any) -> Funnel:
        """Compare the groups' shares of an indicator, those that may be shown, in a funnel plot.

        Parameters
        ----------
        key : str
            The indicator.
        **options
            Passed to :func:`secondplan.models.monitoring.funnel`; the target is by default the share of all groups.

        Returns
        -------
        Funnel
        """
        rows = self.table[(self.table["key"] == key) & ~self.table["is_withheld"] & ~self.table["of_is_withheld"]]
        is_all = rows[list(self.by)].eq("all").all(axis=1)
        if not self.by or rows.empty:
            raise ValueError("a funnel needs groups (by=...) and an indicator that is a share")
        # Reading data must not load the models, which take as much memory as the data of many councils.
        from ...models.monitoring import funnel

        groups = rows[~is_all]
        labels = [" ".join(group) for group in groups[list(self.by)].astype(str).to_numpy()]
        options.setdefault("target", rows.loc[is_all, "pct"].iloc[0] / 100 if is_all.any() else None)
        return funnel(groups["n"].to_numpy(), groups["of_n"].to_numpy(), labels=labels, **options)

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the shares beside region and England; see :func:`secondplan.plots.plot_indicators`."""
        from ...plots import plot_indicators

        return plot_indicators(self, ax=ax, **options)

    @property
    def period(self) -> str:
        """The period in words."""
        first, last = (f"{day.day} {day:%B %Y}" for day in (self.first, self.last))
        return f"{first} to {last}"

    @property
    def title(self) -> str:
        """What the figures are of, in words."""
        return f"Child protection plans, {self.period}"

    def _shown(self) -> pd.DataFrame:
        """The published columns that hold something, under their headings."""
        frame = self.to_frame()
        empty = [name for name in PUBLISHED_COLUMNS if frame[name].isna().all()]
        frame = frame.drop(columns=[*empty, "key", "of_n", "lower", "upper"])
        return frame.rename(columns=HEADINGS)

    def __repr__(self) -> str:
        """The published table of all groups together, and how many groups there are."""
        shown = self._shown()
        for name in self.by:
            shown = shown[shown[name] == "all"]
        shown = shown.drop(columns=list(self.by)).astype(object)
        groups = len(self.table[list(self.by)].drop_duplicates()) - 1 if self.by else 0
        head = self.title + (f"; {groups} groups by {', '.join(self.by)} not shown here" if groups else "")
        body = shown.where(shown.notna(), "").to_string(index=False)
        return "\n".join([head, "", body, "", *(f"- {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        shown = self._shown().astype(object)
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        table = shown.where(shown.notna(), "").to_html(index=False, border=0)
        return f"<p><b>{escape(self.title)}</b></p>{table}<ul>{notes}</ul>"


def _whole(values: np.ndarray) -> pd.Series:
    """Whole numbers as such, missing where there is none."""
    return pd.Series(values).astype("Int64").astype(object)
