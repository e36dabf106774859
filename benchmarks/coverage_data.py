"""Data sets of known truth for the coverage of intervals.

Three generators: exponential cause-specific hazards, a Fine-Gray margin, and a discrete-time logit. Siblings share a
covariate, and a Gaussian copula ties their times and causes together while each child's own law stays exactly the
model's. Times are whole days; entry is independent of everything, and children whose time ended before it are not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr

N_ROWS = 500
COPULA = 0.6  # correlation of siblings on the normal scale
LATE = 0.3
PROFILE = np.array([0.5, 1.0])  # the child for whom risks are stated
ELAPSED = 91
HORIZON = 365

RATES = np.array([1 / 900, 1 / 1500])
BETA = np.array([[0.5, -0.4], [-0.3, 0.2]])  # row k: log hazard ratios of event k + 1

SUB_BETA = np.array([0.5, -0.4])
SUB_MASS, SUB_MEAN = 0.45, 400.0
OTHER_BETA, OTHER_MEAN = 0.2, 400.0

PERIOD = 91
N_PERIODS = 8
LOGIT = np.array([-2.2, -2.8])


@dataclass(frozen=True)
class Design:
    """How the rows of a data set come about."""

    name: str
    delayed: bool
    siblings: bool


DESIGNS = (
    Design("delayed entry", delayed=True, siblings=False),
    Design("siblings", delayed=False, siblings=True),
    Design("delayed entry and siblings", delayed=True, siblings=True),
)


@dataclass(frozen=True)
class Sample:
    """What an estimator is given; ``cluster`` is None where rows are independent."""

    X: pd.DataFrame
    y: pd.DataFrame
    cluster: np.ndarray | None

    def curve_arguments(self) -> dict[str, np.ndarray | None]:
        """Keywords of the functions without a model."""
        columns = {name: self.y[name].to_numpy() for name in ("duration", "event", "entry")}
        return {**columns, "cluster": self.cluster}


@dataclass(frozen=True)
class Children:
    """Uniform numbers and covariates of all children that could be seen, shape (n,) and (n, 2)."""

    X: np.ndarray
    for_time: np.ndarray
    for_cause: np.ndarray
    family: np.ndarray


def draw_cause_specific(rng: np.random.Generator, design: Design, n_rows: int = N_ROWS) -> Sample:
    """Constant hazards ``RATES exp(X BETA)``, so Cox, Weibull and spline models all hold."""

    def times(children: Children) -> tuple[np.ndarray, np.ndarray]:
        hazards = RATES * np.exp(children.X @ BETA.T)
        total = hazards.sum(axis=1)
        return np.ceil(-np.log(children.for_time) / total), 1 + (children.for_cause * total > hazards[:, 0])

    return _seen(rng, design, n_rows, times, _days_of_entry, _days_of_end)


def draw_fine_gray(rng: np.random.Generator, design: Design, n_rows: int = N_ROWS) -> Sample:
    """``F_1(t | x) = 1 - (1 - SUB_MASS (1 - exp(-t / SUB_MEAN)))^exp(x SUB_BETA)`` (Fine and Gray 1999, section 4)."""

    def times(children: Children) -> tuple[np.ndarray, np.ndarray]:
        risk = np.exp(children.X @ SUB_BETA)
        mass = 1 - (1 - SUB_MASS) ** risk
        is_first = children.for_time < mass
        inner = np.where(is_first, children.for_time, 0.0)
        first = -SUB_MEAN * np.log1p(-(1 - (1 - inner) ** (1 / risk)) / SUB_MASS)
        rest = np.where(is_first, 0.5, (children.for_time - mass) / (1 - mass))
        other = -OTHER_MEAN * np.exp(-OTHER_BETA * children.X[:, 0]) * np.log1p(-rest)
        return np.ceil(np.where(is_first, first, other)), np.where(is_first, 1, 2)

    return _seen(rng, design, n_rows, times, _days_of_entry, _days_of_end)


def draw_discrete(rng: np.random.Generator, design: Design, n_rows: int = N_ROWS) -> Sample:
    """Multinomial logit of each period of 91 days; entry and the end of observation fall on ends of periods."""

    def times(children: Children) -> tuple[np.ndarray, np.ndarray]:
        odds = np.exp(LOGIT + children.X @ BETA.T)
        hazards = odds / (1 + odds.sum(axis=1, keepdims=True))
        total = hazards.sum(axis=1)
        period = np.floor(np.log(children.for_time) / np.log1p(-total))
        day = period * PERIOD + rng.integers(1, PERIOD + 1, len(period))
        return day, 1 + (children.for_cause * total > hazards[:, 0])

    def entries(rng: np.random.Generator, n: int) -> np.ndarray:
        return np.where(rng.random(n) < LATE, PERIOD, 0)

    def ends(rng: np.random.Generator, n: int) -> np.ndarray:
        return PERIOD * rng.integers(3, N_PERIODS + 1, n)

    return _seen(rng, design, n_rows, times, entries, ends)


def cause_specific_incidence(days: np.ndarray, event: int) -> np.ndarray:
    """True incidence of an event at ``PROFILE``."""
    hazards = RATES * np.exp(BETA @ PROFILE)
    return hazards[event - 1] / hazards.sum() * -np.expm1(-hazards.sum() * np.asarray(days, dtype=float))


def cause_specific_free(days: np.ndarray) -> np.ndarray:
    """True probability of no event at ``PROFILE``."""
    return np.exp(-(RATES * np.exp(BETA @ PROFILE)).sum() * np.asarray(days, dtype=float))


def population_incidence(days: np.ndarray, event: int) -> np.ndarray:
    """True incidence of an event among all children: the mean over covariates, by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    found = np.zeros(np.shape(days))
    for second in (0.0, 1.0):
        X = np.column_stack([nodes, np.full(nodes.size, second)])
        hazards = RATES * np.exp(X @ BETA.T)
        total = hazards.sum(axis=1)
        by_node = (hazards[:, event - 1] / total)[:, None] * -np.expm1(-np.outer(total, days))
        found += 0.5 * (weights / weights.sum()) @ by_node
    return found


def fine_gray_incidence(days: np.ndarray) -> np.ndarray:
    """True incidence of event 1 at ``PROFILE`` in the Fine-Gray margin."""
    base = 1 - SUB_MASS * -np.expm1(-np.asarray(days, dtype=float) / SUB_MEAN)
    return 1 - base ** np.exp(PROFILE @ SUB_BETA)


def discrete_incidence(n_periods: int) -> float:
    """True incidence of event 1 at ``PROFILE`` by the end of a period."""
    odds = np.exp(LOGIT + BETA @ PROFILE)
    hazards = odds / (1 + odds.sum())
    return float(hazards[0] / hazards.sum() * (1 - (1 - hazards.sum()) ** n_periods))


def _days_of_entry(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.where(rng.random(n) < LATE, rng.integers(1, 151, n), 0)


def _days_of_end(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.integers(200, 801, n)


def _seen(
    rng: np.random.Generator,
    design: Design,
    n_rows: int,
    times: Callable[[Children], tuple[np.ndarray, np.ndarray]],
    entries: Callable[[np.random.Generator, int], np.ndarray],
    ends: Callable[[np.random.Generator, int], np.ndarray],
) -> Sample:
    """The first ``n_rows`` children that are seen, out of twice as many."""
    n = 2 * n_rows
    children = _children(rng, n, siblings=design.siblings)
    time, cause = times(children)
    entry = entries(rng, n) if design.delayed else np.zeros(n, dtype=int)
    end = ends(rng, n)
    kept = np.flatnonzero(time > entry)[:n_rows]
    y = pd.DataFrame(
        {"entry": entry, "duration": np.minimum(time, end).astype(int), "event": np.where(time <= end, cause, 0)}
    )
    X = pd.DataFrame(children.X, columns=["x1", "x2"])
    cluster = children.family[kept] if design.siblings else None
    return Sample(X.iloc[kept].reset_index(drop=True), y.iloc[kept].reset_index(drop=True), cluster)


def _children(rng: np.random.Generator, n: int, *, siblings: bool) -> Children:
    family = np.arange(n) // 2 if siblings else np.arange(n)

    def uniform() -> np.ndarray:
        shared, own = rng.normal(size=n)[family], rng.normal(size=n)
        return ndtr(np.sqrt(COPULA) * shared + np.sqrt(1 - COPULA) * own)

    first = rng.normal(size=n)[family]
    second = (rng.random(n) < 0.5).astype(float)
    return Children(np.column_stack([first, second]), uniform(), uniform(), family)
