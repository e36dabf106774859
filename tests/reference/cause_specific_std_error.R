# Reference results for the standard errors of src/models/cause_specific.py at many times, and the quantiles of bands,
# from R. Run in this folder: Rscript cause_specific_std_error.R
# Reads cause_specific_melanoma.csv (no two events of a cause on one day) and cause_specific_mgus2.csv (ties broken in the
# order of the rows), writes cause_specific_std_error.json. Tests read the JSON and need no R.
# Made with R 4.2.2, riskRegression 2022.11.28, survival 3.5-3.
suppressMessages({
  library(survival)
  library(riskRegression)
  library(prodlim)
  library(jsonlite)
})

errors <- function(formula, data, rows, times, ties) {
  fit <- CSC(formula, data = data, ties = ties)
  list(times = times, se = lapply(1:2, function(cause) {
    unname(predict(fit, newdata = data[rows, ], times = times, cause = cause, product.limit = FALSE, se = TRUE)$absRisk.se)
  }))
}

melanoma <- read.csv("cause_specific_melanoma.csv")
mgus2 <- read.csv("cause_specific_mgus2.csv")
mgus2$duration <- mgus2$duration + seq_len(nrow(mgus2)) * 1e-4
fit <- CSC(Hist(duration, event) ~ sex + age + thick, data = melanoma)
set.seed(1)
band <- predict(fit, newdata = melanoma[1:4, ], times = seq(500, 3000, 250), cause = 1, product.limit = FALSE, band = TRUE,
  se = TRUE, iid = TRUE, confint = FALSE)
quantiles <- confint(band, absRisk.transform = "none", n.sim = 20000, seed = 1)$absRisk.quantileBand
write_json(list(
  efron = errors(Hist(duration, event) ~ sex + age + thick, melanoma, 1:6, seq(60, 4400, 217), "efron"),
  breslow = errors(Hist(duration, event) ~ sex + age + thick, melanoma, 1:6, seq(60, 4400, 217), "breslow"),
  strata = errors(Hist(duration, event) ~ strata(sex) + age + hgb + mspike, mgus2, 1:6, seq(3, 300, 13.3), "efron"),
  band = list(times = seq(500, 3000, 250), quantile = as.vector(quantiles))
), "cause_specific_std_error.json", digits = 15, auto_unbox = TRUE)
