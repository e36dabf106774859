"""What stands above experiments, runs, models and versions in MLflow's pages, in words (Markdown)."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from ..small_counts import count_words

if TYPE_CHECKING:
    import pandas as pd

    from ..evaluation import Comparison
    from .gates import GateReport

NOTE = "mlflow.note.content"
REPORT = "report.html"
_CHAMPION = "Champion: "


def how_many(n_children: int, n_events: int) -> str:
    """Children and second plans of a comparison; 1 to 5 of them are not told."""
    return f"{count_words(n_children)} children, {count_words(n_events)} second plans"


def experiment_note(
    described: str, comparison: Comparison, counted: str, data_name: str, address: str, findings: Sequence[str] = ()
) -> str:
    """The description of an experiment: what its latest comparison found, on which data, and what it asks."""
    latest = f"[The latest comparison]({address}), {data_name}: {counted}."
    return "\n\n".join(filter(None, [comparison.verdict, _listed(findings), latest, described]))


def comparison_note(
    comparison: Comparison,
    counted: str,
    data_name: str,
    address: str,
    has_report: bool,
    findings: Sequence[str] = (),
) -> str:
    """The description of a comparison: the verdict, other findings, the data, the models, where the report is."""
    report = [f"The whole report: [{REPORT}]({address}/artifacts/{REPORT})."] if has_report else []
    return "\n\n".join(
        [
            comparison.verdict,
            *filter(None, [_listed(findings)]),
            f"Data: {data_name}: {counted}.",
            _side_by_side(comparison.table),
            "Difference: Brier score at 730 days less that of everybody's average risk, below 0 is better. IPA: by how "
            "much the Brier score is lower, in percent. In brackets: 95 % intervals.",
            *report,
        ]
    )


def model_note(comparison: Comparison, name: str, report: GateReport, counted: str, data_name: str) -> str:
    """The description of a model in a comparison: place, difference with its interval, calibration, gates, data."""
    row = comparison.table.loc[name]
    place = list(comparison.table.index).index(name) + 1
    verdict = comparison.verdicts.get(name, "this is the average risk itself, with which the others are compared")
    measured = [
        ("Brier score less the average risk's", "difference_to_null_730", 5),
        ("calibration slope", "calibration_slope_730", 2),
        ("observed / expected", "observed_expected_730", 2),
        ("AUC", "auc_730", 2),
    ]
    figures = [
        f"{words} {_with_interval(row, column, digits)}"
        for words, column, digits in measured
        if isfinite(row.get(column, np.nan))
    ]
    gates = "Passes the champion's gates." if report.passed else f"No champion: {'; '.join(report.failures)}."
    gates += "".join(f" {line}." for line in report.accepted)
    return "\n\n".join(
        [
            f"{verdict[:1].upper()}{verdict[1:]}. Place {place} of {len(comparison.table)} by the Brier score. {gates}",
            f"At 730 days (95 % intervals): {'; '.join(figures)}." if figures else "Nothing was measured at 730 days.",
            f"Data: {data_name}: {counted}. The model card is among the artifacts.",
        ]
    )


def registered_note(name: str, version: int | str, model: str) -> str:
    """The description of a registered model."""
    return (
        f"Models of the time to a second child protection plan. Champion: version {version}, {model}. Each version "
        "says what was measured of it. `secondplan promote` alone makes a champion, after its gates; it is loaded as "
        f"`models:/{name}@champion`."
    )


def crowned(note: str, uri: str) -> str:
    """A description with the champion's mark."""
    return f"{_CHAMPION}{uri}\n\n{uncrowned(note)}"


def uncrowned(note: str) -> str:
    """A description without the champion's mark."""
    first, _, rest = note.partition("\n\n")
    return rest if first.startswith(_CHAMPION) else note


def _listed(findings: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in findings)


def _side_by_side(table: pd.DataFrame) -> str:
    lines = ["| model | IPA, % | difference | AUC | calibration slope |", "|---|---|---|---|---|"]
    for name, row in table.iterrows():
        cells = [
            _with_interval(row, "ipa_730", 2, unit=100.0),
            _with_interval(row, "difference_to_null_730", 5),
            _with_interval(row, "auc_730", 2),
            _with_interval(row, "calibration_slope_730", 2),
        ]
        shown = str(name).replace("|", "/")
        lines.append(f"| {shown} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _with_interval(row: pd.Series, column: str, digits: int, unit: float = 1.0) -> str:
    value, lower, upper = (unit * float(row.get(f"{column}{part}", np.nan)) for part in ("", "_lower", "_upper"))
    if not isfinite(value):
        return "–"
    interval = f" ({lower:.{digits}f} to {upper:.{digits}f})" if isfinite(lower) and isfinite(upper) else ""
    return f"{value:.{digits}f}{interval}"
