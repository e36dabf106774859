"""A warning names the line that called the package, and is known as the package's own."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

import secondplan as sp
from secondplan.caller_warnings import is_own, lines_of, warn, without_repeats

SOURCE = Path(sp.__file__).parent


def cohort_rows():
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"age": rng.normal(size=80), "flat": 3.0})
    return X, pd.DataFrame({"duration": rng.integers(1, 400, 80), "event": rng.integers(0, 2, 80)})


def test_the_line_outside_the_package_is_named():
    with pytest.warns(RuntimeWarning, match="^few events$") as caught:
        warn("few events", RuntimeWarning)
    assert caught[0].filename == __file__
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    assert lines[caught[0].lineno - 1].strip() == 'warn("few events", RuntimeWarning)'


def test_however_deep_and_by_whatever_way_it_came():
    X, y = cohort_rows()
    y.loc[0, "event"], y.loc[y["duration"].idxmax(), "event"] = 2, 0
    model = sp.RoystonParmar(df=1)
    calls = {
        "fit": lambda: model.fit(X, y),
        "a model of each event": lambda: sp.CauseSpecificCox().fit(X, y),
        "metric": lambda: sp.concordance_index(y.assign(event=0), np.full(80, 0.1)),
        "prediction": lambda: sp.AalenJohansen().fit(X, y).predict(X),
        "curve": lambda: sp.kaplan_meier(y["duration"], y["event"] > 0).restricted_mean_time(900),
    }
    for name, call in calls.items():
        with pytest.warns(UserWarning) as caught:
            call()
        assert {warning.filename for warning in caught} == {__file__}, name
        assert all(is_own(warning.message) for warning in caught), name


def test_a_model_that_fits_another_warns_once():
    X, y = cohort_rows()
    y["entry"] = np.where(np.arange(80) < 3, y["duration"], 0)
    with pytest.warns(UserWarning) as caught:
        sp.CoxElasticNetCV(n_lambdas=3, n_folds=2).fit(X, y)
    messages = [str(warning.message) for warning in caught]
    assert len(messages) == len(set(messages)) == 2  # rows, the feature
    assert {warning.filename for warning in caught} == {__file__} and all(is_own(warning.message) for warning in caught)


def test_a_library_between_is_the_caller():
    X, y = cohort_rows()
    with pytest.warns(UserWarning, match="left out: flat$") as caught:
        make_pipeline(sp.CoxPH()).fit(X, y)
    assert Path(caught[0].filename).parts[-2:] == ("sklearn", "pipeline.py")
    assert is_own(caught[0].message)


def test_a_search_says_once_what_every_fold_would():
    X, y = cohort_rows()
    y["event"] = np.arange(80) % 3

    def said():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            cross_val_score(sp.CoxPH(horizon=90), X[["age"]], y, cv=3)
        return sum("competing events" in str(warning.message) for warning in caught)

    assert [said(), said()] == [1, 0]
    globals()["__warningregistry__"].clear()  # as a notebook does for every cell
    assert said() == 1


def test_warnings_of_others_are_not_own():
    with pytest.warns(UserWarning) as caught:
        warnings.warn("a library quotes Alice", stacklevel=1)
    assert not is_own(caught[0].message) and not is_own("a text")


def test_nothing_counts_levels_by_hand():
    files = {path for path in SOURCE.rglob("*.py") if "stacklevel" in path.read_text(encoding="utf-8")}
    assert files == {SOURCE / "caller_warnings.py"}


def test_only_the_packages_own_words_are_kept_in_lines():
    with pytest.warns(UserWarning), without_repeats() as caught:
        for _ in range(2):
            warn("few\nevents")
        warnings.warn("of the child X123", UserWarning, stacklevel=1)
    assert lines_of(caught) == ("few events", "UserWarning (by a library)")
