"""Effects on calendar time: piecewise linear between dated values, level before the first and after the last.

A scenario states them as data, so that a change of practice, such as Birmingham's in 2017, is a table and no code.
"""

from collections.abc import Mapping

import numpy as np

from ...given_dates import given_date
from ..randomness.day_numbers import day_number

TRENDS = ("entry", "end_at_first_review", "end_at_later_reviews", "second_plan")
"""What may change over calendar time: the log rate of first plans; the log odds of ending at a review held on a day;
the log hazard of a second plan, by the day on which the plan ended."""


def trend(trends: Mapping[str, Mapping[str, float]], name: str, days: np.ndarray) -> np.ndarray:
    """The effect on each day.

    Parameters
    ----------
    trends : mapping of name to mapping of ISO date to float
        The scenario's ``trends``; what is not named has no trend.
    name : str
        One of ``TRENDS``.
    days : ndarray of int
        Day numbers.

    Returns
    -------
    ndarray, of the shape of ``days``

    Examples
    --------
    >>> trends = {"second_plan": {"1970-01-01": 0.0, "1970-01-11": 1.0}}
    >>> trend(trends, "second_plan", np.array([-5, 0, 5, 20])).tolist()
    [0.0, 0.0, 0.5, 1.0]
    """
    knots = trends.get(name, {})
    if not knots:
        return np.zeros(days.shape)
    when = sorted((day_number(given_date(date, "trends").date()), value) for date, value in knots.items())
    return np.interp(days, [day for day, _ in when], [value for _, value in when])
