"""Every chart can be read: by those who see few colours, at the size of a notebook, and by those who hear it."""

import io
import itertools
import pickle
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from PIL import Image

import secondplan as sp
from secondplan.models.cox.proportionality import CoefficientOverTime
from secondplan.models.monitoring import ObservedExpected
from secondplan.plots.alt_text import alt_text
from secondplan.plots.metrics_by_time import plot_metric
from secondplan.plots.style import contrast
from secondplan.plots.subgroups import plot_subgroups

mpl.use("Agg")
RNG = np.random.default_rng(1)
DAYS = [182, 365, 730]
FIVE = [
    "up to 3 months",
    "over 3 to 6 months",
    "over 6 months to under 1 year",
    "1 to under 2 years",
    "2 years and over",
]
SEVEN = [f"a model with a name {letter}" for letter in "ABCDEFG"]
FEATURES = ["plan_length_days", "age_at_end", "factor_parental_mental_health", "n_previous_referrals", "sex[2]"]


def estimates(name, labels, days, scale=1.0):
    """A row per label and day, with an interval."""
    rows = pd.DataFrame(list(itertools.product(labels, days)), columns=[name, "time"])
    middle = scale * (0.1 + 0.02 * np.arange(len(rows)) / len(rows))
    return rows.assign(estimate=middle, lower=0.7 * middle, upper=1.5 * middle)


def curves(strata=FIVE):
    duration, event = RNG.integers(1, 1200, 400), RNG.integers(0, 3, 400)
    return sp.aalen_johansen(duration, event, strata=np.array(strata)[np.arange(400) % len(strata)])


def coefficients():
    return pd.DataFrame({"coef": [-0.3, -0.1, 0.0, 0.1, 0.4]}, index=FEATURES).assign(
        lower=lambda rows: rows["coef"] - 0.2, upper=lambda rows: rows["coef"] + 0.2
    )


def over_time():
    place, grid = np.linspace(100, 1000, 40), np.linspace(100, 1000, 20)
    ticks = {day: f"{day:g}" for day in (100.0, 365.0, 730.0, 900.0, 1000.0)}
    line = np.linspace(-0.2, 0.3, 20)
    residual = RNG.normal(size=40)
    return [
        CoefficientOverTime(name, 1, 0.1, place, residual, grid, line, line - 1, line + 1, ticks) for name in FEATURES
    ]


def penalties():
    strength = np.geomspace(0.1, 0.001, 30)
    path = np.outer(np.linspace(0, 1, 30), np.linspace(0.1, 0.2, 14))
    return pd.DataFrame(path, index=strength, columns=[f"feature number {k}" for k in range(14)])


def cross_validation():
    path = penalties()
    table = pd.DataFrame({"cv_mean": np.linspace(15.8, 15.2, 30)}, index=path.index)
    table = table.assign(cv_lower=table["cv_mean"] - 0.1, cv_upper=table["cv_mean"] + 0.1)
    return table.assign(n_features=(path != 0).sum(axis=1))


def contributions():
    table = pd.DataFrame({"row": 0, "time": 730.0, "feature": FEATURES, "value": 1.0})
    table["contribution"] = [0.02, 0.01, -0.02, 0.005, 0.001]
    risks = pd.DataFrame({"row": [0], "time": 730.0, "baseline": 0.08, "risk": 0.096})
    return SimpleNamespace(table=table, risks=risks, event=1)


def distributions():
    names = ["Nelson-Aalen", "weibull", "exponential", "lognormal", "loglogistic", "generalised gamma"]
    hazards = estimates("distribution", names, DAYS).rename(columns={"time": "day"})
    table = pd.DataFrame({"aic_difference": np.arange(5.0)}, index=names[1:])
    at_risk = lambda days: 4000.0 - np.asarray(days)  # noqa: E731
    return SimpleNamespace(cumulative_hazards=hazards, table=table, event=1, at_risk=at_risk)


def effect(days):
    table = pd.concat([estimates("day", [day], np.linspace(10, 800, 30), 10).assign(event=1, time=day) for day in days])
    table = table.assign(value=np.tile(np.linspace(10, 800, 30), len(days)))
    words = {"column": "plan_length_days", "scale": "average risk", "held": "the other features as they are"}
    return SimpleNamespace(table=table, reference=None, times=days, **words)


def importance():
    table = estimates("feature", FEATURES, [730]).rename(columns={"estimate": "importance"})
    return SimpleNamespace(table=table.assign(p_adjusted=[0.01, 0.9, 0.9, 0.9, 0.9]), level=0.95, metric="brier")


def shown_indicators():
    table = estimates("indicator", ["Ended: up to 3 months", "Second or subsequent plans, by dates"], [0], 100)
    table = table.rename(columns={"estimate": "pct"}).assign(
        key=["a", "b"], england_pct=[19.0, 20.0], region_pct=np.nan
    )
    return SimpleNamespace(by=(), period="1 April 2017 to 31 March 2018", to_frame=lambda: table)


def cusum():
    days = pd.DataFrame({"observed": 1.0, "expected": 0.5}, index=pd.date_range("2017-01-01", periods=90, name="day"))
    return sp.risk_adjusted_cusum(ObservedExpected(days, np.ones(9, dtype=int)), hazard_ratio=1.5, n_simulations=200)


def practice():
    series = pd.DataFrame(
        {"share": np.linspace(0.2, 0.25, 8)}, index=pd.date_range("2012-04-01", periods=8, freq="YS-APR")
    )
    series = series.assign(lower=lambda rows: rows["share"] - 0.02, upper=lambda rows: rows["share"] + 0.02)
    series = series.assign(fitted=series["share"], projected=series["share"], controls=series["share"] - 0.05)
    words = {"words": "The share moved by no more than chance (+2.4 points).", "what": "second plans of those started"}
    return SimpleNamespace(series=series, date=pd.Timestamp("2017-04-01"), la_code="330", difference=None, **words)


def tipping():
    influence = RNG.normal(scale=0.01, size=(3, 1, 5))
    return sp.tipping_point(
        sp.EffectResult(tuple(FIVE[:3]), [365], [[0.3], [0.2], [0.25]], influence), reference=FIVE[1]
    )


def by_day(name, labels, column):
    rows = estimates(name, labels, np.linspace(1, 730, 40))
    return rows.rename(columns={"estimate": column, "time": "day" if column == "risk" else "time"})


def trial_weights():
    rows = estimates("strategy", FIVE, [90, 182, 365]).rename(columns={"time": "day"})
    return rows.assign(median=1.0, p99=3.0, mean_per_child=1.01, largest=5.0)


def balance(name):
    return pd.DataFrame({name: FEATURES, "level": "a", "before": [0.5, 0.2, 0.3, 0.1, 0.4], "after": 0.05})


def strategies():
    days = np.arange(0, 731, 10)
    lines = pd.DataFrame({name: days * (k + 1) / 2e4 for k, name in enumerate(FIVE)}, index=days)
    table = estimates("strategy", FIVE, [365, 730])
    return {"curves": lines, "table": table, "at_risk": table.rename(columns={"time": "day"}).assign(copies=4000)}


def calibration():
    bins = pd.DataFrame({"predicted": np.linspace(0.02, 0.2, 10)}).assign(day=730, n=50)
    return bins.assign(
        observed=bins["predicted"] + 0.01, lower=bins["predicted"] - 0.01, upper=bins["predicted"] + 0.03
    )


def comparison():
    rows = estimates("model", SEVEN, DAYS).rename(columns={"time": "day", "estimate": "ipa"})
    return rows.rename(columns={"lower": "ipa_lower", "upper": "ipa_upper"})


def subgroups():
    rows = estimates("group", ["all", *FIVE], [730], 9).assign(characteristic="plan length", p_adjusted=0.9)
    return rows.assign(p_adjusted=[0.9, 0.01, 0.9, 0.9, 0.9, 0.9])


def p_chart():
    months = pd.date_range("2017-01-01", periods=24, freq="MS")
    return sp.p_chart([20, 26, 22, 25, 24, 65] * 4, [100] * 24, labels=months, baseline=5)


def funnel():
    n = RNG.integers(100, 900, 60)
    count = np.append(n[0] // 2, RNG.binomial(n[1:], 0.2))
    return sp.funnel(count, n, labels=[f"authority {k}" for k in range(60)], overdispersion=None)


DRAWN = {
    "plot_balance": lambda: sp.plot_balance(balance("column")),
    "plot_calibration": lambda: sp.plot_calibration(calibration(), day=730),
    "plot_coefficients": lambda: sp.plot_coefficients({name: coefficients() for name in SEVEN[:4]}),
    "plot_coefficients_over_time": lambda: sp.plot_coefficients_over_time(over_time()),
    "plot_comparison": lambda: sp.plot_comparison(comparison()),
    "plot_contributions": lambda: sp.plot_contributions(contributions()),
    "plot_curves": lambda: sp.plot_curves(curves(), until=1095),
    "plot_cusum": lambda: sp.plot_cusum(cusum()),
    "plot_distributions": lambda: sp.plot_distributions(distributions()),
    "plot_effect": lambda: sp.plot_effect(effect([365, 730])),
    "plot_effect_methods": lambda: sp.plot_effect_methods(
        pd.concat(estimates("level", FIVE[:4], [730]).assign(method=name, reference=FIVE[4]) for name in SEVEN[:4])
    ),
    "plot_funnel": lambda: sp.plot_funnel(funnel(), highlight="authority 5"),
    "plot_hazard": lambda: sp.plot_hazard(by_day("row", FIVE, "hazard")),
    "plot_hazard_ratio": lambda: sp.plot_hazard_ratio(by_day("row", ["a"], "hazard_ratio")),
    "plot_importance": lambda: sp.plot_importance(importance()),
    "plot_incidence": lambda: sp.plot_incidence(curves()),
    "plot_indicators": lambda: sp.plot_indicators(shown_indicators()),
    "plot_levels": lambda: sp.plot_levels(estimates("level", FIVE, DAYS)),
    "plot_metric": lambda: plot_metric(estimates("model", SEVEN, DAYS).assign(metric="auc")),
    "plot_overlap": lambda: sp.plot_overlap(RNG.dirichlet(np.ones(5), 400), np.arange(400) % 5, FIVE),
    "plot_p_chart": lambda: sp.plot_p_chart(p_chart()),
    "plot_penalty_cv": lambda: sp.plot_penalty_cv(cross_validation(), {"lambda_min": 0.01}),
    "plot_penalty_path": lambda: sp.plot_penalty_path(penalties(), {"lambda_min": 0.01}),
    "plot_policy": lambda: sp.plot_policy(
        pd.concat(estimates("months", [0, 3, 6, 12], [day]) for day in (365, 730)),
    ),
    "plot_practice_change": lambda: sp.plot_practice_change(practice()),
    "plot_risk": lambda: sp.plot_risk(by_day("row", FIVE, "risk")),
    "plot_risk_distribution": lambda: sp.plot_risk_distribution(RNG.beta(2, 20, 500)),
    "plot_strategies": lambda: sp.plot_strategies(**strategies()),
    "plot_subgroups": lambda: plot_subgroups(subgroups(), name="observed / expected", is_ratio=True),
    "plot_tipping_point": lambda: sp.plot_tipping_point(tipping()),
    "plot_trial_balance": lambda: sp.plot_trial_balance(balance("covariate")),
    "plot_trial_weights": lambda: sp.plot_trial_weights(trial_weights()),
}


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def drawn_texts(figure):
    """What is written, without the labels of ticks that lie outside the axes."""
    axes = [axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]
    ticks = {id(label) for axis in axes for label in axis.get_ticklabels(which="both")}
    inside = {id(tick.label1) for axis in axes for tick in axis._update_ticks()}
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and (id(text) in inside or id(text) not in ticks)
    ]


def test_every_public_plot_is_looked_at():
    assert {name for name in sp.__all__ if name.startswith("plot_")} <= set(DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_it_can_be_read(name):
    drawn = DRAWN[name]()
    axes = list(drawn) if isinstance(drawn, np.ndarray) else [drawn]
    figure = axes[0].figure
    figure.canvas.draw()
    for ax in axes:
        assert any(letter.isdigit() for letter in ax.alt_text) and ax.alt_text.endswith("."), ax.alt_text
        assert "nan" not in ax.alt_text.lower().split()
        assert ax.get_title("left")
        assert ax.get_xlabel() or figure.get_supxlabel()
        assert ax.get_ylabel() or figure.get_supylabel() or any(tick.get_text() for tick in ax.get_yticklabels())
    texts = drawn_texts(figure)
    assert min(text.get_fontsize() for text in texts) >= 8
    assert min(contrast(text.get_color()) for text in texts) >= 4.5
    boxes = [Text.get_window_extent(text) for text in texts]  # without the arrow of an annotation
    beyond = [text.get_text() for text, box in zip(texts, boxes, strict=True)
              if box.x1 > figure.bbox.x1 + 1 or box.x0 < -1]  # fmt: skip
    assert not beyond
    covering = [
        (one.get_text(), other.get_text())
        for (one, a), (other, b) in itertools.combinations(zip(texts, boxes, strict=True), 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 3
    ]
    assert not covering
    for ax in axes:
        looks = []
        for line in ax.get_lines():
            assert contrast(line.get_color()) >= 3
            if not line.get_label().startswith("_"):
                looks.append((line.get_linestyle(), line._dash_pattern[1], line.get_marker(), line.get_color()))
        assert len({str(look) for look in looks}) == len(looks), "two lines look alike"
        if ax.get_legend() is not None:
            told, area = ax.get_legend().get_window_extent(), ax.get_window_extent()
            assert told.x0 >= area.x1 - 1 or told.y1 <= area.y0 + 1, "the legend covers the data"


def test_files_and_notebooks_carry_what_a_chart_says(tmp_path):
    ax = sp.plot_risk_distribution(np.linspace(0, 0.2, 100))
    words = alt_text(ax.figure)
    assert words == ax.alt_text
    assert ax.figure._repr_mimebundle_()[1]["image/png"] == {"alt": words}
    buffer = io.BytesIO()
    ax.figure.savefig(buffer)
    assert Image.open(buffer).text["Description"] == words
    ax.figure.savefig(tmp_path / "chart.svg", metadata={"Date": None})
    assert words in (tmp_path / "chart.svg").read_text(encoding="utf-8")


def test_in_the_users_own_figure_the_legend_stays_inside_and_the_figure_keeps_its_size():
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
    sp.plot_levels(estimates("level", FIVE, DAYS), ax=left)
    figure.canvas.draw()
    assert left.get_legend().get_window_extent().x1 <= right.get_window_extent().x0
    assert figure._repr_mimebundle_()[1]["image/png"]["alt"] == left.alt_text and figure.get_figwidth() == 8
    assert alt_text(pickle.loads(pickle.dumps(figure))) == left.alt_text


def test_beside_other_axes_legends_stand_below_and_ticks_are_few():
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    sp.plot_levels(estimates("level", FIVE, DAYS), ax=left)
    sp.plot_p_chart(p_chart(), ax=right)
    figure.canvas.draw()
    for ax in (left, right):
        assert ax.get_legend().get_window_extent().y1 <= ax.get_window_extent().y0
        assert ax.get_window_extent().width > 0.35 * figure.bbox.width
        boxes = [tick.label1.get_window_extent() for tick in ax.xaxis._update_ticks()]
        assert all(a.x1 < b.x0 for a, b in itertools.pairwise(sorted(boxes, key=lambda box: box.x0)))


def test_bars_of_few_children_are_withheld():
    ax = sp.plot_risk_distribution(np.append(np.full(100, 0.05), [0.11, 0.12, 0.13]))
    heights = {bar.get_height() for bar in ax.patches}
    assert heights == {0, 100} and "fewer than 6 left out" in ax.get_ylabel()
