import numpy as np
import pytest

from secondplan.errors import InputError
from secondplan.models import aalen_johansen
from secondplan.scoring import RiskBands, score
from secondplan.scoring.bands import yardsticks


def test_cut_points_by_hand():
    bands = RiskBands(0.06)
    risks = np.array([0.0, 0.0299, 0.03, 0.0899, 0.09, 0.1799, 0.18, 1.0])
    expected = ["low", "low", "average", "average", "high", "high", "very high", "very high"]
    assert bands.assign(risks, np.nan).to_pylist() == expected


def test_yardsticks_are_the_averages_of_training_given_the_days_passed(model, model_data):
    y = model_data[1]
    curve = aalen_johansen(y["duration"], y["event"])
    first, other = (curve.at([200, 565], event=event)["estimate"].to_numpy() for event in (1, 2))
    conditional = (first[1] - first[0]) / (1.0 - first[0] - other[0])
    since, until = np.array([0.0, 200.0, 0.0, 5000.0]), np.array([730.0, 565.0, 565.0, 5365.0])
    found = yardsticks(model, since, until)
    assert found[0] == model.average_risk_
    # The curve that a model keeps is straight between days that lie a dozen events apart.
    np.testing.assert_allclose(found[1:3], [conditional, first[1]], atol=0.01)
    assert np.isnan(found[3])


def test_the_kept_curve_has_a_dozen_events_between_its_days(model, model_data):
    y = model_data[1]
    days = model.average_curve_[0]
    until = np.searchsorted(np.sort(y.loc[y["event"] > 0, "duration"]), days[1:], side="right")
    assert (np.diff(until, prepend=0) >= 12).all() and days[-1] == y["duration"].max()


def test_without_a_known_average_above_0_there_is_no_band():
    risk = np.array([0.1, np.nan, 0.0, 0.1, 0.1])
    average = np.array([0.1, 0.1, 0.0, np.nan, 0.05])
    assert RiskBands().assign(risk, average).to_pylist() == ["average", None, None, None, "high"]


def test_bands_in_words():
    assert RiskBands.parse("0.5, 1.5,3") == RiskBands()
    assert RiskBands.parse("low,1,up") == RiskBands(None, (1.0,), ("low", "up"))
    for text in ("", "low", "1,2", "low,x,up", "2,1,3", "nan,1,2"):
        with pytest.raises(InputError, match="bands"):
            RiskBands.parse(text)


def test_a_band_does_not_depend_on_the_others_in_the_file(model, cases):
    whole = score(model, cases)["band"]
    assert score(model, cases.iloc[:1])["band"].iloc[0] == whole.iloc[0]
    assert whole.nunique() > 1


@pytest.mark.parametrize(
    "settings", [{"yardstick": 1.5}, {"yardstick": 0.0}, {"yardstick": 0.1, "multiples": (2.0, 1.0, 3.0)}]
)
def test_bands_that_are_none_are_refused(settings):
    with pytest.raises(InputError, match="bands"):
        RiskBands(**settings)
