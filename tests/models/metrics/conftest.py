import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

REFERENCE = Path(__file__).parents[2] / "reference"


@pytest.fixture(params=["melanoma", "mgus2"], scope="session")
def reference(request):
    """Outcomes, predicted risks and what R says of them (tests/reference/metrics.R, metric_errors.R)."""
    data = pd.read_csv(REFERENCE / f"metrics_{request.param}.csv")
    errors = json.loads((REFERENCE / "metric_errors.json").read_text())[request.param]
    results = json.loads((REFERENCE / "metrics_results.json").read_text())[request.param]
    risk = data.filter(like="risk_").to_numpy()
    coarse = np.minimum(np.ceil(risk * 20) / 20, 1.0)
    return SimpleNamespace(
        y=data[["duration", "event"]],
        risk=risk,
        coarse=coarse,
        times=results["times"],
        r=results,
        errors=errors,
        n=len(data),
    )


@pytest.fixture
def censored():
    """300 rows on few distinct days: ties of every kind, two events, censoring, two columns of risk."""
    rng = np.random.default_rng(11)
    y = pd.DataFrame({"duration": rng.integers(0, 40, 300), "event": rng.choice([0, 1, 2], 300, p=[0.4, 0.35, 0.25])})
    return SimpleNamespace(y=y, risk=rng.integers(1, 20, (300, 2)) / 20, times=np.array([12.0, 30.0]))
