"""What became of every row that was read: the quality report."""

import html
import json
import os
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..files.whole import write_text
from ..small_counts import SMALLEST_SHOWN, SUPPRESSED
from .findings import (
    ACTIONS,
    KEPT,
    MERGED,
    NOTED,
    REJECTED,
    REPAIRED,
    FindingLog,
    count_fates,
    join_findings,
    typed_findings,
)
from .quality_totals import COUNTS, COUNTS_EXPLAINED, FOUND, QualityTotals, withheld_counts, withheld_findings
from .rules import RULES

__all__ = ["ACTIONS", "COUNTS", "KEPT", "MERGED", "NOTED", "REJECTED", "REPAIRED", "FindingLog", "QualityReport"]

_SEVERITY_ORDER = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, eq=False, repr=False)
class QualityReport:
    """What became of every row of the input.

    Every row of every table has one fate: kept, repaired, merged (joined to another row that stands for it), or
    rejected. A row may have several findings; rejected outweighs merged, merged outweighs repaired.

    Parameters
    ----------
    source : str
        What was read, in words: ``"CIN census"``.
    counts : DataFrame, one row per table (the index)
        ``read, kept, repaired, merged, rejected``: numbers of rows.
    findings : DataFrame
        ``code, table, column, action, file`` (categories), ``row, line`` (see `FindingLog`); no values.
    skipped : mapping of str to int
        Elements, columns or sheets that are not known or of no use, and how often each came, or its rows.
    unbroken : sequence of str
        Codes of the rules that were checked and that no row breaks, where a store was checked.

    Raises
    ------
    ValueError
        The counts do not add up, or do not agree with the findings: an error of the reader, not of the data.
    """

    source: str
    counts: pd.DataFrame
    findings: pd.DataFrame
    skipped: Mapping[str, int] = field(default_factory=dict)
    unbroken: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Check that every row is accounted for."""
        object.__setattr__(self, "findings", typed_findings(self.findings))
        unknown = set(self.findings["code"].dropna()) - RULES.keys()
        if unknown:
            raise ValueError(f"codes without a rule: {', '.join(sorted(unknown))}")
        fates = self.counts[[KEPT, REPAIRED, MERGED, REJECTED]]
        wrong = self.counts.index[fates.sum(axis=1) != self.counts["read"]].tolist()
        if wrong or (fates < 0).any(axis=None):
            raise ValueError(f"rows are not accounted for in {', '.join(wrong) or 'a table'}: {self.counts.to_dict()}")
        told = count_fates(self.findings)
        for table in self.counts.index:
            for fate in (REPAIRED, MERGED, REJECTED):
                if told.get((table, fate), 0) != self.counts.loc[table, fate]:
                    raise ValueError(f"{table}: the findings do not tell of every {fate} row")

    @classmethod
    def of(
        cls,
        source: str,
        read: Mapping[str, int],
        stored: Mapping[str, int],
        findings: pd.DataFrame,
        skipped: Mapping[str, int] | None = None,
    ) -> "QualityReport":
        """Report on ``read`` rows of which ``stored`` came through, by table; the findings must explain the rest.

        Parameters
        ----------
        source : str
            Kind of the input.
        read, stored : mapping of str to int
            Rows by table.
        findings : DataFrame
            One row per finding.
        skipped : mapping of str to int, optional
            What was passed over, by kind.

        Raises
        ------
        ValueError
            ``read`` is not ``stored`` plus the merged and rejected rows that the findings tell of.
        """
        told = count_fates(findings)
        rows = {}
        for table, n_read in read.items():
            repaired, merged, rejected = (told.get((table, fate), 0) for fate in (REPAIRED, MERGED, REJECTED))
            rows[table] = (n_read, stored[table] - repaired, repaired, merged, rejected)
        counts = pd.DataFrame.from_dict(rows, orient="index", columns=list(COUNTS)).rename_axis("table")
        return cls(source, counts, findings, dict(skipped or {}))

    def with_rows_beside(self, read: Mapping[str, int], findings: pd.DataFrame) -> "QualityReport":
        """This report, with rows that a reader has read beside those that became records.

        Parameters
        ----------
        read : mapping of str to int
            How many more, by table.
        findings : DataFrame
            What became of them; those without a finding of another fate were kept.
        """
        told = count_fates(findings)
        counts = self.counts.reindex(self.counts.index.union([name for name, n in read.items() if n], sort=False))
        counts = counts.fillna(0).astype(self.counts.dtypes)
        for table, n_read in read.items():
            if n_read:
                fates = {fate: told.get((table, fate), 0) for fate in (REPAIRED, MERGED, REJECTED)}
                beside = {"read": n_read, KEPT: n_read - sum(fates.values()), **fates}
                counts.loc[table] += pd.Series(beside)
        joined = join_findings(self.findings, findings)
        return QualityReport(self.source, counts.rename_axis("table"), joined, self.skipped)

    def joined(self, other: "QualityReport") -> "QualityReport":
        """This report and that of another source that was read into the same plans, as one."""
        counts = self.counts.add(other.counts, fill_value=0).astype(np.int64).rename_axis("table")
        order = list(dict.fromkeys([*self.counts.index, *other.counts.index]))
        findings = join_findings(self.findings, other.findings)
        skipped = {
            name: self.skipped.get(name, 0) + other.skipped.get(name, 0) for name in [*self.skipped, *other.skipped]
        }
        return QualityReport(f"{self.source} and {other.source}", counts.loc[order], findings, skipped)

    @property
    def is_clean(self) -> bool:
        """Whether there is no finding of severity error or warning."""
        return all(RULES[code].severity == "note" for code in self.findings["code"].unique())

    def to_frame(self, *, suppress: bool = False) -> pd.DataFrame:
        """One row per code, table and action: severity, number of findings and of files, the first place, what to do.

        With ``suppress``, places are missing, and ``c`` stands for numbers that could single out children.
        """
        columns = ["severity", "code", "table", "action", "n", "n_files", "first_file", "first_row", "first_line"]
        grouped = self.findings.groupby(["code", "table", "action"], sort=False, observed=True)
        summary = grouped.agg(
            n=("code", "size"),
            n_files=("file", "nunique"),
            first_file=("file", "first"),
            first_row=("row", "first"),
            first_line=("line", "first"),
        ).reset_index()
        summary = summary.astype(dict.fromkeys(("code", "table", "action", "first_file"), "string"))
        summary["severity"] = [RULES[code].severity for code in summary["code"]]
        summary = summary[columns].assign(
            meaning=[RULES[code].meaning for code in summary["code"]],
            advice=[RULES[code].advice for code in summary["code"]],
        )
        order = summary["severity"].map(_SEVERITY_ORDER)
        summary = summary.iloc[np.lexsort((-summary["n"].to_numpy(dtype=np.int64), order))].reset_index(drop=True)
        if not suppress:
            return summary
        places = dict.fromkeys(("first_file", "first_row", "first_line"), pd.NA)
        return summary.assign(n=withheld_findings(summary, self.counts), **places)

    def totals(self) -> QualityTotals:
        """The report without places, for pages and comparisons."""
        return QualityTotals(self.source, self.counts, self.to_frame()[list(FOUND)], dict(self.skipped))

    def summary(self, *, suppress: bool = False, width: int = 100) -> str:
        """The report as text for a terminal: the counts, then each code once, with where it was found.

        Parameters
        ----------
        suppress : bool
            Withhold counts of 1 to 5, for text that leaves the authority.
        width : int
            Columns of the terminal; longer lines are wrapped.
        """
        lines = [f"Quality of {self.source}", ""]
        if len(self.counts):
            lines += [*_count_lines(withheld_counts(self.counts) if suppress else self.counts), ""]
            lines += [*_wrapped(COUNTS_EXPLAINED, width, indent="", more=""), ""]
        found = self.to_frame(suppress=suppress)
        for severity, title in (("error", "Errors"), ("warning", "Warnings"), ("note", "Notes")):
            of_severity = found[found["severity"] == severity]
            if of_severity.empty:
                continue
            lines.append(title)
            for code, rows in of_severity.groupby("code", sort=False):
                lines += _finding_lines(str(code), rows, width)
            lines.append("")
        if self.skipped:
            names = ", ".join(f"{name} ({_shown(n, suppress)})" for name, n in self.skipped.items())
            lines += _wrapped(f"Not known or of no use here, and skipped: {names}", width, indent="", more="  ")
        if self.unbroken:
            lines += ["Rules that no row breaks", *_wrapped(", ".join(self.unbroken), width, indent="  ", more="  ")]
        if self.findings.empty:
            lines += ["", "Nothing to report."]
        return "\n".join(lines).rstrip() + "\n"

    def to_dict(self, *, suppress: bool = False) -> dict[str, Any]:
        """The report as plain data; with ``suppress``, without places and with counts of 1 to 5 withheld."""
        counts = withheld_counts(self.counts) if suppress else self.counts
        groups = []
        for row in self.to_frame(suppress=suppress)[list(FOUND)].itertuples(index=False):
            groups.append(row._asdict())
        report = {
            "source": self.source,
            "counts": {str(table): counts.loc[table].to_dict() for table in counts.index},
            "findings": groups,
            "skipped": {name: _shown(n, suppress) for name, n in self.skipped.items()},
        }
        if self.unbroken:
            report["unbroken"] = list(self.unbroken)
        return report if suppress else report | {"places": self._places()}

    def write_json(self, path: str | os.PathLike[str], *, suppress: bool = False) -> Path:
        """Write :meth:`to_dict` as JSON; returns the path.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        file = Path(path)
        write_text(file, self.to_json(suppress=suppress))
        return file

    def to_json(self, *, suppress: bool = False) -> str:
        """:meth:`to_dict` as JSON."""
        return json.dumps(self.to_dict(suppress=suppress), indent=1, default=int) + "\n"

    def __repr__(self) -> str:
        """Numbers of rows and findings."""
        read, rejected = (int(self.counts[name].sum()) for name in ("read", REJECTED))
        return f"QualityReport({self.source!r}, read={read}, rejected={rejected}, findings={len(self.findings)})"

    def _repr_html_(self) -> str:
        found = self.to_frame()[["severity", "code", "table", "action", "n", "meaning", "advice"]]
        found["advice"] = found["advice"].mask(found["advice"] == "None.", "")
        found = found.rename(columns={"n": "found", "meaning": "what it means", "advice": "what to do"})
        counts = self.counts.reset_index()
        parts = [(counts, COUNTS_EXPLAINED)] if len(counts) else []
        parts += [(found, "Findings, the worst first")] if len(found) else []
        tables = "".join(_html_table(frame, caption) for frame, caption in parts)
        return f"<div><p><b>Quality of {html.escape(self.source)}</b></p>{tables or '<p>Nothing to report.</p>'}</div>"

    def _places(self) -> list[dict[str, Any]]:
        """Row and line of each finding, grouped; a long report stays small."""
        places = []
        keys = ["code", "table", "column", "action", "file"]
        for group, found in self.findings.groupby(keys, sort=False, dropna=False, observed=True):
            if found["row"].isna().all():
                continue
            names = {key: value for key, value in zip(keys, group, strict=True) if not pd.isna(value)}
            places.append(names | {"rows": found["row"].tolist(), "lines": found["line"].dropna().tolist()})
        return places


def _shown(count: int, suppress: bool) -> int | str:
    return SUPPRESSED if suppress and 0 < count < SMALLEST_SHOWN else int(count)


def _count_lines(counts: pd.DataFrame) -> list[str]:
    """The counts as right-aligned text with separators of thousands."""
    shown = counts.map(lambda n: n if isinstance(n, str) else f"{int(n):,}").rename_axis(None)
    return shown.to_string().splitlines()


def _finding_lines(code: str, rows: pd.DataFrame, width: int) -> list[str]:
    """One code: what it means, where and how often it was found, what to do."""
    rule = RULES[code]
    places = [text for row in rows.itertuples() if (text := _found_where(row))]
    lines = _wrapped(f"{code}: {rule.meaning}", width, indent="  ", more="    ")
    for place in places:
        lines += _wrapped(place, width, indent="    ", more="      ")
    if rule.advice != "None.":
        lines += _wrapped(f"What to do: {rule.advice}", width, indent="    ", more="      ")
    return lines


def _wrapped(text: str, width: int, *, indent: str, more: str) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=more, break_long_words=False, break_on_hyphens=False
    )


def _found_where(row: Any) -> str:
    """Table, fate, number and first place of a finding; nothing where a finding is about the data as a whole."""
    if row.action == NOTED:
        where = "" if pd.isna(row.first_file) else row.first_file
        return where if row.n == 1 else f"{row.n} times{where and f', first in {where}'}"
    return f"{row.table}, {row.action}: {row.n}{_place(row)}"


def _place(row: Any) -> str:
    if pd.isna(row.first_file):
        return ""
    where = f", first in {row.first_file}"
    if not pd.isna(row.first_line):
        return f"{where} line {row.first_line}"
    return where if pd.isna(row.first_row) else f"{where} row {row.first_row}"


def _html_table(frame: pd.DataFrame, caption: str) -> str:
    """A table for notebooks, which set text and numbers alike to the right unless told otherwise."""
    head = "".join(f'<th scope="col" style="text-align:left">{html.escape(str(name))}</th>' for name in frame)
    rows = "".join(f"<tr>{''.join(map(_html_cell, row))}</tr>" for row in frame.itertuples(index=False, name=None))
    return (
        f'<table><caption style="text-align:left">{html.escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _html_cell(value: Any) -> str:
    is_text = isinstance(value, str)
    text = html.escape(value) if is_text else f"{value:,}"
    return f'<td style="text-align:{"left" if is_text else "right"};vertical-align:top">{text}</td>'
