"""Reports: pages that stand alone. They compute nothing."""

from .card import model_card
from .data_quality import quality_page
from .experiment import calibration_images, experiment_page, write_report
from .indicators import write_indicators

__all__ = [
    "calibration_images",
    "experiment_page",
    "model_card",
    "quality_page",
    "write_indicators",
    "write_report",
]
