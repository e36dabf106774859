"""The likelihood ratio test of nested models, and each reason to refuse one."""

import numpy as np
import pytest
from sklearn.base import clone

from secondplan import CauseSpecificCox, CoxPH, FeatureEncoder, FineGray, ParametricAFT, RoystonParmar, compare_nested

from ..all_models import MODELS, X, Y, outcome_for

AGE = X[["age"]]
Y_ONE = outcome_for(CoxPH())


@pytest.fixture(scope="module")
def small():
    return CoxPH().fit(AGE, Y_ONE)


def test_against_nothing_it_is_the_global_test(fitted):
    model = fitted["CoxPH"]
    test = compare_nested(CoxPH().fit(X[[]], Y_ONE), model)
    expected = model.global_tests_.loc["likelihood ratio"]
    np.testing.assert_allclose([test.statistic, test.df, test.p_value], expected[["statistic", "df", "p"]], rtol=1e-9)
    assert test.likelihood == "partial likelihood" and "chi-squared" in repr(test) and "<table" in test._repr_html_()
    statistic, p_value, df = test
    assert (statistic, p_value, df) == (test.statistic, test.p_value, test.df)


@pytest.mark.parametrize("name", ["CauseSpecificCox", "RoystonParmar", "ParametricAFT", "DiscreteTimeHazard"])
def test_events_add_up(name, fitted):
    large = fitted[name]
    test = compare_nested(clone(MODELS[name]).fit(AGE, Y), large)
    difference = np.sum(test.table.loc["all", "log_likelihood_large"] - test.table.loc["all", "log_likelihood_small"])
    assert test.df == 6 and test.statistic == pytest.approx(2 * difference) and 0 < test.p_value < 0.05
    if name != "DiscreteTimeHazard":
        assert test.table["statistic"][[1, 2]].sum() == pytest.approx(test.statistic)
        assert test.table["df"].tolist() == [3, 3, 6]


def test_a_spline_holds_its_number_and_the_weibull_the_exponential(small):
    spline = CoxPH(encoder=FeatureEncoder(splines={"age": 3})).fit(AGE, Y_ONE)
    assert compare_nested(small, spline).df == 2
    shapes = [ParametricAFT(distribution=name).fit(AGE, Y) for name in ("exponential", "weibull")]
    assert compare_nested(*shapes).df == 2
    varying = RoystonParmar(df=2, time_varying={"age": 1}).fit(AGE, Y)
    assert compare_nested(RoystonParmar(df=2).fit(AGE, Y), varying).df == 2


def test_what_is_no_test_is_refused(small, fitted):
    large = fitted["CoxPH"]
    family = np.arange(len(X)) // 2
    shorter = Y_ONE.assign(duration=Y_ONE["duration"] + 1)
    fine_gray = FineGray().fit(X, Y)
    cases = [
        (CauseSpecificCox().fit(AGE, Y_ONE), large, "different kinds: CauseSpecificCox and CoxPH"),
        (CoxPH().fit(AGE[:200], Y_ONE[:200]), large, "different rows: 200 and 240"),
        (CoxPH().fit(AGE, shorter), large, "different rows: their events, durations or weights"),
        (CoxPH().fit(AGE, Y_ONE, sample_weight=np.full(240, 2)), large, "different rows"),
        (CoxPH(ties="breslow").fit(AGE, Y_ONE), large, "differ in their settings: ties"),
        (CoxPH(alpha=0.1).fit(AGE, Y_ONE), large, "a penalised CoxPH"),
        (small, CoxPH(firth=True).fit(X, Y_ONE), "a penalised CoxPH"),
        (small, CoxPH().fit(X, Y_ONE, cluster=family), "robust errors .* its rows are not independent"),
        (CoxPH().fit(AGE, Y_ONE, sample_weight=np.full(240, 0.5)), large, "robust errors"),
        (fine_gray, fine_gray, "FineGray gives no likelihood ratio test: its weights are estimated"),
        (fitted["BoostedHazard"], fitted["BoostedHazard"], "it has no likelihood"),
        (large, small, r"small is not nested in large, which has no disabled, category\[NEG\]"),
        (large, large, "large has no parameter that small does not have"),
        (CoxPH(encoder=FeatureEncoder(splines={"age": 2})).fit(AGE, Y_ONE), large, "which has no age"),
    ]
    for one, other, reason in cases:
        with pytest.raises(ValueError, match=reason):
            compare_nested(one, other)
