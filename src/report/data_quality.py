"""The page on data quality: what limits an analysis, which rules rows break, what reading repaired, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..plans import check_plans
from ..plans.check import CHECKS
from ..plans.findings import KEPT, NOTED
from ..plans.limits import LIMITS
from ..plans.quality_totals import COUNTS, COUNTS_EXPLAINED, CROSS_CHECK, withheld_cross_check
from ..plans.rules import RULES
from ..plans.schema import TABLES
from ..small_counts import SUPPRESSED
from ..version import __version__
from .blocks import Block, Finding, Section, note, paragraph, table
from .document import Document
from .warning import synthetic_warning

if TYPE_CHECKING:
    from ..plans import Plans
    from ..plans.quality_totals import QualityTotals

_NAMES = {
    "children": "children",
    "plans": "plans",
    "reviews": "reviews",
    "care_episodes": "periods in care",
    "cin_episodes": "episodes of need",
    "assessments": "assessments",
    "conferences": "conferences",
    "involvements": "periods of workers",
    "extract": "extracts",
}
_COUNTED = ("broken by", "share of rows", "plans", "share", "rows", *COUNTS)
# Told in a section of their own, whose parts add up to all plans.
_CROSS_CHECK = {
    "previous-plans-differ": "fewer reported than the data hold",
    "previous-plans-unseen": "more reported than the data hold",
    "previous-plans-missing": "not reported",
}


def quality_page(plans: Plans, quality_report: QualityTotals | None = None, *, name: str = "") -> str:
    """The quality of a plan store as one self-contained HTML page, small counts withheld.

    Parameters
    ----------
    plans : Plans
    quality_report : QualityTotals, optional
        What became of the rows when the source was read (:func:`secondplan.plans.read_quality`).
    name : str
        What the data are called.

    Returns
    -------
    str
        Counts of 1 to 5, and those from which such a count would follow, are ``c``; no place of a finding is told.

    Examples
    --------
    >>> from secondplan.plans import Plans
    >>> "There is no plan." in quality_page(Plans())
    True
    """
    totals = check_plans(plans).totals()
    shown = totals.withheld()
    sections = [
        Section("What limits the analysis", tuple(_limits(shown))),
        Section("The rules, and what breaks them", tuple(_rules(shown))),
        Section("Number of previous plans: a cross-check", tuple(_cross_check(totals))),
        Section("What reading repaired or left out", tuple(_reading(quality_report))),
        Section("What the store holds", (_contents(shown, plans),)),
        Section("How to read this page", (_terms(),)),
    ]
    return Document(
        title="Quality of child protection data",
        lead=f"{name + ': ' if name else ''}{_extent(plans)}",
        sections=tuple(sections),
        warning=synthetic_warning(plans.extract["source"]),
        figures=_figures(shown),
        footer=f"secondplan {__version__}. Counts of 1 to 5, and those that would give one away, are withheld (c).",
    ).to_html()


def _figures(shown: QualityTotals) -> tuple[tuple[str, str], ...]:
    n_rules = len(_all_checks())
    broken = shown.found[shown.found["action"] != NOTED]
    n_limits = int(((shown.found["action"] == NOTED) & shown.found["code"].isin(LIMITS)).sum())
    counts = shown.counts["read"]
    return (
        (_number(counts.get("plans", 0)), "plans"),
        (_number(counts.get("children", 0)), "children"),
        (f"{n_rules - len(broken)} of {n_rules}", "rules that every row keeps"),
        (str(int((broken["severity"] != "note").sum())), "rules broken that need attention"),
        (str(n_limits), "limits of the data"),
    )


def _extent(plans: Plans) -> str:
    first, last = plans.extract["first_date"].min(), plans.extract["extract_date"].max()
    n_authorities = plans.plans["la_code"].nunique()
    who = "one authority" if n_authorities == 1 else f"{n_authorities} authorities"
    begin = "an unknown day" if pd.isna(first) else f"{first:%d %B %Y}"
    end = "an unknown day" if pd.isna(last) else f"{last:%d %B %Y}"
    return f"{who}, from {begin} to {end}"


def _limits(shown: QualityTotals) -> list[Block]:
    found = shown.found[shown.found["action"] == NOTED]
    absent = [RULES[code].meaning for code in LIMITS if code not in set(found["code"])]
    if found.empty:
        return [paragraph("None of the limits that are looked for was found.")]
    intro = paragraph("These hold for the data as a whole, whatever model is used. What follows, and what to do:")
    told = [_finding(row.severity, row.code, row.meaning, row.advice) for row in found.itertuples()]
    rest = [paragraph(f"Looked for and not found: {len(absent)} other limits.")] if absent else []
    return [intro, *told, *rest]


def _rules(shown: QualityTotals) -> list[Block]:
    found = shown.found[shown.found["action"] != NOTED]
    rows = []
    for name, code in _all_checks():
        is_here = (found["table"] == name) & (found["code"] == code)
        n = found.loc[is_here, "n"].iloc[0] if is_here.any() else 0
        read = shown.counts["read"].get(name, 0)
        numbers = (_number(n), _share(n, read)) if read else ("no rows", "–")
        rows.append((code, _NAMES[name], RULES[code].severity, *numbers))
    overview = pd.DataFrame(rows, columns=["rule", "rows of", "severity", "broken by", "share of rows"])
    told: list[Block] = [
        _finding(row.severity, row.code, row.meaning, row.advice, f"{_number(row.n)} {_NAMES[row.table]}")
        for row in found.itertuples()
        if row.code not in _CROSS_CHECK
    ]
    return [
        table(overview, caption="Every rule, and how many rows of the store break it", numbers=_COUNTED),
        *([paragraph("What each broken rule means, and what to do:"), *told] if told else []),
        paragraph(
            "No row was changed by this check. The places of the findings: secondplan check --exact --json FILE."
        ),
    ]


def _cross_check(totals: QualityTotals) -> list[Block]:
    n_plans = int(totals.counts["read"].get("plans", 0))
    if not n_plans:
        return [paragraph("There is no plan.")]
    found = totals.found[totals.found["table"] == "plans"].set_index("code")["n"]
    parts = np.array([found.get(code, 0) for code in CROSS_CHECK], dtype=float)
    texts = [*(_CROSS_CHECK[code] for code in CROSS_CHECK), "as many reported as the data hold"]
    numbers = pd.Series([*parts, n_plans - parts.sum()]).astype(int).astype(object)
    shown = numbers.mask(withheld_cross_check(parts, n_plans), SUPPRESSED)
    rows = [(text, _number(n), _share(n, n_plans)) for text, n in zip(texts, shown, strict=True)]
    return [
        paragraph(
            "Each plan's reported number of previous plans, beside the plans of the same child that the data hold "
            "before it. The sequence is always taken from dates. More reported than held means that earlier plans are "
            "outside the data: the first plan in the data is then not the child's first. Fewer reported is common "
            "where a system counts six years back only."
        ),
        table(
            pd.DataFrame(rows, columns=["number of previous plans", "plans", "share"]),
            caption="All plans",
            numbers=_COUNTED,
        ),
        *(
            _finding(RULES[code].severity, code, RULES[code].meaning, RULES[code].advice)
            for code in CROSS_CHECK
            if code in found.index
        ),
    ]


def _reading(read: QualityTotals | None) -> list[Block]:
    if read is None:
        return [
            note(
                "No quality.json stands beside the store, so it is not known what was repaired, joined or left out "
                "when the source was read. The commands secondplan read write it."
            )
        ]
    shown = read.withheld()
    counts = shown.counts.map(_number).rename_axis("table").reset_index()
    counts["table"] = [_NAMES.get(name, name) for name in counts["table"]]
    told: list[Block] = [
        _finding(row.severity, row.code, row.meaning, row.advice, _what_was_done(row))
        for row in shown.found.itertuples()
        # Rows that were kept and break a rule are told above, as they stand in the store.
        if row.action != KEPT or (row.table, row.code) not in _all_checks()
    ]
    skipped = ", ".join(f"{name} ({_number(n)})" for name, n in shown.skipped.items())
    return [
        paragraph(f"Source: {read.source}. {COUNTS_EXPLAINED}"),
        table(counts, caption="Rows by what became of them", numbers=_COUNTED),
        *(told or [paragraph("Nothing was found.")]),
        *([paragraph(f"Not known or of no use here, and skipped: {skipped}.")] if skipped else []),
    ]


def _what_was_done(row: object) -> str:
    n, action, name = (getattr(row, field) for field in ("n", "action", "table"))
    if action == NOTED:
        return "" if n == 1 else f"{_number(n)} times"
    done = "kept as they are" if action == KEPT else action
    return f"{_number(n)} {_NAMES.get(name, name)}, {done}"


def _contents(shown: QualityTotals, plans: Plans) -> Block:
    rows = [
        (_NAMES[name], about, _number(shown.counts["read"].get(name, 0)))
        for name, about in TABLES.items()
        if name != "extract"
    ]
    rows.append((_NAMES["extract"], TABLES["extract"], _number(len(plans.extract))))
    return table(
        pd.DataFrame(rows, columns=["table", "what a row is", "rows"]), caption="Tables of the store", numbers=_COUNTED
    )


def _terms() -> Block:
    return table(
        pd.DataFrame(
            [
                ("error", "records are lost or wrong until it is put right"),
                ("warning", "may mislead an analysis: look at it"),
                ("note", "worth knowing; often nothing has to be done"),
                (
                    "kept, repaired",
                    "the row became a record: as it came, or with a value put right or left out",
                ),
                ("merged", "the row is another copy of a record and was joined to it"),
                ("rejected", "the row could not be used and was left out"),
                ("c", "withheld: a count of 1 to 5, or one that would give such a count away"),
            ],
            columns=["word", "meaning"],
        ),
        caption="Words",
    )


def _all_checks() -> list[tuple[str, str]]:
    return [(name, code) for name, codes in CHECKS.items() for code in codes]


def _finding(severity: str, code: str, meaning: str, advice: str, where: str = "") -> Finding:
    """One finding: its name and severity, what it means, what to do."""
    return Finding(code, severity, meaning, "" if advice == "None." else advice, where)


def _number(n: object) -> str:
    return n if isinstance(n, str) else f"{int(n):,}"  # type: ignore[call-overload]


def _share(n: object, total: object) -> str:
    if isinstance(n, str) or isinstance(total, str) or not total:
        return SUPPRESSED if n == SUPPRESSED else "–"
    return f"{100 * int(n) / int(total):.1f} %"  # type: ignore[call-overload]
