"""The tables that moments are taken of, straight from the simulation: numbers for identifiers, no check of the schema.

Calibration needs many simulations and no stores: this takes a third of the time of :func:`simulate`.
"""

from itertools import count

import numpy as np
import pandas as pd

from ..blocks import FAMILIES_PER_BLOCK
from ..population.authorities import Authorities, draw_authorities
from ..population.life_courses import LifeCourses, live
from ..randomness.day_numbers import NEVER, day_number, to_dates
from ..randomness.streams import AUTHORITIES_BLOCK, Streams
from ..scenarios.definition import Scenario
from .store_moments import Tables

_NAMES = ("children", "plans", "reviews", "cin_episodes", "conferences")


def simulated_tables(scenario: Scenario, *, n_children: int, random_state: int) -> Tables:
    """Whole blocks of families until about ``n_children`` children have a plan in the window.

    Parameters
    ----------
    scenario : Scenario
    n_children : int
        As of :func:`simulate`: it decides on the number of authorities.
    random_state : int
    """
    authorities = draw_authorities(scenario, n_children, Streams(random_state, AUTHORITIES_BLOCK)["authorities"])
    parts: list[Tables] = []
    n_have = 0
    for block in count():
        part = block_tables(
            scenario, authorities, live(scenario, authorities, FAMILIES_PER_BLOCK, Streams(random_state, block))
        )
        parts.append(_numbered_from(part, block))
        n_have += part.plans["child_id"].nunique()
        if n_have >= n_children:
            break
    return Tables(**{name: pd.concat([getattr(p, name) for p in parts], ignore_index=True) for name in _NAMES})


def block_tables(scenario: Scenario, authorities: Authorities, lives: LifeCourses) -> Tables:
    """The tables of one block of families: plans of the window, with what is known on the extract date."""
    first, last = day_number(scenario.first_date), day_number(scenario.extract_date)
    plans, children = lives.plans, lives.children
    rows = np.flatnonzero(plans.end >= first)
    kept = plans.take(rows)
    plan, review = np.nonzero(kept.reviews <= last)
    episodes = lives.episodes.take(lives.episodes.referral <= last)
    categories = list(scenario.initial_category_shares)
    latest = np.where(kept.category_day <= last, kept.latest_category, kept.category)

    def authority(child: np.ndarray) -> pd.Categorical:
        return pd.Categorical.from_codes(children.authority[child], categories=authorities.code)

    return Tables(
        children=_children(scenario, lives, last).assign(la_code=authority(np.arange(len(children)))),
        plans=pd.DataFrame(
            {
                "plan_id": np.arange(rows.size),
                "child_id": kept.child,
                "la_code": authority(kept.child),
                "start_date": to_dates(kept.start),
                "end_date": to_dates(kept.end, known_until=last),
                "initial_category": pd.Categorical.from_codes(kept.category, categories=categories),
                "latest_category": pd.Categorical.from_codes(latest, categories=categories),
                "previous_plans_reported": kept.order - 1,
                "other_authority": children.other_authority[kept.child],
            }
        ),
        reviews=pd.DataFrame({"plan_id": plan, "review_date": to_dates(kept.reviews[plan, review])}),
        cin_episodes=pd.DataFrame(
            {
                "child_id": episodes.child,
                "la_code": authority(episodes.child),
                "referral_date": to_dates(episodes.referral),
                "closure_date": to_dates(episodes.closure, known_until=last),
                "closure_reason": pd.Series(np.where(episodes.closure <= last, episodes.reason, ""), dtype=object),
            }
        ),
        conferences=pd.DataFrame(
            {
                "conference_date": to_dates(kept.start),
                "section47_start": to_dates(lives.conferences.section47_start[rows]),
            }
        ),
    )


def _children(scenario: Scenario, lives: LifeCourses, last: int) -> pd.DataFrame:
    children = lives.children
    born = children.birth <= last
    ethnicities = list(scenario.ethnicity_shares)
    return pd.DataFrame(
        {
            "child_id": np.arange(len(children)),
            "date_of_birth": to_dates(children.birth, known_until=last),
            "sex": np.where(born, np.where(children.male, "1", "2"), "0"),
            "ethnicity": pd.Categorical.from_codes(children.ethnicity, categories=ethnicities),
            "disabilities": np.where(children.disability >= 0, "any", "NONE"),
        }
    )


def _numbered_from(part: Tables, block: int) -> Tables:
    """Identifiers that no other block has."""
    shift = block * NEVER
    moved = {}
    for name in _NAMES:
        frame = getattr(part, name)
        keys = [key for key in ("plan_id", "child_id") if key in frame]
        moved[name] = frame.assign(**{key: frame[key] + shift for key in keys})
    return Tables(**moved)
