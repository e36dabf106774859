"""A look at drift as an MLflow run, so that looks line up over the months."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .descriptions import NOTE
from .registry import KIND_TAG
from .store import Store, mlflow_edge, open_store, run_tags

if TYPE_CHECKING:
    from ..scoring.drift import DriftReport

DRIFT = "drift"


def log_drift(report: DriftReport, *, page: str = "", name: str = "drift", store: str | Store | None = None) -> str:
    """Keep what a look at drift found: its sentences, a few numbers, ``drift.json`` and its page.

    Parameters
    ----------
    report : DriftReport
        Aggregates only, small counts withheld.
    page : str
        Its page as HTML; none if empty.
    name : str
        The MLflow experiment.
    store : str or Store, optional
        The MLflow store.

    Returns
    -------
    str
        The id of the run.

    Raises
    ------
    OutputError
        The store cannot be written.
    """
    opened = open_store(store)
    tags = {**run_tags(), KIND_TAG: DRIFT, "status": report.status, NOTE: "\n".join(f"- {s}" for s in report.sentences)}
    params = {
        "model_digest": report.model_digest,
        "since": f"{report.since:%Y-%m-%d}",
        "as_of": f"{report.as_of:%Y-%m-%d}",
    }
    with mlflow_edge("the look at drift cannot be logged"):
        client = opened.client
        run = client.create_run(opened.experiment_id(name), run_name=f"{report.as_of:%Y-%m-%d}", tags=tags).info.run_id
        for parameter, value in params.items():
            client.log_param(run, parameter, value)
        for metric, number in _numbers(report).items():
            client.log_metric(run, f"drift/{metric}", number)
        client.log_text(run, report.to_json(), "drift.json")
        if page:
            client.log_text(run, page, "drift.html")
        client.set_terminated(run)
    return run


def _numbers(report: DriftReport) -> dict[str, Any]:
    """What can be drawn over the months."""
    latest = report.inputs[report.inputs["window"] == report.windows[-1]] if report.windows else report.inputs
    found = {
        "exit_code": float(report.exit_code),
        "expected_second_plans": report.outcomes.expected,
        "input_alarms": float(latest["alarm"].sum()),
        "rules_broken": float(len(report.contract)),
    }
    if len(latest):
        found["largest_moved_percent"] = 100.0 * float(latest["moved"].max())
    if report.outcomes.cusum is not None:
        chart = report.outcomes.cusum
        found |= {"chart": float(chart.days["cusum"].iloc[-1]), "chart_limit": chart.limit}
    return found
