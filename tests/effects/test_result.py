"""What is made of risks and their influences."""

from dataclasses import replace

import numpy as np
import pytest

from secondplan.effects import EffectResult, RiskCurve

NAMES = ("3 months", "6 months", "12 months")


@pytest.fixture(scope="module")
def result():
    rng = np.random.default_rng(0)
    influence = rng.normal(0, 0.004, (3, 2, 40))
    curve = RiskCurve(np.array([100.0, 300.0]), np.array([[0.1, 0.3]] * 3), influence, is_step=True)
    return EffectResult(
        NAMES,
        [365, 730],
        [[0.2, 0.3], [0.15, 0.25], [0.1, 0.3]],
        influence,
        curve=curve,
        n_children=60,
        counts=[[20, 30], [15, 25], [3, 9]],
        reference="6 months",
        assumptions=("nothing else differs <at all>",),
    )


def test_contrasts_are_those_of_the_influences(result):
    found = result.difference("3 months")
    assert found["estimate"].to_numpy() == pytest.approx([-0.05, -0.05, -0.1, 0.0])
    by_hand = result.influence[1, 0] - result.influence[0, 0]
    assert found["std_error"][0] == pytest.approx(np.sqrt((by_hand**2).sum()))
    ratio = result.ratio("3 months")
    log_error = np.sqrt(((result.influence[1, 0] / 0.15 - result.influence[0, 0] / 0.2) ** 2).sum())
    assert ratio["estimate"][0] == pytest.approx(0.75)
    assert np.log(ratio["upper"][0] / 0.75) == pytest.approx(1.959963984540054 * log_error)
    assert ratio["std_error"][0] == pytest.approx(0.75 * log_error)


def test_few_that_stand_for_many_make_intervals_skewed(result):
    few = result.influence.copy()
    few[2, :, 0] = 0.06
    plain = replace(result, influence=few)
    skewed = replace(plain, small_sample=True)
    usual, found = (each.difference().tail(2) for each in (plain, skewed))
    below, above = (found["estimate"] - found["lower"], found["upper"] - found["estimate"])
    half = usual["upper"] - usual["estimate"]
    assert np.all(above > 1.2 * half) and np.all(below < half)
    assert found["std_error"].equals(usual["std_error"])
    everything = skewed.difference()
    excluded = (everything["lower"] > 0) | (everything["upper"] < 0)
    assert excluded.tolist() == (everything["p_value"] < 0.05).tolist()
    assert plain.table.equals(skewed.table)  # risks are symmetric on their own scale


def test_what_is_not_known_of_one_level_takes_no_other_with_it(result):
    risk = result.risk.copy()
    risk[0, 0], risk[0, 1] = np.nan, 0.0
    influence = result.influence.copy()
    influence[0] = 0.0
    few = replace(result, risk=risk, influence=influence)
    for table, whole in ((few.difference(), result.difference()), (few.ratio(), result.ratio())):
        assert table.tail(2).equals(whole.tail(2))
        assert table.iloc[0, 3:].isna().all()
    assert few.ratio().iloc[1, 3:].isna().all()  # no ratio to a risk of 0
    assert np.isnan(few.table["std_error"][0])
    draws = np.array([[[0.2], [0.0]], [[0.1], [0.1]], [[0.1], [0.2]]])
    EffectResult(("a", "b"), [365], [[0.2], [0.1]], draws=draws).ratio()  # and warns of nothing


def test_days_lost_are_areas(result):
    lost = result.time_lost(400)
    assert lost["estimate"].to_numpy() == pytest.approx([200 * 0.1 + 100 * 0.3] * 3)
    by_hand = 200 * result.influence[0, 0] + 100 * result.influence[0, 1]
    assert lost["std_error"][0] == pytest.approx(np.sqrt((by_hand**2).sum()))
    assert result.time_lost(400, "3 months")["estimate"].to_numpy() == pytest.approx([0, 0])
    assert result.time_lost(200)["estimate"][0] == pytest.approx(10)
    straight = RiskCurve(np.array([0.0, 10.0]), np.array([[0.0, 1.0]]))
    assert straight.risk @ straight.area_weights(12.0) == pytest.approx([7.0])


def test_small_numbers_of_children_are_withheld(result):
    found = result.avoided(per=1000)
    assert found["reference"].unique().tolist() == ["6 months"]
    assert found["estimate"].to_numpy() == pytest.approx([-50, -50, np.nan, -50], nan_ok=True)
    assert found["is_withheld"].tolist() == [False, False, True, False]
    assert found["children"].tolist() == ["c"] * 4  # 3 more among 60 children
    assert (found["lower"] <= found["estimate"])[[0, 1, 3]].all()


def test_draws_give_percentiles():
    draws = np.stack([np.array([[0.1 + d], [0.2 + 2 * d]]) for d in np.linspace(0, 0.1, 101)])
    result = EffectResult(("a", "b"), [365], [[0.15], [0.3]], draws=draws)
    assert result.table["lower"].to_numpy() == pytest.approx([0.1025, 0.205])
    assert result.difference()["upper"].to_numpy() == pytest.approx([0.1975])
    assert result.ratio()["lower"][0] > 1
    assert "101 draws" in repr(result)


def test_words_and_picture(result):
    assert "20.0 (" in repr(result)
    assert "40 clusters" in repr(result)
    assert "nothing else differs &lt;at all&gt;" in result._repr_html_()
    assert len(result.plot().containers) == 3


def test_a_level_that_is_a_number_can_be_given_as_it_is(result):
    named = replace(result, levels=("0", "1", "2"), reference=None)
    assert named.difference(0).equals(named.difference("0")) and set(named.difference(1)["reference"]) == {"1"}


def test_what_cannot_be_is_refused(result):
    with pytest.raises(ValueError, match="'never' is no level of the result; these are: 3 months, 6 months"):
        result.difference("never")
    with pytest.raises(ValueError, match="risk: expected 2 levels by 1 times"):
        EffectResult(("a", "b"), [365], [[0.1]])
    with pytest.raises(ValueError, match="no curve"):
        EffectResult(("a",), [365], [[0.1]]).time_lost(100)
    with pytest.raises(ValueError, match="different names"):
        EffectResult(("a", "a"), [365], [[0.1], [0.1]])
