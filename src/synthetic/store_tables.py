"""From life courses to the tables of a plan store, as an extract on the scenario's date would hold them."""

from typing import Any

import numpy as np
import pandas as pd

from ..plans.codes import PROGRESS
from .population.authorities import Authorities
from .population.life_courses import LifeCourses
from .population.workers import POOL
from .randomness.day_numbers import day_number, to_dates
from .scenarios.definition import Scenario


def store_tables(
    scenario: Scenario, lives: LifeCourses, names: pd.DataFrame, plan_ids: pd.Series
) -> dict[str, pd.DataFrame]:
    """The tables of ``lives``: nothing later than the extract date, in the schema's columns and types.

    Parameters
    ----------
    scenario : Scenario
    lives : LifeCourses
        Children and plans in the order in which the store lists them.
    names : DataFrame
        ``child_id``, ``family_id``, ``la_code``, one row per child of ``lives``.
    plan_ids : Series
        What :func:`plan_identifiers` returns.

    Returns
    -------
    dict of str to DataFrame
        All tables but ``extract``.
    """
    last = day_number(scenario.extract_date)
    return {
        "children": _children(scenario, lives, names, last),
        "plans": _plans(scenario, lives, names, plan_ids, last),
        "reviews": _reviews(lives, plan_ids, last),
        "care_episodes": _care(lives, names, last),
        "cin_episodes": _episodes(lives, names, last),
        "assessments": _assessments(scenario, lives, names),
        "conferences": _conferences(lives, names),
        "involvements": _involvements(lives, names, last),
    }


def extract_table(scenario: Scenario, authorities: Authorities) -> pd.DataFrame:
    """The table ``extract``: one row per authority, of which dates its data are."""
    return pd.DataFrame(
        {
            "la_code": pd.array(authorities.code.tolist(), dtype="string"),
            "first_date": pd.Timestamp(scenario.first_date),
            "extract_date": pd.Timestamp(scenario.extract_date),
            "source": pd.Series([f"synthetic: {scenario.name}"] * len(authorities), dtype="string"),
        }
    )


def plan_identifiers(lives: LifeCourses, names: pd.DataFrame) -> pd.Series:
    """``<la_code>-<child_id>-<start_date>`` of each plan, as for sources without a plan identifier."""
    child = lives.plans.child
    start = pd.Series(lives.plans.start.astype("datetime64[D]").astype(str), dtype="string")
    return _of(names["la_code"], child) + "-" + _of(names["child_id"], child) + "-" + start


def _children(scenario: Scenario, lives: LifeCourses, names: pd.DataFrame, last: int) -> pd.DataFrame:
    children = lives.children
    born = children.birth <= last
    expected = children.expected_birth > children.first_start
    disabilities = ["NONE", *scenario.disability_shares]
    expected_dates = to_dates(children.expected_birth).where(expected)
    return pd.DataFrame(
        {
            "child_id": names["child_id"],
            "family_id": names["family_id"],
            "la_code": names["la_code"],
            "sex": _labels(np.where(born, np.where(children.male, 1, 2), 0), ["0", "1", "2"]),
            "date_of_birth": to_dates(children.birth, known_until=last),
            "expected_date_of_birth": expected_dates.fillna(to_dates(children.expected_birth).where(~born)),
            "ethnicity": _labels(children.ethnicity, list(scenario.ethnicity_shares)),
            "disabilities": _labels(children.disability + 1, disabilities),
            "date_of_death": to_dates(children.death, known_until=last),
        }
    )


def _plans(scenario: Scenario, lives: LifeCourses, names: pd.DataFrame, plan_ids: pd.Series, last: int) -> pd.DataFrame:
    plans, categories = lives.plans, list(scenario.initial_category_shares)
    latest = np.where(plans.category_day <= last, plans.latest_category, plans.category)
    return pd.DataFrame(
        {
            "plan_id": plan_ids,
            "child_id": _of(names["child_id"], plans.child),
            "la_code": _of(names["la_code"], plans.child),
            "start_date": to_dates(plans.start),
            "end_date": to_dates(plans.end, known_until=last),
            "initial_category": _labels(plans.category, categories),
            "latest_category": _labels(latest, categories),
            "previous_plans_reported": pd.Series(plans.order - 1, dtype="Int16"),
            "other_authority": pd.Series(lives.children.other_authority[plans.child], dtype="boolean"),
        }
    )


def _reviews(lives: LifeCourses, plan_ids: pd.Series, last: int) -> pd.DataFrame:
    plans = lives.plans
    plan, review = np.nonzero(plans.reviews <= last)
    return pd.DataFrame(
        {
            "plan_id": _of(plan_ids, plan),
            "review_date": to_dates(plans.reviews[plan, review]),
            "quorate": pd.Series(~plans.not_quorate[plan, review], dtype="boolean"),
            "absent_agencies": pd.Series(plans.absent[plan, review], dtype="Int16"),
            "progress": _labels(plans.progress[plan, review], list(PROGRESS)),
        }
    )


def _care(lives: LifeCourses, names: pd.DataFrame, last: int) -> pd.DataFrame:
    care = _by_child(lives.care, lives.care.start)
    return pd.DataFrame(
        {
            "child_id": _of(names["child_id"], care.child),
            "start_date": to_dates(care.start),
            "end_date": to_dates(care.end, known_until=last),
            "la_code": _of(names["la_code"], care.child),
        }
    )


def _episodes(lives: LifeCourses, names: pd.DataFrame, last: int) -> pd.DataFrame:
    episodes = lives.episodes.take(lives.episodes.referral <= last)
    episodes = _by_child(episodes, episodes.referral)
    closed = episodes.closure <= last
    return pd.DataFrame(
        {
            "child_id": _of(names["child_id"], episodes.child),
            "referral_date": to_dates(episodes.referral),
            "referral_source": _text(episodes.source),
            "primary_need": _text(episodes.need),
            "closure_date": to_dates(episodes.closure, known_until=last),
            "closure_reason": _text(episodes.reason).where(closed),
            "la_code": _of(names["la_code"], episodes.child),
        }
    )


def _assessments(scenario: Scenario, lives: LifeCourses, names: pd.DataFrame) -> pd.DataFrame:
    found = _by_child(lives.assessments, lives.assessments.start)
    return pd.DataFrame(
        {
            "child_id": _of(names["child_id"], found.child),
            "start_date": to_dates(found.start),
            "authorisation_date": to_dates(found.authorised),
            "factors": _joined(found.factors, list(scenario.factor_shares)),
            "la_code": _of(names["la_code"], found.child),
        }
    )


def _conferences(lives: LifeCourses, names: pd.DataFrame) -> pd.DataFrame:
    plans = lives.plans
    return pd.DataFrame(
        {
            "child_id": _of(names["child_id"], plans.child),
            "conference_date": to_dates(plans.start),
            "section47_start": to_dates(lives.conferences.section47_start),
            "transfer_in": pd.Series(lives.conferences.transfer_in, dtype="boolean"),
            "la_code": _of(names["la_code"], plans.child),
        }
    )


def _involvements(lives: LifeCourses, names: pd.DataFrame, last: int) -> pd.DataFrame:
    spells = lives.spells.take(lives.spells.start <= last)
    child = lives.plans.child[spells.plan]
    workers = np.array([f"W{number:04d}" for number in range(2 * POOL)])
    return pd.DataFrame(
        {
            "child_id": _of(names["child_id"], child),
            "worker_id": _text(workers[spells.worker]),
            "start_date": to_dates(spells.start),
            "end_date": to_dates(spells.end, known_until=last),
            "agency_worker": pd.Series(spells.agency, dtype="boolean"),
            "la_code": _of(names["la_code"], child),
        }
    )


def _by_child(records: Any, date: np.ndarray) -> Any:
    """Records in the order of child and date; children are in the store's order already."""
    return records.take(np.lexsort((date, records.child)))


def _of(column: pd.Series, rows: np.ndarray) -> pd.Series:
    return pd.Series(column.array.take(rows))


def _labels(codes: np.ndarray, labels: list[str]) -> pd.Series:
    return pd.Series(pd.array(labels, dtype="string").take(codes))


def _text(values: np.ndarray) -> pd.Series:
    distinct, codes = np.unique(values, return_inverse=True)
    return _labels(codes, distinct.tolist()) if values.size else pd.Series(dtype="string")


def _joined(present: np.ndarray, codes: list[str]) -> pd.Series:
    """Codes joined by semicolons; 21 (no factor identified) where there is none."""
    weights = 2 ** np.arange(len(codes), dtype=np.int64)
    patterns, rows = np.unique(present @ weights, return_inverse=True)
    texts = [";".join(code for bit, code in enumerate(codes) if pattern >> bit & 1) or "21" for pattern in patterns]
    return _labels(rows, texts) if len(texts) else pd.Series(dtype="string")
