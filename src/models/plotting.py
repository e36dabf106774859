"""How a result or a model draws itself: the plot lives in the layer above, and is found there by name when asked for.

Nothing in :mod:`secondplan.models` imports the report or matplotlib, not even inside a function; a ``.plot`` method is
one call of :func:`draw`. Plots compute nothing: the caller gives them what they show.
"""

from importlib import import_module
from typing import Any


def draw(plot: str, *results: Any, **options: Any) -> Any:
    """Call the report's plotting function of that name, and return the axes that it drew on.

    Parameters
    ----------
    plot : str
        Public name of a function of :mod:`secondplan.report`, ``"plot_incidence"`` for one.
    *results
        What it shows.
    **options
        Its keyword arguments, ``ax`` among them.

    Returns
    -------
    matplotlib.axes.Axes
    """
    report = import_module("..report", __package__)
    return getattr(report, plot)(*results, **options)
