"""Which numbers of a scenario calibration may change, and on what scale."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .calibrated import with_values
from .definition import Scenario

SHARES = ("youngest_age_shares", "initial_category_shares")
"""Parameters whose entries add up to 1: the entries that are not free keep their proportions to each other."""

DECIMALS = 4


@dataclass(frozen=True)
class FreeParameter:
    """One number of a scenario that calibration may change.

    Attributes
    ----------
    block : str
        The block of moments that it is fitted to: see ``BLOCKS``.
    path : tuple
        Name of the parameter, then keys or positions inside it.
    scale : {"log", "logit", "linear"}
    step : float
        Step of the finite difference, on the scale.
    also : tuple
        Further keys beside the last of ``path``, which take the same value.
    """

    block: str
    path: tuple[Any, ...]
    scale: Literal["log", "logit", "linear"]
    step: float = 0.2
    also: tuple[Any, ...] = ()


def read_free_parameters(scenario: Scenario, parameters: Sequence[FreeParameter]) -> np.ndarray:
    """Values of the free parameters on their scales, shape (n_parameters,)."""
    return np.array([_onto(parameter.scale, _inside(scenario, parameter.path)) for parameter in parameters])


def set_free_parameters(scenario: Scenario, parameters: Sequence[FreeParameter], values: np.ndarray) -> Scenario:
    """The scenario with the free parameters at ``values``, rounded to four decimals: a file holds all of it."""
    changed: dict[str, Any] = {}
    for parameter, value in zip(parameters, values, strict=True):
        name, *inner = parameter.path
        number = round(_off(parameter.scale, float(value)), DECIMALS)
        changed[name] = _with(changed.get(name, getattr(scenario, name)), inner, number)
        for key in parameter.also:
            changed[name] = _with(changed[name], [*inner[:-1], key], number)
    chosen = {parameter.path[0]: set[Any]() for parameter in parameters}
    for parameter in parameters:
        chosen[parameter.path[0]].add(parameter.path[-1])
    for name in SHARES:
        if name in changed:
            changed[name] = _adding_up(changed[name], chosen[name])
    return with_values(scenario, changed)


def _inside(scenario: Scenario, path: tuple[Any, ...]) -> float:
    value = getattr(scenario, path[0])
    for key in path[1:]:
        value = value[key]
    return float(value)


def _with(container: Any, path: list[Any], value: float) -> Any:
    if not path:
        return value
    key, *rest = path
    if isinstance(container, Mapping):
        return {**container, key: _with(container[key], rest, value)}
    items = list(container)
    items[key] = _with(items[key], rest, value)
    return tuple(items)


def _adding_up(shares: Mapping[str, float], chosen: set[str]) -> dict[str, float]:
    rest = [name for name in shares if name not in chosen]
    free = 1 - sum(shares[name] for name in chosen)
    total = sum(shares[name] for name in rest)
    result = {name: shares[name] if name in chosen else round(free * shares[name] / total, DECIMALS) for name in shares}
    last = rest[-1]
    return result | {last: round(1 - sum(share for name, share in result.items() if name != last), DECIMALS)}


def _onto(scale: str, value: float) -> float:
    if scale == "log":
        return math.log(value)
    return math.log(value / (1 - value)) if scale == "logit" else value


def _off(scale: str, value: float) -> float:
    if scale == "log":
        return math.exp(value)
    return 1 / (1 + math.exp(-value)) if scale == "logit" else value


BLOCKS = {
    "course": ("ended[", "ended_within_3_months[", "open_per_ended", "started_per_ended"),
    "reviews": ("reviews_in_time",),
    "second plans": ("second_share", "within_year_repeats"),
    "conferences": ("conference_within_15_days",),
    "categories": ("started[", "open_latest["),
    "ages": ("open_age_",),
    "size": ("log_started_sd",),
    "closing": ("within_3_months_percentile_",),
    "levels": ("second_plan_logit_sd",),
    "closure": ("need_ended_", "moved_"),
}
"""Moments, by how their names begin, that the free parameters of a block are fitted to.

What a parameter does to the moments of another block is not estimated: it is small, and made up for in the next
step. So noise cannot mislead there, and the derivatives of most blocks come from the same simulations.
"""


STRONG = ("course", "second plans")
"""Blocks whose parameters move the moments of others too."""


def block_of(moment: str) -> str:
    """The block of a moment; empty where no parameter is fitted to it."""
    return next((name for name, starts in BLOCKS.items() if moment.startswith(starts)), "")


_ENGLAND = (
    FreeParameter("reviews", ("late_review_share",), "logit", 0.3),
    FreeParameter("second plans", ("second_plan_rate",), "log", 0.3),
    FreeParameter("second plans", ("second_plan_shape",), "log", 0.25),
    FreeParameter("second plans", ("trends", "second_plan", "2008-03-31"), "linear", 0.5),
    FreeParameter("conferences", ("conference_in_time_share",), "logit", 0.3),
)
_ENGLAND_2018 = (
    *(FreeParameter("course", ("end_logits", i), "linear", 0.4) for i in range(4)),
    FreeParameter("course", ("early_review_share",), "logit", 0.3),
    *_ENGLAND,
    *(
        FreeParameter("categories", ("initial_category_shares", code), "logit", 0.3)
        for code in ("PHY", "SAB", "EMO", "MUL")
    ),
    *(FreeParameter("categories", ("category_change", code, "EMO"), "logit", 0.5) for code in ("NEG", "PHY")),
    *(FreeParameter("ages", ("youngest_age_shares", age), "logit", 0.3) for age in ("unborn", "0-1", "1-5", "10-14")),
    FreeParameter("size", ("authority_size_sd",), "log", 0.3),
    FreeParameter("closing", ("authority_closing_sd",), "log", 0.3),
    FreeParameter("levels", ("authority_hazard_sd",), "log", 0.5),
    FreeParameter("closure", ("closure_within_3_months",), "logit", 0.3),
    FreeParameter("closure", ("closure_3_to_6_months",), "logit", 0.3),
    FreeParameter("closure", ("transfer_within_3_months",), "logit", 0.5),
)
_ENGLAND_2025 = (
    # Four, as the five bands: the third logit, beside the fourth, only shares out the plans of one to two years.
    *(FreeParameter("course", ("end_logits", i), "linear", 0.4) for i in (0, 1, 3)),
    FreeParameter("course", ("early_review_share",), "logit", 0.3),
    *_ENGLAND,
)
_BIRMINGHAM = (
    *(FreeParameter("course", ("end_logits", i), "linear", 0.3) for i in range(4)),
    FreeParameter("course", ("early_review_share",), "logit", 0.4),
    FreeParameter(
        "course", ("trends", "end_at_first_review", "2017-08-15"), "linear", 0.5, also=("2017-03-31", "2018-02-15")
    ),
    FreeParameter("course", ("trends", "end_at_first_review", "2017-11-30"), "linear", 0.5, also=("2017-10-31",)),
    FreeParameter("course", ("trends", "end_at_later_reviews", "2017-09-30"), "linear", 0.3),
    FreeParameter("second plans", ("second_plan_rate",), "log", 0.3),
    FreeParameter("second plans", ("second_plan_shape",), "log", 0.25),
    FreeParameter("second plans", ("trends", "second_plan", "2012-03-31"), "linear", 0.5),
)
FREE_PARAMETERS: dict[str, tuple[FreeParameter, ...]] = {
    "england-2018": _ENGLAND_2018,
    "england-2025": _ENGLAND_2025,
    "birmingham": _BIRMINGHAM,
}
"""The free parameters of each scenario that is calibrated."""
