"""What is called otherwise in R, lifelines or scikit-survival: the words of the error for a name that is not here."""

import re
from collections.abc import Collection

FUNCTIONS = {
    **dict.fromkeys(("CoxPHFitter", "CoxPHSurvivalAnalysis", "CoxTimeVaryingFitter", "coxph"), "CoxPH"),
    **dict.fromkeys(("KaplanMeierFitter", "kaplan_meier_estimator", "survfit"), "kaplan_meier"),
    **dict.fromkeys(("NelsonAalenFitter", "nelson_aalen_estimator"), "nelson_aalen"),
    **dict.fromkeys(
        ("AalenJohansenFitter", "cuminc", "prodlim", "cumulative_incidence_competing_risks"), "aalen_johansen"
    ),
    **dict.fromkeys(("WeibullAFTFitter", "LogNormalAFTFitter", "LogLogisticAFTFitter"), "ParametricAFT"),
    **dict.fromkeys(("survreg", "flexsurvreg"), "ParametricAFT"),
    **dict.fromkeys(("WeibullFitter", "ExponentialFitter", "find_best_parametric_model"), "compare_distributions"),
    **dict.fromkeys(("CRCSplineFitter", "SplineFitter", "flexsurvspline", "rstpm2", "stpm2"), "RoystonParmar"),
    **dict.fromkeys(("CSC", "csc"), "CauseSpecificCox"),
    **dict.fromkeys(("crr", "finegray", "FGR", "fine_gray"), "FineGray"),
    **dict.fromkeys(("glmnet", "cv_glmnet", "CoxnetSurvivalAnalysis"), "CoxElasticNetCV"),
    **dict.fromkeys(("survdiff", "multivariate_logrank_test", "compare_survival"), "logrank_test"),
    **dict.fromkeys(("Score", "score_risks"), "evaluate_risks"),
    **dict.fromkeys(("concordance", "concordance_index_censored", "concordance_index_ipcw"), "concordance_index"),
    **dict.fromkeys(("cumulative_dynamic_auc", "timeROC"), "time_dependent_auc"),
    **dict.fromkeys(("restricted_mean_survival_time", "survRM2", "rmst2"), "restricted_mean_difference"),
    **dict.fromkeys(("k_fold_cross_validation", "cross_validate"), "compare_models"),
    **dict.fromkeys(("ate", "stdReg"), "standardised_risk"),
    "anova": "compare_nested",
    "survival_probability_calibration": "calibration_curve",
}
# Data that is given, by its name elsewhere in lower case without underscores -> what it is called here.
SPELLINGS = {
    **dict.fromkeys(("duration", "durations", "durationcol", "days", "durationdays", "futime"), "duration"),
    **dict.fromkeys(("time", "times", "timecol", "t", "tte", "timetoevent", "survivaltime", "survtime"), "duration"),
    **dict.fromkeys(("stop", "tstop", "timedays", "followup", "followupdays", "survivalindays"), "duration"),
    **dict.fromkeys(("event", "events", "eventcol", "eventobserved", "observed", "e", "eventtype"), "event"),
    **dict.fromkeys(("status", "statuscol", "fstatus", "cens", "cause", "delta", "outcome", "isevent"), "event"),
    **dict.fromkeys(("died", "death", "dead", "eventindicator", "failed", "failure"), "event"),
    **dict.fromkeys(("entry", "entrycol", "entrydays", "entrytime", "lateentry", "start", "startcol"), "entry"),
    **dict.fromkeys(("tstart", "truncation", "lefttruncation", "ltrunc"), "entry"),
    **dict.fromkeys(("sampleweight", "sampleweights", "weight", "weights", "weightscol", "weightcol"), "sample_weight"),
    **dict.fromkeys(("caseweights", "w", "freqweights"), "sample_weight"),
    **dict.fromkeys(("cluster", "clusters", "clustercol", "clusterid", "id", "idcol", "robustid"), "cluster"),
    **dict.fromkeys(("strata", "stratum", "stratacol", "stratify"), "strata"),
    **dict.fromkeys(("group", "groups", "groupcol", "by"), "group"),
    **dict.fromkeys(("formula", "covariates", "features", "columns"), "columns"),
    **dict.fromkeys(("data", "df", "frame"), "frame"),
}
# Of a fitted model: what to write after ``model.``, or a whole call.
OF_MODELS = {
    **dict.fromkeys(("print_summary", "hazard_ratios_", "confidence_intervals_", "standard_errors_"), "summary_"),
    **dict.fromkeys(("params_", "coefficients", "coef"), "coef_"),
    **dict.fromkeys(("variance_matrix_", "vcov"), "covariance_"),
    **dict.fromkeys(("predict_survival_function", "predict_survival", "survfit"), "predict_event_free(X, times)"),
    **dict.fromkeys(("predict_proba", "predict_risk", "cif"), "predict_cumulative_incidence(X, times)"),
    **dict.fromkeys(("predict_partial_hazard", "predict_log_partial_hazard"), "predict_log_hazard_ratio(X)"),
    **dict.fromkeys(("check_assumptions", "cox_zph"), "test_proportional_hazards()"),
    **dict.fromkeys(("compute_residuals", "resid"), 'residuals("martingale")'),
    **dict.fromkeys(("AIC_", "AIC_partial_", "aic"), "aic_"),
    **dict.fromkeys(("BIC_", "bic"), "bic_"),
    **dict.fromkeys(("concordance_index_", "concordance_index"), "concordance_"),
    **dict.fromkeys(("baseline_cumulative_hazard", "cum_baseline_hazard_"), "baseline_cumulative_hazard_"),
    "plot_partial_effects_on_outcome": "plot_effect(column)",
    **dict.fromkeys(("plot", "plot_coefficients"), "sp.plot_coefficients(model)"),
}
# Choices, by what they are called here -> their names elsewhere, written in the same way.
CHOICES = {
    "alpha": ("penalizer", "penalty", "lambda", "ridge", "lambda1", "l2", "regularization", "reg"),
    "lambdas": ("alphas", "lambda", "nalphas"),
    "n_lambdas": ("nalphas", "nlambda"),
    "lambda_min_ratio": ("alphaminratio", "eps"),
    "l1_ratio": ("l1wt", "mixing"),
    "penalty_factor": ("penaltyfactors",),
    "standardize": ("normalize", "standardise", "scale"),
    "ties": ("method", "tie", "tiemethod", "tiesmethod"),
    "distribution": ("dist", "family"),
    "df": ("nbaselineknots", "nknots", "k"),
    "event": ("cause", "failcode", "eventofinterest", "state"),
    "level": ("conflevel", "confint", "ci", "confidence", "confidencelevel", "coverage"),
    "horizon": ("tau", "tmax", "timepoint", "until"),
    "times": ("time", "timeline", "timepoints", "tau", "evaltimes", "horizon"),
    "time": ("times", "t0", "timepoint", "horizon", "tau"),
    "risk": ("predictedscores", "predicted", "estimate", "riskscore", "pred", "yscore", "probability", "marker"),
    "models": ("fitters", "fitter", "model", "estimators", "object"),
    "model": ("fitter", "estimator", "object"),
    "cohort": ("df", "data", "frame", "x", "xtrain"),
    "folds": ("cv", "k", "nsplits", "nfolds", "splitmethod"),
    "n_splits": ("k", "cv", "nfolds", "folds"),
    "kind": ("method", "type"),
    "n_bins": ("q", "bins", "ngroups"),
    "n_bootstrap": ("b", "nboot", "nbootstraps"),
    "n_jobs": ("njobs", "nthreads", "cores", "ncores"),
    "random_state": ("seed", "rng", "randomseed"),
    "treatment": ("exposure", "a"),
    "adjust": ("covariates", "confounders", "formula"),
}


def plain(name: str) -> str:
    """A name as it is written in ``SPELLINGS`` and ``CHOICES``."""
    return re.sub(r"[\W_]", "", name).lower()


def parameter_here(name: str, known: Collection[str]) -> str:
    """What a parameter of another package is called among those ``known``: empty where nothing is known of it."""
    role = SPELLINGS.get(plain(name), "")
    found = next((here for here in known if plain(name) in CHOICES.get(here, ())), "")
    in_y = "in y" if role in ("entry", "duration", "event") and "y" in known else ""
    return found or in_y or (role if role in known else "")


def function_here(name: str) -> str:
    """The end of an error about ``name``, a name of the package that is none: empty where nothing is known of it."""
    return f"; here it is {FUNCTIONS[name]}" if name in FUNCTIONS else ""


def of_model_here(model: object, name: str) -> str:
    """The end of an error about ``name``, which ``model`` does not have: empty where it has nothing of the kind."""
    call = OF_MODELS.get(name, "")
    if not call or not (call.startswith("sp.") or hasattr(model, call.partition("(")[0])):
        return ""
    return f"; here it is {call if call.startswith('sp.') else f'model.{call}'}"
