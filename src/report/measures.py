"""Measures of a comparison under names that a reader knows, each with its interval, its unit and what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from .blocks import DASH, Table, table

if TYPE_CHECKING:
    from ..evaluation import Comparison

INTERVAL = "In brackets: 95 % interval, with errors that allow for siblings."
# Places of the differences in Brier scores; risks are a few per cent, and their squares smaller.
DIFFERENCE_PLACES = 5


@dataclass(frozen=True)
class Measure:
    """What a measure is called, how it is shown, and what it means."""

    label: str
    meaning: str
    scale: float = 1.0
    places: int = 2
    day: int | None = None

    @property
    def full_label(self) -> str:
        """The label with its day."""
        return self.label if self.day is None else f"{self.label} ({self.day} days)"

    @property
    def sentence(self) -> str:
        """The meaning as a sentence."""
        return f"{self.meaning[:1].upper()}{self.meaning[1:]}."


def _by_day(day: int) -> dict[str, Measure]:
    return {
        f"ipa_{day}": Measure(
            "gain over the average risk, %",
            "gain over the average risk (index of prediction accuracy, IPA): by how much the Brier score is lower than "
            "that of telling everybody the average risk; 0: no better, below 0: worse",
            100,
            1,
            day,
        ),
        f"auc_{day}": Measure(
            "AUC",
            "AUC (area under the curve): of two children, one with a second plan by that day and one without, the "
            "chance that the first had the higher risk; 0.5: no better than a coin",
            day=day,
        ),
        f"brier_{day}": Measure(
            "Brier score",
            "Brier score: mean squared distance of the risk, as a share of 1, from what happened; lower is better",
            1,
            4,
            day,
        ),
        f"difference_to_null_{day}": Measure(
            "Brier score less that of the average risk",
            "Brier score less that of the average risk: below 0 is better; an interval that holds 0 may be noise",
            1,
            DIFFERENCE_PLACES,
            day,
        ),
        f"observed_expected_{day}": Measure(
            "observed / expected",
            "observed / expected: second plans for each one that the model expected; 1 is right, above 1 the risks are "
            "too low",
            day=day,
        ),
        f"calibration_slope_{day}": Measure(
            "calibration slope",
            "calibration slope: 1 is right; below 1 the risks are too extreme, above 1 too alike",
            day=day,
        ),
        f"ici_{day}": Measure(
            "distance from observed risk, points",
            "distance from observed risk (integrated calibration index, ICI): how far predicted risks lie from the "
            "smoothed observed ones, on average, in percentage points",
            100,
            1,
            day,
        ),
    }


MEASURES: dict[str, Measure] = {
    **_by_day(730),
    **_by_day(365),
    "c_index": Measure(
        "concordance",
        "concordance (Wolbers' C): as the AUC, over all days: the chance that of two children the one with the earlier "
        "second plan had the higher risk; 0.5: no better than a coin",
    ),
    "fit_seconds": Measure("seconds to fit", "seconds to fit: average of a fold"),
}
BETTER = ("ipa_730", "brier_730", "difference_to_null_730")
RIGHT = ("auc_730", "observed_expected_730", "calibration_slope_730", "ici_730")


def measures_table(comparison: Comparison, names: Sequence[str], caption: str) -> Table:
    """Models by row and measures by column, each with its interval; what the measures mean stands under it."""
    wanted = [name for name in names if name in comparison.table]
    cells = {
        MEASURES[name].label: [text_of(row.to_dict(), name) for _, row in comparison.table.iterrows()]
        for name in wanted
    }
    shown = pd.DataFrame({"model": [_named(comparison, name) for name in comparison.table.index], **cells})
    notes = [INTERVAL, *(MEASURES[name].sentence for name in wanted)]
    return table(shown, caption=caption, numbers=list(cells), notes=notes)


def text_of(values: Mapping[str, float | None], name: str) -> str:
    """A measure as text, with its interval where there is one; ``values`` as in a row of ``Comparison.table``."""
    measure = MEASURES[name]
    value, lower, upper = (values.get(column) for column in (name, f"{name}_lower", f"{name}_upper"))
    return _with_interval(value, lower, upper, measure.scale, measure.places)


def differences_table(comparison: Comparison, day: float = 730) -> Table | None:
    """Each pair of models once, and each against the average risk: which differences are noise."""
    rows = []
    for first, second, difference, lower, upper, p_value, words in comparison.pairs(day).itertuples(index=False):
        value = _with_interval(difference, lower, upper, 1, DIFFERENCE_PLACES)
        rows.append((first, _named(comparison, second), value, _p_value(p_value), words))
    if not rows:
        return None
    columns = ["model", "compared with", "Brier score less the other's", "p", "in words"]
    notes = (
        "Below 0: the first is better. In brackets: 95 % interval of the paired difference on the same children.",
        "p: probability of such a difference by chance where there is none, adjusted (Holm) for all pairs of the "
        "table. From 0.05 on the difference may be noise.",
    )
    caption = f"All pairs of models: difference of Brier scores at {day:g} days"
    return table(
        pd.DataFrame(rows, columns=columns),
        caption=caption,
        numbers=["Brier score less the other's", "p"],
        notes=notes,
    )


def _with_interval(value: float | None, lower: float | None, upper: float | None, scale: float, places: int) -> str:
    if value is None or pd.isna(value):
        return DASH
    # Plus zero: a rounded -0.0 reads as a loss.
    known = [] if lower is None or upper is None or pd.isna(lower) else [lower, upper]
    text, *bounds = (f"{round(scale * number, places) + 0.0:.{places}f}" for number in [value, *known])
    return f"{text} ({' to '.join(bounds)})" if bounds else text


def _named(comparison: Comparison, name: object) -> str:
    return f"average risk ({name})" if name == comparison.reference else str(name)


def _p_value(p: float) -> str:
    return DASH if pd.isna(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"
