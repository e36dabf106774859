import numpy as np
import pandas as pd
import pytest

from secondplan.models.inputs.outcome import check_outcome
from secondplan.models.metrics import MetricWarning, concordance_index, fit_censoring
from secondplan.models.metrics.concordance import Pairs, concordance_value
from secondplan.models.metrics.ranks import Ranks
from secondplan.models.metrics.state_weights import ProductLimitWeights, weights_of

from .influence_checks import assert_is_derivative

R_DIGITS = 1e-11


def brute_force(y, risk, horizon):
    """Every pair in turn, as the definition says."""
    duration, event = y["duration"].to_numpy(), y["event"].to_numpy()
    g = fit_censoring(y)
    before, at = g.before(duration), g.at(duration)
    pairs = concordant = 0.0
    for i in range(len(y)):
        if event[i] != 1 or duration[i] > horizon or at[i] == 0:
            continue
        for j in range(len(y)):
            if duration[j] > duration[i] or (duration[j] == duration[i] and event[j] == 0):
                weight = 1 / (before[i] * at[i])
            elif event[j] == 2:
                weight = 1 / (before[i] * before[j])
            else:
                continue
            pairs += weight
            concordant += weight * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    return concordant / pairs


def test_agrees_with_pec(reference):
    for risk, name in ((reference.risk, "concordance"), (reference.coarse, "concordance_ties")):
        ours = [concordance_index(reference.y, risk[:, k], horizon=t) for k, t in enumerate(reference.times)]
        np.testing.assert_allclose(ours, reference.r[name], atol=R_DIGITS)


@pytest.mark.parametrize("horizon", [5, 20, np.inf])
def test_sorted_counting_equals_every_pair(censored, horizon):
    risk = censored.risk[:, 0]
    np.testing.assert_allclose(
        concordance_index(censored.y, risk, horizon=horizon), brute_force(censored.y, risk, horizon), rtol=1e-12
    )


def test_worked_by_hand_without_censoring():
    # The case of day 1 (0.3) against 0.1, 0.5, 0.3: 1 + 0 + 1/2. That of day 3 (0.5) against the competing 0.1 and the
    # later 0.3: 2. That of day 4 (0.3) against the competing 0.1: 1. Six pairs.
    y = {"duration": [1, 2, 3, 4], "event": [1, 2, 1, 1]}
    assert concordance_index(y, [0.3, 0.1, 0.5, 0.3]) == pytest.approx(4.5 / 6)


def test_only_ranks_matter_and_reversal_mirrors(censored):
    risk = censored.risk[:, 1]
    c = concordance_index(censored.y, risk, horizon=30)
    assert concordance_index(censored.y, np.exp(9 * risk), horizon=30) == c
    assert concordance_index(censored.y, -risk, horizon=30) == pytest.approx(1 - c)
    assert concordance_index(censored.y, np.ones(300), horizon=30) == pytest.approx(0.5)


def test_weight_two_equals_the_row_twice(censored):
    # The two copies of a case have the event on the same day, so they make no pair with each other.
    rows = [0, *range(300)]
    assert concordance_index(
        censored.y, censored.risk[:, 0], horizon=30, sample_weight=np.r_[2.0, np.ones(299)]
    ) == pytest.approx(concordance_index(censored.y.iloc[rows], censored.risk[rows, 0], horizon=30), rel=1e-12)


@pytest.mark.parametrize("event", [[1, 1, 1], [0, 0, 0], [2, 2, 2]])
def test_nothing_to_compare_is_nan_with_a_warning(event):
    with pytest.warns(MetricWarning, match="no two rows can be compared"):
        assert np.isnan(concordance_index({"duration": [4, 4, 4], "event": event}, [0.1, 0.2, 0.3]))


def brute_force_of_kind(y, risk, weight, horizon, kind):
    """Pairs of a case with a row free of every event on its day, one by one; delayed entry makes later pairs only."""
    duration, event, entry = (y[name].to_numpy(dtype=float) for name in ("duration", "event", "entry"))
    at_event = ProductLimitWeights(check_outcome(y), weight).at_event
    pairs = concordant = 0.0
    for i in np.flatnonzero((event == 1) & (duration <= horizon)):
        for j in range(len(y)):
            later = duration[j] > duration[i] or (duration[j] == duration[i] and event[j] != 1)
            if later and entry[j] <= duration[i]:
                own = weight[i] * weight[j] * (at_event[i] ** 2 if kind == "uno" else 1.0)
                pairs += own
                concordant += own * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    return concordant / pairs


@pytest.fixture
def late_rows():
    rng = np.random.default_rng(8)
    duration = rng.integers(1, 25, 60)
    entry = np.where(rng.uniform(size=60) < 0.5, np.floor(duration * rng.uniform(size=60)), 0)
    y = pd.DataFrame({"entry": entry, "duration": duration, "event": rng.choice([0, 1, 2], 60, p=[0.4, 0.35, 0.25])})
    return y, rng.integers(1, 12, 60) / 12, rng.integers(1, 9, 60) / 4


@pytest.mark.parametrize("kind", ["uno", "harrell"])
def test_other_kinds_equal_every_pair(late_rows, kind):
    y, risk, weight = late_rows
    pairs = Pairs(ProductLimitWeights(check_outcome(y), weight), 1)
    expected = brute_force_of_kind(y, risk, weight, 20, kind)
    assert concordance_value(pairs, Ranks(risk), 20, kind).value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("kind", ["uno", "harrell"])
def test_other_kinds_agree_with_survival(reference, kind):
    y = reference.y.assign(
        duration=reference.y["duration"] + (1 + np.arange(reference.n)) / (2 * reference.n),
        event=(reference.y["event"] == 1).astype(int),
    )
    ours = [concordance_index(y, reference.risk[:, k], horizon=t, kind=kind) for k, t in enumerate(reference.times)]
    np.testing.assert_allclose(ours, reference.errors[kind], atol=R_DIGITS)


@pytest.mark.parametrize("kind", ["wolbers", "uno", "harrell"])
@pytest.mark.parametrize("entry", [False, True], ids=["from day 0", "delayed entry"])
def test_influence_is_the_derivative_by_the_case_weights(late_rows, kind, entry):
    y, risk, weight = late_rows
    outcome = check_outcome(y if entry else y.drop(columns="entry"))

    def value(weight):
        return concordance_value(Pairs(ProductLimitWeights(outcome, weight), 1), Ranks(risk), 20.0, kind)

    influence = value(weight).influence()
    assert abs(influence.sum()) < 1e-12
    assert_is_derivative(influence, lambda w: value(w).value, weight)


def test_influence_with_censoring_learnt_elsewhere(late_rows):
    y, risk, weight = late_rows
    outcome, censoring = (
        check_outcome(y.drop(columns="entry")),
        fit_censoring({"duration": [9, 30, 40], "event": [0, 1, 0]}),
    )

    def value(weight):
        return concordance_value(Pairs(weights_of(outcome, weight, censoring), 1), Ranks(risk), 20.0, "wolbers")

    assert_is_derivative(value(weight).influence(), lambda w: value(w).value, weight)
