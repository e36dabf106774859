"""An experiment: a YAML file and the features of each model -> cohort -> comparison -> report, MLflow, champion."""
