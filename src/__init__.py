"""secondplan: how likely is a second child protection plan, and when, given how long the first one lasted?

Everything public is reached from here: ``import secondplan as sp``. Modules load when a name is first used.
"""

from typing import TYPE_CHECKING

from .lazy_names import lazy_names
from .models.registry import MODELS
from .version import __version__

# Public name -> the module that holds it.
_HOMES = {
    "errors": (
        "BundleError",
        "EmptyCohortError",
        "GateError",
        "InputError",
        "ModelNotFoundError",
        "OutputError",
        "SecondplanError",
    ),
    "models": (
        *MODELS,
        "FeatureEncoder",
        "FollowUpWarning",
        "aalen_johansen",
        "accumulated_local_effects",
        "check_outcome",
        "compare_distributions",
        "compare_nested",
        "explain_risk",
        "gray_test",
        "kaplan_meier",
        "load_model",
        "logrank_test",
        "nelson_aalen",
        "partial_dependence",
        "restricted_mean_difference",
    ),
    "models.external.model": ("ExternalModel",),
    "models.metrics": (
        "average_precision",
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
        "smooth_calibration_curve",
        "time_dependent_auc",
        "top_k",
    ),
    "models.monitoring": ("expected_by_row", "expected_events", "funnel", "p_chart", "risk_adjusted_cusum"),
    "plans": (
        "Cohort",
        "EndBy",
        "NaturalCourse",
        "NotBefore",
        "OpenCases",
        "Plans",
        "QualityReport",
        "QualityTotals",
        "add_care_episodes",
        "authority_successions",
        "build_cohort",
        "check_plans",
        "cohort_table",
        "open_cases",
        "published_authorities",
        "published_england",
        "published_factors",
        "published_figures",
        "published_regions",
        "published_second_plans",
        "read_annex_a",
        "read_cin_census",
        "read_dfe_api",
        "read_plans",
        "read_quality",
        "read_ssd",
        "read_tables",
    ),
    "plans.indicators": ("Indicators", "indicators", "monthly_shares"),
    "synthetic": (
        "Scenario",
        "SimulatedPlans",
        "SimulatedStore",
        "Truth",
        "ValueFaults",
        "read_truth",
        "calibration_table",
        "compare_with_targets",
        "scenario",
        "simulate",
        "simulate_to",
        "simulate_with_truth",
        "write_annex_a",
        "write_cin_census",
        "write_dfe_api",
        "write_formats",
        "write_ssd",
        "write_ssda903",
        "write_tables",
    ),
    "evaluation": (
        "BootstrapOptimism",
        "Comparison",
        "FamilyKFold",
        "FeatureImportance",
        "LeaveOneAuthorityOut",
        "OtherCohort",
        "SampleSize",
        "Subgroups",
        "TemporalSplit",
        "compare_models",
        "permutation_importance",
        "sample_size",
    ),
    "effects": (
        "EffectResult",
        "EmulatedTrial",
        "InstrumentalEffect",
        "LengthWeights",
        "PolicyCurve",
        "PracticeChange",
        "RiskCurve",
        "ShiftBy",
        "TippingPoint",
        "WithinFamily",
        "authority_instrument",
        "change_of_practice",
        "doubly_robust_risk",
        "e_value",
        "emulate_trial",
        "negative_control",
        "plan_length_weights",
        "policy_curve",
        "standardised_risk",
        "tipping_point",
        "weighted_risk",
        "within_family_effect",
    ),
    "scoring": ("score", "score_batch", "score_batches", "score_spark"),
    "scoring.drift": ("monitor", "training_profile"),
    "tracking": ("load_tracked_model", "log_drift", "promote"),
    "plots": (
        "plot_balance",
        "plot_calibration",
        "plot_coefficients",
        "plot_coefficients_over_time",
        "plot_comparison",
        "plot_contributions",
        "plot_curves",
        "plot_cusum",
        "plot_distributions",
        "plot_effect",
        "plot_funnel",
        "plot_hazard",
        "plot_hazard_ratio",
        "plot_importance",
        "plot_incidence",
        "plot_indicators",
        "plot_levels",
        "plot_overlap",
        "plot_p_chart",
        "plot_penalty_cv",
        "plot_penalty_path",
        "plot_policy",
        "plot_practice_change",
        "plot_risk",
        "plot_risk_distribution",
        "plot_strategies",
        "plot_tipping_point",
        "plot_trial_balance",
        "plot_trial_weights",
    ),
    "report": (
        "Document",
        "council_template",
        "model_card",
        "quality_page",
        "read_council",
        "tracked_model_card",
        "write_indicators",
        "write_report",
    ),
    "experiment.file": ("load_experiment",),
    "experiment.run": ("run_experiment",),
}
__getattr__, __dir__, _names = lazy_names(__name__, _HOMES)
__all__ = ["__version__", *_names]

if TYPE_CHECKING:
    from .effects import *  # noqa: F403
    from .errors import *  # noqa: F403
    from .evaluation import *  # noqa: F403
    from .experiment.file import *  # noqa: F403
    from .experiment.run import *  # noqa: F403
    from .models import *  # noqa: F403
    from .models.external.model import *  # noqa: F403
    from .models.metrics import *  # noqa: F403
    from .models.monitoring import *  # noqa: F403
    from .plans import *  # noqa: F403
    from .plans.indicators import *  # noqa: F403
    from .plots import *  # noqa: F403
    from .report import *  # noqa: F403
    from .scoring import *  # noqa: F403
    from .synthetic import *  # noqa: F403
    from .tracking import *  # noqa: F403
