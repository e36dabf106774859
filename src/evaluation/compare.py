"""Compare models by what they predict for children they were not fitted on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from ..caller_warnings import warn
from ..models.inputs.given_days import as_days
from ..models.inputs.outcome import BEFORE_DAY_0, Outcome, check_outcome
from ..models.metrics import MetricWarning
from ..models.metrics.calibration_estimate import group_codes
from ..models.metrics.inputs import followed_to
from ..plans.cohort import Cohort
from ..small_counts import count_words
from .combining import Combine
from .comparison import NEVER_SAVED, UNSTATED, Comparison
from .designs import BootstrapOptimism, combine_of, design_remarks, design_words, partitions, tested_cohort
from .enough_children import sample_sizes, shortfall
from .fitting import Job, predict_risk, run_jobs
from .measures import FoldRisks, chosen_table, fold_table, of_stated_days, one_fold, predictions_table, unstated_rows
from .optimism import Draw
from .pooled import TABLE_DAYS, calibration_points, curves_table, pooled_metrics, summary_table
from .verdict import FEW_EVENTS

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel

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
        Not fitted; each is cloned for each fold, and fitted with ``cluster`` where its ``fit`` takes it. A search of
        scikit-learn over a model (``GridSearchCV``) is run within the training rows, in folds by family if its ``cv``
        is a number or None; ``Comparison.chosen`` says what it chose. A model whose
        ``random_state`` is None gets one, spawned from ``random_state``, so that the comparison can be repeated.
    cohort : Cohort
        Of a table of your own: :meth:`Cohort.of_table`.
    folds : int, design, splitter or iterable of (train, test) positions, optional
        By default ``FamilyKFold(5, random_state=random_state)``. Designs: :class:`FamilyKFold` (measures of repeats are
        averaged), :class:`TemporalSplit`, :class:`LeaveOneAuthorityOut` (measures of authorities are pooled by random
        effects), :class:`BootstrapOptimism` (fitted to all, corrected for optimism) and :class:`OtherCohort` (tested on
        children of another source). Any other splitter is called with the features, the event codes and the families.
        A row may be tested once.
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
        Rows have delayed entry (they are counted); a time is past the last follow-up of a fold (NaN there).
    UserWarning
        A splitter puts the same family on both sides.

    Raises
    ------
    TypeError
        Models that are no mapping, a cohort or folds that are none.
    ValueError
        No models, times that are not days, a row tested twice, no second plan, or not one model could be compared.

    Examples
    --------
    >>> from secondplan import AalenJohansen, build_cohort, simulate
    >>> cohort = build_cohort(simulate(n_children=2000))
    >>> comparison = compare_models({"by disability": AalenJohansen(strata="disabled")}, cohort, folds=2)
    >>> sorted(comparison.table.index)
    ['AalenJohansen', 'by disability']
    """
    if not isinstance(models, Mapping):
        raise TypeError(f'models must be a mapping such as {{"Cox": CauseSpecificCox()}}; got {type(models).__name__}')
    if not models:
        raise ValueError("no models to compare")
    if not isinstance(cohort, Cohort):
        raise TypeError(f"cohort must be of build_cohort(plans) or Cohort.of_table(X, y); got {type(cohort).__name__}")
    grid = time_grid(times)
    tested_on = tested_cohort(folds, cohort)
    outcome = check_outcome(tested_on.y, n_rows=len(tested_on))
    parts = partitions(cohort, folds, random_state)
    _warn_of_limits(outcome, [part.rows for part in parts if not part.is_draw], grid)
    given = dict(models)
    named = given if REFERENCE in given else given | {REFERENCE: _reference_model()}
    seeds = np.random.SeedSequence(random_state).generate_state(len(named) * len(parts)).reshape(len(named), len(parts))

    results: dict[str, list[FoldRisks]] = {name: [] for name in named}
    draws: dict[str, list[Draw]] = {name: [] for name in named}
    failures: dict[str, str] = {}
    notes: dict[str, dict[str, int]] = {name: {} for name in named}
    jobs = [
        Job(name, model, k, part, int(seeds[place, k]))
        for k, part in enumerate(parts)
        for place, (name, model) in enumerate(named.items())
    ]
    for job, found in run_jobs(jobs, cohort, grid, n_jobs):
        if found.risks is None:
            failures[job.name] = f"fold {job.fold + 1} of {len(parts)}: {found.failure}"
            del results[job.name]
        else:
            results[job.name].append(found.risks)
            if found.draw is not None:
                draws[job.name].append(found.draw)
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
    chosen = chosen_table(results)
    sizes = sample_sizes(_coefficients(results), check_outcome(cohort.y))
    pooled = results
    if isinstance(folds, BootstrapOptimism):
        pooled = {name: found[:1] for name, found in results.items()}
        results = {name: [one_fold(found[1:])] for name, found in results.items()}
    for name, tested in pooled.items():
        why = getattr(getattr(named[name], "estimator", named[name]), "why_never_saved", "")  # of a search: its model
        never = (f"{NEVER_SAVED}: {why}",) if why else ()
        lines[name] = (*lines.get(name, ()), *_unstated_notes(tested, grid), *never)
    return _comparison(
        results,
        tested_on,
        grid,
        named,
        pooled=pooled,
        combine=combine_of(folds, {name: draws[name] for name in results}),
        failures=failures,
        notes={name: noted for name, noted in lines.items() if noted},
        design=design_words(folds, parts),
        remarks=(*design_remarks(folds, cohort), *shortfall(sizes)),
        chosen=chosen,
        sample_sizes=sizes,
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
    return _comparison(results, cohort, grid, {label: clone(model)}, design="one test set")


def time_grid(times: Iterable[float]) -> np.ndarray:
    """The days at which models are measured: those asked for, and 365 and 730; ascending, each once."""
    return np.union1d(as_days(list(times), "times"), TABLE_DAYS)


def _unstated_notes(folds: list[FoldRisks], times: np.ndarray) -> list[str]:
    """A line for each day by which the model states no risk for some test row."""
    n_rows = sum(len(part.risk) for part in folds)
    return [
        f"{UNSTATED} {day:g} for {count_words(count)} of {n_rows} test rows, as past the last follow-up in training: "
        "its measures there are NaN; fit on rows with longer follow-up, or compare at earlier days"
        for day, count in zip(times, unstated_rows(folds), strict=True)
        if count
    ]


def _reference_model() -> IncidenceModel:
    from ..models.marginal.aalen_johansen import AalenJohansen

    return AalenJohansen()


def _coefficients(results: Mapping[str, Sequence[FoldRisks]]) -> dict[str, int]:
    """The most coefficients that each model had in a fold; without those that have none to count."""
    counts = {name: [part.n_coefficients for part in folds if part.n_coefficients] for name, folds in results.items()}
    return {name: max(found) for name, found in counts.items() if found}


def _comparison(
    results: Mapping[str, list[FoldRisks]],
    cohort: Cohort,
    times: np.ndarray,
    models: Mapping[str, IncidenceModel],
    *,
    pooled: Mapping[str, list[FoldRisks]] | None = None,
    combine: Combine | None = None,
    **about: Any,
) -> Comparison:
    """The tables of ``results`` on ``cohort``; ``pooled`` are the risks that all measures are of, where others."""
    predictions = predictions_table(results, times)
    outcome = check_outcome(cohort.y, n_rows=len(cohort))
    families = group_codes(cohort.cluster, len(outcome))
    results = {name: of_stated_days(folds) for name, folds in results.items()}
    pooled = results if pooled is None else {name: of_stated_days(folds) for name, folds in pooled.items()}
    by_fold = fold_table(results, outcome, times, families)
    metrics = pooled_metrics(pooled, REFERENCE, outcome, times, families, combine)
    rows = np.concatenate([part.rows for part in next(iter(pooled.values())) if part.repeat == 0])
    n_events = int(np.sum(outcome.event[rows] == 1))
    if n_events < FEW_EVENTS:
        warn(
            f"fewer than {FEW_EVENTS} second plans among the children tested: only large differences can show, "
            "and no model is shown to be calibrated; the verdict says what can be concluded",
            MetricWarning,
        )
    return Comparison(
        table=summary_table(metrics, times, by_fold),
        by_fold=by_fold,
        curves=curves_table(metrics, times),
        calibration=calibration_points(results, outcome, times, families),
        differences=metrics.differences,
        measures=metrics.table,
        models=dict(models),
        predictions=predictions,
        n_rows=rows.size,
        n_events=n_events,
        reference=REFERENCE,
        cohort=cohort,
        **about,
    )


def _warn_of_limits(outcome: Outcome, tested: list[np.ndarray], times: np.ndarray) -> None:
    """Say once what the measures of every model leave out, and refuse rows of which nothing can be measured."""
    rows = np.unique(np.concatenate(tested))
    if not (outcome.event[rows] == 1).any():
        raise ValueError("nobody among the tested children has a second plan: there is nothing to compare models by")
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
