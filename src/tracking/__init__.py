"""Tracking: comparisons, models and the champion in an MLflow store. The only part that imports MLflow, and late."""

from .drift_log import log_drift
from .flavour import load_tracked_model, log_model_bundle
from .gates import Gate, GateReport, Gates, check_gates
from .log import log_comparison
from .registry import compare_runs, list_experiments, promote, register_model, set_champion
from .store import Store, open_store
from .ui import serve_ui

__all__ = [
    "Gate",
    "GateReport",
    "Gates",
    "Store",
    "check_gates",
    "compare_runs",
    "list_experiments",
    "load_tracked_model",
    "log_comparison",
    "log_drift",
    "log_model_bundle",
    "open_store",
    "promote",
    "register_model",
    "serve_ui",
    "set_champion",
]
