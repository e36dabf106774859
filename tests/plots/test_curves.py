"""Curves drawn by their results: what is drawn is what was computed."""

import numpy as np
import pytest

import secondplan as sp
from secondplan.plots.style import new_figure


@pytest.fixture
def axes():
    return new_figure()[1]


def outcome(n_rows=400):
    rng = np.random.default_rng(3)
    return rng.integers(1, 1000, n_rows), rng.integers(0, 3, n_rows)


def drawn(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def test_survival_by_stratum(axes):
    duration, event = outcome()
    curves = sp.kaplan_meier(duration, event, strata=np.where(np.arange(400) < 8, "few", "many"))
    assert curves.plot(axes, until=730) is axes
    line = drawn(axes)["many"]
    assert line.get_ydata()[-1] == curves["many"].at([730])["estimate"].iloc[0]
    assert axes.get_ylabel() == "event-free probability"
    assert axes.get_xlim() == (0, 730)
    texts = [text.get_text() for text in axes.texts]
    assert "392" in texts, "the number at risk at day 0"
    assert f"{curves['few'].at_risk([730])[0]:g}" not in texts, "small numbers are withheld"


def test_all_events_of_one_curve_and_one_event_of_several(axes):
    duration, event = outcome()
    sp.aalen_johansen(duration, event).plot(axes, at_risk=False)
    assert list(drawn(axes)) == ["event 1", "event 2"]
    assert axes.get_ylabel() == "cumulative incidence"
    assert not axes.texts
    other = new_figure()[1]
    curves = sp.aalen_johansen(duration, event, strata=np.arange(400) % 2)
    curves.plot(other, event=2, interval="plain")
    assert list(drawn(other)) == ["0", "1"]
    assert other.get_ylabel() == "cumulative incidence of event 2"
    sp.aalen_johansen(duration, event).plot(new_figure()[1], event=0)


def test_hazard_that_begins_late_and_no_event(axes):
    hazard = sp.nelson_aalen([310, 400, 500], [1, 1, 0], entry=[300, 305, 300])
    hazard.plot(axes)
    assert axes.get_ylabel() == "cumulative hazard"
    assert axes.get_xlim() == (300, 500)
    sp.aalen_johansen([3, 4], [0, 0]).plot(new_figure()[1])
    sp.kaplan_meier([0], [1]).plot(new_figure()[1])


def test_an_axis_without_days_is_refused(axes):
    with pytest.raises(ValueError, match="until must lie after day 0"):
        sp.kaplan_meier([3, 4], [1, 0]).plot(axes, until=0)
