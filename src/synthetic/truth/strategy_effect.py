"""The true effect of a strategy for when first plans end: mean risk had all authorities followed it.

The same children live on under each strategy, from the same random numbers: their reviews, what these find, care on
the plan, deaths and siblings are the same for as long as a plan goes on. What the strategy changes follows: at which
review the plan ends, what that one found, age and eligibility at the end, length, workers and siblings up to then, and
so the hazards. From these the risk after the end is computed, not drawn. Moves to other authorities, which only hide
what follows, are set aside.
"""

import hashlib
import json
from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from ...plans.strategies import EndBy, NaturalCourse, NotBefore, Strategy
from ...progress import track
from ..population.authorities import draw_authorities
from ..population.course import REVIEW, run_course
from ..population.life_courses import first_starts, hazards_after
from ..population.population import draw_children
from ..randomness.day_numbers import day_number
from ..randomness.streams import AUTHORITIES_BLOCK, Streams
from ..scenarios.calibrated import FOLDER, PACKAGE
from ..scenarios.definition import Scenario
from .true_risk import risk_and_days_lost

STRATEGIES = (NaturalCourse(), NotBefore(months=3), NotBefore(months=6), NotBefore(months=9), EndBy(months=12))
TIMES = (365, 730, 1095)
SMALLEST_ERROR = 0.0003
"""The Monte Carlo standard error of a risk is at most so much."""

STORED = "strategy_effects.csv"
_FAMILIES = 8192
_FIRST_WORLDS = 16
_MEASURES = ("risk", "days_lost")


def strategy_effect(
    scenario: Scenario, strategies: Sequence[Strategy], times: Sequence[int], *, std_error: float
) -> pd.DataFrame:
    """Risks by strategy, clock and time, stored or simulated; see :meth:`.result.Truth.strategy_effect`."""
    if not strategies or not times or min(times) < 1 or not std_error > 0:
        raise ValueError("strategies and times must not be empty, times at least 1 day and std_error above 0")
    if strategies == STRATEGIES and times == TIMES and std_error >= SMALLEST_ERROR:
        stored = stored_strategy_effect(scenario)
        if stored is not None:
            return stored
    return simulated_strategy_effect(scenario, strategies, times, std_error)


def simulated_strategy_effect(
    scenario: Scenario,
    strategies: Sequence[Strategy] = STRATEGIES,
    times: Sequence[int] = TIMES,
    std_error: float = SMALLEST_ERROR,
) -> pd.DataFrame:
    """Means over worlds of about 15,000 children, each with authorities of its own.

    Worlds are added until the standard errors of all risks are small enough.
    """
    stay = scenario.replace(burn_in_years=0.0, transfer_on_plan_rate=0.0)

    def worlds(seeds: range) -> list[np.ndarray]:
        return [_world(stay, strategies, times, seed) for seed in track(seeds, "Simulating strategies")]

    found = worlds(range(_FIRST_WORLDS))
    while (error := float(np.std(found, axis=0, ddof=1)[..., 0].max()) / len(found) ** 0.5) > std_error:
        wanted = int(np.ceil(1.1 * len(found) * (error / std_error) ** 2))
        found += worlds(range(len(found), wanted))
    return _table([strategy.name for strategy in strategies], times, np.array(found))


def digest(scenario: Scenario) -> str:
    """A scenario's parameters as 16 hexadecimal digits: stored results are of these and no others."""
    values = {name: entry["value"] for name, entry in scenario.to_dict()["parameters"].items()}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def stored_strategy_effect(scenario: Scenario) -> pd.DataFrame | None:
    """The stored table of a scenario that ships, for ``STRATEGIES`` and ``TIMES``; None of any other scenario."""
    stored = _stored()
    own = stored[stored["digest"] == digest(scenario)]
    return own.drop(columns=["scenario", "digest"]).reset_index(drop=True) if len(own) else None


@cache
def _stored() -> pd.DataFrame:
    with files(PACKAGE).joinpath(FOLDER, STORED).open(encoding="utf-8") as stream:
        return pd.read_csv(stream)


def _world(scenario: Scenario, strategies: Sequence[Strategy], times: Sequence[int], seed: int) -> np.ndarray:
    """Means over the children of one world, shape (n_strategies, 2 clocks, n_times, 2 measures)."""
    most = scenario.n_authorities * scenario.children_per_authority
    authorities = draw_authorities(scenario, most, Streams(seed, AUTHORITIES_BLOCK)["authorities"])
    streams = Streams(seed)
    children = draw_children(scenario, authorities, _FAMILIES, streams)
    starts = first_starts(children, day_number(scenario.extract_date))
    own = ~children.other_authority[starts.child]
    found = np.empty((len(strategies), 2, len(times), len(_MEASURES)))
    for place, strategy in enumerate(strategies):
        again = deepcopy(streams)
        course = run_course(scenario, authorities, children, starts, again, strategy)
        referrals = children.n_referrals[course.child]
        _, _, hazards = hazards_after(scenario, authorities, children, course, course, referrals, again)
        rows = np.flatnonzero(own & hazards.at_risk & (course.reason == REVIEW))
        length, eligible = (course.end - course.start)[rows], (children.adult[course.child] - course.end)[rows]
        a, c = hazards.total[rows], hazards.care[rows]
        for column, time in enumerate(times):
            left = time - length
            in_time = np.flatnonzero(left > 0)
            since_start = risk_and_days_lost(scenario, a[in_time], c[in_time], eligible[in_time], left[in_time])
            since_end = risk_and_days_lost(scenario, a, c, eligible, np.full(rows.size, time))
            found[place, 0, column] = [values.sum() / own.sum() for values in since_start]
            found[place, 1, column] = [values.mean() for values in since_end]
    return found


def _table(names: Sequence[str], times: Sequence[int], worlds: np.ndarray) -> pd.DataFrame:
    """One row per clock, time and strategy: means over worlds, and their standard errors."""

    def mean_and_error(values: np.ndarray) -> tuple[float, float]:
        return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))

    rows = []
    for clock, counted_from in enumerate(("start", "end")):
        for column, time in enumerate(times):
            risks, lost = worlds[:, :, clock, column, 0], worlds[:, :, clock, column, 1]
            for place, name in enumerate(names):
                risk, error = mean_and_error(risks[:, place])
                difference, difference_error = mean_and_error(risks[:, place] - risks[:, 0])
                days, days_error = mean_and_error(lost[:, place])
                rows.append(
                    {
                        "counted_from": counted_from,
                        "time": time,
                        "strategy": name,
                        "risk": risk,
                        "risk_std_error": error,
                        "difference": difference,
                        "difference_std_error": difference_error,
                        "days_lost": days,
                        "days_lost_std_error": days_error,
                        "avoided_per_1000": -1000 * difference,
                    }
                )
    return pd.DataFrame(rows)
