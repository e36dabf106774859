"""Reports: pages that stand alone, as HTML, Markdown or JSON. They compute nothing."""

from .calibration import calibration_images
from .card import card_of, model_card, tracked_model_card
from .card_facts import CardFacts
from .council import Council, council_template, read_council
from .data_quality import quality_page
from .document import Document, files_of, write_report
from .drift import drift_page
from .experiment import experiment_report
from .indicators import write_indicators

__all__ = [
    "CardFacts",
    "Council",
    "Document",
    "calibration_images",
    "card_of",
    "council_template",
    "drift_page",
    "experiment_report",
    "files_of",
    "model_card",
    "quality_page",
    "read_council",
    "tracked_model_card",
    "write_indicators",
    "write_report",
]
