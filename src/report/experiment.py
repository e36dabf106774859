"""The report of an experiment: who was studied, what became of them, which model predicts it, how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..evaluation.comparison import UNSTATED
from ..plots.risk import plot_risk_distribution
from ..plots.style import new_figure
from ..small_counts import SMALLEST_SHOWN
from ..version import __version__
from .blocks import Block, Bullets, Heading, Section, note, paragraph, picture, table
from .calibration import calibration_blocks, drawn_points
from .children import cohort_blocks, incidence_blocks, key_figures, shown_count
from .document import Document
from .effect_study import EFFECT_TITLE, study_section
from .effects import effect_sections
from .groups import group_blocks
from .measures import BETTER, RIGHT, differences_table, measures_table
from .warning import NOT_FOR, synthetic_warning

if TYPE_CHECKING:
    from ..effects import EffectStudy
    from ..evaluation import Comparison
    from ..models.estimator.base import IncidenceModel
    from ..plans import Cohort
# Shares of the children whose highest risk is told.
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)


def experiment_report(
    cohort: Cohort,
    comparison: Comparison,
    fitted: dict[str, IncidenceModel],
    best: str,
    *,
    data_name: str = "",
    dropped: Sequence[str] = (),
    study: EffectStudy | None = None,
) -> Document:
    """The report as one document of aggregates, small counts withheld; the verdict first.

    Parameters
    ----------
    cohort : Cohort
    comparison : Comparison
        On that cohort.
    fitted : dict of str to IncidenceModel
        Models fitted on the whole cohort, by their name in the comparison.
    best : str
        The model that calibration, risks and groups are shown for.
    data_name : str
        What the data are called.
    dropped : sequence of str
        Features left out of the models, as the data cannot give them.
    study : EffectStudy, optional
        Of the effect of plan length.

    Returns
    -------
    Document
        ``to_html()``, ``to_markdown()``, ``to_json()``.
    """
    sections = [
        Section("The verdict", tuple(_verdict(comparison, study))),
        Section("Who was studied", tuple(cohort_blocks(cohort))),
        Section("How soon children return", tuple(incidence_blocks(cohort))),
        Section("Which model predicts best", tuple(_models(comparison, dropped))),
        Section("Is the risk right?", tuple(_calibration(comparison, best))),
        *effect_sections(fitted, best, cohort.X),
        *([] if study is None else [study_section(study)]),
        Section("How risk is spread", tuple(_risks(comparison, best))),
        Section("For whom it works", (*group_blocks(comparison, best), note(NOT_FOR))),
        Section("Terms and limits", tuple(_terms())),
    ]
    return Document(
        title="Second child protection plans",
        lead=f"{data_name + '; ' if data_name else ''}as things stood on {cohort.as_of:%d %B %Y}",
        sections=tuple(sections),
        warning=synthetic_warning(cohort.sources),
        figures=key_figures(cohort),
        footer=f"secondplan {__version__}. Counts of 1 to 5, and those that would give one away, are withheld (c).",
        facts=_facts(cohort, comparison, best, data_name),
    )


def _facts(cohort: Cohort, comparison: Comparison, best: str, data_name: str) -> dict[str, Any]:
    """Numbers for programs, unrounded; nothing that could be counted back to a few children."""
    return {
        "data_name": data_name,
        "is_synthetic": cohort.is_synthetic,
        "as_of": f"{cohort.as_of:%Y-%m-%d}",
        "n_children": len(cohort),
        "n_second_plans": shown_count((cohort.y["event"] == 1).sum()),
        "best": best,
        "reference": comparison.reference,
        "verdict": comparison.verdict,
        "verdicts": comparison.verdicts,
        "measures": {str(name): plain(row) for name, row in comparison.table.iterrows()},
        "differences": [plain(row) for _, row in comparison.differences.iterrows()],
        "package": f"secondplan {__version__}",
    }


def plain(row: pd.Series) -> dict[str, Any]:
    """A row as JSON can hold it: None for what is not known."""
    return {str(k): None if pd.isna(v) else v.item() if isinstance(v, np.generic) else v for k, v in row.items()}


def _verdict(comparison: Comparison, study: EffectStudy | None) -> list[Block]:
    alike: dict[str, list[str]] = {}
    for name, words in comparison.verdicts.items():
        alike.setdefault(words, []).append(name)
    lines = [f"{words}: {', '.join(names)}." for words, names in alike.items()]
    effect: list[Block] = []
    if study is not None:
        effect = [
            paragraph(f"{EFFECT_TITLE} The section of that name says what each of these rests on."),
            Bullets(study.words),
        ]
    return [
        paragraph(comparison.verdict),
        *([Bullets(tuple(lines))] if lines else []),
        paragraph(
            "Each model was tested on children it had not seen. The average risk tells every child the same: it is the "
            "bar to clear. Beyond noise: a difference that chance alone makes in fewer than 5 of 100 such comparisons, "
            "after correction for the number of pairs."
        ),
        *effect,
    ]


def _models(comparison: Comparison, dropped: Sequence[str]) -> list[Block]:
    figure, ax = new_figure(9.0, max(4.2, 0.9 + 0.3 * (len(comparison.table) - 1)))
    comparison.plot(ax)
    unstated = [
        paragraph(f"{name}: {line}.")
        for name, lines in comparison.notes.items()
        for line in lines
        if line.startswith(UNSTATED)
    ]
    differences = differences_table(comparison)
    return [
        paragraph(
            f"Each model predicts children it has not seen. The average risk ({comparison.reference}) tells everyone "
            "the same and is the bar to clear."
        ),
        measures_table(
            comparison, BETTER, "How much better than the average risk at 730 days, lowest Brier score first"
        ),
        picture(figure),
        measures_table(
            comparison, RIGHT, "Whether risks at 730 days rank children rightly, and whether they are the right size"
        ),
        paragraph(
            "Second plans are hard to predict: an AUC of 0.6 to 0.7 is what honest studies of recurrence find. A small "
            "gain can still rank children usefully."
        ),
        *([] if differences is None else [differences]),
        *(
            [paragraph(f"Left out of the models, as the data cannot give them: {', '.join(dropped)}.")]
            if dropped
            else []
        ),
        *(paragraph(f"{name} could not be compared: {why}") for name, why in comparison.failures.items()),
        *unstated,
    ]


def _calibration(comparison: Comparison, best: str) -> list[Block]:
    row = comparison.table.loc[best]
    slope = row.get("calibration_slope_730", np.nan)
    words = (
        ""
        if pd.isna(slope)
        else (
            f" Calibration slope at 730 days: {slope:.2f} ({row['calibration_slope_730_lower']:.2f} to "
            f"{row['calibration_slope_730_upper']:.2f}; 1 is right)."
        )
    )
    return [
        paragraph(
            f"{best}, out of fold. Each point is a tenth of the children by predicted risk, with its 95 % interval, "
            "unless a count of 1 to 5 could be read from it; on the dashed line as many returned as the model "
            f"said.{words}"
        ),
        *calibration_blocks(drawn_points(comparison, best)),
    ]


def _risks(comparison: Comparison, best: str) -> list[Block]:
    predictions = comparison.predictions[comparison.predictions["model"] == best]
    predictions = predictions.dropna(axis="columns")  # days by which it states no risk for some
    day = max((int(name.removeprefix("risk_")) for name in predictions if name.startswith("risk_")), default=None)
    if day is None:
        return [paragraph(f"{best} states no risk at any of these days.")]
    risk = predictions[f"risk_{day}"].to_numpy(float)
    figure, ax = new_figure(7.2, 3.8)
    plot_risk_distribution(risk, day=day, ax=ax)
    # The risk of a few children is not shown as the border of a share.
    shares = [share for share in SHARES if min(share, 1 - share) * risk.size >= SMALLEST_SHOWN]
    shown = pd.DataFrame(
        {
            "of the children": [f"{100 * share:.0f} %" for share in shares],
            "have a risk below, %": [f"{100 * value:.1f}" for value in np.quantile(risk, shares)],
        }
    )
    spread = table(shown, caption=f"How predicted risks within {day} days are spread", numbers=list(shown))
    return [paragraph(f"{best}, out of fold."), picture(figure), *([spread] if shares else [])]


def _terms() -> list[Block]:
    terms = pd.DataFrame(
        [
            ("second plan", "the next plan of the same child in the same authority, on or after the first one's end"),
            ("risk", "cumulative incidence: the share of children with a second plan by a day, others having left"),
            ("competing events", "entering care, leaving for good (death, adoption, special guardianship), turning 18"),
            ("censored", "moved to another authority, or still without event when the data end"),
            ("out of fold", "predicted by a model that was fitted without the child and the child's family"),
            ("95 % interval", "of 100 such intervals about 95 hold the true value"),
        ],
        columns=["term", "meaning"],
    )
    return [
        table(terms, caption="Words"),
        Heading("Limits"),
        paragraph(
            "No collection records why a plan ended. Plans in other authorities are not seen. What is recorded about a "
            "case depends on who recorded it."
        ),
    ]
