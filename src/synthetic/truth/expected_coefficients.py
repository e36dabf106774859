"""What the coefficients of a misspecified Cox model tend to, computed from the true hazards.

With true cause-specific hazards, the model with covariates ``x`` (and offset ``o``) has the expected score

    sum over i of  integral of  (x_i - S1(b, t) / S0(b, t))  Y_i(t)  dH_i(t) ,

``S0 = sum Y_j exp(b x_j + o_j)``, ``S1`` the same with ``x_j``, where ``Y_i(t)`` is the probability that child ``i`` is
still at risk at ``t`` and ``H_i`` its true cumulative hazard. The value ``b`` at which it is zero is the limit of the
estimates (Struthers and Kalbfleisch, 1986, *Biometrika* 73, 363-369). In ``u = t**k`` the true hazard is constant.
"""

from itertools import pairwise

import numpy as np
import pandas as pd

from ...models.features.encoder import FeatureEncoder
from ..randomness.day_numbers import DAYS_PER_YEAR
from ..scenarios.definition import Scenario

_INTERVALS = 60
_LARGEST_STEP = 1e-9


def expected_coefficients(
    scenario: Scenario, rows: pd.DataFrame, X: pd.DataFrame, *, offset: str | None = None
) -> pd.Series:
    """The coefficients at which the expected score is zero.

    Parameters
    ----------
    scenario : Scenario
    rows : DataFrame, n rows
        The truth's frame. Rows that were not at risk are left out.
    X : DataFrame, n rows
        Columns of the model.
    offset : str, optional
        Column of ``X`` that is an offset.

    Returns
    -------
    Series
        ``expected_coefficient`` by feature.
    """
    at_risk = rows["log_hazard_ratio"].notna().to_numpy()
    rows, X = rows[at_risk], X[at_risk].reset_index(drop=True)
    known = np.zeros(len(X)) if offset is None else X[offset].to_numpy(dtype=float)
    encoder = FeatureEncoder().fit(X if offset is None else X.drop(columns=offset))
    design = encoder.transform(X if offset is None else X.drop(columns=offset))
    names = list(encoder.get_feature_names_out())
    x = np.asarray(design, dtype=float)
    x = x - x.mean(axis=0)
    hazard = scenario.second_plan_rate * np.exp(rows["log_hazard_ratio"].to_numpy())
    shares = _at_risk(scenario, rows, hazard)
    events = shares * hazard
    beta = np.zeros(x.shape[1])
    for _ in range(50):
        score, information = _score(x, np.exp(x @ beta + known), shares, events)
        step = np.linalg.solve(information, score)
        beta = beta + step
        if np.abs(step).max() < _LARGEST_STEP:
            break
    return pd.Series(beta, index=pd.Index(names, name="feature"), name="expected_coefficient")


def _at_risk(scenario: Scenario, rows: pd.DataFrame, hazard: np.ndarray) -> np.ndarray:
    """Probability of being at risk in each interval of ``u``, times its length, shape (n_intervals, n)."""
    k, m = scenario.second_plan_shape, scenario.care_shape
    limit = np.minimum(rows["follow_up_days"], rows["eligible_days"]).to_numpy(dtype=float)
    top = (np.maximum(limit, 0) / DAYS_PER_YEAR) ** k
    care = scenario.care_rate * np.exp(rows["care_log_hazard_ratio"].to_numpy())
    others = scenario.other_exit_rate + scenario.death_rate
    edges = np.linspace(0, top.max(), _INTERVALS + 1)
    shares = np.empty((_INTERVALS, top.size))
    for i, (low, high) in enumerate(pairwise(edges)):
        u = (low + high) / 2
        survival = np.exp(-hazard * u - care * u ** (m / k) - others * u ** (1 / k))
        shares[i] = survival * np.clip(top - low, 0, high - low)
    return shares


def _score(
    x: np.ndarray, relative: np.ndarray, at_risk: np.ndarray, events: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Expected score and information at the model's relative hazards."""
    total = at_risk @ relative
    some = total > 0
    at_risk, events, total = at_risk[some], events[some], total[some]
    means = (at_risk * relative) @ x / total[:, None]
    n_events = events.sum(axis=1)
    score = events.sum(axis=0) @ x - n_events @ means
    weight = relative * ((n_events / total) @ at_risk)
    return score, (x.T * weight) @ x - (means.T * n_events) @ means
