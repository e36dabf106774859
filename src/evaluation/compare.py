"""Compare models by what they predict for children they were not fitted on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from ..caller_warnings import warn
from ..models.inputs.given_days import as_days
from ..models.inputs.outcome import BEFORE_DAY_0, Outcome, check_outcome
from ..models.metrics import MetricWarning
from ..models.metrics.calibration_estimate import group_codes
from ..models.metrics.inputs import followed_to
from .comparison import NEVER_SAVED, UNSTATED, Comparison
from .designs import combine_of, design_remarks, design_words, partitions
from .fitting import Job, predict_risk, run_jobs
from .measures import FoldRisks, fold_table, of_stated_days, predictions_table, unstated_rows
from .pooled import TABLE_DAYS, calibration_points, curves_table, pooled_metrics, summary_table

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel
    from ..plans.cohort import Cohort

REFERENCE = "AalenJohansen"
HORIZONS = (91, 182, 365, 730)


def compare_models(
    models: Mapping[str, IncidenceModel],
    cohort: Cohort,
    *,
    folds: Any = None,
    times: Iterable[float] = HORIZONS,
    random_state: int = 0,
    n_jobs: int | None = 1,
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
    folds : int, design, splitter or iterable of (train, test) positions, optional
        By default ``FamilyKFold(5, random_state=random_state)``. Designs: :class:`FamilyKFold` (measures of repeats are
        averaged), :class:`TemporalSplit`, :class:`LeaveOneAuthorityOut` (measures of authorities are pooled by random
        effects). Any other splitter is called with the features, the event codes and the families. A row may be
        tested once.
    times : iterable of float
        Days. 365 and 730, which the table states, are always among them.
    random_state : int
    n_jobs : int or None
        Processes that fit models side by side, -1 for as many as there are processors; the numbers do not depend on it.

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
    parts = partitions(cohort, folds, random_state)
    _warn_of_limits(outcome, [part.rows for part in parts], grid)
    given = dict(models)
    named = given if REFERENCE in given else given | {REFERENCE: _reference_model()}
    seeds = np.random.SeedSequence(random_state).generate_state(len(named) * len(parts)).reshape(len(named), len(parts))

    results: dict[str, list[FoldRisks]] = {name: [] for name in named}
    failures: dict[str, str] = {}
    notes: dict[str, dict[str, int]] = {name: {} for name in named}
    jobs = [
        Job(name, model, k, part, int(seeds[place, k]))
        for k, part in enumerate(parts)
        for place, (name, model) in enumerate(named.items())
    ]
    for job, found in run_jobs(jobs, cohort, grid, outcome.events, n_jobs):
        if found.risks is None:
            failures[job.name] = f"fold {job.fold + 1} of {len(parts)}: {found.failure}"
            del results[job.name]
        else:
            results[job.name].append(found.risks)
            for line in found.notes:
                notes[job.name][line] = notes[job.name].get(line, 0) + 1
    if not results:
        first, line = next(iter(failures.items()))
        raise ValueError(f"no model could be compared; {first}: {line}")
    lines = {
        name: tuple(f"{line} ({count} of {len(parts)} folds)" for line, count in sorted(found.items()))
        for name, found in notes.items()
        if found
    }
    for name, tested in results.items():
        why = getattr(named[name], "why_never_saved", "")
        never = (f"{NEVER_SAVED}: {why}",) if why else ()
        lines[name] = (*lines.get(name, ()), *_unstated_notes(tested, grid), *never)
    lines = {name: noted for name, noted in lines.items() if noted}
    remarks = design_remarks(folds, cohort)
    return _comparison(
        results, cohort, outcome, grid, named, failures, lines, design_words(folds, parts), remarks, combine_of(folds)
    )


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
    return _comparison(results, cohort, outcome, grid, {label: clone(model)}, {}, {}, "one test set")


def time_grid(times: Iterable[float]) -> np.ndarray:
    """The days at which models are measured: those asked for, and 365 and 730; ascending, each once."""
    return np.union1d(as_days(list(times), "times"), TABLE_DAYS)


def _unstated_notes(folds: list[FoldRisks], times: np.ndarray) -> list[str]:
    """A line for each day by which the model states no risk for some test row."""
    n_rows = sum(len(part.risk) for part in folds)
    return [
        f"{UNSTATED} {day:g} for {count} of {n_rows} test rows, as past the last follow-up in training: its "
        "measures there are NaN; fit on rows with longer follow-up, or compare at earlier days"
        for day, count in zip(times, unstated_rows(folds), strict=True)
        if count
    ]


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
    design: str,
    remarks: tuple[str, ...] = (),
    combine: Any = None,
) -> Comparison:
    predictions = predictions_table(results, times)
    results = {name: of_stated_days(folds) for name, folds in results.items()}
    families = group_codes(cohort.cluster, len(outcome))
    by_fold = fold_table(results, outcome, times, families)
    metrics = pooled_metrics(results, REFERENCE, outcome, times, families, combine)
    rows = np.concatenate([part.rows for part in next(iter(results.values())) if part.repeat == 0])
    return Comparison(
        table=summary_table(metrics, times, by_fold),
        by_fold=by_fold,
        curves=curves_table(metrics, times),
        calibration=calibration_points(results, outcome, times, families),
        differences=metrics.differences,
        measures=metrics.table,
        models=dict(models),
        failures=failures,
        notes=notes,
        predictions=predictions,
        n_rows=rows.size,
        n_events=int(np.sum(outcome.event[rows] == 1)),
        design=design,
        remarks=remarks,
        reference=REFERENCE,
        cohort=cohort,
    )


def _warn_of_limits(outcome: Outcome, tested: list[np.ndarray], times: np.ndarray) -> None:
    """Say once what the measures of every model leave out."""
    rows = np.unique(np.concatenate(tested))
    delayed = int(np.sum(outcome.entry[rows] > BEFORE_DAY_0))
    if delayed:
        warn(
            f"{delayed} of {rows.size} test rows have delayed entry: they count from their entry on",
            MetricWarning,
        )
    short = times[~np.all([followed_to(outcome.take(part), times) for part in tested], axis=0)]
    if short.size:
        days = ", ".join(f"{day:g}" for day in short)
        warn(
            f"in at least one test set nobody is observed to day {days}: the measures of that fold are NaN there",
            MetricWarning,
        )
