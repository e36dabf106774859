"""The saved view ``Latest comparison`` of an experiment: MLflow's pages open with the columns and charts that matter.

MLflow keeps such a view as a tag of the experiment; what is in it is named as MLflow 3's pages name it.
"""

from __future__ import annotations

import base64
import json
import time
import zlib
from urllib.parse import urlencode

VIEW_TAG = "mlflow.sharedViewState."
VIEW = "latest-comparison"
# Columns with their width in pixels: MLflow's own cuts the names off.
COLUMNS = {
    "tags.`champion`": 170,
    "metrics.`summary/ipa_percent_730`": 200,
    "metrics.`summary/difference_to_null_730`": 240,
    "metrics.`summary/difference_to_null_730_lower`": 275,
    "metrics.`summary/difference_to_null_730_upper`": 280,
    "metrics.`summary/auc_730`": 150,
    "metrics.`summary/calibration_slope_730`": 240,
    "metrics.`summary/observed_expected_730`": 255,
    "metrics.`summary/subgroup_worst_gap_730`": 255,
}
# Charts by section; a section's name helps to read them, for MLflow titles a chart by its metric and cuts long names.
SECTIONS = {
    "Brier score below the average risk's? (IPA, %)": (
        "summary/ipa_percent_730",
        "summary/difference_to_null_730",
        "summary/difference_to_null_730_upper",
    ),
    "Ranking; calibration (1 is best)": (
        "summary/auc_730",
        "summary/calibration_slope_730",
        "summary/observed_expected_730",
        "summary/subgroup_worst_gap_730",
    ),
    "By day (intercept: 0 is best)": (
        "curve/ipa_percent",
        "curve/auc",
        "curve/calibration_intercept",
    ),
}
MOST_RUNS = 50


def saved_view(parent: str) -> str:
    """The value of the experiment's tag: the models of the comparison ``parent``, lowest Brier score first."""
    state = {
        "searchFilter": f"tags.`mlflow.parentRunId` = '{parent}'",
        "orderByKey": "metrics.`summary/brier_730`",
        "orderByAsc": True,
        "selectedColumns": list(COLUMNS),
        "columnOrder": list(COLUMNS),
        "columnWidths": COLUMNS,
        "runsHiddenMode": "SHOW_ALL",
        "compareRunSections": [{"uuid": name, "name": name, "display": True, "isReordered": True} for name in SECTIONS],
        "isAccordionReordered": True,
        "compareRunCharts": [_card(metric, section) for section, metrics in SECTIONS.items() for metric in metrics],
    }
    packed = base64.b64encode(zlib.compress(json.dumps(state).encode(), 9)).decode()
    now = int(time.time() * 1000)
    view = {"name": "Latest comparison", "createdAt": now, "updatedAt": now, "state": f"deflate;{packed}"}
    return json.dumps(view)


def view_path(experiment_id: str, *, charts: bool) -> str:
    """The path of the view in MLflow's pages, as a table of runs or as charts."""
    choices = {"viewStateShareKey": VIEW, "workflowType": "machine_learning"}
    if charts:
        choices["compareRunsMode"] = "CHART"
    return f"#/experiments/{experiment_id}/runs?{urlencode(choices)}"


def _card(metric: str, section: str) -> dict[str, object]:
    is_curve = metric.startswith("curve/")
    return {
        "type": "LINE" if is_curve else "BAR",
        "uuid": metric,
        "metricKey": metric,
        "metricSectionId": section,
        "runsCountToCompare": MOST_RUNS,
        "deleted": False,
        "isGenerated": False,
        **({"selectedMetricKeys": [metric], "xAxisKey": "step"} if is_curve else {}),
    }
