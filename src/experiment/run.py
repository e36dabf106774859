"""Running an experiment: cohort, comparison, MLflow, champion, report."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn.base import clone

from ..errors import GateError, InputError, SecondplanError
from ..evaluation.fitting import failure_line, fit_model, note_line, predictor_of
from ..progress import track
from .building import build_models
from .data import DataSpec, read_data
from .effect import findings_of, metrics_of, study_effect, tables_of
from .file import CohortSpec, Experiment, load_experiment
from .standing_champion import LABEL, StandingChampion, standing_champion

if TYPE_CHECKING:
    from ..effects import EffectStudy
    from ..evaluation import Comparison
    from ..models.estimator.base import IncidenceModel
    from ..plans import Cohort, Plans
    from ..report import Document

REFERENCE = "AalenJohansen"
NOTES_SHOWN = 2


@dataclass(frozen=True)
class ExperimentResult:
    """What running an experiment made.

    Attributes
    ----------
    experiment : Experiment
    cohort : Cohort
    comparison : Comparison
    fitted : dict of str to IncidenceModel
        Each model, fitted on the whole cohort.
    best : str
        Name of the model with the lowest Brier score at the longest horizon.
    run_id : str or None
        The parent run in MLflow; None where nothing was tracked.
    model_uri : str or None
        Address of the champion (``models:/...``), or None where there is none.
    is_unchanged : bool
        The champion is the one of before.
    best_uri : str or None
        Where there is no champion: address of ``best`` (``runs:/...``).
    gate_failures : tuple of str
        Why models that did better did not become the champion, a line for each.
    notes : dict of str to tuple of str
        What models warned of while they were fitted, by name.
    report : Document
        The report: ``to_html()``, ``to_markdown()``, ``to_json()``.
    dropped : tuple of str
        Features that the experiment names and the data cannot give, left out of the models.
    data_name : str
        What the data are called.
    study : EffectStudy or None
        The effect of plan length, where the experiment asks for it.
    """

    experiment: Experiment
    cohort: Cohort
    comparison: Comparison
    fitted: dict[str, IncidenceModel]
    best: str
    run_id: str | None
    model_uri: str | None
    gate_failures: tuple[str, ...]
    notes: dict[str, tuple[str, ...]]
    report: Document
    dropped: tuple[str, ...] = ()
    best_uri: str | None = None
    is_unchanged: bool = False
    data_name: str = ""
    study: EffectStudy | None = None

    def card(self, name: str | None = None) -> Document:
        """The model card of a model, by default of ``best``."""
        chosen = self.best if name is None else name
        if chosen not in self.fitted:
            raise ValueError(f"name must be one of {', '.join(self.fitted)}; got {chosen!r}")
        return _card(self.experiment, self.data_name, self.cohort, self.comparison, self.fitted, chosen)

    @property
    def page(self) -> str:
        """The report as one self-contained HTML page."""
        return self.report.to_html()

    def summary(self) -> str:
        """The comparison and the champion as text for a terminal."""
        lines = [repr(self.comparison)]
        for name, noted in self.notes.items():
            lines += [f"{name}: {line}" for line in noted[:NOTES_SHOWN]]
            if len(noted) > NOTES_SHOWN:
                lines.append(f"{name}: {len(noted) - NOTES_SHOWN} more warnings of this kind (in the result's notes)")
        if self.dropped:
            lines.append(f"features left out, which the data cannot give: {', '.join(self.dropped)}")
        if self.study is not None:
            lines += list(self.study.words)
        lines += list(self.gate_failures)
        if self.run_id is not None and self.experiment.champion is not None:
            none = f"none; no model passed the gates{f'; {self.best} is {self.best_uri}' if self.best_uri else ''}"
            lines.append(f"champion{' unchanged' if self.is_unchanged else ''}: {self.model_uri or none}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return self.comparison._repr_html_()


def run_experiment(
    experiment: Experiment | str | Path, *, store: str | None = "sqlite:///mlflow.db", n_jobs: int | None = 1
) -> ExperimentResult:
    """Build the cohort, compare the models, track the comparison, and make the best model champion if it passes.

    Parameters
    ----------
    experiment : Experiment, str or Path
        The experiment, or its file.
    store : str or None
        Address of the MLflow store; None tracks nothing and needs no MLflow.
    n_jobs : int or None
        Processes that fit models side by side, -1 for as many as there are processors; the numbers do not depend on it.

    Returns
    -------
    ExperimentResult

    Raises
    ------
    InputError
        The data cannot be read, the experiment names features or parameters that do not exist, or features that the
        data cannot give while its ``missing_features`` refuses that.
    EmptyCohortError
        Nobody in the data can be analysed.
    OutputError
        The MLflow store cannot be written.
    """
    from ..evaluation import compare_models
    from ..report import experiment_report, files_of, read_council

    if not isinstance(experiment, Experiment):
        experiment = load_experiment(experiment)
    _refuse_wrong_tracking(experiment, store)
    if experiment.council is not None:
        read_council(experiment.council)  # its faults before the long work
    plans, cohort, data_name = _cohort(experiment.data, experiment.cohort)
    other = None
    if experiment.validation.data is not None:
        _, other, other_name = _cohort(experiment.validation.data, experiment.cohort)
        data_name = f"{data_name}; tested on {other_name}"
    models, dropped = build_models(experiment, cohort, other)
    times = tuple(experiment.horizons)
    standing = None
    if store is not None and experiment.champion is not None:
        standing = standing_champion(experiment.champion.model_name, models, cohort, store)
    models = models if standing is None else standing.added_to(models)
    try:
        comparison = compare_models(
            models, cohort, folds=experiment.validation.design(other), times=times, n_jobs=n_jobs
        )
    except SecondplanError:
        raise
    except ValueError as error:
        raise InputError(f"{experiment.name}: {failure_line(error).removeprefix('ValueError: ')}") from None
    _require_a_model(experiment, comparison)
    fitted, notes = _fit_on_all(comparison, cohort)
    best = comparison.table.index.drop([REFERENCE, LABEL], errors="ignore")[0]
    study = None if experiment.effect is None else study_effect(experiment, plans, cohort)
    report = experiment_report(cohort, comparison, fitted, best, data_name=data_name, dropped=dropped, study=study)
    run_id: str | None = None
    crowned = Crowned()
    if store is not None:
        pages = files_of(report, "report")
        for name in fitted:
            pages |= files_of(_card(experiment, data_name, cohort, comparison, fitted, name), f"{name}/model_card")
        run_id = _track(experiment, data_name, cohort, comparison, fitted, pages, dropped, standing, study, store)
        crowned = _crown(experiment, comparison, fitted, best, standing, store)
    return ExperimentResult(
        experiment=experiment,
        cohort=cohort,
        comparison=comparison,
        fitted=fitted,
        best=best,
        run_id=run_id,
        model_uri=crowned.uri,
        gate_failures=crowned.failures,
        notes=notes,
        report=report,
        dropped=dropped,
        best_uri=crowned.best_uri,
        is_unchanged=crowned.is_unchanged,
        data_name=data_name,
        study=study,
    )


def _refuse_wrong_tracking(experiment: Experiment, store: str | None) -> None:
    """Look at the gates and the store before the long work, not after it."""
    from ..tracking.gates import read_gates

    if experiment.champion is not None:
        read_gates(experiment.champion.gates)
    if store is not None:
        from ..tracking import open_store

        open_store(store)


def _require_a_model(experiment: Experiment, comparison: Comparison) -> None:
    if comparison.table.index.drop([REFERENCE, LABEL], errors="ignore").empty:
        why = "; ".join(f"{name}: {line}" for name, line in comparison.failures.items())
        raise InputError(f"{experiment.name}: no model could be compared with {REFERENCE}{': ' if why else ''}{why}")


def _cohort(data: DataSpec, settings: CohortSpec) -> tuple[Plans, Cohort, str]:
    """The plans, their cohort, and what to call them."""
    from ..plans import build_cohort

    plans, name = read_data(data)
    cohort = build_cohort(
        plans, index=settings.index, as_of=settings.as_of, washout_days=settings.washout_days, care=settings.care
    )
    return plans, cohort, name


def _fit_on_all(comparison: Comparison, cohort: Cohort) -> tuple[dict[str, IncidenceModel], dict[str, tuple[str, ...]]]:
    """Every model that could be compared, fitted on the whole cohort; and what models warned of, there or in a fold."""
    from ..scoring.drift import training_profile

    fitted, notes = {}, {}
    for name in track(list(comparison.table.index), "Fitting on the whole cohort"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            fitted[name] = predictor_of(fit_model(clone(comparison.models[name]), cohort))
            training_profile(fitted[name], cohort, keep=True)
        lines = dict.fromkeys([*comparison.notes.get(name, ()), *map(note_line, caught)])
        if lines:
            notes[name] = tuple(lines)
    return fitted, notes


def _card(
    experiment: Experiment,
    data_name: str,
    cohort: Cohort,
    comparison: Comparison,
    fitted: dict[str, IncidenceModel],
    name: str,
) -> Document:
    from ..report import model_card

    validation = experiment.validation
    return model_card(
        name,
        fitted[name],
        cohort,
        comparison,
        council=experiment.council,
        data_name=data_name,
        seed=validation.seed if validation.kind == "family_folds" else None,
    )


def _track(
    experiment: Experiment,
    data_name: str,
    cohort: Cohort,
    comparison: Comparison,
    fitted: dict[str, IncidenceModel],
    pages: dict[str, str],
    dropped: tuple[str, ...],
    standing: StandingChampion | None,
    study: EffectStudy | None,
    store: str,
) -> str:
    from ..models import StackedIncidence
    from ..report import calibration_images
    from ..tracking import log_comparison

    params = {
        **experiment.validation.settings(),
        "index": experiment.cohort.index,
        "washout_days": experiment.cohort.washout_days,
        "horizons": ", ".join(map(str, experiment.horizons)),
        "missing_features": experiment.missing_features,
        "features_left_out": ", ".join(dropped) or "none",
    }
    tables = {
        f"{name}/coefficients": model.summary_.reset_index()
        for name, model in fitted.items()
        if getattr(model, "summary_", None) is not None
    }
    tables |= {
        f"{name}/weights": model.weights_.reset_index()  # of the models that it is made of
        for name, model in fitted.items()
        if isinstance(model, StackedIncidence)
    }
    tables |= {} if study is None else tables_of(study)
    return log_comparison(
        comparison,
        cohort,
        experiment=experiment.name,
        description=experiment.description,
        params=params,
        fitted=fitted,
        images={f"{name}/calibration": calibration_images(comparison, name) for name in fitted},
        pages=pages,
        tables=tables,
        gates=experiment.champion.gates if experiment.champion else None,
        champions=None if standing is None else standing.against(comparison, fitted),
        metrics=None if study is None else metrics_of(study),
        findings=() if study is None else findings_of(study),
        data_name=data_name,
        store=store,
    )


@dataclass(frozen=True)
class Crowned:
    """Who is champion after an experiment, and why others are not."""

    uri: str | None = None
    best_uri: str | None = None
    failures: tuple[str, ...] = ()
    is_unchanged: bool = False


def _crown(
    experiment: Experiment,
    comparison: Comparison,
    fitted: dict[str, IncidenceModel],
    best: str,
    standing: StandingChampion | None,
    store: str,
) -> Crowned:
    """Make the first model that passes the gates champion; only that one is registered."""
    from ..tracking import compare_runs, open_store, promote
    from ..tracking.flavour import tracked_evidence

    if experiment.champion is None:
        return Crowned()
    failures: list[str] = []
    name = experiment.champion.model_name
    runs = compare_runs(experiment.name, store=store).set_index("model")["run_id"]
    for model in by_preference(comparison, fitted):
        if model in (REFERENCE, LABEL):
            continue
        uri = f"runs:/{runs[model]}/model"
        if standing is not None and tracked_evidence(uri, store=open_store(store))[1] == standing.digest:
            break  # it is the champion, fitted to the same rows
        try:
            promote(uri, name=name, store=store)
            return Crowned(_champion_uri(name, store), None, tuple(failures))
        except GateError as error:
            failures.append(str(error))
    if standing is not None:
        return Crowned(standing.uri, None, tuple(failures), is_unchanged=True)
    return Crowned(None, f"runs:/{runs[best]}/model", tuple(failures))


def _champion_uri(name: str, store: str) -> str | None:
    from ..tracking import open_store
    from ..tracking.registry import present_champion

    found = present_champion(name, open_store(store))
    return None if found is None else found[0]


def by_preference(comparison: Comparison, fitted: dict[str, IncidenceModel]) -> list[str]:
    """The models in the order in which they are tried as champion.

    First comes the simplest (fewest coefficients) of those whose Brier score at 730 days is within one standard error
    of the lowest, by the paired difference; then the others, lowest score first.
    """
    from ..evaluation.fitted_facts import coefficients_of
    from ..tracking.evidence import within_one_error

    order = list(comparison.table.index)
    near = [name for name in order if name == order[0] or within_one_error(comparison.differences, name, order[0])]
    counts = {name: coefficients_of(fitted[name]) for name in near if name in fitted}
    simple = [name for name in near if counts.get(name) is not None]
    first = min(simple, key=lambda name: counts[name] or 0, default=order[0])
    return [first, *(name for name in order if name != first)]
