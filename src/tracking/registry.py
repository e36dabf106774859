"""The registered models and their champion: an alias that is set only for a version whose gates hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd

from ..errors import BundleError, GateError, ModelNotFoundError
from .descriptions import NOTE, crowned, registered_note, uncrowned
from .flavour import CHAMPION, DIGEST_PARAM, DIGEST_TAG, GATES_TAG, MODEL_NAME, resolve_model_id, tracked_evidence
from .gates import GateReport, check_gates
from .store import Store, mlflow_edge, open_store

REGISTERED_NAME = "secondplan"
PARENT_TAG = "mlflow.parentRunId"
KIND_TAG = "secondplan.kind"
COMPARISON = "comparison"
# What stands in MLflow's columns, in the order in which it is read.
SUMMARY = (
    "ipa_percent_730",
    "difference_to_null_730",
    "difference_to_null_730_lower",
    "difference_to_null_730_upper",
    "auc_730",
    "auc_730_lower",
    "auc_730_upper",
    "brier_730",
    "brier_365",
    "calibration_slope_730",
    "observed_expected_730",
    "ici_730",
    "subgroup_worst_gap_730",
    "c_index",
    "fit_seconds",
)
MOST_ROWS = 1000


def register_model(uri: str, *, name: str = REGISTERED_NAME, store: str | Store | None = None) -> int:
    """Register a tracked model as the next version of ``name``; a model that is registered already keeps its version.

    Parameters
    ----------
    uri : str
        ``runs:/<run id>/model`` or ``models:/<model id>``.
    name : str
        The registered model, made where it does not exist.

    Returns
    -------
    int
        The version.

    Raises
    ------
    ModelNotFoundError
        No such run or model.
    """
    opened = open_store(store, create=False)
    model_id = resolve_model_id(uri, opened)
    source = f"models:/{model_id}"
    client = opened.client
    with mlflow_edge("the model cannot be registered"):
        if not client.search_registered_models(f"name = '{_quoted(name)}'"):
            client.create_registered_model(name)
        for version in client.search_model_versions(f"name = '{_quoted(name)}'"):
            if version.source == source:
                return int(version.version)
        logged = client.get_logged_model(model_id)
        run = client.get_run(logged.source_run_id or "")
        tags = {"model": logged.name, DIGEST_TAG: logged.params.get(DIGEST_PARAM, "")}
        if GATES_TAG in run.data.tags:
            tags[GATES_TAG] = run.data.tags[GATES_TAG]
        note = f"{logged.name}. {uncrowned(run.data.tags.get(NOTE, ''))}"
        with _global_address(opened.uri):
            made = client.create_model_version(
                name, source, run_id=logged.source_run_id, tags=tags, model_id=model_id, description=note
            )
        return int(made.version)


def set_champion(name: str, version: int | str, *, store: str | Store | None = None) -> str:
    """Give a version the alias ``champion``, if its gates hold and its files are whole.

    The gates are judged again from the comparison that is recorded with the model, never from tags.

    Parameters
    ----------
    name : str
        The registered model.
    version : int

    Returns
    -------
    str
        ``models:/NAME/VERSION``.

    Raises
    ------
    GateError
        A gate does not hold, none was measured, or the recorded comparison does not hold the present champion; the
        former champion stays.
    ModelNotFoundError, BundleError
        No such version, or its files are gone or changed.
    """
    opened = open_store(store, create=False)
    uri = f"models:/{name}/{version}"
    client = opened.client
    with mlflow_edge(f"{uri}: not in the MLflow store", ModelNotFoundError):
        client.get_model_version(name, str(version))
    report = judged(uri, name=name, store=opened)
    report.require()
    _crown(name, str(version), report, opened)
    return uri


def _crown(name: str, version: str, report: GateReport, store: Store) -> None:
    """Give a version the alias, and what it stands for the mark; the former champion loses its mark."""
    client = store.client
    with mlflow_edge("the alias cannot be set"):
        registered = client.get_registered_model(name)
        former = registered.aliases.get(CHAMPION)
        client.set_model_version_tag(name, version, GATES_TAG, gates_word(report))
        client.set_registered_model_alias(name, CHAMPION, version)
        if former is not None and str(former) != version:
            _mark(name, str(former), store, is_champion=False)
        _mark(name, version, store, is_champion=True)
        client.update_registered_model(name, registered_note(name, version, report.model))


def _mark(name: str, number: str, store: Store, *, is_champion: bool) -> None:
    """Mark a version, its run and its logged model as champion in tags and words, or take the mark away."""
    client = store.client
    uri = f"models:/{name}/{number}"
    version = client.get_model_version(name, number)
    note = version.description or ""
    client.update_model_version(name, number, crowned(note, uri) if is_champion else uncrowned(note))
    if is_champion:
        client.set_model_version_tag(name, number, CHAMPION, "yes")
    else:
        client.delete_model_version_tag(name, number, CHAMPION)
    model_id = resolve_model_id(uri, store)
    run_id = client.get_logged_model(model_id).source_run_id or ""
    run = client.get_run(run_id).data.tags
    if not is_champion and run.get(CHAMPION) != uri:
        return
    if is_champion:
        client.set_logged_model_tags(model_id, {CHAMPION: uri})
        client.set_tag(run_id, CHAMPION, uri)
    else:
        client.delete_logged_model_tag(model_id, CHAMPION)
        client.delete_tag(run_id, CHAMPION)
    note = run.get(NOTE, "")
    client.set_tag(run_id, NOTE, crowned(note, uri) if is_champion else uncrowned(note))


def judged(uri: str, *, name: str, store: Store) -> GateReport:
    """How a tracked model does at the gates, by the comparison recorded with it.

    Raises
    ------
    GateError
        None is recorded, or it does not hold the present champion of ``name``.
    ModelNotFoundError, BundleError
        No such model, or its files are gone or changed.
    """
    evidence, digest = tracked_evidence(uri, store=store)
    if evidence is None:
        raise GateError(f"{uri}: its gates were never measured; run an experiment that holds it")
    report = check_gates(evidence)
    present = present_champion(name, store) if report.passed else None
    if present is not None and present[1] != digest:
        compared = None if evidence.champion is None else evidence.champion.digest
        if compared != present[1]:
            raise GateError(
                f"{uri}: its comparison does not hold the present champion, {present[0]}; compare again (secondplan "
                "experiment run)"
            )
    return report


def present_champion(name: str, store: Store) -> tuple[str, str] | None:
    """Address and digest of the champion of a registered model; None where there is none that passed the gates.

    Where the alias was moved, by other tools, to a version that has not passed them, it is the latest that has.
    """
    marked = marked_champion(name, store)
    if marked is None:
        return None
    with mlflow_edge("the registered models cannot be read"):
        versions = store.client.search_model_versions(f"name = '{_quoted(name)}'")
    numbers = sorted((int(version.version) for version in versions), reverse=True)
    for uri in dict.fromkeys([marked, *(f"models:/{name}/{number}" for number in numbers)]):
        try:
            evidence, digest = tracked_evidence(uri, store=store)
        except GateError:
            continue  # what is kept with it is no record of a comparison of it
        except (BundleError, ModelNotFoundError):
            if uri == marked:
                raise
            continue
        if evidence is not None and check_gates(evidence).passed:
            return uri, digest
    return None


def marked_champion(name: str, store: Store) -> str | None:
    """Address of the version of a registered model that has the alias, passed or not; None where none has."""
    with mlflow_edge("the registered models cannot be read"):
        if not store.client.search_registered_models(f"name = '{_quoted(name)}'"):
            return None
        version = store.client.get_registered_model(name).aliases.get(CHAMPION)
    return None if version is None else f"models:/{name}/{version}"


def promote(model: str, *, name: str = REGISTERED_NAME, store: str | Store | None = None) -> str:
    """Make a tracked model the champion, if it passes the gates (``secondplan promote MODEL``).

    Parameters
    ----------
    model : str
        ``models:/NAME/VERSION``, ``runs:/<run id>/model``, or a model's name in the latest comparison.
    name : str
        The registered model whose champion it becomes.
    store : str or Store, optional
        As in :func:`~secondplan.tracking.open_store`.

    Returns
    -------
    str
        One line for a person.

    Raises
    ------
    GateError, ModelNotFoundError, BundleError
        See :func:`set_champion`.
    """
    opened = open_store(store, create=False)
    uri = model if ":/" in model else f"runs:/{_latest_run_of(model, opened)}/{MODEL_NAME}"
    report = judged(uri, name=name, store=opened)
    report.require()
    version = register_model(uri, name=name, store=opened)
    _crown(name, str(version), report, opened)
    return f"models:/{name}@{CHAMPION} is now version {version}"


def list_experiments(store: str | Store | None = None) -> pd.DataFrame:
    """The experiments that hold comparisons, latest first.

    Returns
    -------
    DataFrame
        ``experiment``, ``comparisons``, ``latest`` (UTC), ``models``, ``best`` (lowest Brier score at 730 days).
    """
    opened = open_store(store, create=False)
    rows: list[dict[str, Any]] = []
    with mlflow_edge("the experiments cannot be listed"):
        for experiment in opened.client.search_experiments():
            parents = _comparisons(opened, experiment.experiment_id)
            if not parents:
                continue
            table = _children(opened, parents[0])
            rows.append(
                {
                    "experiment": experiment.name,
                    "comparisons": len(parents),
                    "latest": pd.Timestamp(parents[0].info.start_time, unit="ms").floor("s"),
                    "models": len(table),
                    "best": table["model"].iloc[0] if len(table) else "",
                }
            )
    columns = ["experiment", "comparisons", "latest", "models", "best"]
    return pd.DataFrame(rows, columns=columns).sort_values("latest", ascending=False, ignore_index=True)


def compare_runs(names: str | list[str] | None = None, *, store: str | Store | None = None) -> pd.DataFrame:
    """The models of each experiment's latest comparison, lowest Brier score at 730 days first.

    Parameters
    ----------
    names : str or list of str, optional
        Experiments; all that hold a comparison, where none is named.

    Returns
    -------
    DataFrame
        ``experiment``, ``model``, the summary scalars, ``gates`` (passed, failed or not measured) and ``run_id``.

    Raises
    ------
    ModelNotFoundError
        An experiment is not in the store or holds no comparison.
    """
    opened = open_store(store, create=False)
    wanted = [names] if isinstance(names, str) else list(names or [])
    wanted = wanted or list(list_experiments(opened)["experiment"])
    found = []
    for name in wanted:
        with mlflow_edge(f"the experiment {name} cannot be read"):
            experiment = opened.client.get_experiment_by_name(name)
            parents = [] if experiment is None else _comparisons(opened, experiment.experiment_id)
            if not parents:
                raise ModelNotFoundError(f"{name}: no such experiment in the MLflow store, or no comparison in it")
            found.append(_children(opened, parents[0]).assign(experiment=name))
    columns = ["experiment", "model", *SUMMARY, "gates", "run_id"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def latest_comparison(store: Store) -> str | None:
    """The id of the experiment that holds the latest comparison in the store; None where there is none."""
    with mlflow_edge("the experiments cannot be read"):
        parent = _latest_parent(store)
    return None if parent is None else parent.info.experiment_id


def _comparisons(store: Store, experiment_id: str) -> list[Any]:
    return store.client.search_runs(
        [experiment_id],
        f"tags.`{KIND_TAG}` = '{COMPARISON}' AND attributes.status = 'FINISHED'",
        max_results=MOST_ROWS,
        order_by=["attributes.start_time DESC"],
    )


def _children(store: Store, parent: Any) -> pd.DataFrame:
    runs = store.client.search_runs(
        [parent.info.experiment_id], f"tags.`{PARENT_TAG}` = '{parent.info.run_id}'", max_results=MOST_ROWS
    )
    rows = [
        {
            "model": run.info.run_name,
            **{name: run.data.metrics.get(f"summary/{name}") for name in SUMMARY},
            "gates": run.data.tags.get(GATES_TAG, "not measured").partition(":")[0],
            "run_id": run.info.run_id,
        }
        for run in runs
    ]
    table = pd.DataFrame(rows, columns=["model", *SUMMARY, "gates", "run_id"])
    table[list(SUMMARY)] = table[list(SUMMARY)].astype(float)
    return table.sort_values(["brier_730", "model"], ignore_index=True)


def gates_word(report: GateReport) -> str:
    """``passed``, or ``failed`` and why: for a tag, which is shown and never trusted."""
    return "passed" if report.passed else f"failed: {'; '.join(report.failures) or 'none was measured'}"


def _latest_parent(store: Store) -> Any:
    found = [_comparisons(store, experiment.experiment_id) for experiment in store.client.search_experiments()]
    return max((parents[0] for parents in found if parents), key=lambda run: run.info.start_time, default=None)


def _latest_run_of(model: str, store: Store) -> str:
    with mlflow_edge("the experiments cannot be read"):
        parent = _latest_parent(store)
        table = pd.DataFrame({"model": []}) if parent is None else _children(store, parent)
    runs = table.loc[table["model"] == model]
    if runs.empty:
        raise ModelNotFoundError(f"{model}: not a model of the latest comparison; see: secondplan experiment compare")
    run_id = str(runs["run_id"].iloc[0])
    with mlflow_edge("the run cannot be read"):
        outputs = store.client.get_run(run_id).outputs
    if outputs is None or not outputs.model_outputs:
        raise GateError(
            f"{model}: no model was saved with its run, as of one of another library, so it cannot be promoted"
        )
    return run_id


@contextmanager
def _global_address(uri: str) -> Iterator[None]:
    """Lend MLflow the store's address: version 3.17 looks for the source ``models:/<id>`` in its global one only."""
    import mlflow

    # None unsets the address, though the signature does not say so.
    former: Any = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(former)


def _quoted(name: str) -> str:
    return name.replace("'", "")
