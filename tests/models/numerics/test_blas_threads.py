"""One BLAS thread inside the context, whatever was set before afterwards."""

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from secondplan.models import CoxPH
from secondplan.models.numerics.blas_threads import one_blas_thread


def n_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads():
    with threadpool_limits(2, user_api="blas"):
        if n_threads() != {2}:
            pytest.skip("the linear algebra of this machine knows no second thread")
        yield


def test_one_thread_inside_and_two_after_it():
    with one_blas_thread():
        assert n_threads() == {1}
        with one_blas_thread():
            assert n_threads() == {1}
        assert n_threads() == {1}
    assert n_threads() == {2}


def test_an_error_gives_the_threads_back():
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert n_threads() == {2}


def test_a_fit_and_a_prediction_use_one_and_give_the_others_back(monkeypatch):
    seen: list[set[int]] = []

    class Watched(CoxPH):
        def _fit(self, *arguments):
            seen.append(n_threads())
            super()._fit(*arguments)

        def _incidence(self, *arguments):
            seen.append(n_threads())
            return super()._incidence(*arguments)

    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=40)})
    y = pd.DataFrame({"duration": rng.integers(1, 90, 40), "event": rng.integers(0, 2, 40)})
    Watched().fit(X, y).predict_cumulative_incidence(X, [30])
    assert seen == [{1}, {1}]
    assert n_threads() == {2}
