"""One comparison becomes one parent run with one child run per model: scalars, curves, images, tables, models."""

from __future__ import annotations

import inspect
import io
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..evaluation.fitted_facts import coefficients_of
from ..models.estimator.design import special_columns
from ..plans.disclosure import rounded_flow
from ..progress import track
from .dataset import cohort_digest, column_kinds, log_cohort
from .descriptions import NOTE, REPORT, comparison_note, experiment_note, how_many, model_note
from .evidence import Evidence, PresentChampion, evidence_of
from .flavour import GATES_TAG, log_model_bundle, model_name
from .gates import WORST_GAP, Gates, check_gates, read_gates
from .killed_runs import WRITER_TAG, close_killed_runs, writing
from .privacy import publishable_table, refuse_identifiers
from .registry import COMPARISON, KIND_TAG, PARENT_TAG, SUMMARY, gates_word
from .saved_view import VIEW, VIEW_TAG, saved_view
from .store import Store, mlflow_edge, open_store, run_tags

if TYPE_CHECKING:
    from mlflow.entities import Metric

    from ..evaluation import Comparison
    from ..models.estimator.base import IncidenceModel
    from ..plans import Cohort

CURVES = {
    "ipa_percent": ("ipa", 100.0),
    "auc": ("auc", 1.0),
    "brier": ("brier", 1.0),
    "calibration_intercept": ("calibration_intercept", 1.0),
}
METRICS_PER_CALL = 1000
PARAMS_PER_CALL = 100
LONGEST_PARAM = 500
# What MLflow refuses in names of parameters, and the slash, of which it makes folders.
NOT_IN_NAMES = re.compile(r"[^\w.: -]")
# MLflow's pages unfold a parent at the first visit only if its children are evaluations; else its charts are empty.
UNFOLDED = {"mlflow.runType": "evaluation"}


def log_comparison(
    comparison: Comparison,
    cohort: Cohort,
    *,
    experiment: str,
    description: str = "",
    params: Mapping[str, Any] | None = None,
    fitted: Mapping[str, IncidenceModel] | None = None,
    images: Mapping[str, Mapping[int, Any]] | None = None,
    pages: Mapping[str, str] | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
    gates: Gates | dict[str, Any] | None = None,
    champions: Mapping[str, PresentChampion] | None = None,
    metrics: Mapping[str, float] | None = None,
    findings: Sequence[str] = (),
    data_name: str = "cohort",
    tags: Mapping[str, str] | None = None,
    store: str | Store | None = None,
) -> str:
    """Track a comparison, and close the runs of comparisons that were killed before.

    What goes in: the summary scalars, the Brier and AUC curves (step = days), parameters, calibration images, aggregate
    tables after disclosure control, pages, the models as bundles with their signature, the name, row count and digest
    of the data. What never goes in: rows, predictions of children, identifiers, input examples.

    Parameters
    ----------
    comparison : Comparison
    cohort : Cohort
        What was compared on.
    experiment : str
        Name of the experiment: one for each cohort, outcome and validation plan.
    description : str
        What the experiment asks; it stands above its runs.
    params : mapping, optional
        Parameters of the experiment, logged for the parent and every model.
    fitted : mapping of str to IncidenceModel, optional
        Models fitted on the whole cohort, by their name in the comparison; those named get a logged model, unless they
        can never be saved (``ExternalModel``): of these, measures and charts are logged.
    images : mapping, optional
        ``"MODEL/calibration"`` -> {day: PNG bytes or array of shape (height, width, 3)}; a name without a model's name
        before the slash belongs to the comparison.
    pages : mapping of str to str, optional
        ``"MODEL/model_card.html"`` or ``"report.html"`` -> the text.
    tables : mapping of str to DataFrame, optional
        ``"MODEL/coefficients"`` or ``"subgroups"`` -> aggregates; logged as CSV and JSON.
    gates : Gates or dict, optional
        The gates against which each model is held; what they are judged by is kept with the model.
    champions : mapping of str to PresentChampion, optional
        By model: how it compares with the present champion.
    metrics : mapping of str to float, optional
        More numbers of the comparison's own run.
    findings : sequence of str
        What was found besides the comparison, a sentence each; they stand above its run and the experiment.
    data_name : str
        What the data are called: ``"england-2018, 12000 children, seed 0"``.
    tags : mapping of str to str, optional
    store : str or Store, optional

    Returns
    -------
    str
        The id of the parent run.

    Raises
    ------
    OutputError
        The store cannot be written, or something that describes a child was about to be logged; the run is then marked
        as failed.
    """
    opened = open_store(store)
    rules = read_gates(gates)
    refuse_identifiers(dict(pages or {}), cohort)
    experiment_id = opened.experiment_id(experiment)
    digest = cohort_digest(cohort)
    close_killed_runs(opened)
    common = run_tags() | dict(tags or {}) | {"secondplan.data_sha256": digest}
    models = list(comparison.table.index)
    counted = how_many(len(cohort), comparison.n_events)
    with (
        _marked(opened, common) as common,
        _run(opened, experiment_id, f"comparison of {len(models)} models", common | {KIND_TAG: COMPARISON}) as parent,
    ):
        address = f"#/experiments/{experiment_id}/runs/{parent}"
        note = comparison_note(comparison, counted, data_name, address, REPORT in (pages or {}), findings)
        log_cohort(opened, parent, cohort, name=data_name, digest=digest)
        shared = {"n_rows": len(cohort), "care": cohort.care, "as_of": f"{cohort.as_of:%Y-%m-%d}"} | dict(params or {})
        _log_params(opened, parent, {"models": ", ".join(models)} | shared)
        _log_extras(opened, parent, _part(images, models), _part(pages, models), _part(tables, models))
        _log_numbers(opened, parent, metrics or {})
        _log_table(opened, parent, "comparison", comparison.table.reset_index(names="model"))
        _log_table(opened, parent, "by_fold", comparison.by_fold)
        _log_text(opened, parent, "tables/flow.csv", rounded_flow(cohort.flow).to_csv(index=False, lineterminator="\n"))
        _log_failures(opened, parent, comparison.failures)
        for name in track(models[::-1], "Tracking models", total=len(models)):  # MLflow shows the latest run first
            model = (fitted or {}).get(name)
            evidence = evidence_of(
                comparison,
                name,
                rules=rules,
                n_coefficients=None if model is None else coefficients_of(model),
                champion=(champions or {}).get(name),
            )
            report = check_gates(evidence)
            words = model_note(comparison, name, report, counted, data_name)
            own_tags = {PARENT_TAG: parent, KIND_TAG: "model", GATES_TAG: gates_word(report), NOTE: words}
            with _run(opened, experiment_id, name, common | UNFOLDED | own_tags) as child:
                log_cohort(opened, child, cohort, name=data_name, digest=digest)
                _log_params(opened, child, _parameters(comparison.models.get(name)) | shared)
                model_id = None
                if model is not None and not evidence.why_never_saved:
                    columns = column_kinds(_columns_of(model, cohort.X))
                    model_id = log_model_bundle(
                        model, child, columns=columns, evidence=evidence, name=model_name(name), store=opened
                    )
                _log_metrics(opened, child, comparison, name, model_id, evidence)
                _log_extras(
                    opened, child, _part(images, models, name), _part(pages, models, name), _part(tables, models, name)
                )
                _log_table(opened, child, "gates", report.table)
                calibration = comparison.calibration
                _log_table(opened, child, "calibration", calibration.loc[calibration["model"] == name])
        latest = experiment_note(description, comparison, counted, data_name, address, findings)
        _describe(opened, experiment_id, parent, note, latest)
    return parent


def _describe(store: Store, experiment_id: str, parent: str, note: str, latest: str) -> None:
    """The last step: what is described is whole."""
    with mlflow_edge("the comparison cannot be described"):
        store.client.set_tag(parent, NOTE, note)
        store.client.set_experiment_tag(experiment_id, NOTE, latest)
        store.client.set_experiment_tag(experiment_id, f"{VIEW_TAG}{VIEW}", saved_view(parent))


@contextmanager
def _marked(store: Store, tags: dict[str, str]) -> Iterator[dict[str, str]]:
    """The tags with the mark of this process, for as long as it lives and writes."""
    with writing(store) as folder:
        yield tags | {WRITER_TAG: folder.name}


class _run:
    """Open a run, and close it as finished or failed."""

    def __init__(self, store: Store, experiment_id: str, name: str, tags: Mapping[str, str]):
        self.store = store
        with mlflow_edge("a run cannot be made"):
            self.id = store.client.create_run(experiment_id, run_name=name, tags=dict(tags)).info.run_id

    def __enter__(self) -> str:
        return self.id

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with mlflow_edge("a run cannot be closed"):
            self.store.client.set_terminated(self.id, "FINISHED" if kind is None else "FAILED")


def _log_numbers(store: Store, run_id: str, numbers: Mapping[str, float]) -> None:
    with mlflow_edge("the metrics cannot be logged"):
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        _send(store, run_id, [Metric(name, number, now, 0) for name, number in numbers.items() if isfinite(number)])


def _send(store: Store, run_id: str, metrics: list[Metric]) -> None:
    for start in range(0, len(metrics), METRICS_PER_CALL):
        store.client.log_batch(run_id, metrics=metrics[start : start + METRICS_PER_CALL])


def _log_metrics(
    store: Store, run_id: str, comparison: Comparison, model: str, model_id: str | None, evidence: Evidence
) -> None:
    with mlflow_edge("the metrics cannot be logged"):
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        row = comparison.table.loc[model]
        gap = None if evidence.subgroups is None else evidence.subgroups.worst_gap
        more = {"ipa_percent_730": 100.0 * row["ipa_730"], WORST_GAP: np.nan if gap is None else gap}
        row = pd.concat([row, pd.Series(more)])
        metrics = [
            Metric(f"summary/{name}", float(row[name]), now, 0, model_id=model_id, run_id=run_id)
            for name in SUMMARY
            if name in row.index and isfinite(row[name])
        ]
        curves = comparison.curves.loc[comparison.curves["model"] == model]
        for name, (column, unit) in CURVES.items():
            values = curves.get(column, [])
            metrics += [
                Metric(f"curve/{name}", unit * float(value), now, int(day))
                for day, value in zip(curves["day"], values, strict=False)
                if isfinite(value)
            ]
        _send(store, run_id, metrics)


def _log_params(store: Store, run_id: str, params: Mapping[str, Any]) -> None:
    with mlflow_edge("the parameters cannot be logged"):
        from mlflow.entities import Param

        # Names of models that others are made of are part of names of parameters, and may have any character.
        names = [NOT_IN_NAMES.sub("_", str(name)) for name in params]
        entities = [Param(name, str(value)[:LONGEST_PARAM]) for name, value in zip(names, params.values(), strict=True)]
        for start in range(0, len(entities), PARAMS_PER_CALL):
            store.client.log_batch(run_id, params=entities[start : start + PARAMS_PER_CALL])


def _log_extras(
    store: Store,
    run_id: str,
    images: Mapping[str, Mapping[int, Any]],
    pages: Mapping[str, str],
    tables: Mapping[str, pd.DataFrame],
) -> None:
    for name, by_day in images.items():
        for day, image in by_day.items():
            _log_image(store, run_id, name, int(day), image)
    for name, text in pages.items():
        _log_text(store, run_id, name, text)
    for name, table in tables.items():
        _log_table(store, run_id, name, table)


def _log_image(store: Store, run_id: str, name: str, day: int, image: Any) -> None:
    with mlflow_edge(f"the image {name} cannot be logged"):
        if isinstance(image, bytes | bytearray):
            from PIL import Image

            with Image.open(io.BytesIO(image)) as opened:
                image = opened.convert("RGB")
        store.client.log_image(run_id, image, key=name, step=day)


def _log_table(store: Store, run_id: str, name: str, table: pd.DataFrame) -> None:
    shown = publishable_table(table, name)
    if not isinstance(shown.index, pd.RangeIndex):
        shown = shown.reset_index() if shown.index.name or shown.index.nlevels > 1 else shown.reset_index(drop=True)
    _log_text(store, run_id, f"tables/{name}.csv", shown.to_csv(index=False, lineterminator="\n"))
    _log_text(store, run_id, f"tables/{name}.json", shown.to_json(orient="split", index=False, date_format="iso"))


def _log_text(store: Store, run_id: str, name: str, text: str) -> None:
    with mlflow_edge(f"{name} cannot be logged"):
        store.client.log_text(run_id, text, name)


def _log_failures(store: Store, run_id: str, failures: Mapping[str, str]) -> None:
    if failures:
        lines = "".join(f"{name}: {' '.join(reason.split())}\n" for name, reason in failures.items())
        _log_text(store, run_id, "failures.txt", lines)


def _part(items: Mapping[str, Any] | None, models: list[str], model: str | None = None) -> dict[str, Any]:
    """What belongs to ``model``, without its name; or, for None, what belongs to no model."""
    found: dict[str, Any] = {}
    for name, item in (items or {}).items():
        owner, slash, rest = name.partition("/")
        owned = bool(slash) and owner in models
        if owned and owner == model:
            found[rest] = item
        elif not owned and model is None:
            found[name] = item
    return found


def _parameters(model: IncidenceModel | None) -> dict[str, str]:
    """The model's class, its parameters in the order of its signature, then its encoder's; without those not given."""
    if model is None:
        return {}
    params = model.get_params(deep=True)
    own = [name for name in inspect.signature(type(model)).parameters if name in params]
    found = {"class": type(model).__name__}
    for name in [*own, *(name for name in params if name not in own)]:
        value = params[name]
        if isinstance(value, bool | int | float | str):
            found[name] = str(value)
        elif isinstance(value, list | tuple | dict) and not _holds_estimators(value):
            found[name] = repr(value)
    if library := getattr(model, "library", ""):
        found["library"] = library
    return found


def _holds_estimators(value: list[Any] | tuple[Any, ...] | dict[Any, Any]) -> bool:
    """Whether a parameter holds what may have been fitted: its text would count the rows that it was fitted to."""
    return any(hasattr(part, "fit") for part in (value.values() if isinstance(value, dict) else value))


def _columns_of(model: IncidenceModel, X: pd.DataFrame) -> pd.DataFrame:
    """No rows, only the columns of ``X`` that the model was given."""
    special = (str(name) for names in special_columns(model).values() for name in names)
    wanted = {*model.encoder_.columns_, *special}
    return X.iloc[:0][[column for column in X.columns if column in wanted]]
