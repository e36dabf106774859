"""Aalen-Johansen as a model: its curves by stratum, rows of unseen strata, and what is kept of it."""

import pickle

import numpy as np
import pandas as pd
import pytest

from secondplan.models.bundle import load_model
from secondplan.models.curves.nonparametric import aalen_johansen
from secondplan.models.features.encoder import FeatureEncoder
from secondplan.models.marginal.aalen_johansen import AalenJohansen


class TestModel:
    X = pd.DataFrame({"band": ["s", "l"] * 40, "age": np.where(np.arange(80) % 7 == 0, np.nan, 3.0)})

    def y(self):
        rng = np.random.default_rng(11)
        late = rng.random(80) < 0.3
        duration = rng.integers(5, 40, 80).astype(float)
        entry = np.where(late, np.floor(duration * rng.random(80)), 0.0)
        return pd.DataFrame({"entry": entry, "duration": duration, "event": rng.integers(0, 4, 80)})

    def test_is_the_curve_of_its_stratum(self):
        y = self.y()
        model = AalenJohansen(strata="band", encoder=FeatureEncoder(splines={"age": 3})).fit(self.X, y)
        curve = aalen_johansen(y["duration"], y["event"], entry=y["entry"], strata=self.X["band"])
        times = [0.0, 4.0, 25.0]
        for event in (1, 2, 3):
            found = model.predict_cumulative_incidence(self.X, times, event=event)
            np.testing.assert_allclose(found[0], curve["s"].at(times, event)["estimate"])
            np.testing.assert_allclose(found[1], curve["l"].at(times, event)["estimate"])
            bounds = model.predict_cumulative_incidence_interval(self.X, times, event=event, interval="plain")
            np.testing.assert_allclose(bounds[1], curve["l"].at(times, event, interval="plain")[["lower", "upper"]])
        total = sum(model.predict_cumulative_incidence(self.X, times, event=event) for event in (1, 2, 3))
        np.testing.assert_allclose(total + model.predict_event_free(self.X, times), 1.0)

    def test_marginal_curve_ignores_the_features(self):
        y = self.y()
        model = AalenJohansen(horizon=9.0).fit(self.X, y)
        expected = aalen_johansen(y["duration"], y["event"], entry=y["entry"]).at([9.0])["estimate"].iloc[0]
        np.testing.assert_allclose(model.predict(self.X), expected)
        np.testing.assert_allclose(model.predict(self.X[["age"]].head(3)), expected)

    def test_unseen_stratum(self):
        new = pd.DataFrame({"band": ["s", "new"]})
        model = AalenJohansen(strata="band", horizon=30).fit(self.X, self.y())
        with pytest.raises(ValueError, match="1 rows are in a stratum"):
            model.predict(new)
        marginal = AalenJohansen(strata="band", unseen="marginal", horizon=30).fit(self.X, self.y())
        whole = AalenJohansen(horizon=30).fit(self.X, self.y())
        assert marginal.predict(new)[1] == whole.predict(new)[1]
        assert marginal.predict(new)[0] == model.predict(new.head(1))[0]
        with pytest.raises(ValueError, match="unseen must be one of"):
            AalenJohansen(unseen="guess").fit(self.X, self.y())

    def test_no_event_1(self):
        with pytest.warns(UserWarning, match="no row has event 1"):
            model = AalenJohansen(horizon=30).fit(self.X, self.y().assign(event=0))
        np.testing.assert_array_equal(model.predict(self.X), 0.0)

    def test_saved_and_pickled(self, tmp_path):
        model = AalenJohansen(strata=["band"], horizon=30).fit(self.X, self.y())
        for other in (load_model(model.save(tmp_path / "model")), pickle.loads(pickle.dumps(model))):
            assert not hasattr(other, "curves_")
            np.testing.assert_array_equal(other.predict(self.X), model.predict(self.X))
