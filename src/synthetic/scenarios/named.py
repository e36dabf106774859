"""The scenarios by their names."""

from .birmingham import birmingham, birmingham_no_change
from .definition import Scenario
from .effects import EFFECT_SCENARIOS, effect_scenario
from .england import england_2018, england_2025


def scenario(name: str = "england-2018") -> Scenario:
    """The scenario of that name.

    Parameters
    ----------
    name : str
        ``england-2018``, ``england-2025``, ``birmingham``, ``birmingham-no-change``; or, to test methods for the effect
        of plan length, ``confounding-measured``, ``confounding-hidden-1.5``, ``confounding-hidden-2``, ``effect-none``,
        ``effect-modified``, ``instrument-valid``.

    Returns
    -------
    Scenario

    Raises
    ------
    ValueError
        There is no such scenario; the message lists those that exist.

    Examples
    --------
    >>> scenario().name
    'england-2018'
    """
    if name in EFFECT_SCENARIOS:
        return effect_scenario(name)
    if name not in _REAL:
        raise ValueError(f"unknown scenario {name!r}; there are: {', '.join(scenario_names())}")
    return _REAL[name]()


def scenario_names() -> list[str]:
    """The names of all scenarios, sorted."""
    return sorted([*_REAL, *EFFECT_SCENARIOS])


_REAL = {
    "england-2018": england_2018,
    "england-2025": england_2025,
    "birmingham": birmingham,
    "birmingham-no-change": birmingham_no_change,
}
