"""Calibration by simulated moments: the parameters at which simulated figures come nearest to the published ones.

With moments ``m(x)`` at parameters ``x``, targets ``t`` and tolerances ``s`` it minimises ``sum(((m(x) - t) / s)**2)``
by Gauss-Newton steps (McFadden, 1989, on simulated moments). The seeds are the same at every ``x`` (common random
numbers), so the way is the same each time it is gone. Derivatives are taken once, by differences, for blocks of
parameters that hardly touch each other's moments. They and the first steps go by small simulations, the last steps by
the average of large ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...progress import track
from ..scenarios.birmingham import birmingham
from ..scenarios.definition import Scenario
from ..scenarios.england import england_2018, england_2025
from ..scenarios.free_parameters import (
    BLOCKS,
    FREE_PARAMETERS,
    STRONG,
    FreeParameter,
    block_of,
    read_free_parameters,
    set_free_parameters,
)
from .moment_tables import simulated_tables
from .store_moments import moments
from .target_figures import Target, targets

SIZES = {"england-2018": (80_000, 275_000), "england-2025": (80_000, 100_000), "birmingham": (50_000, 120_000)}
"""Children of the small and the large simulations; the large ones of England in 2018 have about 300,000 plans."""

SMALL_STEPS, LARGE_STEPS = 4, 2
SMALL_SEEDS, LARGE_SEEDS, FRESH_SEEDS = (101,), (201, 202, 203), (301, 302, 303, 304)
"""Fresh seeds play no part in the calibration: the figures that are shown come from them."""

LARGE_ONLY = ("closing", "levels", "size")
"""Blocks whose moments depend on how many plans an authority has: they are left alone in small simulations."""

LONGEST_STEP = 0.6
_DAMPING = 0.05
"""Of the squared derivatives. Where parameters all but stand in for each other, derivatives from simulations are half
noise: less damping takes steps there that overshoot, and grow from each to the next."""


@dataclass(frozen=True)
class Calibration:
    """What a calibration ended with.

    Attributes
    ----------
    scenario : Scenario
        With the calibrated parameters.
    values : dict
        These parameters alone, as ``calibrated.json`` holds them.
    table : DataFrame
        One row per target: ``moment, target, simulated, error, tolerance, use, source``. ``simulated`` is the mean over
        simulations with fresh seeds, ``error`` the standard deviation of one of them: the Monte Carlo error.
    """

    scenario: Scenario
    values: dict
    table: pd.DataFrame


def calibrate(start: Scenario) -> Calibration:
    """Calibrate a scenario to its targets, from where its parameters stand.

    Parameters
    ----------
    start : Scenario
        One that has free parameters and targets: ``uncalibrated(name)`` gives it before its calibration.

    Raises
    ------
    ValueError
        The scenario has nothing to calibrate.
    """
    name = start.name
    if name not in FREE_PARAMETERS:
        raise ValueError(
            f"the scenario {name} has nothing to calibrate; those that have: {', '.join(sorted(FREE_PARAMETERS))}"
        )
    parameters, wanted = FREE_PARAMETERS[name], targets(name)
    used = [target for target in wanted if target.use == "calibration"]
    small, large = SIZES[name]
    steps = _joint_steps(parameters)
    n_runs = (1 + len(steps) + SMALL_STEPS) * len(SMALL_SEEDS) + LARGE_STEPS * len(LARGE_SEEDS) + len(FRESH_SEEDS)
    ticks = iter(track(range(n_runs), f"Calibrating {name}", total=n_runs))

    def average(x: np.ndarray, n_children: int, seeds: Sequence[int]) -> np.ndarray:
        scenario = set_free_parameters(start, parameters, x)
        return np.mean([values_of(used, simulated(scenario, n_children, seed, ticks)) for seed in seeds], axis=0)

    x = read_free_parameters(start, parameters)
    at_start = average(x, small, SMALL_SEEDS)
    changes = [average(x + step, small, SMALL_SEEDS) - at_start for step in steps]
    slopes = _slopes(parameters, used, steps, changes)
    free = np.array([parameter.block not in LARGE_ONLY for parameter in parameters])
    x = descend(lambda at: average(at, small, SMALL_SEEDS), x, slopes * free, used, SMALL_STEPS)
    x = descend(lambda at: average(at, large, LARGE_SEEDS), x, slopes, used, LARGE_STEPS)
    scenario = set_free_parameters(start, parameters, x)
    fresh = pd.DataFrame([simulated(scenario, large, seed, ticks) for seed in FRESH_SEEDS])
    for _ in ticks:
        pass
    names = dict.fromkeys(parameter.path[0] for parameter in parameters)
    return Calibration(
        scenario=scenario,
        values={parameter: getattr(scenario, parameter) for parameter in names},
        table=_table(wanted, fresh),
    )


def uncalibrated(name: str) -> Scenario:
    """The scenario with its calibrated parameters where their calibration starts.

    Raises
    ------
    ValueError
        There is no such scenario, or nothing in it is calibrated.
    """
    builders = {"england-2018": england_2018, "england-2025": england_2025, "birmingham": birmingham}
    if name not in builders:
        raise ValueError(f"the scenario {name} is not calibrated; those that are: {', '.join(sorted(builders))}")
    return builders[name](calibrated=False)


def simulated(scenario: Scenario, n_children: int, seed: int, ticks=None) -> pd.Series:
    """The moments of one simulation."""
    tables = simulated_tables(scenario, n_children=n_children, random_state=seed)
    if ticks is not None:
        next(ticks, None)
    return moments(tables, year_ending=scenario.extract_date.year)


def values_of(wanted: Sequence[Target], found: pd.Series) -> np.ndarray:
    """The moments that the targets name, in their order; 0 for a share of what does not occur."""
    return found.reindex([target.moment for target in wanted]).fillna(0.0).to_numpy()


def descend(
    simulate: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    slopes: np.ndarray,
    wanted: Sequence[Target],
    n_steps: int,
) -> np.ndarray:
    """Gauss-Newton steps with the same derivatives throughout; where the last of them leads.

    Parameters
    ----------
    simulate : callable
        Parameters, shape (p,), to moments, shape (m,).
    x : ndarray, shape (p,)
    slopes : ndarray, shape (m, p)
        A column of zeros leaves its parameter where it is.
    wanted : sequence of Target, m of them
    n_steps : int
    """
    value = np.array([target.value for target in wanted])
    scale = np.array([target.tolerance for target in wanted])
    for _ in range(n_steps):
        step = _damped(slopes / scale[:, None], (value - simulate(x)) / scale)
        x = x + np.clip(step, -LONGEST_STEP, LONGEST_STEP)
    return x


def _damped(slopes: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """The least-squares step, with Marquardt's damping against directions that hardly matter."""
    normal = slopes.T @ slopes
    diagonal = np.diag(normal)
    damping = np.where(diagonal > 0, _DAMPING * diagonal, 1.0)
    return np.linalg.solve(normal + np.diag(damping), slopes.T @ gap)


def _joint_steps(parameters: Sequence[FreeParameter]) -> list[np.ndarray]:
    """Parameters to change together for the derivatives: the first of each block, the second of each, ...

    The blocks of ``STRONG`` are changed on their own: they move everything a little.
    """
    steps: list[np.ndarray] = []
    for names in (*((name,) for name in STRONG), tuple(name for name in BLOCKS if name not in STRONG)):
        places = [[i for i, parameter in enumerate(parameters) if parameter.block == name] for name in names]
        for nth in range(max(map(len, places))):
            step = np.zeros(len(parameters))
            for place in places:
                if nth < len(place):
                    step[place[nth]] = parameters[place[nth]].step
            steps.append(step)
    return steps


def _slopes(
    parameters: Sequence[FreeParameter], wanted: Sequence[Target], steps: list[np.ndarray], changes: list[np.ndarray]
) -> np.ndarray:
    """Derivatives of the moments, shape (m, p): 0 outside the parameter's block."""
    blocks = np.array([block_of(target.moment) for target in wanted])
    slopes = np.zeros((len(wanted), len(parameters)))
    for step, change in zip(steps, changes, strict=True):
        for position in np.flatnonzero(step).tolist():
            own = blocks == parameters[position].block
            slopes[own, position] = change[own] / step[position]
    return slopes


def _table(wanted: Sequence[Target], fresh: pd.DataFrame) -> pd.DataFrame:
    found = fresh.reindex(columns=[target.moment for target in wanted])
    return pd.DataFrame(
        {
            "moment": [target.moment for target in wanted],
            "target": [target.value for target in wanted],
            "simulated": found.mean().to_numpy(),
            "error": found.std().to_numpy(),
            "tolerance": [target.tolerance for target in wanted],
            "use": [target.use for target in wanted],
            "source": [target.source for target in wanted],
        }
    )
