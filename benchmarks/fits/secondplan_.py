"""secondplan, from arrays as a user has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..cases import SMALL_SIZES
from ..data import HORIZONS, BenchmarkData
from ..measure import floor_seconds, measure
from ..overhead import parts_of_fit
from . import Prepared

N_EXACT = 2_000
N_QUALITY = 5_000


def version() -> str:
    import secondplan

    return str(secondplan.__version__)


def cox(data: BenchmarkData, *, ties: str = "efron", robust: bool = False) -> Prepared:
    """With clusters, a fit without them is timed as well, in the same process."""
    import secondplan as sp

    y = _outcome(data)
    cluster = data.family if robust else None

    def facts(model: Any) -> dict[str, Any]:
        floor = floor_seconds(data.X, model.coef_) * model.n_iterations_
        found = {"floor_seconds": floor, "n_iterations": int(model.n_iterations_)}
        if robust:
            found["plain_seconds"] = measure(lambda: sp.CoxPH(ties=ties).fit(data.X, y))[1]["seconds"]
        return found | _parts(lambda: sp.CoxPH(ties=ties), data)

    return Prepared(lambda: sp.CoxPH(ties=ties).fit(data.X, y, cluster=cluster), lambda model: model.coef_, facts)


def aalen_johansen(data: BenchmarkData) -> Prepared:
    import secondplan as sp

    entry = data.entry if np.any(data.entry > 0) else None
    event = data.event.astype(int)
    return Prepared(
        lambda: sp.aalen_johansen(data.duration, event, entry=entry),
        lambda curve: curve.at(HORIZONS, event=1)["estimate"].to_numpy(),
    )


def fine_gray(data: BenchmarkData, *, std_errors: bool = True, censoring_ties: str = "crr") -> Prepared:
    import secondplan as sp

    y = _outcome(data)

    def facts(model: Any) -> dict[str, Any]:
        iterations = getattr(model, "n_iterations_", None)
        found = _parts(lambda: sp.FineGray(event=1, censoring_ties=censoring_ties), data)
        if iterations is None:
            return found
        floor = floor_seconds(data.X, model.coef_) * iterations
        return found | {"floor_seconds": floor, "n_iterations": int(iterations)}

    def fit() -> Any:
        model = sp.FineGray(event=1, censoring_ties=censoring_ties).fit(data.X, y)
        if std_errors:
            _ = model.covariance_  # computed when it is first asked for
        return model

    return Prepared(fit, lambda model: model.coef_, facts)


def cause_specific(data: BenchmarkData) -> Prepared:
    """The Cox fits of its two events are timed as well, in the same process."""
    import secondplan as sp

    y = _outcome(data)

    def facts(model: Any) -> dict[str, Any]:
        def two() -> None:
            for event in (1, 2):
                sp.CoxPH(event=event).fit(data.X, y)

        return {"two_cox_seconds": measure(two)[1]["seconds"]} | _parts(sp.CauseSpecificCox, data)

    return Prepared(lambda: sp.CauseSpecificCox().fit(data.X, y), lambda model: model.coef_.to_numpy(), facts)


def aft(data: BenchmarkData) -> Prepared:
    import secondplan as sp

    return _fit(sp.ParametricAFT, data)


def royston_parmar(data: BenchmarkData) -> Prepared:
    import secondplan as sp

    return _fit(sp.RoystonParmar, data)


def discrete_time(data: BenchmarkData) -> Prepared:
    import secondplan as sp

    return _fit(lambda: sp.DiscreteTimeHazard(max_days=HORIZONS[-1]), data)


def incidence(data: BenchmarkData) -> Prepared:
    """The risk of every row at four horizons; the fit is not part of it."""
    import secondplan as sp

    model = sp.CauseSpecificCox()
    seconds = measure(lambda: model.fit(data.X, _outcome(data)))[1]["seconds"]

    def facts(risk: np.ndarray) -> dict[str, float]:
        exact = _exact_incidence(model, data.X[:N_EXACT])
        return {"fit_seconds": seconds, "difference_from_exact_sum": float(np.abs(risk[:N_EXACT] - exact).max())}

    return Prepared(lambda: model.predict_cumulative_incidence(data.X, HORIZONS), np.ravel, facts)


def incidence_interval(data: BenchmarkData) -> Prepared:
    import secondplan as sp

    model = sp.CauseSpecificCox().fit(data.X, _outcome(data))
    return Prepared(
        lambda: model.predict_cumulative_incidence_interval(data.X, HORIZONS), lambda bounds: np.ravel(bounds[..., 0])
    )


def boosting(data: BenchmarkData, *, n_iterations: int = 100) -> Prepared:
    """At small sizes scikit-learn's own fit of the same person-periods is timed as well, in the same process."""
    import secondplan as sp

    y = _outcome(data)

    def facts(model: Any) -> dict[str, float]:
        risk = model.predict_cumulative_incidence(data.X[:N_QUALITY], HORIZONS)
        found = {"rmse_of_risk": float(np.sqrt(np.mean((risk - data.truth[:N_QUALITY]) ** 2)))}
        if len(data.X) <= SMALL_SIZES[-1]:
            found["scikit_learn_seconds"] = _scikit_learn_seconds(data, n_iterations)
        return found

    return Prepared(lambda: sp.BoostedHazard(max_iter=n_iterations).fit(data.X, y), lambda model: np.empty(0), facts)


def metrics(data: BenchmarkData) -> Prepared:
    """What a comparison of models asks of each: the true risks are measured."""
    import secondplan as sp

    y = _outcome(data)
    wanted = ("brier", "ipa", "auc", "concordance", "observed_expected", "calibration_slope", "calibration_errors")
    return Prepared(
        lambda: sp.evaluate_risks({"truth": data.truth}, y, HORIZONS, metrics=wanted, cluster=data.family),
        lambda found: found.table["estimate"].dropna().to_numpy(),
    )


def path(data: BenchmarkData, *, penalties: list[float], l1_ratio: float) -> Prepared:
    """The path with its cross-validation in five folds."""
    import secondplan as sp

    y = _outcome(data)
    model = sp.CoxElasticNetCV(l1_ratio=l1_ratio, lambdas=penalties, n_folds=5, random_state=0)
    return Prepared(lambda: model.fit(data.X, y), lambda fitted: fitted.coef_path_.to_numpy())


def _fit(make: Callable[[], Any], data: BenchmarkData) -> Prepared:
    y = _outcome(data)
    return Prepared(lambda: make().fit(data.X, y), lambda model: np.asarray(model.coef_), lambda _: _parts(make, data))


def _parts(make: Callable[[], Any], data: BenchmarkData) -> dict[str, Any]:
    """The parts of a fit, where it is so short that they matter."""
    return {"parts": parts_of_fit(make, data.X, _outcome(data))} if len(data.X) <= SMALL_SIZES[-1] else {}


def _scikit_learn_seconds(data: BenchmarkData, n_iterations: int) -> float:
    """Fit of the classifier that ``BoostedHazard`` uses, with as many threads, on the person-periods that it makes."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    import secondplan as sp
    from secondplan.models.discrete_time.boosting import expand_design
    from secondplan.models.discrete_time.person_period import period_ends, person_periods
    from secondplan.models.inputs.outcome import check_outcome

    outcome, model = check_outcome(_outcome(data)), sp.BoostedHazard(max_iter=n_iterations)
    ends = period_ends(float(outcome.duration.max()), model.period_days, model.max_days)
    lines = person_periods(outcome, ends)
    names = ("learning_rate", "max_iter", "max_leaf_nodes", "min_samples_leaf", "l2_regularization", "random_state")
    classifier = HistGradientBoostingClassifier(early_stopping=False, **{name: getattr(model, name) for name in names})
    lines_of_features = expand_design(data.X, lines, ends)
    with threadpool_limits(1, user_api="openmp"):
        fit = measure(lambda: classifier.fit(lines_of_features, lines.event, sample_weight=lines.weight))
    return float(fit[1]["seconds"])


def _outcome(data: BenchmarkData) -> pd.DataFrame:
    columns = {"duration": data.duration, "event": data.event.astype(int)}
    if np.any(data.entry > 0):
        columns["entry"] = data.entry
    return pd.DataFrame(columns)


def _exact_incidence(model: Any, X: np.ndarray) -> np.ndarray:
    """The sum over all event times, term by term, shape (n_rows, n_horizons)."""
    cumulative = model.baseline_cumulative_hazard_
    days = cumulative.index.to_numpy()
    risk = np.exp(X @ model.coef_.to_numpy())
    total = risk @ cumulative.to_numpy().T
    before = np.exp(-np.column_stack([np.zeros(len(X)), total[:, :-1]]))
    jumps = np.diff(cumulative[1].to_numpy(), prepend=0.0)
    terms = before * risk[:, :1] * jumps
    return np.column_stack([terms[:, days <= horizon].sum(axis=1) for horizon in HORIZONS])
