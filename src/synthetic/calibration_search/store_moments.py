"""Moments: the figures of a store that the Department for Education (DfE) publishes of England, or that follow.

Calibration compares them with their published values, and so can whoever doubts the data. Shares are from 0 to 1. Plans
of another authority are not counted, as in the official figures.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...plans.bands import LONGEST_UNDER_TWO_YEARS, plan_length_band
from ...plans.calendar_months import add_months
from ...plans.store import Plans
from .authority_moments import authority_moments

AGES = {"under_1": (0, 1), "1_to_4": (1, 5), "5_to_9": (5, 10), "10_to_15": (10, 16), "16_and_over": (16, 19)}
ETHNIC_GROUPS = {"W": "White", "M": "Mixed", "A": "Asian", "B": "Black", "C": "Other", "O": "Other"}
"""First letter of a code to the published group; of ethnicities that are known."""

UNKNOWN_ETHNICITIES = ("REFU", "NOBT")
CONFERENCE_DUE = 15


@dataclass(frozen=True)
class Tables:
    """The frames of a store that moments are taken of, with the columns of :class:`~secondplan.plans.store.Plans`.

    Identifiers and codes may be of any type that compares with the store's.
    """

    children: pd.DataFrame
    plans: pd.DataFrame
    reviews: pd.DataFrame
    cin_episodes: pd.DataFrame
    conferences: pd.DataFrame


def moments(store: Plans | Tables, *, year_ending: int) -> pd.Series:
    """The moments of a store in the year ending 31 March.

    Parameters
    ----------
    store : Plans or Tables
        Its records end on 31 March of that year.
    year_ending : int

    Returns
    -------
    Series of float
        By name: shares of plans ended by band (``ended[up to 3 months]`` ...), of plans started that are second or
        subsequent (``second_share``, and of earlier years ``second_share[2017]``), repeats within the year by plans
        ended (``within_year_repeats``), categories, age, sex and ethnicity of children on plans at the year's end
        (``open_...``), what happened to the episode of need, and the spread between authorities where there are 30.

    Examples
    --------
    >>> from secondplan.synthetic import simulate
    >>> found = moments(simulate(n_children=2000, random_state=1), year_ending=2018)
    >>> bool(0.1 < found["second_share"] < 0.3)
    True
    """
    plans = store.plans
    if "other_authority" in plans:
        plans = plans[~plans["other_authority"].fillna(False).astype(bool)]
    first, last = pd.Timestamp(year_ending - 1, 4, 1), pd.Timestamp(year_ending, 3, 31)
    started, ended = plans[plans["start_date"] >= first], plans[plans["end_date"] >= first]
    is_open = plans["end_date"].isna()
    at_any_point = plans[is_open | (plans["end_date"] >= first)]
    stock = plans[is_open]
    found = {
        **_flows(started, ended, stock, at_any_point),
        **_shares("started", started["initial_category"]),
        **_shares("open_initial", stock["initial_category"]),
        **_shares("open_latest", stock["latest_category"]),
        **_stock(stock, store.children, last),
        **_over_time(plans),
        **_repeats_after_end(plans, last),
        **_reviews_in_time(stock, store.reviews, first, last),
        **_closures(plans, store.cin_episodes, year_ending),
        **_conferences_in_time(store.conferences, first),
        **authority_moments(plans, ended, started, at_any_point, last),
    }
    # A share of nothing, in a small store, is NA or NaN by the type of its column.
    return pd.Series({name: np.nan if pd.isna(value) else float(value) for name, value in found.items()}, dtype=float)


def _flows(started: pd.DataFrame, ended: pd.DataFrame, stock: pd.DataFrame, at_any_point: pd.DataFrame) -> dict:
    repeats = len(at_any_point) - at_any_point["child_id"].nunique()
    bands = plan_length_band(ended["start_date"], ended["end_date"])
    return {
        **_shares("ended", bands),
        "second_share": (started["previous_plans_reported"] > 0).mean(),
        "within_year_repeats": repeats / max(len(ended), 1),
        "started_per_ended": len(started) / max(len(ended), 1),
        "open_per_ended": len(stock) / max(len(ended), 1),
        "started_twice": 1 - started["child_id"].nunique() / max(len(started), 1),
        "ended_twice": 1 - ended["child_id"].nunique() / max(len(ended), 1),
    }


def _stock(stock: pd.DataFrame, children: pd.DataFrame, last: pd.Timestamp) -> dict:
    own = stock.merge(children, on=["la_code", "child_id"])
    years = (last - own["date_of_birth"]).dt.days / 365.25
    ethnicity = own["ethnicity"].astype(str)
    known = ethnicity[~ethnicity.isin(UNKNOWN_ETHNICITIES)]
    groups = known.str[0].map(ETHNIC_GROUPS).value_counts(normalize=True)
    sex = own["sex"].astype(str).value_counts(normalize=True)
    unborn = own["date_of_birth"].isna()
    return {
        "open_age_unborn": unborn.mean(),
        **{f"open_age_{name}": years.between(low, high, inclusive="left").mean() for name, (low, high) in AGES.items()},
        **{f"open_sex_{name}": sex.get(code, 0.0) for code, name in (("1", "male"), ("2", "female"), ("0", "unknown"))},
        **{f"open_ethnicity_{name}": groups.get(name, 0.0) for name in dict.fromkeys(ETHNIC_GROUPS.values())},
        "open_disabled": (own["disabilities"].astype(str) != "NONE").mean(),
        "open_two_years": ((last - own["start_date"]).dt.days + 1 > LONGEST_UNDER_TWO_YEARS).mean(),
        "unborn_neglect": (own["initial_category"][unborn] == "NEG").mean(),
    }


def _over_time(plans: pd.DataFrame) -> dict:
    """Share of second plans among those started, by year; share that ended within three months, by month."""
    year = plans["start_date"].dt.year + (plans["start_date"].dt.month > 3)
    seconds = (plans["previous_plans_reported"] > 0).groupby(year).mean()
    ended = plans.dropna(subset=["end_date"])
    short = ended["end_date"] <= add_months(ended["start_date"], 3)
    months = short.groupby(ended["end_date"].dt.strftime("%Y-%m")).mean()
    return {
        **{f"second_share[{name}]": value for name, value in seconds.items()},
        **{f"ended_within_3_months[{name}]": value for name, value in months.items()},
    }


def _repeats_after_end(plans: pd.DataFrame, last: pd.Timestamp) -> dict:
    """Share of plans followed by another of the same child within one and two years, of those that can be seen."""
    ordered = plans.sort_values(["child_id", "start_date"])
    following = ordered.groupby("child_id")["start_date"].shift(-1)
    found = {}
    for years in (1, 2):
        latest = last - pd.DateOffset(years=years)
        rows = ordered["end_date"].between(latest - pd.DateOffset(years=1), latest, inclusive="right")
        days = (following - ordered["end_date"])[rows].dt.days
        found[f"repeat_within_{years}_years"] = (days <= 365 * years).mean()
    return found


def _reviews_in_time(stock: pd.DataFrame, reviews: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> dict:
    """Share of plans open for three months or more whose reviews of the year were all in time."""
    old = stock[add_months(stock["start_date"], 3) <= last]
    held = reviews[reviews["plan_id"].isin(old["plan_id"])].merge(old[["plan_id", "start_date"]], on="plan_id")
    held = held.sort_values(["plan_id", "review_date"])
    before = held.groupby("plan_id")["review_date"].shift()
    due = add_months(before, 6).fillna(add_months(held["start_date"], 3))
    late = held["plan_id"][(held["review_date"] > due) & (held["review_date"] >= first)]
    return {"reviews_in_time": 1 - late.nunique() / max(len(old), 1)}


def _closures(plans: pd.DataFrame, episodes: pd.DataFrame, year_ending: int) -> dict:
    """The episode of need after plans that ended in the first half of the year."""
    half = plans[plans["end_date"].between(f"{year_ending - 1}-04-01", f"{year_ending - 1}-09-30")]
    pairs = half[["plan_id", "child_id", "la_code", "start_date", "end_date"]].merge(
        episodes[["la_code", "child_id", "referral_date", "closure_date", "closure_reason"]], on=["la_code", "child_id"]
    )
    pairs = pairs[pairs["referral_date"] <= pairs["start_date"]].sort_values("referral_date")
    held = pairs.drop_duplicates("plan_id", keep="last")
    days = (held["closure_date"] - held["end_date"]).dt.days
    early = days <= 91
    return {
        "need_ended_within_3_months": early.mean(),
        "need_ended_3_to_6_months": days.between(92, 183).mean(),
        "moved_within_3_months": (early & (held["closure_reason"] == "RC5").fillna(False)).mean(),
    }


def _conferences_in_time(conferences: pd.DataFrame, first: pd.Timestamp) -> dict:
    """Share of conferences of the year within 15 working days of the enquiry's start."""
    year = conferences[conferences["conference_date"] >= first]
    days = np.busday_count(
        year["section47_start"].to_numpy(dtype="datetime64[D]"), year["conference_date"].to_numpy(dtype="datetime64[D]")
    )
    return {"conference_within_15_days": float((days <= CONFERENCE_DUE).mean()) if len(year) else np.nan}


def _shares(prefix: str, values: pd.Series) -> dict:
    return {f"{prefix}[{name}]": share for name, share in values.value_counts(normalize=True, sort=False).items()}
