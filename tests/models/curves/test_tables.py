"""The short tables that a notebook shows."""

import numpy as np

from secondplan.models.curves.nonparametric import aalen_johansen, kaplan_meier, nelson_aalen
from secondplan.models.group_tests.logrank import logrank_test


def test_a_row_a_day_with_each_event_and_the_number_at_risk():
    rng = np.random.default_rng(1)
    shown = aalen_johansen(rng.integers(1, 3000, 5000), rng.integers(0, 3, 5000))._repr_html_()
    assert shown.count("<tr>") + shown.count("<tr ") <= 10
    assert all(text in shown for text in ("at risk", "event 1", "event 2", "5,000 rows"))
    assert "1.0000 (1.0000 to 1.0000)" in kaplan_meier([0, 0], [0, 0])._repr_html_()
    assert "event-free" in aalen_johansen([3, 4], [0, 0])._repr_html_()


def test_a_console_shows_the_same_short_table():
    rng = np.random.default_rng(1)
    duration, event = rng.integers(1, 3000, 5000), rng.integers(0, 3, 5000)
    lines = repr(aalen_johansen(duration, event)).splitlines()
    assert lines[0] == "Cumulative incidence (95 % interval), 5,000 rows"
    assert "at risk" in lines[1] and lines[-1].startswith("2920") and len(lines) == 11
    assert repr(kaplan_meier([0, 0], [0, 0])).count("1.0000 (1.0000 to 1.0000)") == 1
    assert repr(nelson_aalen([5], [1])).split()[-5:-3] == ["1", "1.0000"]
    test = repr(logrank_test(duration, event, np.where(duration % 2, "odd", "even"))).splitlines()
    assert test[0].startswith("Log-rank test of event 1, 2: chi-squared") and test[-1].startswith("odd")


def test_many_strata_are_not_all_shown():
    curves = kaplan_meier(np.arange(40) + 1, np.ones(40), strata=np.arange(40) % 20)
    for shown in (curves._repr_html_(), repr(curves)):
        assert "and 8 more strata" in shown
