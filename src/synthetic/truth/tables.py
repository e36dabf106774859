"""The tables of the truth: what the simulator knows of each plan, and each index plan's risk after other lengths."""

import numpy as np
import pandas as pd
import pyarrow as pa

from ...plans.bands import PLAN_LENGTH_BANDS
from ..population.authorities import Authorities
from ..population.course import END_REASONS, REVIEW
from ..population.drivers import linear_predictor
from ..population.life_courses import LifeCourses
from ..randomness.day_numbers import day_number
from ..scenarios.definition import Scenario
from .plan_length_effect import COUNTERFACTUAL_DAYS, COUNTERFACTUAL_HORIZONS, effect_sums
from .severity_posterior import SEVERITY_NODES, severity_weights
from .true_risk import HORIZONS, incidence_over_latent, true_incidence


def truth_tables(
    scenario: Scenario, authorities: Authorities, lives: LifeCourses, names: pd.DataFrame, plan_ids: pd.Series
) -> dict[str, pa.Table]:
    """The truth of ``lives``, by the name of the table.

    ``truth`` and ``features`` have one row per plan, in their order; ``counterfactuals`` one row per index plan, and
    ``sums`` the sums over these.

    Parameters
    ----------
    scenario : Scenario
    authorities : Authorities
    lives : LifeCourses
    names : DataFrame
        ``child_id``, ``family_id``, ``la_code``, one row per child.
    plan_ids : Series
        One per plan.

    Returns
    -------
    dict of str to pyarrow.Table
        The columns that :class:`~secondplan.synthetic.truth.result.Truth` describes.
    """
    plans, hazards = lives.plans, lives.hazards
    at_risk = hazards.at_risk & (plans.reason == REVIEW)
    is_index = at_risk & (plans.order == 1)
    eligible = np.maximum(lives.children.adult[plans.child] - plans.end, 0)
    known = np.full((len(plans), len(HORIZONS)), np.nan)
    known[at_risk] = true_incidence(scenario, hazards.total[at_risk], hazards.care[at_risk], eligible[at_risk])
    observed = np.full((len(plans), len(HORIZONS)), np.nan)
    index = np.flatnonzero(is_index)
    risks = _IndexRisks(scenario, authorities, lives, index, eligible[index])
    observed[index] = risks.observed(np.zeros((index.size, 1)), HORIZONS)[:, 0]
    other = risks.observed(risks.shifts, COUNTERFACTUAL_HORIZONS)
    own = observed[index][:, [HORIZONS.index(horizon) for horizon in COUNTERFACTUAL_HORIZONS]]
    return {
        "truth": _truth(scenario, lives, names, plan_ids, at_risk, known, observed),
        "features": _features(scenario, lives),
        "counterfactuals": _counterfactuals(risks, plan_ids.iloc[index], other),
        "sums": effect_sums(risks.band, own, other),
    }


class _IndexRisks:
    """Risks after index plans, under their own length and under others."""

    def __init__(
        self, scenario: Scenario, authorities: Authorities, lives: LifeCourses, index: np.ndarray, eligible: np.ndarray
    ) -> None:
        plans, hazards = lives.plans.take(index), lives.hazards.take(index)
        self.scenario, self.eligible = scenario, eligible
        self.weights = severity_weights(scenario, authorities, lives.children, plans)
        self.total, self.care = hazards.total, hazards.care
        severity = lives.children.severity[plans.child]
        beta = float(scenario.log_hazard_ratios.get("severity", 0.0))  # type: ignore[arg-type]
        self.without_latent = hazards.total - beta * severity - lives.children.log_frailty[plans.child]
        self.care_without = hazards.care - scenario.care_log_hazard_ratios.get("severity", 0.0) * severity
        self.band = lives.features["plan_length_band"].cat.codes.to_numpy()[index]
        self.shifts = _shifts(scenario, lives.features.iloc[index])

    def known(self, shift: np.ndarray, horizons: tuple[int, ...]) -> np.ndarray:
        """Given severity and frailty, shape (n, n_horizons)."""
        return true_incidence(self.scenario, self.total + shift, self.care, self.eligible, horizons)

    def observed(self, shifts: np.ndarray, horizons: tuple[int, ...]) -> np.ndarray:
        """Given the record, shape (n, n_shifts, n_horizons)."""
        return incidence_over_latent(
            self.scenario,
            self.without_latent,
            self.care_without,
            self.eligible,
            SEVERITY_NODES,
            self.weights,
            shifts,
            horizons,
        )


def _shifts(scenario: Scenario, features: pd.DataFrame) -> np.ndarray:
    """What other lengths add to the log hazard, interactions included, shape (n, n_lengths); all else held as it is."""
    effects = {name: effect for name, effect in scenario.log_hazard_ratios.items() if "plan_length_" in name}
    own, shifts = linear_predictor(features, effects), np.empty((len(features), len(COUNTERFACTUAL_DAYS)))
    for place, days in enumerate(COUNTERFACTUAL_DAYS):
        band = pd.Categorical.from_codes(np.full(len(features), place), categories=PLAN_LENGTH_BANDS)
        other = features.assign(plan_length_days=days, plan_length_band=band)
        shifts[:, place] = linear_predictor(other, effects) - own
    return shifts


def _truth(
    scenario: Scenario,
    lives: LifeCourses,
    names: pd.DataFrame,
    plan_ids: pd.Series,
    at_risk: np.ndarray,
    known: np.ndarray,
    observed: np.ndarray,
) -> pa.Table:
    plans, children, hazards, child = lives.plans, lives.children, lives.hazards, lives.plans.child
    last = day_number(scenario.extract_date)
    ended = plans.end <= last

    def of_child(column: str) -> pa.Array:
        return pa.array(names[column].array.take(child), type=pa.string())

    def where_at_risk(values: np.ndarray) -> pa.Array:
        return pa.array(np.where(at_risk, values, np.nan))

    return pa.table(
        {
            "la_code": of_child("la_code"),
            "child_id": of_child("child_id"),
            "family_id": of_child("family_id"),
            "plan_id": pa.array(plan_ids, type=pa.string()),
            "plan_number": pa.array(plans.order, type=pa.int16()),
            "end_reason": pa.array(np.array(END_REASONS)[plans.reason], mask=~ended, type=pa.string()),
            "follow_up_days": pa.array(np.where(ended, last - plans.end, np.nan)),
            "eligible_days": pa.array(np.where(ended, children.adult[child] - plans.end, np.nan)),
            "severity": pa.array(children.severity[child]),
            "log_frailty": pa.array(children.log_frailty[child]),
            "negative_control_date": pa.array(
                children.negative_control[child].astype("datetime64[D]"), mask=children.negative_control[child] > last
            ),
            "authority_log_hazard": pa.array(hazards.authority),
            "log_hazard_ratio_features": where_at_risk(hazards.features),
            "log_hazard_ratio": where_at_risk(hazards.total),
            "care_log_hazard_ratio": where_at_risk(hazards.care),
            **{f"incidence_{day}": pa.array(known[:, i]) for i, day in enumerate(HORIZONS)},
            **{f"observed_incidence_{day}": pa.array(observed[:, i]) for i, day in enumerate(HORIZONS)},
        }
    )


def _features(scenario: Scenario, lives: LifeCourses) -> pa.Table:
    """The features that drive the hazard, missing for open plans: their course is not over."""
    is_open = lives.plans.end > day_number(scenario.extract_date)
    columns = {}
    for name, column in lives.features.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes = pa.array(column.cat.codes.to_numpy().astype(np.int8), mask=is_open)
            columns[name] = pa.DictionaryArray.from_arrays(codes, pa.array(column.cat.categories, type=pa.string()))
        elif column.dtype == bool:
            columns[name] = pa.array(column.to_numpy(), mask=is_open)
        else:
            columns[name] = pa.array(np.where(is_open, np.nan, column.to_numpy(dtype=float)))
    return pa.table(columns)


def _counterfactuals(risks: _IndexRisks, plan_ids: pd.Series, observed: np.ndarray) -> pa.Table:
    columns: dict[str, pa.Array] = {"plan_id": pa.array(plan_ids, type=pa.string())}
    for place, days in enumerate(COUNTERFACTUAL_DAYS):
        known = risks.known(risks.shifts[:, place], COUNTERFACTUAL_HORIZONS)
        for column, horizon in enumerate(COUNTERFACTUAL_HORIZONS):
            columns[f"incidence_{horizon}_after_{days}"] = pa.array(known[:, column])
            columns[f"observed_incidence_{horizon}_after_{days}"] = pa.array(observed[:, place, column])
    return pa.table(columns)
