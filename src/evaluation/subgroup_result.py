"""The result of measuring a model by group of children, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from ..plans.group_words import children_of

SUBGROUP_METRICS = ("observed_expected", "auc", "brier", "ipa", "calibration_slope")
EVERYBODY = "all"
SIGNIFICANT = 0.05
RATIO = "observed_expected"
WORDS = {
    RATIO: "observed / expected",
    "auc": "AUC",
    "ipa": "IPA",
    "brier": "Brier score",
    "ici": "ICI",
    "e50": "E50",
    "e90": "E90",
}
DECIMALS = {RATIO: 2, "calibration_slope": 2, "calibration_intercept": 2, "auc": 3, "ipa": 3}
KEYS = ["characteristic", "group"]


@dataclass(frozen=True)
class Subgroups:
    """How well a model predicts second plans in groups of children.

    A group is compared with all other children, with errors that allow for families in both. Groups differ in how
    common a second plan is, and with it in Brier score and IPA; observed over expected, intercept and slope say whether
    the model is right for them. What is recorded differs between groups too: a gap is one in recorded plans.

    Attributes
    ----------
    model : str
    table : DataFrame
        ``characteristic, group, n, n_events, metric, time, estimate, std_error, lower, upper``; ``rest``, the estimate
        of the other children; ``difference`` to it, with ``difference_lower``, ``difference_upper``, ``p_value`` and
        ``p_adjusted``, Holm's over all groups of all characteristics (and days) for this metric; ``note``, why nothing
        is measured. The first group is everybody. Differences are tested on the metric's scale (of the logarithm for a
        ratio); those of AUC, concordance, intercept and slope by Student's distribution, with one degree of freedom
        fewer than second plans in the smaller group. Censoring and entry are weighted within each group by its own
        rows. Counts of 1 to 5 (``n_events`` is of second plans by the day) are ``c``, with the next smallest where they
        would follow from the total.
    level : float
        Coverage of the intervals.
    min_children, min_events : int
        Groups with fewer are not measured.
    """

    model: str
    table: pd.DataFrame
    level: float
    min_children: int
    min_events: int

    @property
    def metrics(self) -> tuple[str, ...]:
        """What was measured; sentences and the worst gap are of the first of them."""
        return tuple(dict.fromkeys(self.table["metric"]))

    @property
    def day(self) -> float:
        """The longest of the days: that of the sentences."""
        return float(self.table["time"].max())

    @property
    def findings(self) -> pd.DataFrame:
        """The groups that could be compared, by the first metric on the longest day; what chance cannot explain first.

        Columns as in ``table``, and ``gap``: by what factor observed and expected differ (1 is none), or how far the
        metric is from that of the other children.
        """
        table = self._of(self.metrics[0])
        table = table[table["p_adjusted"].notna()]
        if self.metrics[0] == RATIO:
            gap = np.exp(np.abs(np.log(table["estimate"].to_numpy(dtype=float))))
        else:
            gap = np.abs(table["difference"].to_numpy(dtype=float))
        table = table.assign(gap=gap)
        place = np.lexsort([-gap, (table["p_adjusted"] >= SIGNIFICANT).to_numpy()])
        return table.iloc[place].reset_index(drop=True)

    @property
    def n_groups(self) -> int:
        """How many groups the p-values of a metric are corrected for."""
        return int(self.table.loc[self.table["metric"] == self.metrics[0], "p_adjusted"].notna().sum())

    @property
    def too_few(self) -> tuple[str, ...]:
        """The groups of which nothing was measured: ``"authority: Rutland"``."""
        table = self._of(self.metrics[0])
        table = table[table["note"].ne("") & table["characteristic"].ne(EVERYBODY)]
        return tuple(f"{row.characteristic}: {row.group}" for row in table.itertuples())

    @property
    def worst_gap(self) -> pd.Series | None:
        """The group with the largest gap, whether chance explains it or not, as in ``findings``; None without any."""
        found = self.findings
        return None if found.empty else found.loc[found["gap"].idxmax()]

    @property
    def sentences(self) -> tuple[str, ...]:
        """A sentence for each group: what chance cannot explain first, and at the end those too small to say."""
        lines = [self._sentence(row) for row in self.findings.itertuples()]
        if self.too_few:
            names = "; ".join(self.too_few)
            limits = (
                f"fewer than {self.min_children} children or {self.min_events} second plans, or followed too briefly"
            )
            lines.append(f"Too few to say ({limits}): {names}.")
        return tuple(lines)

    def formatted(self) -> pd.DataFrame:
        """The table as text for a page, a row for each group on the longest day: each metric with its interval."""
        at = self.table[self.table["time"] == self.day]
        shown = at[at["metric"] == self.metrics[0]]
        columns: dict[str, Any] = {name: shown[name].tolist() for name in KEYS}
        columns |= {"children": shown["n"].tolist(), f"second plans by {self.day:g} days": shown["n_events"].tolist()}
        for metric in self.metrics:
            rows = at[at["metric"] == metric]
            columns[in_words(metric)] = [_cell(row, metric) for row in rows.itertuples()]
        columns["difference to the others"] = [row.note or _chance(row.p_adjusted) for row in shown.itertuples()]
        return pd.DataFrame(columns)

    def to_frame(self) -> pd.DataFrame:
        """A copy of ``table``."""
        return self.table.copy()

    def plot(self, metric: str | None = None, ax: Any = None) -> Any:
        """One metric (by default the first) by group, with intervals, and everybody as a line; returns the axes."""
        from ..plots.subgroups import plot_subgroups

        name = self.metrics[0] if metric is None else metric
        if name not in self.metrics:
            raise ValueError(f"metric must be one of {', '.join(self.metrics)}; got {name!r}")
        title = f"{self.model}, {self.day:g} days"
        return plot_subgroups(self._of(name), name=in_words(name), is_ratio=name == RATIO, title=title, ax=ax)

    @property
    def summary(self) -> tuple[str, ...]:
        """The sentences that matter: what chance cannot explain, or the largest gap; and how many groups are left."""
        found = self.findings
        if found.empty:
            return self.sentences or ("There is no group to compare.",)
        n_real = int((found["p_adjusted"] < SIGNIFICANT).sum())
        lines = list(self.sentences[: max(n_real, 1)])
        if len(found) > len(lines):
            others = len(found) - len(lines)
            lines.append(f"{others} other groups: their differences to the rest can be explained by chance.")
        return (*lines, *self.sentences[len(found) :])

    def __repr__(self) -> str:
        """The sentences that matter."""
        return "\n".join([self._heading(), *self.summary])

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(line)}</li>" for line in self.summary)
        table = self.formatted().to_html(border=0, index=False)
        return f"<p>{escape(self._heading())}</p><ul>{items}</ul>{table}"

    def _heading(self) -> str:
        corrected = f"corrected for the number of groups, {self.n_groups} (Holm)"
        compared = f"; each group is compared with the other children, {corrected}" if self.n_groups else ""
        return f"{self.model} by group of children, {self.day:g} days, {100 * self.level:g} % intervals{compared}"

    def _of(self, metric: str) -> pd.DataFrame:
        return self.table[(self.table["metric"] == metric) & (self.table["time"] == self.day)]

    def _sentence(self, row: Any) -> str:
        decimals = DECIMALS.get(row.metric, 4)
        value, lower, upper, rest = (f"{n:.{decimals}f}" for n in (row.estimate, row.lower, row.upper, row.rest))
        if row.metric == RATIO:
            what = f"observed {value} times expected, {lower} to {upper} (others {rest})"
        else:
            what = f"{in_words(row.metric)} {value}, {lower} to {upper} (others {rest})"
        correction = f"at {100 * SIGNIFICANT:g} % after correction for {self.n_groups} groups"
        return f"{children_of(row.characteristic, row.group)}: {what}; {_chance(row.p_adjusted)} {correction}"


def in_words(metric: str) -> str:
    """What a metric is called on a page."""
    return WORDS.get(metric, metric.replace("_", " "))


def _chance(p_adjusted: float) -> str:
    if np.isnan(p_adjusted):
        return ""
    return "not explained by chance" if p_adjusted < SIGNIFICANT else "can be explained by chance"


def _cell(row: Any, metric: str) -> str:
    decimals = DECIMALS.get(metric, 4)
    if np.isnan(row.estimate):
        return "–"
    text = f"{row.estimate:.{decimals}f}"
    return text if np.isnan(row.lower) else f"{text} ({row.lower:.{decimals}f} to {row.upper:.{decimals}f})"
