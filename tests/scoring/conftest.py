import numpy as np
import pandas as pd
import pytest

from secondplan.models import CauseSpecificCox, FeatureEncoder

CATEGORIES = ["NEG", "EMO", "PHY"]


def make_features(n: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "plan_length_days": random.integers(10, 900, n).astype(float),
            "n_reviews": random.integers(0, 6, n).astype(float),
            "latest_category": pd.Series(random.choice(CATEGORIES, n), dtype="string"),
            "factor_domestic_abuse": pd.array(random.random(n) < 0.4, dtype="boolean"),
        }
    )


def make_outcomes(X: pd.DataFrame, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    n = len(X)
    rate = np.exp(-7.2 - 0.002 * X["plan_length_days"] + 0.8 * X["factor_domestic_abuse"].astype(float))
    second, care = random.exponential(1 / rate), random.exponential(4000, n)
    censored = random.uniform(100, 1500, n)
    time = np.minimum.reduce([second, care, censored]).round()
    event = np.select([second.round() == time, care.round() == time], [1, 2], 0)
    return pd.DataFrame({"entry": 0.0, "duration": time, "event": event})


def cases_of(n: int, seed: int = 7) -> pd.DataFrame:
    """Prepared cases as a nightly job would deliver them."""
    random = np.random.default_rng(seed)
    keys = pd.DataFrame(
        {
            "child_id": pd.Series([f"C{i:06d}" for i in range(n)], dtype="string"),
            "plan_id": pd.Series([f"P{i:06d}" for i in range(n)], dtype="string"),
        }
    )
    days = pd.DataFrame(
        {"eligible_days": random.integers(400, 6000, n).astype(float), "elapsed": random.integers(0, 300, n)}
    )
    return pd.concat([keys, make_features(n, seed + 1), days], axis=1)


@pytest.fixture(scope="session")
def model():
    X = make_features(600, 1)
    return CauseSpecificCox().fit(X, make_outcomes(X, 2))


@pytest.fixture(scope="session")
def lenient_model():
    """Takes missing values and levels that it has not seen."""
    X = make_features(600, 1)
    X.loc[::9, "n_reviews"] = np.nan
    X.loc[::7, "latest_category"] = pd.NA
    encoder = FeatureEncoder(numeric_missing="median", categorical_missing="level", unseen="reference")
    return CauseSpecificCox(encoder=encoder).fit(X, make_outcomes(make_features(600, 1), 2))


@pytest.fixture(scope="session")
def model_data():
    X = make_features(600, 1)
    return X, make_outcomes(X, 2)


@pytest.fixture
def cases():
    return cases_of(60)


@pytest.fixture(scope="session")
def make_cases():
    return cases_of
