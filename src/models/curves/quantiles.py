"""Days by which a curve has reached given probabilities, with intervals.

Conventions of R's ``quantile.survfit``: where the curve is flat at the probability itself, the middle of the flat part;
the limits are the days on which the curve's pointwise bounds first reach the probability (R sorts a bound that rises
and falls, and so moves its limit).

Source: Brookmeyer and Crowley (1982), A confidence interval for the median survival time, Biometrics 38.
"""

from typing import Any

import numpy as np
import pandas as pd

from ...parameter_checks import shown
from ..inputs.outcome import as_numbers

# As R: a probability is reached exactly if no more than rounding is missing.
EXACT = float(np.sqrt(np.finfo(float).eps))


def reached(times: np.ndarray, risen: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Day on which a curve that rises from 0 reaches each probability, shape (m,); NaN where it does not.

    Parameters
    ----------
    times, risen : ndarray, shape (T,)
        The curve just after each day. A bound that falls again has reached what it reached before.
    probabilities : ndarray, shape (m,)
    """
    highest = np.maximum.accumulate(np.concatenate([[0.0], risen]))
    days = np.concatenate([[0.0], times])
    begin = np.searchsorted(highest, probabilities - EXACT)
    end = np.minimum(np.searchsorted(highest, probabilities + EXACT), days.size - 1)
    middle = (days[np.minimum(begin, days.size - 1)] + days[end]) / 2.0
    return np.where(probabilities == 0, 0.0, np.where(begin < days.size, middle, np.nan))


def quantile_table(
    times: np.ndarray, risen: np.ndarray, lower: np.ndarray, upper: np.ndarray, probabilities: Any
) -> pd.DataFrame:
    """Index ``probability``; columns estimate, lower, upper: days, NaN where not reached.

    ``risen`` (T,) is the probability of the event by each day, ``lower`` and ``upper`` are its bounds.
    """
    asked = np.atleast_1d(as_numbers(probabilities, "probabilities"))
    if asked.ndim != 1 or not np.all((asked >= 0) & (asked <= 1)):
        raise ValueError(f"probabilities must lie between 0 and 1, got {shown(probabilities)}")
    # At 0 and 1 the intervals of probabilities are not defined: there the bounds reach nothing new.
    inside = (risen > 0) & (risen < 1)
    columns = {
        "estimate": reached(times, risen, asked),
        "lower": reached(times, np.where(inside, upper, 0.0), asked),
        "upper": reached(times, np.where(inside, lower, 0.0), asked),
    }
    return pd.DataFrame(columns, index=pd.Index(asked, name="probability"))
