"""Plots: frames, arrays and results in, axes out; they compute nothing. The only part that imports matplotlib.

Names are loaded when they are first used, as a result that can draw itself must not load matplotlib before it does.
"""

from ..lazy_names import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "calibration": ["plot_calibration"],
        "coefficients": ["plot_coefficients"],
        "comparison": ["plot_comparison"],
        "contributions": ["plot_contributions"],
        "curves": ["plot_curves"],
        "distributions": ["plot_distributions"],
        "effect": ["plot_effect"],
        "effect_methods": ["plot_effect_methods"],
        "hazard": ["plot_hazard", "plot_hazard_ratio"],
        "importance": ["plot_importance"],
        "incidence": ["plot_incidence"],
        "indicators": ["plot_indicators"],
        "levels": ["plot_levels"],
        "monitoring": ["plot_cusum", "plot_funnel", "plot_p_chart"],
        "penalty": ["plot_penalty_cv", "plot_penalty_path"],
        "practice": ["plot_practice_change"],
        "proportionality": ["plot_coefficients_over_time"],
        "trials": ["plot_policy", "plot_strategies", "plot_trial_balance", "plot_trial_weights"],
        "risk": ["plot_risk", "plot_risk_distribution"],
        "tipping_point": ["plot_tipping_point"],
        "weights": ["plot_balance", "plot_overlap"],
    },
)
