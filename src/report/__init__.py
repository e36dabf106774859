"""Reports: plots that compute nothing, pages that stand alone. The only part that draws."""

from .calibration import plot_calibration
from .coefficients import plot_coefficients
from .comparison import plot_comparison
from .curves import plot_curves
from .experiment_page import calibration_images, experiment_page, write_report
from .hazard import plot_hazard, plot_hazard_ratio
from .incidence import plot_incidence
from .indicators import plot_indicators, write_indicators
from .model_card import model_card
from .monitoring import plot_cusum, plot_funnel, plot_p_chart
from .penalty import plot_penalty_cv, plot_penalty_path
from .quality_page import quality_page
from .risk import plot_risk_distribution

__all__ = [
    "calibration_images",
    "experiment_page",
    "model_card",
    "plot_calibration",
    "plot_coefficients",
    "plot_comparison",
    "plot_curves",
    "plot_cusum",
    "plot_funnel",
    "plot_hazard",
    "plot_hazard_ratio",
    "plot_incidence",
    "plot_indicators",
    "plot_p_chart",
    "plot_penalty_cv",
    "plot_penalty_path",
    "plot_risk_distribution",
    "quality_page",
    "write_indicators",
    "write_report",
]
