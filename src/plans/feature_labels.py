"""Features in the words of a table, with units."""

from __future__ import annotations

LABELS = {
    "sex": "sex",
    "age_at_end": "age at the end of the plan, years",
    "ethnicity_group": "ethnicity group",
    "disabled": "disability",
    "plan_length_days": "length of the plan, days",
    "plan_length_band": "length of the plan",
    "initial_category": "category of abuse at the start",
    "latest_category": "latest category of abuse",
    "category_changed": "category of abuse changed",
    "n_reviews": "reviews",
    "n_late_reviews": "late reviews",
    "share_reviews_not_quorate": "reviews not quorate, %",
    "share_reviews_absent_agencies": "reviews with absent agencies, %",
    "latest_progress": "progress at the latest review, 0 good to 2 poor",
    "n_previous_referrals": "earlier referrals",
    "n_previous_episodes": "earlier episodes of need",
    "n_siblings_on_plan": "siblings on a plan",
    "n_worker_changes": "changes of worker",
    "share_agency_worker": "time with agency workers, %",
    "la_code": "authority",
    "season_of_end": "season of the plan's end",
}


def feature_label(name: str) -> str:
    """A feature in words: ``age at the end of the plan, years``.

    Examples
    --------
    >>> feature_label("factor_domestic_abuse")
    'recorded at assessment: domestic abuse'
    """
    if name.startswith("factor_"):
        return f"recorded at assessment: {name.removeprefix('factor_').replace('_', ' ')}"
    return LABELS.get(name, name.replace("_", " "))
