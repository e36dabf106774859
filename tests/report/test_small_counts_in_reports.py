"""Small numbers of second plans cannot be read from shares or from points of a picture."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from secondplan.report.calibration import calibration_images, drawn_points
from secondplan.report.children import incidence_blocks, key_figures

BANDS = ("up to 3 months", "over 3 to 6 months", "1 to under 2 years")


class Cohort(SimpleNamespace):
    def __len__(self):
        return len(self.X)


def a_cohort(events_by_band):
    """200 children a band; their second plans come by 60, 300 and 700 days."""
    band, event, duration = [], [], []
    for name, numbers in zip(BANDS, events_by_band, strict=True):
        days = np.repeat([60.0, 300.0, 700.0], numbers)
        band += [name] * 200
        event += [1] * days.size + [0] * (200 - days.size)
        duration += [*days, *[900.0] * (200 - days.size)]
    y = pd.DataFrame({"entry": 0.0, "duration": duration, "event": event})
    X = pd.DataFrame({"plan_length_band": pd.Categorical(band, categories=BANDS, ordered=True)})
    return Cohort(X=X, y=y, cluster=pd.Series(np.arange(600)))


def test_shares_of_few_second_plans_are_withheld():
    cohort = a_cohort([(3, 20, 10), (9, 9, 9), (8, 8, 8)])
    table = incidence_blocks(cohort)[1].rows
    by_day = {row[0]: row[3:] for row in table}
    # 3 by day 91, and 8, from which with the total they would follow.
    assert by_day["up to 3 months"][:2] == ("c", "c") and by_day["up to 3 months"][2].startswith("11.5")
    assert by_day["1 to under 2 years"][:2] == ("c", "c") and "c" not in by_day["over 3 to 6 months"]


def test_few_second_plans_do_not_stand_in_the_key_figures_or_the_picture():
    cohort = a_cohort([(0, 3, 2), (0, 0, 4), (0, 0, 0)])
    figures = {words.partition(" (")[0]: number for number, words in key_figures(cohort)}
    assert figures["had a second plan within one year"] == "c"
    assert figures["had a second plan within two years"].startswith("1.5")
    assert "after plans of up to 3 months" not in str(incidence_blocks(cohort)[0])


def test_points_of_few_second_plans_are_not_drawn():
    points = pd.DataFrame(
        {"model": "m", "day": [365.0] * 3 + [730.0] * 3, "n": 100, "n_events": [3, 30, 12, 7, 8, 40]}
        | {"predicted": 0.1, "observed": 0.1, "lower": 0.05, "upper": 0.2}
    )
    comparison = SimpleNamespace(calibration=points)
    assert drawn_points(comparison, "m")["n_events"].tolist() == [30, 7, 8, 40]
    comparison.calibration = points.assign(n_events=[0, 3, 4, 7, 8, 40]).iloc[1:]
    assert set(calibration_images(comparison, "m")) == {730}
