"""What a comparison of models says, in words: which differences are noise."""

from __future__ import annotations

import pandas as pd

from ..models.metrics.metric_bounds import holm

DAY = 730.0
LEVEL = 0.05
# With fewer second plans a comparison can show large differences only.
FEW_EVENTS = 100
PAIR_NUMBERS = ("difference", "lower", "upper", "p_adjusted")


def pair(differences: pd.DataFrame, model: str, reference: str, day: float = DAY) -> pd.Series | None:
    """Brier score of ``model`` less that of ``reference``: ``difference, lower, upper, p_adjusted``; None if unknown.

    Each pair stands once in ``differences``; in the other order signs are turned. ``p_adjusted`` is Holm's over the
    pairs of this day.
    """
    at = differences[(differences["metric"] == "brier") & (differences["time"] == day)]
    at = at.assign(p_adjusted=holm(at["p_value"].to_numpy(dtype=float)))
    found = at[(at["model"] == model) & (at["reference"] == reference)]
    if len(found):
        return None if pd.isna(found["difference"].iloc[0]) else found.iloc[0]
    found = at[(at["model"] == reference) & (at["reference"] == model)]
    if found.empty or pd.isna(found["difference"].iloc[0]):
        return None
    row = found.iloc[0].copy()
    row["difference"], row["lower"], row["upper"] = -row["difference"], -row["upper"], -row["lower"]
    return row


def pairs(differences: pd.DataFrame, models: list[str], day: float = DAY) -> pd.DataFrame:
    """Each pair of ``models`` once, in their order: ``model, reference, difference, lower, upper, p_adjusted, words``.

    Pairs that were not measured are left out.
    """
    rows = []
    for place, first in enumerate(models):
        for second in models[place + 1 :]:
            found = pair(differences, first, second, day)
            if found is not None:
                rows.append((first, second, *(found[name] for name in PAIR_NUMBERS), _pair_in_words(found)))
    return pd.DataFrame(rows, columns=["model", "reference", *PAIR_NUMBERS, "words"])


def verdicts(differences: pd.DataFrame, models: list[str], reference: str) -> dict[str, str]:
    """One phrase per model but the reference; ``models`` begin with the lowest Brier score.

    A difference counts where Holm's p-value, over all pairs, is below 0.05; else it may be noise.
    """
    names = [name for name in models if name != reference]
    found = {}
    for name in names:
        phrases = [_against(pair(differences, name, reference), "the average risk")]
        if name != names[0]:
            phrases.append(_against(pair(differences, name, names[0]), names[0]))
        found[name] = "; ".join(phrases)
    return found


def verdict(differences: pd.DataFrame, models: list[str], reference: str, n_events: int) -> str:
    """The conclusion in a sentence or three."""
    by_model = verdicts(differences, models, reference)
    lines = []
    if by_model:
        first = next(iter(by_model))
        row = pair(differences, first, reference)
        others = [name for name in by_model if name != first]
        close = [name for name in others if _is_noise(pair(differences, name, first))]
        if row is None:
            lines.append("Nothing was measured at 730 days: no model can be preferred.")
        elif pd.isna(row["p_adjusted"]):
            lines.append(
                f"No model is shown to be better than the average risk: the lowest, {first}, {_amount(row)}, and "
                "whether that is noise is not known."
            )
        elif _is_noise(row) or row["difference"] >= 0:
            lines.append(f"No model is better than the average risk beyond noise: the lowest, {first}, {_amount(row)}.")
        else:
            lines.append(f"{first} is better than the average risk beyond noise: it {_amount(row)}.")
            if close:
                lines.append(f"Not distinguishable from it: {', '.join(close)}.")
    if n_events < FEW_EVENTS:
        lines.append(
            f"There are fewer than {FEW_EVENTS} second plans here. What can be concluded: a difference beyond noise is "
            "hardly chance, though its size is probably overstated. What cannot: that models which are not "
            "distinguishable are equally good, or that a model is calibrated, least of all for a group of children."
        )
    return " ".join(lines)


def _against(row: pd.Series | None, what: str) -> str:
    if row is None:
        return f"not measured against {what}"
    if pd.isna(row["p_adjusted"]):
        return f"no interval of the difference to {what}"
    if _is_noise(row):
        return f"not distinguishable from {what}"
    return f"{'better' if row['difference'] < 0 else 'worse'} than {what} beyond noise"


def _pair_in_words(row: pd.Series) -> str:
    if pd.isna(row["p_adjusted"]):
        return "not known"
    if _is_noise(row):
        return "may be noise"
    return "better" if row["difference"] < 0 else "worse"


def _is_noise(row: pd.Series | None) -> bool:
    return row is None or not row["p_adjusted"] < LEVEL


def _amount(row: pd.Series) -> str:
    known = pd.notna(row["lower"])
    interval = f"95 % interval {row['lower']:.5f} to {row['upper']:.5f}" if known else "no interval"
    return f"differs from it by {row['difference']:.5f} in the Brier score at 730 days ({interval}; below 0 is better)"
