"""Fitting one model to the training rows of one part of a design, and asking it for risks of the test rows.

What goes wrong, and what the model warns of, becomes a line each; several processes may share the work.
"""

from __future__ import annotations

import time
import traceback
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import config_context
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import has_fit_parameter

from ..caller_warnings import is_own
from ..models.inputs.follow_up import FollowUpWarning
from ..models.metrics.inputs import refuse_risk
from ..models.numerics.blas_threads import one_blas_thread
from ..progress import track
from .designs import Partition
from .fitted_facts import chosen_by, coefficients_of
from .measures import FoldRisks
from .optimism import Draw, measure_draw
from .splits import FamilyKFold

if TYPE_CHECKING:
    from ..plans.cohort import Cohort

EIGHTEENTH_BIRTHDAY = 4
LONGEST_NOTE = 160
PACKAGE = str(Path(__file__).parents[1])


@dataclass(frozen=True)
class Job:
    """One model on one part of the design.

    Attributes
    ----------
    name : str
    model : IncidenceModel
        Not fitted.
    fold : int
        Place of ``part`` in the design.
    part : Partition
    seed : int
        For a ``random_state`` that is None.
    """

    name: str
    model: Any
    fold: int
    part: Partition
    seed: int


@dataclass(frozen=True)
class Fitted:
    """What became of a :class:`Job`: risks, or one line on why there are none; and a line for each warning.

    ``draw`` has the measures of a part that is a bootstrap draw.
    """

    risks: FoldRisks | None
    failure: str
    notes: frozenset[str]
    draw: Draw | None = None


def run_jobs(
    jobs: Sequence[Job], cohort: Cohort, times: np.ndarray, n_jobs: int | None
) -> Iterator[tuple[Job, Fitted]]:
    """The outcome of each job in their order, under a progress bar; a model that failed is not tried again.

    Results are the same whatever ``n_jobs``: no job knows of another.
    """
    failed: set[str] = set()

    def waiting() -> Iterable[Any]:
        for job in jobs:
            if job.name not in failed:
                started.append(job)
                yield delayed(_run)(job, cohort, times)

    started: list[Job] = []
    # Arrays are copied to the processes, not mapped: models and pandas may write into what they are given.
    results = Parallel(n_jobs=n_jobs, return_as="generator", max_nbytes=None)(waiting())
    for place, found in enumerate(track(results, "Comparing models", total=len(jobs))):
        job = started[place]
        if job.name in failed:
            continue  # begun before an earlier part was known to fail
        if found.failure:
            failed.add(job.name)
        yield job, found


def _run(job: Job, cohort: Cohort, times: np.ndarray) -> Fitted:
    part = job.part
    train = part.train(cohort)
    caught: list[warnings.WarningMessage] = []
    risks, failure, draw = None, "", None
    try:
        model = _without_absent_end(_with_seed(clone(job.model), job.seed), train, set(cohort.y["event"]))
        # One thread for linear algebra, so that sums do not depend on how many processes share the processors.
        with one_blas_thread(), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", FollowUpWarning)
            started = time.perf_counter()
            fitted = fit_model(model, train)
            seconds = time.perf_counter() - started
            risk = predict_risk(predictor_of(fitted), cohort if part.is_draw else part.test(cohort), times)
        if part.is_draw:
            draw = measure_draw(job.name, risk, times, cohort, part.train_rows)
            risk = risk[part.rows]
        risks = FoldRisks(
            job.fold,
            part.rows,
            risk,
            seconds,
            part.repeat,
            part.label,
            chosen_by(fitted),
            coefficients_of(predictor_of(fitted)),
        )
    except Exception as error:
        failure = failure_line(error)
    return Fitted(risks, failure, frozenset(line for warning in caught if (line := _fold_note(warning, risks))), draw)


def fit_model(model: Any, cohort: Cohort) -> Any:
    """``model`` fitted to the cohort, with its families where ``fit`` takes them.

    A search of scikit-learn (``GridSearchCV`` and its kin) gets the families for its own folds, and passes them on to
    the model within; where its ``cv`` is a number or None, its folds are those of :class:`FamilyKFold`.

    Raises
    ------
    ValueError
        The search does not refit what it chose.
    """
    families = cohort.cluster
    if not _is_search(model):
        keywords = {"cluster": families} if has_fit_parameter(model, "cluster") else {}
        return model.fit(cohort.X, cohort.y, **keywords)
    if not model.refit:
        raise ValueError("a search needs refit=True: what it chose is fitted to all training rows")
    if model.cv is None or isinstance(model.cv, int):
        model.set_params(cv=FamilyKFold(model.cv or 5))
    keywords = {"cluster": families} if has_fit_parameter(model.estimator, "cluster") else {}
    with config_context(enable_metadata_routing=False):
        return model.fit(cohort.X, cohort.y, groups=families, **keywords)


def predictor_of(fitted: Any) -> Any:
    """What predicts: the model that a search chose and fitted, or the model itself."""
    return fitted.best_estimator_ if _is_search(fitted) else fitted


def _is_search(model: Any) -> bool:
    return all(hasattr(model, name) for name in ("estimator", "cv", "refit"))


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
    """One line about a warning given while a model was fitted; only the kind of it where a library wrote it.

    Of a long one the beginning is kept, and what it says to do, which stands after its last semicolon.
    """
    kind = warning.category.__name__
    if not is_own(warning.message):
        return f"{kind} (raised by a library)"
    said, semicolon, advice = " ".join(str(warning.message).split()).rpartition("; ")
    if not semicolon:
        said, advice = advice, ""
    return f"{kind}: {said if len(said) <= LONGEST_NOTE else said[:LONGEST_NOTE] + ' ...'}{semicolon}{advice}"


def _fold_note(warning: warnings.WarningMessage, fold: FoldRisks | None) -> str:
    """One line about a warning in a fold; none where risks are NaN for it, which is counted over all folds."""
    if not issubclass(warning.category, FollowUpWarning):
        return note_line(warning)
    if fold is None or np.isnan(fold.risk).any():
        return ""
    return "FollowUpWarning: risks past the last follow-up in training rest on the form of the model alone"


def _with_seed(model: Any, seed: int) -> Any:
    """The model with ``seed`` wherever it, or a part of it, has a ``random_state`` of None."""
    unset = [
        name
        for name, value in model.get_params().items()
        if name.rpartition("__")[2] == "random_state" and value is None
    ]
    return model.set_params(**dict.fromkeys(unset, seed))


def _without_absent_end(model: Any, train: Cohort, events: set[int]) -> Any:
    """The model without its ``known_end_event`` where it occurs in the cohort, but not in this fold's training rows."""
    absent = events - set(train.y["event"])
    unused = [
        name
        for name, value in model.get_params().items()
        if name.rpartition("__")[2] == "known_end_event" and value in absent
    ]
    return model.set_params(**dict.fromkeys(unused))
