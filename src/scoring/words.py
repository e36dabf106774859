"""Features in plain words: ``plan length 62 days``, ``domestic abuse recorded``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..plans.codes import CATEGORIES, PROGRESS

NOT_RECORDED = "not recorded"

# Features that state one fact together: changing one alone would describe an impossible case.
GROUPS: dict[str, tuple[str, ...]] = {
    "plan_length_days": ("plan_length_days", "plan_length_band"),
    "latest_category": ("latest_category", "initial_category", "category_changed"),
}

_COUNTS = {
    "n_reviews": ("review", "reviews"),
    "n_late_reviews": ("late review", "late reviews"),
    "n_previous_referrals": ("earlier referral", "earlier referrals"),
    "n_previous_episodes": ("earlier episode of need", "earlier episodes of need"),
    "n_siblings_on_plan": ("sibling on a plan", "siblings on plans"),
    "n_worker_changes": ("change of worker", "changes of worker"),
}
_SHARES = {
    "share_reviews_not_quorate": "of reviews not quorate",
    "share_reviews_absent_agencies": "of reviews with absent agencies",
    "share_agency_worker": "of the time with agency workers",
}
_SEX = {"1": "boy", "2": "girl", "0": "sex not recorded", "9": "sex indeterminate"}


def in_words(name: str, value: Any) -> str:
    """A feature's value in words; never a text that a spreadsheet could take for a formula.

    Parameters
    ----------
    name : str
        Name of the feature.
    value : float, bool, str or None
        Its value; NaN or None where missing.
    """
    if value is None or value != value:
        return f"{_plain(name)} {NOT_RECORDED}"
    if name in _COUNTS:
        one, many = _COUNTS[name]
        return f"{value:.0f} {one if value == 1 else many}"
    if name in _SHARES:
        return f"{100 * value:.0f} % {_SHARES[name]}"
    if name == "plan_length_days":
        return f"plan length {value:.0f} day{'' if value == 1 else 's'}"
    if name == "plan_length_band":
        return f"plan length {value}"
    if name == "latest_progress":
        return f"{list(PROGRESS.values())[int(value)].lower()} at the latest review"
    if name == "age_at_end":
        return "age under 1 year" if value < 1 else f"age {np.floor(value):.0f} year{'' if value < 2 else 's'}"
    if name == "sex":
        return _SEX.get(str(value), f"sex {value}")
    if name in ("initial_category", "latest_category"):
        return f"{_plain(name)} {CATEGORIES.get(str(value), str(value)).lower()}"
    if name == "category_changed":
        return "category changed" if value else "category unchanged"
    if name == "disabled":
        return "disability recorded" if value else "no disability recorded"
    if name.startswith("factor_"):
        fact = name.removeprefix("factor_").replace("_", " ")
        return f"{fact} recorded" if value else f"no {fact} recorded"
    if name == "season_of_end":
        return f"plan ended in {value}"
    if isinstance(value, bool):
        return f"{_plain(name)} {'yes' if value else 'no'}"
    return f"{_plain(name)} {value:g}" if isinstance(value, int | float) else f"{_plain(name)} {value}"


def spoken_alike(name: str, values: pd.Series) -> pd.Series | np.ndarray:
    """The values of a feature, with one value for those that have the same words; text and categories as they are."""
    if values.dtype != float:
        return values
    numbers = values.to_numpy()
    if name == "age_at_end":
        return np.floor(numbers)
    if name in _SHARES:
        return np.round(numbers, 2)
    return np.rint(numbers) if name in _COUNTS or name == "plan_length_days" else numbers


def _plain(name: str) -> str:
    known = {"la_code": "authority", "ethnicity_group": "ethnic group", "age_at_end": "age", "disabled": "disability"}
    return known.get(name, name.removeprefix("factor_").removeprefix("n_").replace("_", " ").lstrip("=+-@ "))
