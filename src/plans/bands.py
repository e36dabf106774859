"""The bands of plan length in which the Department for Education (DfE) publishes ended plans.

Source: *Characteristics of children in need*, table D7, "duration of plans that ended in the year". Published is that
"2 years and over" means more than 729 calendar days, both the first and the last day counted. Not published is whether
3 months are calendar months or days; ``unit`` says which is meant.
"""

from typing import Literal

import numpy as np
import pandas as pd

from .calendar_months import add_months

PLAN_LENGTH_BANDS = (
    "up to 3 months",
    "over 3 to 6 months",
    "over 6 months to under 1 year",
    "1 to under 2 years",
    "2 years and over",
)
PLAN_LENGTH_BAND_TYPE = pd.CategoricalDtype(PLAN_LENGTH_BANDS, ordered=True)
LONGEST_UNDER_TWO_YEARS = 729
# The longest plan of each band but the last, both ends counted; 364 and 729 are one day short of 1 and 2 years.
LONGEST_IN_DAYS = (91, 182, 364, LONGEST_UNDER_TWO_YEARS)


def plan_length_band(
    start_date: pd.Series, end_date: pd.Series, *, unit: Literal["months", "days"] = "months"
) -> pd.Series:
    """The DfE band of each plan's length.

    Parameters
    ----------
    start_date, end_date : Series of datetime64, shape (n,)
        First and last day of the plan.
    unit : {"months", "days"}
        With ``"months"`` a plan is "up to 3 months" when it ends on or before the corresponding day three calendar
        months after its start (``add_months``), "over 3 to 6 months" likewise with six, and has reached "1 year" on
        the corresponding day twelve months after. With ``"days"`` the limits are 91, 182 and 364 days, both ends
        counted. Two years are 729 days, both ends counted, either way.

    Returns
    -------
    Series of ordered category, shape (n,)
        Missing where a date is missing or the end is before the start.

    Raises
    ------
    ValueError
        ``unit`` is neither ``"months"`` nor ``"days"``.

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Series(pd.to_datetime(["2017-01-31", "2017-01-31"]))
    >>> end = pd.Series(pd.to_datetime(["2017-04-30", "2017-05-01"]))
    >>> plan_length_band(start, end).tolist()
    ['up to 3 months', 'over 3 to 6 months']
    """
    if unit not in ("months", "days"):
        raise ValueError(f'unit must be "months" or "days", got {unit!r}')
    days = (end_date - start_date).dt.days.to_numpy(dtype=float, na_value=np.nan)
    both_counted = days + 1
    if unit == "days":
        passed = [both_counted > limit for limit in LONGEST_IN_DAYS]
    else:
        passed = [
            (end_date > add_months(start_date, 3)).to_numpy(),
            (end_date > add_months(start_date, 6)).to_numpy(),
            (end_date >= add_months(start_date, 12)).to_numpy(),
            both_counted > LONGEST_UNDER_TWO_YEARS,
        ]
    codes = np.where(days >= 0, np.sum(passed, axis=0), -1)
    return pd.Series(
        pd.Categorical.from_codes(codes, dtype=PLAN_LENGTH_BAND_TYPE), index=end_date.index, name="plan_length_band"
    )
