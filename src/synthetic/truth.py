"""The truth behind a simulated store: what no extract holds, kept apart from the data."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import OutputError
from ..plans.cohort import Cohort
from ..plans.store import DESCRIPTOR
from .authorities import Authorities
from .course import END_REASONS
from .day_numbers import DAYS_A_YEAR, day_number
from .life_courses import LifeCourses
from .scenario import Scenario

HORIZONS = (91, 182, 365, 730)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Truth:
    """What the simulator knows, one row a plan of the store, in its order.

    Attributes
    ----------
    frame : DataFrame
        ``la_code, child_id, family_id, plan_id, plan_number`` (1 for the child's first plan ever), ``end_reason``,
        ``severity``, ``log_frailty``, ``authority_log_hazard``, ``log_hazard_ratio_features`` (observed features only),
        ``log_hazard_ratio`` (with authority, severity and frailty), ``care_log_hazard_ratio``, ``incidence_91`` ...:
        the true probability of a second plan by that day given all of these, with entry into care, other exits and the
        18th birthday competing. Hazards and incidences are missing where the child was not at risk
        from the plan's end: open plans, and those that ended with care, a move, the 18th birthday or death.
    features : DataFrame
        The features that drive the hazard, as the simulator computed them; missing for open plans.
    scenario : Scenario

    Examples
    --------
    The stated hazard ratios come back from the data when what confounds them is given: severity as a covariate, the
    authority's level and the family's frailty as an offset. ``z`` is then a standard error from 0.

    >>> from secondplan import CoxPH, build_cohort, simulate_with_truth
    >>> plans, truth = simulate_with_truth(n_children=3000, seed=3)
    >>> cohort = build_cohort(plans)
    >>> X = truth.covariates(cohort)
    >>> model = CoxPH(offset="known_log_hazard").fit(X, cohort.y, cluster=cohort.cluster)
    >>> found = model.summary_.join(truth.log_hazard_ratios(model))
    >>> z = (found["coef"] - found["true_log_hazard_ratio"]) / found["robust_se"]
    >>> bool((z**2).mean() < 2)
    True
    """

    frame: pd.DataFrame
    features: pd.DataFrame
    scenario: Scenario

    def __len__(self) -> int:
        return len(self.frame)

    def covariates(self, cohort: Cohort) -> pd.DataFrame:
        """What the hazard of a second plan depends on, for the rows of a cohort of these data.

        Parameters
        ----------
        cohort : Cohort
            Built from the store that was simulated with this truth.

        Returns
        -------
        DataFrame
            The columns of ``cohort.X`` that have an effect, ``severity``, and ``known_log_hazard``: the log hazard of
            the authority and of the family's frailty, for the parameter ``offset`` of ``CoxPH``.

        Raises
        ------
        ValueError
            The cohort holds plans of other data, or lacks a feature that has an effect.
        """
        rows = self.frame.set_index("plan_id").reindex(cohort.keys["plan_id"])
        n_unknown = int(rows["severity"].isna().sum())
        if n_unknown:
            raise ValueError(f"{n_unknown} of {len(rows)} plans of the cohort are not in this truth")
        effects = [name for name in self.scenario.log_hazard_ratios if name != "severity"]
        absent = [name for name in effects if name not in cohort.X]
        if absent:
            raise ValueError(f"the cohort lacks features that have an effect: {', '.join(absent)}")
        known = rows["authority_log_hazard"] + rows["log_frailty"]
        return cohort.X[effects].assign(severity=rows["severity"].to_numpy(), known_log_hazard=known.to_numpy())

    def log_hazard_ratios(self, model: Any) -> pd.Series:
        """The true value of each coefficient of a model of the hazard of a second plan.

        Parameters
        ----------
        model : CoxPH
            Fitted to :meth:`covariates`, or to other columns: a feature without a stated effect has a missing value.

        Returns
        -------
        Series
            ``true_log_hazard_ratio`` by feature; of a level, against the model's reference level.
        """
        true: dict[str, float] = {}
        for name, effect in self.scenario.log_hazard_ratios.items():
            column = model.encoder_.columns_.get(name)
            if isinstance(effect, Mapping) and column is not None and column.levels:
                base = effect.get(column.levels[0], 0.0)
                true |= {f"{name}[{level}]": effect.get(level, 0.0) - base for level in column.levels[1:]}
            elif not isinstance(effect, Mapping):
                true[name] = effect
        index = pd.Index(model.feature_names_out_, name="feature")
        return pd.Series(true, dtype=float).reindex(index).rename("true_log_hazard_ratio")

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write ``truth.parquet``, ``features.parquet`` and ``scenario.json`` to the folder ``path``.

        Raises
        ------
        OutputError
            The folder is, or lies in, a plan store: models read stores, and must not read this.
        """
        folder = Path(path)
        if any((place / DESCRIPTOR).exists() for place in (folder, *folder.absolute().parents)):
            raise OutputError(f"{folder}: lies in a plan store; keep the truth apart from the data")
        folder.mkdir(parents=True, exist_ok=True)
        self.frame.to_parquet(folder / "truth.parquet")
        self.features.to_parquet(folder / "features.parquet")
        text = json.dumps(self.scenario.to_dict(), indent=1, ensure_ascii=False)
        (folder / "scenario.json").write_text(text + "\n", encoding="utf-8", newline="\n")
        return folder


def make_truth(
    scenario: Scenario, authorities: Authorities, lives: LifeCourses, names: pd.DataFrame, plan_ids: pd.Series
) -> Truth:
    """The truth about the plans of ``lives``, in their order."""
    plans, children, hazards = lives.plans, lives.children, lives.hazards
    child = plans.child
    last = day_number(scenario.extract_date)
    at_risk = hazards.at_risk & (plans.reason == END_REASONS.index("review"))
    eligible = np.maximum(children.adult[child] - plans.end, 0)
    incidence = np.full((len(plans), len(HORIZONS)), np.nan)
    incidence[at_risk] = true_incidence(
        scenario, hazards.total[at_risk], hazards.care[at_risk], eligible[at_risk], HORIZONS
    )
    reason = pd.array(END_REASONS, dtype="string").take(plans.reason)
    frame = pd.DataFrame(
        {
            "la_code": names["la_code"].array.take(child),
            "child_id": names["child_id"].array.take(child),
            "family_id": names["family_id"].array.take(child),
            "plan_id": plan_ids,
            "plan_number": plans.order,
            "end_reason": pd.Series(reason).where(plans.end <= last),
            "severity": children.severity[child],
            "log_frailty": children.log_frailty[child],
            "authority_log_hazard": authorities.log_hazard[children.authority[child]],
            "log_hazard_ratio_features": np.where(at_risk, hazards.features, np.nan),
            "log_hazard_ratio": np.where(at_risk, hazards.total, np.nan),
            "care_log_hazard_ratio": np.where(at_risk, hazards.care, np.nan),
            **{f"incidence_{day}": incidence[:, i] for i, day in enumerate(HORIZONS)},
        }
    )
    ended = pd.Series(plans.end <= last)
    features = lives.features.copy()
    for name in features.columns:
        features[name] = features[name].convert_dtypes(convert_integer=False).where(ended)
    return Truth(frame=frame, features=features, scenario=scenario)


def true_incidence(
    scenario: Scenario,
    log_hazard_ratio: np.ndarray,
    care_log_hazard_ratio: np.ndarray,
    eligible_days: np.ndarray,
    horizons: tuple[int, ...] = HORIZONS,
) -> np.ndarray:
    """Probability of a second plan by each horizon, given the hazards; flat after the 18th birthday.

    With ``H1 = a t**k`` (second plan), ``H2 = c t**m`` (care), ``H3 = d t`` (other exits and death) and ``u = t**k`` it
    is the integral of ``a exp(-a u - c u**(m/k) - d u**(1/k))`` over ``u``, by Gauss-Legendre quadrature.

    Parameters
    ----------
    scenario : Scenario
    log_hazard_ratio, care_log_hazard_ratio : ndarray, shape (n,)
    eligible_days : ndarray, shape (n,)
    horizons : tuple of int

    Returns
    -------
    ndarray, shape (n, n_horizons)
    """
    k, m = scenario.second_plan_shape, scenario.care_shape
    a = scenario.second_plan_rate * np.exp(log_hazard_ratio)
    c = scenario.care_rate * np.exp(care_log_hazard_ratio)
    d = scenario.other_exit_rate + scenario.death_rate
    result = np.empty((a.size, len(horizons)))
    for begin in range(0, a.size, _ROWS_AT_ONCE):
        rows = slice(begin, begin + _ROWS_AT_ONCE)
        for column, horizon in enumerate(horizons):
            top = (np.minimum(horizon, eligible_days[rows]) / DAYS_A_YEAR) ** k
            u = top[:, None] * (_NODES + 1) / 2
            hazard = a[rows, None] * u + c[rows, None] * u ** (m / k) + d * u ** (1 / k)
            result[rows, column] = a[rows] * top / 2 * (np.exp(-hazard) @ _WEIGHTS)
    return result
