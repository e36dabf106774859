"""How good predicted risks are: Brier score, discrimination and calibration under competing risks and censoring.

Functions on arrays, and ``evaluate_risks`` for several models with errors and differences. Conventions are those of R's
``riskRegression::Score`` with marginal Kaplan-Meier weights.
"""

from .auc import time_dependent_auc
from .brier import brier_contributions, brier_score, index_of_prediction_accuracy, integrated_brier_score
from .calibration import CalibrationCurve, calibration_curve, observed_expected_ratio
from .calibration_estimate import CalibrationEstimate
from .calibration_regression import calibration_intercept, calibration_slope
from .censoring import CensoringDistribution, fit_censoring
from .concordance import concordance_index
from .decision_curve import net_benefit
from .distribution_calibration import DCalibration, d_calibration
from .inputs import MetricWarning
from .logarithmic_score import log_score
from .precision import TopK, average_precision, top_k
from .pseudo_observations import pseudo_values
from .risk_evaluation import RiskEvaluation, evaluate_risks
from .smooth_calibration import (
    CalibrationErrors,
    calibration_errors,
    integrated_calibration_index,
    smooth_calibration_curve,
)

__all__ = [
    "CalibrationCurve",
    "CalibrationErrors",
    "CalibrationEstimate",
    "CensoringDistribution",
    "DCalibration",
    "MetricWarning",
    "RiskEvaluation",
    "TopK",
    "average_precision",
    "brier_contributions",
    "brier_score",
    "calibration_curve",
    "calibration_errors",
    "calibration_intercept",
    "calibration_slope",
    "concordance_index",
    "d_calibration",
    "evaluate_risks",
    "fit_censoring",
    "index_of_prediction_accuracy",
    "integrated_brier_score",
    "integrated_calibration_index",
    "log_score",
    "net_benefit",
    "observed_expected_ratio",
    "pseudo_values",
    "smooth_calibration_curve",
    "time_dependent_auc",
    "top_k",
]
