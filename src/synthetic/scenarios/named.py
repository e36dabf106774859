"""The scenarios by their names."""

from .birmingham import birmingham, birmingham_no_change
from .definition import Scenario
from .england import england_2018, england_2025


def scenario(name: str = "england-2018") -> Scenario:
    """The scenario of that name.

    Parameters
    ----------
    name : str
        ``england-2018``, ``england-2025``, ``birmingham``, or ``birmingham-no-change``.

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
    known = {
        "england-2018": england_2018,
        "england-2025": england_2025,
        "birmingham": birmingham,
        "birmingham-no-change": birmingham_no_change,
    }
    if name not in known:
        raise ValueError(f"unknown scenario {name!r}; there are: {', '.join(sorted(known))}")
    return known[name]()
