import datetime as dt

import numpy as np
import pandas as pd

from secondplan.synthetic.randomness.day_numbers import (
    NEVER,
    day_number,
    eighteenth_birthdays,
    to_dates,
    to_weekday_after,
    to_weekday_before,
)

WEEK = np.array([day_number(dt.date(2018, 3, 26)) + i for i in range(7)])  # Monday to Sunday


def test_weekends_move_to_friday_or_monday():
    assert (to_weekday_before(WEEK) - WEEK).tolist() == [0, 0, 0, 0, 0, -1, -2]
    assert (to_weekday_after(WEEK) - WEEK).tolist() == [0, 0, 0, 0, 0, 2, 1]


def test_dates_after_the_last_known_day_are_missing():
    days = np.array([day_number(dt.date(2018, 3, 31)), day_number(dt.date(2018, 4, 1)), NEVER])
    dates = to_dates(days, known_until=int(days[0]))
    assert dates.dtype == "datetime64[us]"
    assert dates[0] == pd.Timestamp(2018, 3, 31)
    assert dates[1:].isna().all()


def test_birthday_of_a_leap_day():
    births = np.array([day_number(dt.date(2000, 2, 29)), day_number(dt.date(2000, 5, 17))])
    assert eighteenth_birthdays(births).tolist() == [day_number(dt.date(2018, 3, 1)), day_number(dt.date(2018, 5, 17))]
