import warnings

import pandas as pd
from sklearn.model_selection import GridSearchCV

from secondplan.evaluation import compare_models
from secondplan.models import AalenJohansen, BoostedHazard, CauseSpecificCox


def test_the_number_of_processes_changes_nothing(cohort):
    """But rounding: risks, tables, the line of a model that fails, and what workers warned of."""

    class Fails(AalenJohansen):
        def fit(self, X, y, *, sample_weight=None, cluster=None):
            if len(X) < 801:
                raise ValueError("quotes 'Alice'")
            return super().fit(X, y)

    class Warns(AalenJohansen):
        def fit(self, X, y, *, sample_weight=None, cluster=None):
            warnings.warn("a library quotes Alice", RuntimeWarning, stacklevel=1)
            return super().fit(X, y)

    models = {
        "AalenJohansen": AalenJohansen(),
        "cox": CauseSpecificCox(),
        "boosted": BoostedHazard(max_iter=5, random_state=None),
        "fails": Fails(),
        "warns": Warns(strata="disabled"),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        one, two = (compare_models(models, cohort, folds=3, times=[365], n_jobs=n_jobs) for n_jobs in (1, 2))
    for name in ("table", "by_fold", "curves", "calibration", "differences", "predictions"):
        first, second = (getattr(found, name).drop(columns="fit_seconds", errors="ignore") for found in (one, two))
        pd.testing.assert_frame_equal(first, second, check_exact=False, rtol=1e-10, atol=1e-12)
    assert one.failures == two.failures and list(one.failures) == ["fails"]
    assert one.notes == two.notes == {"warns": ("RuntimeWarning (raised by a library) (3 of 3 folds)",)}


def test_a_search_is_nested_by_family_and_says_what_it_chose(cohort):
    families = pd.Series(cohort.cluster.to_numpy(), index=cohort.X["noise"])

    class Seen(AalenJohansen):
        """Fails if a family of the rows that judge a candidate was among those that trained it."""

        def fit(self, X, y, *, sample_weight=None, cluster=None):
            self.seen_ = set(cluster)
            return super().fit(X, y, cluster=cluster)

        def score(self, X, y):
            assert not self.seen_ & set(families[X["noise"]])
            return float(self.strata is not None)

    models = {"searched": GridSearchCV(Seen(), {"strata": [None, "disabled"]}, cv=3, error_score="raise")}
    found = compare_models(models, cohort, folds=2, times=[365])
    assert found.failures == {}
    assert found.chosen[["fold", "parameter", "value"]].to_numpy().tolist() == [
        [0, "strata", "disabled"], [1, "strata", "disabled"]
    ]  # fmt: skip
    assert "strata disabled (2 of 2 folds)" in found._repr_html_()
    plain = compare_models({"searched": AalenJohansen(strata="disabled")}, cohort, folds=2, times=[365])
    pd.testing.assert_frame_equal(found.predictions, plain.predictions)
