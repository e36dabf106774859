"""What goes with a second plan: hazard ratios, and the curve of plan length."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..plots.alt_text import amount, listed
from ..plots.coefficients import has_hazard_ratios, plot_coefficients
from ..plots.effect import plot_effect
from ..plots.style import new_figure
from .blocks import Block, Section, Table, note, paragraph, picture, table
from .column_words import effect_label, readable_units

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel

TABLE_DAYS = (182, 365, 730)
PLAN_LENGTH = "plan_length_days"
REFERENCE_LENGTH = 365
SHOWN_LENGTHS = (30, 60, 91, 182, 273, 365, 545, 730)


def effect_sections(fitted: dict[str, IncidenceModel], best: str, X: pd.DataFrame) -> list[Section]:
    """Hazard ratios, and the curve of plan length, of the best model or of the first that has them."""
    models = {name: fitted[name] for name in [best, *fitted] if name in fitted}
    name = next((name for name, model in models.items() if has_hazard_ratios(getattr(model, "summary_", None))), None)
    if name is None:
        return []
    summary: pd.DataFrame = models[name].summary_  # type: ignore[attr-defined]
    length = models[name].encoder_.columns_.get(PLAN_LENGTH)
    blocks: list[Block] = [paragraph(f"{name}, fitted on all children; 95 % intervals allow for siblings.")]
    if length is not None and length.feature_names:  # coefficients of a spline say nothing one by one
        summary = summary[~summary.index.get_level_values(-1).isin(length.feature_names)]
        blocks += _plan_length(models[name], X)
    own = summary.loc[1] if summary.index.nlevels > 1 and len(summary) else summary
    if len(own):
        figure, ax = new_figure(8.2, 1.3 + 0.24 * len(own))
        units = readable_units(X)
        plot_coefficients(summary, event=1, per=units, title="What goes with more or fewer second plans", ax=ax)
        drawn = own.index[own["coef"].notna()]
        ax.set_yticks(ax.get_yticks(), [effect_label(str(name), units.get(str(name))) for name in drawn])
        ratios = own.loc[drawn, ["hazard_ratio", "hazard_ratio_lower", "hazard_ratio_upper"]]
        ratios = ratios.pow([units.get(str(name), 1.0) for name in drawn], axis=0)
        ratios.index = [label.get_text() for label in ax.get_yticklabels()]
        blocks += [picture(figure, alt=_clear_of_one(ratios)), _ratio_table(ratios)]
    blocks.append(
        note(
            "A hazard ratio says what goes with more or fewer second plans, with the other features held equal. It is "
            "not what would happen if the feature were changed."
        )
    )
    return [Section("What goes with a second plan", tuple(blocks))]


def _clear_of_one(ratios: pd.DataFrame) -> str:
    """What a picture of hazard ratios shows, in words."""
    found = [
        f"{name} {amount(*row, unit='', digits=2)}"
        for name, row in zip(ratios.index, ratios.to_numpy(float), strict=True)
        if row[1] > 1 or row[2] < 1
    ]
    if not found:
        return f"Hazard ratios of a second plan: all {len(ratios)} intervals (95 %) hold 1."
    return f"Hazard ratios of a second plan, whose 95 % intervals are clear of 1: {listed(found, len(found))}."


def _ratio_table(ratios: pd.DataFrame) -> Table:
    limits = (f"{ratio:.2f} ({lower:.2f} to {upper:.2f})" for ratio, lower, upper in ratios.to_numpy(float))
    shown = pd.DataFrame({"feature": ratios.index, "hazard ratio (95 %)": list(limits)})
    return table(shown, caption="Hazard ratios of a second plan", numbers=["hazard ratio (95 %)"])


def _plan_length(model: IncidenceModel, X: pd.DataFrame) -> list[Block]:
    """The curve of plan length with its band, and the ratios at some lengths that occurred."""
    effect = partial(model.partial_effect, PLAN_LENGTH, X, reference=REFERENCE_LENGTH, times=TABLE_DAYS, event=1)
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
        shown[f"{curve.scale}{on_day}"] = [
            f"{row.estimate:.2f} ({row.lower:.2f} to {row.upper:.2f})" for row in own.itertuples()
        ]
    said = [f"{words} after {days} days" for days, words in zip(*(shown.iloc[:, k] for k in (0, -1)), strict=True)]
    return [
        picture(figure, alt=f"{curve.scale.capitalize()} of a second plan by plan length: {listed(said, len(said))}."),
        table(
            shown,
            caption=f"Second plans after plans of other lengths, against one of {REFERENCE_LENGTH} days",
            numbers=list(shown),
            notes=[
                "Hazard ratio: how many times as often, on any day on which none has come yet, the other features "
                "equal; 1: as often. In brackets: 95 % interval."
            ],
        ),
    ]
