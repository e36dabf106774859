"""Reports: pages that stand alone, as HTML, Markdown or JSON. They compute nothing."""

from .card import model_card
from .data_quality import quality_page
from .document import Document, files_of, write_report
from .drift import drift_page
from .experiment import calibration_images, experiment_report
from .indicators import write_indicators

__all__ = [
    "Document",
    "calibration_images",
    "drift_page",
    "experiment_report",
    "files_of",
    "model_card",
    "quality_page",
    "write_indicators",
    "write_report",
]
