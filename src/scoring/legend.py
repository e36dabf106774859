"""A page of words beside scores: what each column, flag, band and code says."""

from __future__ import annotations

from itertools import pairwise

from ..plans.cases_to_score import FLAGS as FLAGS_OF_CASES
from .bands import RiskBands
from .cases import FLAGS, REJECT_CODES
from .horizons import Horizons
from .reasons import N_REASONS


def legend(horizons: Horizons, bands: RiskBands, *, has_intervals: bool) -> str:
    """The legend in Markdown."""
    return "\n".join(
        [
            "# What the scores say",
            "",
            "A score is an estimate from the records of other children. It orders attention; it decides nothing.",
            "",
            "## Columns of the scores",
            "",
            *_listed(_columns(horizons, has_intervals)),
            "",
            "## Bands",
            "",
            _of_bands(bands, horizons),
            "",
            *_listed(_bands(bands)),
            "",
            "## Flags",
            "",
            "A number is missing only beside one of these.",
            "",
            *_listed({**FLAGS, **FLAGS_OF_CASES}),
            "",
            "## Codes of rejected rows",
            "",
            "A row with one of these has no score; the column that is at fault stands beside the code.",
            "",
            *_listed(REJECT_CODES),
            "",
        ]
    )


def _listed(meanings: dict[str, str]) -> list[str]:
    return [f"- `{name}`: {meaning}" for name, meaning in meanings.items()]


def _columns(horizons: Horizons, has_intervals: bool) -> dict[str, str]:
    start = "the day of scoring" if horizons.from_today else "the end of the plan"
    risk = f"probability, from 0 to 1, of a second plan within so many days of {start}, "
    given = "given that there was none since the plan ended" if horizons.from_today else "given what has passed"
    columns = {"child_id, plan_id": "whose score it is, and which plan's end it counts from"}
    columns |= {f"risk_{name}": risk.replace("so many", name) + given for name in horizons.names}
    if has_intervals:
        columns["lower_..., upper_..."] = (
            "95 % interval of the risk: what the estimate leaves open, not one child's fate"
        )
    reasons = ", ".join(f"reason_{place + 1}" for place in range(N_REASONS))
    return columns | {
        "band": "how the last risk compares with the average, see below",
        reasons: "what moves the last risk most against a typical case, in percentage points; no causes",
        "flags": "what else to know of the score, see below; several are joined by semicolons",
        "model_digest": "which model it was: the same digest, the same numbers",
    }


def _of_bands(bands: RiskBands, horizons: Horizons) -> str:
    against = "the average risk in training over the same days, given that as many had passed without a second plan"
    if bands.yardstick is not None:
        against = f"a risk of {bands.yardstick:g}"
    return f"By `risk_{horizons.names[-1]}`, against {against}. No band: the risk or the average is not known, or is 0."


def _bands(bands: RiskBands) -> dict[str, str]:
    cuts = [f"{multiple:g}" for multiple in bands.multiples]
    meanings = [f"below {cuts[0]} times", *(f"from {low} to below {high} times" for low, high in pairwise(cuts))]
    return dict(zip(bands.labels, [*meanings, f"{cuts[-1]} times and more"], strict=True))
