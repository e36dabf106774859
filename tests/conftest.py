"""Settings of every test: one thread each, since the tests already run side by side; no picture needs a screen."""

import os
from pathlib import Path

import pytest

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


@pytest.fixture(scope="session")
def two_authorities():
    """The children of two small authorities of the shipped data, with all tables."""
    from secondplan.plans import Plans, read_plans

    plans = read_plans(Path(__file__).parents[1] / "data" / "synthetic" / "store")
    codes = ["501", "508"]
    own = {name: frame for name, frame in plans.tables.items() if name != "reviews"}
    own = {name: frame[frame["la_code"].isin(codes)] for name, frame in own.items()}
    return Plans(**own, reviews=plans.reviews[plans.reviews["plan_id"].isin(own["plans"]["plan_id"])])
