"""Plots show what they are given: the numbers drawn are the numbers computed."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.plots.style import data_uri, house_style, new_figure, png


@pytest.fixture
def axes():
    return new_figure()[1]


@pytest.fixture(scope="module")
def curves():
    generator = np.random.default_rng(3)
    duration, event = generator.integers(1, 1000, 400), generator.integers(0, 3, 400)
    return sp.aalen_johansen(duration, event, strata=np.where(np.arange(400) < 8, "few", "many"))


def test_incidence_is_drawn_in_percent_with_numbers_at_risk(curves, axes):
    sp.plot_incidence(curves, until=730, ax=axes)
    line = {line.get_label(): line for line in axes.get_lines()}["many"]
    assert line.get_ydata()[-1] == pytest.approx(100 * curves["many"].at([730])["estimate"].iloc[0])
    texts = [text.get_text() for text in axes.texts]
    assert "392" in texts, "the number at risk at day 0"


def test_small_numbers_at_risk_are_withheld(curves, axes):
    sp.plot_incidence(curves, until=730, ax=axes)
    at_risk = curves["few"].at_risk([730])[0]
    assert 0 < at_risk <= 5
    texts = [text.get_text() for text in axes.texts]
    assert "c" in texts and "c: 1 to 5" in texts
    assert f"{at_risk:g}" not in texts


def test_calibration_draws_the_bins_of_one_horizon(axes):
    bins = pd.DataFrame({"day": [365, 365, 730], "predicted": [0.1, 0.2, 0.9], "observed": [0.1, 0.3, 0.9]})
    bins = bins.assign(lower=bins["observed"] - 0.05, upper=bins["observed"] + 0.05, n=50)
    sp.plot_calibration(bins, day=365, ax=axes)
    drawn = axes.containers[0].lines[0]
    np.testing.assert_allclose(np.asarray(drawn.get_xdata(), float), [10, 20])
    np.testing.assert_allclose(np.asarray(drawn.get_ydata(), float), [10, 30])
    with pytest.raises(ValueError, match="several horizons"):
        sp.plot_calibration(bins, ax=axes)
    with pytest.raises(ValueError, match="no calibration at 91 days"):
        sp.plot_calibration(bins, day=91, ax=axes)


def test_calibration_draws_what_the_metrics_give(axes):
    y = {"duration": [1.0] * 100, "event": [1] * 10 + [2] * 40 + [1] * 25 + [2] * 25}
    risk = [0.2] * 50 + [0.5] * 50
    sp.calibration_curve(y, risk, 1).plot(ax=axes)
    np.testing.assert_allclose(np.asarray(axes.containers[0].lines[0].get_ydata(), float), [20, 50])
    sp.plot_calibration(sp.smooth_calibration_curve(y, risk, 1), ax=axes)
    assert axes.containers[1].lines[0].get_linestyle() == "-"


def test_coefficients_scale_with_their_units(axes):
    summary = pd.DataFrame({"coef": [0.01], "lower": [0.005], "upper": [0.015]}, index=["days"])
    names = {"coef": "hazard_ratio", "lower": "hazard_ratio_lower", "upper": "hazard_ratio_upper"}
    ratios = np.exp(summary).rename(columns=names)
    sp.plot_coefficients(summary.join(ratios), per={"days": 100}, ax=axes)
    assert axes.get_lines()[0].get_xdata()[0] == pytest.approx(np.e)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["days, per 100"]
    assert "hazard ratio" in axes.get_xlabel()


def test_risk_distribution_refuses_nothing_to_draw(axes):
    with pytest.raises(ValueError, match="no risks"):
        sp.plot_risk_distribution([np.nan], ax=axes)


def test_pictures_are_the_same_bytes_each_time(curves):
    made = []
    for _ in range(2):
        figure, ax = new_figure()
        sp.plot_incidence(curves, ax=ax)
        made.append((png(figure), data_uri(figure)))
    assert made[0] == made[1]


def test_users_own_style_is_left_alone():
    before = dict(mpl.rcParams)
    sp.plot_risk_distribution(np.linspace(0, 0.2, 50), ax=new_figure()[1])
    assert dict(mpl.rcParams) == before


def test_a_notebook_that_becomes_interactive_while_a_chart_is_drawn_stays_so():
    with mpl.rc_context({"interactive": False}):
        with house_style():
            mpl.interactive(True)
        assert mpl.is_interactive()


@pytest.mark.parametrize("labels", [[False, True], [0, 1], [0.0, 2.5], ["a", "b"]])
@pytest.mark.parametrize("drawn", [sp.plot_incidence, lambda curves, ax: curves.plot(ax)])
def test_every_stratum_has_its_row_of_numbers_at_risk(labels, drawn, axes):
    strata = np.array(labels)[np.arange(40) % 2]
    curves = sp.aalen_johansen(np.arange(40.0) * 20, np.arange(40) % 3 == 0, strata=strata)
    ax = drawn(curves, ax=axes)
    beneath = [text for text in ax.texts if text.get_text() not in ("at risk", "c: 1 to 5")]
    named = {text.xyann[1]: text.get_text() for text in beneath if text.get_ha() == "right"}
    assert list(named.values()) == [str(label) for label in curves.labels]
    assert {text.xyann[1] for text in beneath} == set(named)
    assert {line.get_label() for line in ax.get_lines()} >= set(named.values())


def test_tables_may_be_given_as_the_results_that_hold_them(axes):
    result = sp.EffectResult(("3 months", "6 months"), [365, 730], [[0.3, 0.4], [0.2, 0.3]], [[[0.01] * 2] * 2] * 2)
    sp.plot_levels(result, ax=axes)
    assert axes.get_legend().get_title().get_text() == "level"
    ours = [np.asarray(line.get_ydata(), float) for line in axes.get_lines()]
    axes.clear()
    sp.plot_levels(result.table, ax=axes)
    for drawn, line in zip(ours, axes.get_lines(), strict=True):
        np.testing.assert_allclose(drawn, np.asarray(line.get_ydata(), float))
