import numpy as np
import pandas as pd
import pytest

from secondplan.errors import InputError
from secondplan.scoring import RiskBands, score
from secondplan.scoring.bands import AVERAGE_OF_TRAINING, TYPICAL_CASE


def test_cut_points_by_hand():
    bands = RiskBands(0.06)
    risks = np.array([0.0, 0.0299, 0.03, 0.0899, 0.09, 0.1799, 0.18, 1.0])
    expected = ["low", "low", "average", "average", "high", "high", "very high", "very high"]
    assert bands.assign(risks).tolist() == expected


def test_the_yardstick_at_the_horizon_is_the_average_of_training(model):
    assert RiskBands.of(model, model.horizon) == RiskBands(model.average_risk_, AVERAGE_OF_TRAINING)


def test_the_yardstick_elsewhere_is_a_typical_case(model):
    typical = pd.DataFrame({name: [value] for name, value in model.encoder_.reference_.items()})
    bands = RiskBands.of(model, 365)
    assert bands.meaning == TYPICAL_CASE
    assert bands.yardstick == pytest.approx(model.predict_cumulative_incidence(typical, [365])[0, 0])


def test_a_band_does_not_depend_on_the_others_in_the_file(model, cases):
    whole = score(model, cases)["band"]
    assert score(model, cases.iloc[:1])["band"].iloc[0] == whole.iloc[0]
    assert whole.nunique() > 1


@pytest.mark.parametrize("settings", [{"yardstick": 1.5}, {"yardstick": 0.1, "multiples": (2.0, 1.0, 3.0)}])
def test_bands_that_are_none_are_refused(settings):
    with pytest.raises(InputError, match="bands"):
        RiskBands(**settings)
