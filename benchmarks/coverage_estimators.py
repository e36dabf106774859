"""Every estimator with intervals, on a data set of known truth: what it should have covered, and what it covers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import secondplan as sp

from .coverage_data import (
    BETA,
    ELAPSED,
    HORIZON,
    PERIOD,
    PROFILE,
    RATES,
    SUB_BETA,
    Design,
    Sample,
    cause_specific_free,
    cause_specific_incidence,
    discrete_incidence,
    draw_cause_specific,
    draw_discrete,
    draw_fine_gray,
    fine_gray_incidence,
    population_incidence,
)
from .coverage_metrics import metrics_of

HALF_YEAR = 182


@dataclass(frozen=True)
class Interval:
    """One estimate with its interval, and the truth."""

    quantity: str
    truth: float
    estimate: float
    lower: float
    upper: float

    @property
    def is_covered(self) -> bool:
        """Whether the truth lies in the interval; never in one with a missing end."""
        return bool(self.lower <= self.truth <= self.upper)


def kaplan_meier(sample: Sample) -> list[Interval]:
    arguments = sample.curve_arguments()
    curve = sp.kaplan_meier(**arguments)
    free = 1 - _population(np.arange(HORIZON + 1))
    days = np.arange(2000)
    median = float(days[1 - _population(days) <= 0.5][0])
    return [
        *_rows(curve.at([HALF_YEAR, HORIZON]), ["S(182)", "S(365)"], free[[HALF_YEAR, HORIZON]]),
        *_rows(curve.restricted_mean_time(HORIZON), ["restricted mean, 365"], [free[:-1].sum()]),
        *_rows(curve.median(), ["median"], [median]),
    ]


def nelson_aalen(sample: Sample) -> list[Interval]:
    truth = -np.log(1 - _population(np.array([HORIZON])))
    return _rows(sp.nelson_aalen(**sample.curve_arguments()).at([HORIZON]), ["H(365)"], truth)


def aalen_johansen(sample: Sample) -> list[Interval]:
    curve = sp.aalen_johansen(**sample.curve_arguments())
    days = np.arange(HORIZON + 1)
    first, second = population_incidence(days, 1), population_incidence(days, 2)
    return [
        *_rows(curve.at([HALF_YEAR, HORIZON], event=1), ["F1(182)", "F1(365)"], first[[HALF_YEAR, HORIZON]]),
        *_rows(curve.at([HORIZON], event=2), ["F2(365)"], second[[HORIZON]]),
        *_rows(curve.restricted_mean_time_lost(HORIZON, event=1), ["mean time lost, 365"], [first[:-1].sum()]),
    ]


def aalen_johansen_model(sample: Sample) -> list[Interval]:
    model = sp.AalenJohansen().fit(sample.X, sample.y, cluster=sample.cluster)
    days = np.array([ELAPSED, HORIZON])
    first = population_incidence(days, 1)
    later = (first[1] - first[0]) / (1 - _population(days)[0])
    return _risks(model, sample, {"F1(365)": (HORIZON, 0, first[1]), "F1(365 | 91)": (HORIZON, ELAPSED, later)})


def cox(sample: Sample) -> list[Interval]:
    model = sp.CoxPH().fit(sample.X, sample.y, cluster=sample.cluster)
    alone = -np.expm1(-HORIZON * cause_specific_hazard())
    return [
        *_rows(model.summary_, ["x1", "x2"], BETA[0], estimate="coef"),
        *_risks(model, sample, {"1 - S(365)": (HORIZON, 0, alone)}),
    ]


def cause_specific_cox(sample: Sample) -> list[Interval]:
    model = sp.CauseSpecificCox().fit(sample.X, sample.y, cluster=sample.cluster)
    return [
        *_rows(model.summary_, ["x1, event 1", "x2, event 1", "x1, event 2", "x2, event 2"], BETA.ravel(), "coef"),
        *_risks(model, sample, _cause_specific_risks()),
    ]


def product_limit_cox(sample: Sample) -> list[Interval]:
    model = sp.CauseSpecificCox(form="product_limit").fit(sample.X, sample.y, cluster=sample.cluster)
    return _risks(model, sample, _cause_specific_risks())


def aft(sample: Sample) -> list[Interval]:
    model = sp.ParametricAFT("weibull").fit(sample.X, sample.y, cluster=sample.cluster)
    names = ["x1, event 1", "x2, event 1", "x1, event 2", "x2, event 2"]
    return [
        *_rows(model.summary_.loc[[(k, x) for k in (1, 2) for x in ("x1", "x2")]], names, -BETA.ravel(), "coef"),
        *_risks(model, sample, _cause_specific_risks()),
    ]


def royston_parmar(sample: Sample) -> list[Interval]:
    model = sp.RoystonParmar().fit(sample.X, sample.y, cluster=sample.cluster)
    names = ["x1, event 1", "x2, event 1", "x1, event 2", "x2, event 2"]
    return [*_rows(model.summary_, names, BETA.ravel(), "coef"), *_risks(model, sample, _cause_specific_risks())]


def fine_gray(sample: Sample, censoring_ties: str = "crr") -> list[Interval]:
    model = sp.FineGray(censoring_ties=censoring_ties).fit(sample.X, sample.y, cluster=sample.cluster)
    risk = {"F1(365)": (HORIZON, 0, float(fine_gray_incidence(np.array(HORIZON))))}
    return [*_rows(model.summary_, ["x1", "x2"], SUB_BETA, "coef"), *_risks(model, sample, risk)]


def fine_gray_as_finegray(sample: Sample) -> list[Interval]:
    return fine_gray(sample, "finegray")


def discrete_time(sample: Sample) -> list[Interval]:
    model = sp.DiscreteTimeHazard(period_days=PERIOD).fit(sample.X, sample.y, cluster=sample.cluster)
    names = ["x1, event 1", "x2, event 1", "x1, event 2", "x2, event 2"]
    return [
        *_rows(model.summary_, names, BETA.ravel(), "coef"),
        *_risks(model, sample, {"F1(364)": (4 * PERIOD, 0, discrete_incidence(4))}),
    ]


def metrics(sample: Sample) -> list[Interval]:
    return [Interval(*row) for row in metrics_of(sample)]


@dataclass(frozen=True)
class Estimator:
    """How an estimator's data come about, and its intervals."""

    draw: Callable[[np.random.Generator, Design, int], Sample]
    intervals: Callable[[Sample], list[Interval]]


ESTIMATORS = {
    "kaplan_meier": Estimator(draw_cause_specific, kaplan_meier),
    "nelson_aalen": Estimator(draw_cause_specific, nelson_aalen),
    "aalen_johansen": Estimator(draw_cause_specific, aalen_johansen),
    "AalenJohansen": Estimator(draw_cause_specific, aalen_johansen_model),
    "CoxPH": Estimator(draw_cause_specific, cox),
    "CauseSpecificCox": Estimator(draw_cause_specific, cause_specific_cox),
    "CauseSpecificCox, product limit": Estimator(draw_cause_specific, product_limit_cox),
    "FineGray": Estimator(draw_fine_gray, fine_gray),
    "FineGray, as finegray": Estimator(draw_fine_gray, fine_gray_as_finegray),
    "ParametricAFT": Estimator(draw_cause_specific, aft),
    "RoystonParmar": Estimator(draw_cause_specific, royston_parmar),
    "DiscreteTimeHazard": Estimator(draw_discrete, discrete_time),
    "evaluate_risks": Estimator(draw_cause_specific, metrics),
}


def cause_specific_hazard() -> float:
    """True hazard of event 1 at ``PROFILE``, a day."""
    return float(RATES[0] * np.exp(BETA[0] @ PROFILE))


def _cause_specific_risks() -> dict[str, tuple[float, float, float]]:
    at, since = cause_specific_incidence(np.array([HORIZON, ELAPSED]), 1)
    later = (at - since) / float(cause_specific_free(np.array(ELAPSED)))
    return {"F1(365)": (HORIZON, 0, at), "F1(365 | 91)": (HORIZON, ELAPSED, later)}


def _population(days: np.ndarray) -> np.ndarray:
    """True probability of any event among all children."""
    return population_incidence(days, 1) + population_incidence(days, 2)


def _rows(table: Any, quantities: list[str], truth: Any, estimate: str = "estimate") -> list[Interval]:
    """Intervals of the rows of a table, in its order."""
    values = table[[estimate, "lower", "upper"]].to_numpy(dtype=float)
    if len(values) != len(quantities):
        raise ValueError(f"expected {len(quantities)} rows, got {len(values)}")
    return [
        Interval(name, float(true), *map(float, row)) for name, true, row in zip(quantities, truth, values, strict=True)
    ]


def _risks(model: Any, sample: Sample, wanted: dict[str, tuple[float, float, float]]) -> list[Interval]:
    """Intervals of the incidence of event 1 at ``PROFILE``: by name the day, the days elapsed and the truth."""
    child = sample.X.iloc[:1].copy()
    child.loc[:, ["x1", "x2"]] = PROFILE
    found = []
    for quantity, (day, elapsed, truth) in wanted.items():
        estimate = model.predict_cumulative_incidence(child, [day], elapsed=elapsed)[0, 0]
        lower, upper = model.predict_cumulative_incidence_interval(child, [day], elapsed=elapsed)[0, 0]
        found.append(Interval(quantity, float(truth), float(estimate), float(lower), float(upper)))
    return found
