"""How good predicted risks are: Brier score, discrimination and calibration under competing risks and censoring.

Functions on arrays. Conventions are those of R's ``riskRegression::Score`` with marginal Kaplan-Meier weights.
"""

from .auc import time_dependent_auc
from .brier import brier_contributions, brier_score, index_of_prediction_accuracy
from .calibration import CalibrationCurve, calibration_curve, observed_expected_ratio
from .calibration_estimate import CalibrationEstimate
from .calibration_regression import calibration_intercept, calibration_slope, integrated_calibration_index
from .censoring import CensoringDistribution, fit_censoring
from .concordance import concordance_index
from .inputs import MetricWarning
from .pseudo_observations import pseudo_values

__all__ = [
    "CalibrationCurve",
    "CalibrationEstimate",
    "CensoringDistribution",
    "MetricWarning",
    "brier_contributions",
    "brier_score",
    "calibration_curve",
    "calibration_intercept",
    "calibration_slope",
    "concordance_index",
    "fit_censoring",
    "index_of_prediction_accuracy",
    "integrated_calibration_index",
    "observed_expected_ratio",
    "pseudo_values",
    "time_dependent_auc",
]
