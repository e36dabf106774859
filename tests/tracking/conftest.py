import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from secondplan.evaluation.subgroup_result import Subgroups
from secondplan.models import AalenJohansen, CauseSpecificCox
from secondplan.tracking import open_store

N_CHILDREN = 120
TIMES = (91, 182, 365, 730)


@dataclass(frozen=True)
class FakeCohort:
    """What tracking reads of a cohort; identifiers are spelt so that they are found wherever they leak."""

    X: pd.DataFrame
    y: pd.DataFrame
    keys: pd.DataFrame
    eligible_days: pd.Series
    flow: pd.DataFrame
    care: str = "competing"
    as_of: pd.Timestamp = field(default_factory=lambda: pd.Timestamp("2018-03-31"))

    def __len__(self) -> int:
        return len(self.X)


@dataclass(frozen=True)
class FakeComparison:
    table: pd.DataFrame
    by_fold: pd.DataFrame
    curves: pd.DataFrame
    calibration: pd.DataFrame
    models: dict[str, Any]
    differences: pd.DataFrame
    failures: dict[str, str] = field(default_factory=dict)
    n_events: int = 240
    verdict: str = "CauseSpecificCox is better than the average risk beyond noise."
    verdicts: dict[str, str] = field(
        default_factory=lambda: {"CauseSpecificCox": "better than the average risk beyond noise"}
    )
    cohort: Any = None

    def subgroups(self, by: Any, *, model: str, **_: Any) -> Subgroups:
        """Boys and girls, of whom the model is right; a third group is too small."""
        table = pd.DataFrame(
            {
                "characteristic": ["all", *["sex"] * 3],
                "group": ["all", "Male", "Female", "Not recorded or unborn"],
                "n": [120, 60, 60, "c"],
                "n_events": [40, 21, 19, "c"],
                "metric": "observed_expected",
                "time": 730.0,
                "estimate": [1.0, 1.05, 0.95, np.nan],
                "std_error": [0.05, 0.1, 0.1, np.nan],
                "lower": [0.9, 0.87, 0.77, np.nan],
                "upper": [1.1, 1.27, 1.17, np.nan],
                "p_adjusted": [np.nan, 0.9, 0.9, np.nan],
                "note": ["", "", "", "fewer than 100 children"],
            }
        )
        return Subgroups(model, table, 0.95, 100, 10)


def make_cohort(seed: int = 1) -> FakeCohort:
    random = np.random.default_rng(seed)
    n = N_CHILDREN
    length = random.integers(20, 800, n).astype(float)
    X = pd.DataFrame(
        {
            "plan_length_days": length,
            "sex": pd.Series(random.choice(["1", "2"], n), dtype="string"),
            "disabled": pd.array(random.random(n) < 0.2, dtype="boolean"),
            "not_a_feature_of_the_model": random.random(n),
        }
    )
    event_time = random.exponential(600 + length, n).round()
    censored = random.uniform(200, 1500, n).round()
    event = np.where(event_time <= censored, random.choice([1, 1, 2], n), 0)
    y = pd.DataFrame({"entry": 0.0, "duration": np.minimum(event_time, censored), "event": event})
    keys = pd.DataFrame(
        {
            "child_id": pd.Series([f"CHILDKEY{i:05d}" for i in range(n)], dtype="string"),
            "plan_id": pd.Series([f"PLANKEY{i:05d}" for i in range(n)], dtype="string"),
            "family_id": pd.Series([f"FAMILYKEY{i // 2:05d}" for i in range(n)], dtype="string"),
            "la_code": pd.Series(["330"] * n, dtype="string"),
            "index_end": pd.Timestamp("2011-02-03") + pd.to_timedelta(np.arange(n), unit="D"),
        }
    )
    flow = pd.DataFrame(
        {
            "step": ["on a plan", "not ended"],
            "n_left_out": [0, 3],
            "n_remaining": [n + 3, n],
            "reason": ["start", "open"],
        }
    )
    return FakeCohort(X, y, keys, pd.Series(np.full(n, 4000.0)), flow)


def make_comparison(*, good_brier: float = 0.05, slope: float = 1.02, n_events: int = 240) -> FakeComparison:
    names = ["AalenJohansen", "CauseSpecificCox"]
    table = pd.DataFrame(
        {
            "brier_365": [0.040, good_brier - 0.02],
            "brier_730": [0.060, good_brier],
            "ipa_730": [0.0, 0.05],
            "auc_365": [0.5, 0.64],
            "auc_730": [0.5, 0.66],
            "ici_730": [0.01, 0.012],
            "difference_to_null_730": [np.nan, good_brier - 0.060],
            "difference_to_null_730_lower": [np.nan, good_brier - 0.065],
            "difference_to_null_730_upper": [np.nan, good_brier - 0.055],
            "auc_730_lower": [0.5, 0.62],
            "auc_730_upper": [0.5, 0.7],
            "observed_expected_730": [1.0, 1.03],
            "observed_expected_730_lower": [0.9, 0.9],
            "observed_expected_730_upper": [1.1, 1.2],
            "calibration_slope_730_lower": [np.nan, slope - 0.2],
            "calibration_slope_730_upper": [np.nan, slope + 0.2],
            "c_index": [0.5, 0.65],
            "calibration_slope_730": [np.nan, slope],
            "fit_seconds": [0.01, 0.2],
        },
        index=pd.Index(names, name="model"),
    )
    days = np.arange(10, 731, 10)
    curves = pd.concat(
        pd.DataFrame({"model": name, "day": days, "brier": days * 1e-4, "auc": 0.6, "ipa": 0.1}) for name in names
    )
    calibration = pd.concat(
        pd.DataFrame(
            {
                "model": name,
                "day": 730,
                "bin": range(4),
                "predicted": [0.01, 0.02, 0.04, 0.09],
                "observed": [0.012, 0.018, 0.05, 0.1],
                "lower": 0.0,
                "upper": 0.2,
                "n": [40, 41, 36, 3],
            }
        )
        for name in names
    )
    by_fold = pd.DataFrame({"model": names, "fold": 0, "n_events": n_events, "brier_730": [0.06, 0.05]})
    difference = pd.DataFrame(
        {
            "model": "CauseSpecificCox",
            "reference": "AalenJohansen",
            "metric": "brier",
            "time": [365.0, 730.0],
            "difference": good_brier - 0.060,
            "std_error": 0.0025,
            "lower": good_brier - 0.065,
            "upper": good_brier - 0.055,
            "p_value": 1e-4,
        }
    )
    models = {"AalenJohansen": AalenJohansen(), "CauseSpecificCox": CauseSpecificCox()}
    return FakeComparison(table, by_fold, curves, calibration, models, difference, cohort=make_cohort())


def fit_models(cohort: FakeCohort) -> dict[str, Any]:
    features = ["plan_length_days", "sex", "disabled"]
    return {
        "AalenJohansen": AalenJohansen().fit(cohort.X[features], cohort.y),
        "CauseSpecificCox": CauseSpecificCox().fit(cohort.X[features], cohort.y),
    }


@pytest.fixture(scope="session")
def cohort():
    return make_cohort()


@pytest.fixture(scope="session")
def fitted(cohort):
    return fit_models(cohort)


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """One SQLite store for all tests: making one takes a second or two."""
    return open_store(f"sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db")


@pytest.fixture(scope="session", name="make_comparison")
def comparison_maker():
    return make_comparison


def a_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(address, seconds=240):
    """Wait until ``address`` answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return True
        except OSError:
            time.sleep(0.1)
    return False


@pytest.fixture(name="free_port")
def free_port_():
    return a_free_port()


@pytest.fixture(scope="session")
def server(store):
    """The port of the running pages."""
    port = a_free_port()
    code = "import sys; from secondplan.tracking import serve_ui; serve_ui(sys.argv[1], port=int(sys.argv[2]))"
    process = subprocess.Popen([sys.executable, "-c", code, store.uri, str(port)], stderr=subprocess.DEVNULL)
    try:
        assert answers(f"http://127.0.0.1:{port}/health")
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
