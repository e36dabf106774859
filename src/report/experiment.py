"""The report of an experiment: who was studied, what became of them, which model predicts it, how far to trust it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import OutputError
from ..evaluation.comparison import UNSTATED
from ..files.whole import write_text
from ..models import FollowUpWarning, aalen_johansen
from ..plans.disclosure import rounded_flow, suppress_small_counts
from ..plots.calibration import plot_calibration
from ..plots.coefficients import has_hazard_ratios, plot_coefficients
from ..plots.comparison import plot_comparison
from ..plots.effect import plot_effect
from ..plots.incidence import plot_incidence
from ..plots.risk import plot_risk_distribution
from ..plots.style import new_figure, png
from ..small_counts import is_small
from ..version import __version__
from .card import NOT_FOR
from .html import Section, key_figures, note, page, paragraph, picture, side_by_side, table

if TYPE_CHECKING:
    from ..evaluation import Comparison
    from ..models.curves.results import IncidenceCurve, StratifiedCurves
    from ..models.estimator.base import IncidenceModel
    from ..plans import Cohort

NOT_KNOWN = "not known"
CALIBRATION_DAYS = (365, 730)
TABLE_DAYS = (91, 182, 365, 730)
PLAN_LENGTH = "plan_length_days"
REFERENCE_LENGTH = 365
SHOWN_LENGTHS = (30, 60, 91, 182, 273, 365, 545, 730)


def experiment_page(
    cohort: Cohort,
    comparison: Comparison,
    fitted: dict[str, IncidenceModel],
    best: str,
    *,
    data_name: str = "",
    dropped: Sequence[str] = (),
) -> str:
    """The report as one self-contained HTML page of aggregates, small counts withheld.

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

    Returns
    -------
    str
    """
    sections = [
        Section("Who was studied", _cohort(cohort)),
        Section("How soon children return", _incidence(cohort)),
        Section("Which model predicts best", _models(comparison, best, dropped)),
        Section("Is the risk right?", _calibration(comparison, best)),
        *_effects(fitted, best, cohort.X),
        Section("How risk is spread", _risks(comparison, best)),
        Section("For whom it works", _groups(comparison, best)),
        Section("Terms and limits", _terms()),
    ]
    lead = f"{data_name + '; ' if data_name else ''}as things stood on {cohort.as_of:%d %B %Y}"
    footer = f"secondplan {__version__}. Counts of 1 to 5 are withheld (c)."
    return page("Second child protection plans", lead, sections, before=_figures(cohort), footer=footer)


def write_report(path: str | Path, page: str) -> Path:
    """Write a page whole or not at all.

    Parameters
    ----------
    path : str or Path
        A file that does not exist yet.
    page : str
        HTML.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        The file exists already or cannot be written.
    """
    file = Path(path)
    if file.exists():
        raise OutputError(f"{file}: exists already")
    write_text(file, page)
    return file


def calibration_images(comparison: Comparison, model: str) -> dict[int, bytes]:
    """The calibration plot of a model at each horizon, as PNG by day."""
    points = comparison.calibration[comparison.calibration["model"] == model]
    images = {}
    for day in points["day"].unique():
        figure, ax = new_figure(5.5, 5.0)
        plot_calibration(points, day=day, title=f"{model}, {day:g} days", ax=ax)
        images[int(day)] = png(figure)
    return images


def _figures(cohort: Cohort) -> str:
    curve = aalen_johansen(cohort.y["duration"], cohort.y["event"], entry=cohort.y["entry"])
    year, two_years = _known(curve)["estimate"] if 1 in curve.events else (0.0, 0.0)
    short = (cohort.X["plan_length_band"] == "up to 3 months").mean()
    return key_figures(
        [
            (_count(len(cohort)), "ended plans of children who were at risk"),
            (_count((cohort.y["event"] == 1).sum()), "had a second plan in view"),
            (_percent(year), "a second plan within one year"),
            (_percent(two_years), "within two years"),
            (f"{100 * short:.1f} %", "of these plans had lasted up to 3 months"),
        ]
    )


def _cohort(cohort: Cohort) -> str:
    names = {"n_left_out": "left out", "n_remaining": "remaining"}
    flow = rounded_flow(cohort.flow[cohort.flow["n_left_out"] > 0]).rename(columns=names)
    missing = (
        paragraph(f"The data cannot give: {', '.join(cohort.missing_features)}.") if cohort.missing_features else ""
    )
    ends = cohort.y["event"].map(
        {0: "seen until the data end", 1: "second plan", 2: "entered care", 3: "left otherwise", 4: "turned 18"}
    )
    counts = ends.value_counts().rename_axis("what came first").reset_index(name="children")
    return (
        paragraph(
            f"Counting starts on the day the plan ended. Of {_tens(cohort.flow['n_remaining'].iloc[0])} "
            f"{cohort.flow['step'].iloc[0]}, {_tens(len(cohort))} are studied. Who was left out, and why:"
        )
        + table(flow, caption="From children on a plan to children at risk, rounded to 10")
        + table(suppress_small_counts(counts, ["children"]), caption="What came first")
        + missing
        + "".join(paragraph(text) for text in cohort.notes)
    )


def _incidence(cohort: Cohort) -> str:
    y = cohort.y
    bands = cohort.X["plan_length_band"]
    by_band: StratifiedCurves = aalen_johansen(
        y["duration"], y["event"], entry=y["entry"], strata=bands, cluster=cohort.cluster
    )
    figure, ax = new_figure(8.2, 5.6)
    plot_incidence(by_band, title="Second plans by length of the plan that ended", ax=ax)
    rows = []
    for label, curve in by_band.curves.items():
        if 1 not in curve.events:
            continue
        texts = [
            NOT_KNOWN
            if np.isnan(r.estimate)
            else f"{100 * r.estimate:.1f} ({100 * r.lower:.1f} to {100 * r.upper:.1f})"
            for r in _known(curve, TABLE_DAYS).itertuples()
        ]
        second_plans = int(curve.n_events[:, curve.events.index(1)].sum())
        rows.append([str(label), curve.n_rows, second_plans, *texts])
    columns = ["plan length", "children", "second plans", *(f"{day} days, %" for day in TABLE_DAYS)]
    texts = columns[3:]
    shown = suppress_small_counts(pd.DataFrame(rows, columns=columns), ["children", "second plans"], also=texts)
    return (
        picture(figure, "Cumulative incidence of a second plan by plan length", "Aalen-Johansen, 95 % intervals.")
        + table(shown, caption="Children with a second plan, % (95 % interval)")
        + note(
            "These curves describe. Short plans differ from long ones in more than their length: an unadjusted "
            "difference is not the effect of ending early."
        )
    )


def _models(comparison: Comparison, best: str, dropped: Sequence[str]) -> str:
    wanted = ["brier_730", "difference_to_null_730", "ipa_730", "auc_730", "calibration_slope_730"]
    shown = comparison.formatted([*wanted, "observed_expected_730"]).rename(index=str)
    figure, ax = new_figure(7.6, 4.2)
    plot_comparison(comparison.curves, ax=ax)
    without = f"Left out of the models, as the data cannot give them: {', '.join(dropped)}."
    failed = "".join(paragraph(f"{name} could not be compared: {why}") for name, why in comparison.failures.items())
    failed += "".join(
        paragraph(f"{name}: {line}.")
        for name, lines in comparison.notes.items()
        for line in lines
        if line.startswith(UNSTATED)
    )
    return (
        paragraph(
            f"Each model predicts children it has not seen. {comparison.reference} tells everyone the average and is "
            "the bar to clear: a difference to it below 0 is better."
        )
        + paragraph(comparison.verdict)
        + (paragraph(without) if dropped else "")
        + table(shown, caption="Out-of-fold measures with 95 % intervals, lowest Brier score first", index=True)
        + picture(figure, "Index of prediction accuracy of each model by horizon")
        + paragraph(
            "Second plans are hard to predict: an AUC of 0.6 to 0.7 is what honest studies of recurrence find. "
            "A small gain in Brier score can still rank children usefully."
        )
        + failed
    )


def _calibration(comparison: Comparison, best: str) -> str:
    points = comparison.calibration[comparison.calibration["model"] == best]
    pictures = []
    for day in (day for day in CALIBRATION_DAYS if day in set(points["day"])):
        figure, ax = new_figure(4.6, 4.6)
        plot_calibration(points, day=day, ax=ax)
        pictures.append(picture(figure, f"Observed against predicted risk at {day} days"))
    row = comparison.table.loc[best]
    slope = row.get("calibration_slope_730", np.nan)
    words = "" if pd.isna(slope) else f" Calibration slope at 730 days: {slope:.2f} (1 is right)."
    return paragraph(f"{best}, out of fold.{words}") + side_by_side(*pictures)


def _effects(fitted: dict[str, IncidenceModel], best: str, X: pd.DataFrame) -> list[Section]:
    """Hazard ratios, and the curve of plan length, of the best model or of the first that has them."""
    models = {name: fitted[name] for name in [best, *fitted] if name in fitted}
    name = next((name for name, model in models.items() if has_hazard_ratios(getattr(model, "summary_", None))), None)
    if name is None:
        return []
    summary: pd.DataFrame = models[name].summary_  # type: ignore[attr-defined]
    length = models[name].encoder_.columns_.get(PLAN_LENGTH)
    curve = ""
    if length is not None and length.feature_names:  # coefficients of a spline say nothing one by one
        summary = summary.drop(list(length.feature_names), level=summary.index.nlevels - 1)
        curve = _plan_length(models[name], X)
    n_rows = len(summary.loc[1]) if summary.index.nlevels > 1 and len(summary) else len(summary)
    body = paragraph(f"{name}, fitted on all children; 95 % intervals allow for siblings.") + curve
    if n_rows:
        figure, ax = new_figure(7.6, 1.3 + 0.24 * n_rows)
        plot_coefficients(
            summary, event=1, per=_readable_units(X), title="What goes with more or fewer second plans", ax=ax
        )
        body += picture(figure, "Hazard ratios of a second plan with 95 % intervals")
    body += note(
        "A hazard ratio says what goes with more or fewer second plans, with the other features held equal. It is not "
        "what would happen if the feature were changed."
    )
    return [Section("What goes with a second plan", body)]


def _plan_length(model: IncidenceModel, X: pd.DataFrame) -> str:
    """The curve of plan length with its band, and the ratios at some lengths that occurred."""
    effect = partial(model.partial_effect, PLAN_LENGTH, X, reference=REFERENCE_LENGTH, times=TABLE_DAYS[1:], event=1)
    curve = effect()
    figure, ax = new_figure(7.6, 4.2)
    plot_effect(curve, title="Second plans by length of the plan that ended", ax=ax)
    ax.set_xlabel("days from start to end of the plan")
    seen = curve.table["value"]
    lengths = [days for days in SHOWN_LENGTHS if seen.min() <= days <= seen.max()] or [REFERENCE_LENGTH]
    rows = effect(values=lengths).table
    shown = pd.DataFrame({"plan length, days": [f"{days:g}" for days in lengths]})
    for day, own in rows.groupby("time", sort=False, dropna=False):
        on_day = "" if np.isnan(day) else f" on day {day:g}"
        shown[f"{curve.scale}{on_day} (95 % interval)"] = [
            f"{row.estimate:.2f} ({row.lower:.2f} to {row.upper:.2f})" for row in own.itertuples()
        ]
    return picture(figure, "Hazard ratio of a second plan by plan length, with its 95 % band") + table(
        shown, caption=f"Second plans after plans of other lengths, against one of {REFERENCE_LENGTH} days"
    )


def _readable_units(X: pd.DataFrame) -> dict[str, float]:
    """A round number (1, 2 or 5 times a power of ten) of about one standard deviation, for numbers that vary more."""
    units = {}
    for name in X.select_dtypes("number"):
        spread = float(X[name].std())
        if spread > 2 or 0 < spread < 0.5:
            power = 10.0 ** np.floor(np.log10(spread))
            units[str(name)] = float(max(step for step in (1, 2, 5) if step * power <= spread) * power)
    return units


def _risks(comparison: Comparison, best: str) -> str:
    predictions = comparison.predictions[comparison.predictions["model"] == best]
    predictions = predictions.dropna(axis="columns")  # days by which it states no risk for some
    day = max((int(name.removeprefix("risk_")) for name in predictions if name.startswith("risk_")), default=None)
    if day is None:
        return paragraph(f"{best} states no risk at any of these days.")
    risk = predictions[f"risk_{day}"].to_numpy(float)
    figure, ax = new_figure(7.2, 3.8)
    plot_risk_distribution(risk, day=day, ax=ax)
    return paragraph(f"{best}, out of fold.") + picture(figure, "Histogram of predicted risks")


def _groups(comparison: Comparison, best: str) -> str:
    groups = comparison.subgroups(model=best, metrics=("observed_expected", "auc"))
    return (
        "".join(paragraph(line) for line in groups.summary)
        + table(groups.formatted(), caption=f"{best}, out-of-fold risks at {groups.day:g} days by group")
        + paragraph(
            "Observed / expected: second plans observed for each one predicted; 1 is right. Each group is compared "
            f"with all other children; {groups.n_groups} groups are compared, and some differ by chance."
        )
        + note(NOT_FOR)
    )


def _terms() -> str:
    terms = pd.DataFrame(
        [
            ("second plan", "the next plan of the same child in the same authority, on or after the first one's end"),
            ("risk", "cumulative incidence: the share of children with a second plan by a day, others having left"),
            ("competing events", "entering care, leaving for good (death, adoption, special guardianship), turning 18"),
            ("censored", "moved to another authority, or still without event when the data end"),
            ("Brier score", "mean squared distance of the risk from what happened; lower is better"),
            ("index of prediction accuracy", "1 - Brier score / that of telling everyone the average"),
            ("AUC", "chance that of two children the one who returned had the higher risk"),
            ("calibration slope", "1: right; below 1: risks too extreme; above 1: too flat"),
        ],
        columns=["term", "meaning"],
    )
    return table(terms) + paragraph(
        "No collection records why a plan ended. Plans in other authorities are not seen. What is recorded about a "
        "case depends on who recorded it."
    )


def _known(curve: IncidenceCurve, days: Sequence[int] = (365, 730)) -> pd.DataFrame:
    """The curve of second plans by these days; NaN past its follow-up, which the page puts into words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FollowUpWarning)
        return curve.at(days, 1, interval="log-log")


def _percent(share: float) -> str:
    return NOT_KNOWN if np.isnan(share) else f"{100 * share:.1f} %"


def _tens(number: int) -> str:
    return f"{round(number, -1):,}"


def _count(number: int) -> str:
    return "c" if is_small([number])[0] else f"{number:,}"
