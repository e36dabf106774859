"""Compare models by what they predict for children they were not fitted on."""

from __future__ import annotations

import time
import traceback
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from ..caller_warnings import is_own, warn
from ..models.inputs.follow_up import FollowUpWarning
from ..models.inputs.given_days import as_days
from ..models.inputs.outcome import BEFORE_DAY_0, Outcome, check_outcome
from ..models.metrics import MetricWarning
from ..models.metrics.inputs import followed_to, refuse_risk
from ..progress import track
from .comparison import UNSTATED, Comparison
from .measures import FoldRisks, fold_table, of_stated_days, predictions_table, unstated_rows, usable
from .pooled import TABLE_DAYS, calibration_points, curves_table, pooled_metrics, summary_table
from .splits import FamilyKFold, TemporalSplit, families_in_both

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel
    from ..plans.cohort import Cohort

REFERENCE = "AalenJohansen"
EIGHTEENTH_BIRTHDAY = 4
HORIZONS = (91, 182, 365, 730)
LONGEST_NOTE = 160
PACKAGE = str(Path(__file__).parents[1])


class Partition(NamedTuple):
    """A training cohort, a test cohort, and the positions of the test rows in the whole."""

    train: Cohort
    test: Cohort
    rows: np.ndarray


def compare_models(
    models: Mapping[str, IncidenceModel],
    cohort: Cohort,
    *,
    folds: Any = None,
    times: Iterable[float] = HORIZONS,
    random_state: int = 0,
) -> Comparison:
    """Fit every model on the training rows of each fold and measure its risks of a second plan on the test rows.

    The reference, Aalen-Johansen without covariates, is always among the models. A model that cannot be fitted or
    cannot predict gets one line in ``failures`` and does not stop the others; their warnings are in ``notes``. A day by
    which a model states no risk for some row, as past the last follow-up of its training rows, has NaN for that model.

    All measures are of the out-of-fold risks of all tested rows together, with standard errors clustered by family
    (:func:`~secondplan.evaluate_risks`); rows with delayed entry count from their entry on. The index of prediction
    accuracy and all differences are against the average risk of the same rows.

    Parameters
    ----------
    models : mapping of str to IncidenceModel
        Not fitted; each is cloned for each fold, and fitted with ``cluster`` where its ``fit`` takes it. A model whose
        ``random_state`` is None gets one, spawned from ``random_state``, so that the comparison can be repeated.
    cohort : Cohort
    folds : int, splitter, TemporalSplit or iterable of (train, test) positions, optional
        By default ``FamilyKFold(5, random_state)``. A splitter is called with the features, the event codes and the
        families. A row may be tested once.
    times : iterable of float
        Days. 365 and 730, which the table states, are always among them.
    random_state : int

    Returns
    -------
    Comparison

    Warns
    -----
    MetricWarning
        Rows with delayed entry are left out of the measures; a time is past the last follow-up of a fold (NaN there).
    UserWarning
        A splitter puts the same family on both sides.

    Raises
    ------
    ValueError
        No models, times that are not days, a row tested twice, or not one model could be compared.

    Examples
    --------
    >>> from secondplan import AalenJohansen, build_cohort, simulate
    >>> cohort = build_cohort(simulate(n_children=300))
    >>> comparison = compare_models({"by disability": AalenJohansen(strata="disabled")}, cohort, folds=2)
    >>> sorted(comparison.table.index)
    ['AalenJohansen', 'by disability']
    """
    if not models:
        raise ValueError("no models to compare")
    grid = time_grid(times)
    outcome = check_outcome(cohort.y, n_rows=len(cohort))
    parts = list(partitions(cohort, folds, random_state))
    _warn_of_limits(outcome, [part.rows for part in parts], grid)
    given = dict(models)
    named = given if REFERENCE in given else given | {REFERENCE: _reference_model()}
    seeds = np.random.SeedSequence(random_state).generate_state(len(named) * len(parts)).reshape(len(named), len(parts))

    results: dict[str, list[FoldRisks]] = {name: [] for name in named}
    failures: dict[str, str] = {}
    notes: dict[str, dict[str, int]] = {name: {} for name in named}
    jobs = [(k, position, name) for k in range(len(parts)) for position, name in enumerate(named)]
    for k, position, name in track(jobs, "Comparing models", total=len(jobs)):
        if name in failures:
            continue
        try:
            model = _with_seed(clone(named[name]), int(seeds[position, k]))
            model = _without_absent_end(model, parts[k].train, outcome.events)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", FollowUpWarning)
                results[name].append(_fit_and_predict(model, parts[k], grid, k))
            for line in {line for warning in caught if (line := _fold_note(warning, results[name][-1]))}:
                notes[name][line] = notes[name].get(line, 0) + 1
        except Exception as error:
            failures[name] = f"fold {k + 1} of {len(parts)}: {failure_line(error)}"
            del results[name]
    if not results:
        first, line = next(iter(failures.items()))
        raise ValueError(f"no model could be compared; {first}: {line}")
    lines = {
        name: tuple(f"{line} ({count} of {len(parts)} folds)" for line, count in sorted(found.items()))
        for name, found in notes.items()
        if found
    }
    for name, folds in results.items():
        lines[name] = (*lines.get(name, ()), *_unstated_notes(folds, grid))
    lines = {name: noted for name, noted in lines.items() if noted}
    return _comparison(results, cohort, outcome, grid, named, failures, lines)


def evaluate_model(
    model: IncidenceModel, cohort: Cohort, *, name: str | None = None, times: Iterable[float] = HORIZONS
) -> Comparison:
    """Measure a fitted model on children it was not fitted on, such as the test cohort of a :class:`TemporalSplit`.

    Parameters
    ----------
    model : IncidenceModel
        Fitted.
    cohort : Cohort
        The test cohort.
    name : str, optional
        What it is called in the tables; by default its class.
    times : iterable of float
        Days; 365 and 730 are always among them.

    Returns
    -------
    Comparison
        With one model and the average risk beside it, and one fold; ``fit_seconds`` is NaN.
    """
    grid = time_grid(times)
    outcome = check_outcome(cohort.y, n_rows=len(cohort))
    rows = np.arange(len(cohort))
    _warn_of_limits(outcome, [rows], grid)
    label = type(model).__name__ if name is None else name
    results = {label: [FoldRisks(0, rows, predict_risk(model, cohort, grid), float("nan"))]}
    return _comparison(results, cohort, outcome, grid, {label: clone(model)}, {}, {})


def partitions(cohort: Cohort, folds: Any, random_state: int) -> Iterable[Partition]:
    """The training and test cohorts that ``folds`` asks for; see :func:`compare_models`."""
    if isinstance(folds, TemporalSplit):
        train, test = folds.split(cohort)
        yield Partition(train, test, folds.test_rows(cohort))
        return
    if folds is None or isinstance(folds, int):
        folds = FamilyKFold(5 if folds is None else folds, random_state)
    family = cohort.cluster
    pairs = folds.split(cohort.X, cohort.y["event"], family) if hasattr(folds, "split") else folds
    tested = np.zeros(len(cohort), dtype=bool)
    n_parted = 0
    for train_rows, test_rows in pairs:
        rows = np.asarray(test_rows)
        if tested[rows].any():
            raise ValueError(f"folds: {int(tested[rows].sum())} rows are tested more than once")
        tested[rows] = True
        n_parted = max(n_parted, families_in_both(np.asarray(train_rows), rows, family))
        yield Partition(cohort.take(train_rows), cohort.take(rows), rows)
    if n_parted:
        warn(
            f"folds: up to {n_parted} families have children on both sides of a fold, which flatters the models; "
            "FamilyKFold keeps them together"
        )


def predict_risk(model: Any, cohort: Cohort, times: np.ndarray) -> np.ndarray:
    """Cumulative incidence of a second plan, shape (n, n_times).

    It is flat after the last eligible day, except where the model counts the eighteenth birthday among its own events,
    as Aalen-Johansen does: there the birthday has lowered the risk already, and cutting it off would do so twice.

    Raises
    ------
    ValueError
        The model gives another shape, or a risk outside 0 to 1. A missing one (NaN) is one that it does not state.
    """
    counted = EIGHTEENTH_BIRTHDAY in getattr(model, "events_", ())
    eligible_days = None if counted else cohort.eligible_days.to_numpy(dtype=float)
    risk = np.asarray(model.predict_cumulative_incidence(cohort.X, times, event=1, eligible_days=eligible_days))
    if risk.shape != (len(cohort), times.size):
        raise ValueError(f"the model's risks have shape {risk.shape}, expected ({len(cohort)}, {times.size})")
    refuse_risk(np.where(np.isnan(risk), 0.0, risk))
    return risk


def time_grid(times: Iterable[float]) -> np.ndarray:
    """The days at which models are measured: those asked for, and 365 and 730; ascending, each once."""
    return np.union1d(as_days(list(times), "times"), TABLE_DAYS)


def failure_line(error: Exception) -> str:
    """One line about why a model failed.

    The message is passed on only where this package wrote it: another library's message may quote a value of the data.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(PACKAGE)]
    if own and frames[-1] is own[-1]:
        message = " ".join(str(error).split())
        return f"{type(error).__name__}: {message}" if message else type(error).__name__
    place = f" in {Path(own[-1].filename).stem}.{own[-1].name}" if own else ""
    return f"{type(error).__name__}{place} (raised by a library; fit the model alone to see its message)"


def note_line(warning: warnings.WarningMessage) -> str:
    """One line about a warning given while a model was fitted; only the kind of it where a library wrote it."""
    kind = warning.category.__name__
    if not is_own(warning.message):
        return f"{kind} (raised by a library)"
    text = " ".join(str(warning.message).split())
    return f"{kind}: {text if len(text) <= LONGEST_NOTE else text[:LONGEST_NOTE] + ' ...'}"


def _fold_note(warning: warnings.WarningMessage, fold: FoldRisks) -> str:
    """One line about a warning in a fold; none where risks are NaN for it, which is counted over all folds."""
    if not issubclass(warning.category, FollowUpWarning):
        return note_line(warning)
    if np.isnan(fold.risk).any():
        return ""
    return "FollowUpWarning: risks past the last follow-up in training rest on the form of the model alone"


def _unstated_notes(folds: list[FoldRisks], times: np.ndarray) -> list[str]:
    """A line for each day by which the model states no risk for some test row."""
    n_rows = sum(len(part.risk) for part in folds)
    return [
        f"{UNSTATED} {day:g} for {count} of {n_rows} test rows, as past the last follow-up in training: its "
        "measures there are NaN; fit on rows with longer follow-up, or compare at earlier days"
        for day, count in zip(times, unstated_rows(folds), strict=True)
        if count
    ]


def _fit_and_predict(model: Any, part: Partition, times: np.ndarray, fold: int) -> FoldRisks:
    keywords = {"cluster": part.train.cluster} if has_fit_parameter(model, "cluster") else {}
    started = time.perf_counter()
    model.fit(part.train.X, part.train.y, **keywords)
    seconds = time.perf_counter() - started
    return FoldRisks(fold, part.rows, predict_risk(model, part.test, times), seconds)


def _with_seed(model: Any, seed: int) -> Any:
    """The model with ``seed`` wherever it, or a part of it, has a ``random_state`` of None."""
    unset = [
        name
        for name, value in model.get_params().items()
        if name.rpartition("__")[2] == "random_state" and value is None
    ]
    return model.set_params(**dict.fromkeys(unset, seed))


def _without_absent_end(model: Any, train: Cohort, events: tuple[int, ...]) -> Any:
    """The model without its ``known_end_event`` where it occurs in the cohort, but not in this fold's training rows."""
    absent = set(events) - set(train.y["event"])
    unused = [
        name
        for name, value in model.get_params().items()
        if name.rpartition("__")[2] == "known_end_event" and value in absent
    ]
    return model.set_params(**dict.fromkeys(unused))


def _reference_model() -> IncidenceModel:
    from ..models.marginal.aalen_johansen import AalenJohansen

    return AalenJohansen()


def _comparison(
    results: dict[str, list[FoldRisks]],
    cohort: Cohort,
    outcome: Outcome,
    times: np.ndarray,
    models: Mapping[str, IncidenceModel],
    failures: dict[str, str],
    notes: dict[str, tuple[str, ...]],
) -> Comparison:
    predictions = predictions_table(results, times)
    results = {name: of_stated_days(folds) for name, folds in results.items()}
    by_fold = fold_table(results, outcome, times)
    metrics = pooled_metrics(results, REFERENCE, outcome, times, cohort.cluster)
    return Comparison(
        table=summary_table(metrics, times, by_fold),
        by_fold=by_fold,
        curves=curves_table(metrics, times),
        calibration=calibration_points(results, outcome, times, cohort.cluster),
        differences=metrics.differences,
        models=dict(models),
        failures=failures,
        notes=notes,
        predictions=predictions,
        reference=REFERENCE,
    )


def _warn_of_limits(outcome: Outcome, tested: list[np.ndarray], times: np.ndarray) -> None:
    """Say once what the measures of every model leave out.

    Raises
    ------
    ValueError
        A fold has no row observed from day 0.
    """
    rows = np.concatenate(tested)
    delayed = int(np.sum(outcome.entry[rows] > BEFORE_DAY_0))
    if delayed:
        warn(
            f"{delayed} of {rows.size} test rows have delayed entry: they count from their entry on in the measures of "
            "all rows, and are left out of those of single folds",
            MetricWarning,
        )
    kept = [part[usable(outcome, part)] for part in tested]
    if any(part.size == 0 for part in kept):
        raise ValueError("a test set has no row observed from day 0: nothing can be measured on it")
    short = times[~np.all([followed_to(outcome.take(part), times) for part in kept], axis=0)]
    if short.size:
        days = ", ".join(f"{day:g}" for day in short)
        warn(
            f"in at least one test set nobody is observed to day {days}: the measures of that fold are NaN there",
            MetricWarning,
        )
