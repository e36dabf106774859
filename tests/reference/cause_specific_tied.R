# Standard errors of riskRegression on tied data, for std_error = "riskregression" of src/models/cause_specific.py, from R.
# Run in this folder: Rscript cause_specific_tied.R. Reads cause_specific_mgus2.csv and data/bmt.csv
# (fine_gray.R), writes cause_specific_tied.json. The tests need no R.
# Made with R 4.2.2, riskRegression 2022.11.28, survival 3.5-3.
suppressMessages({
  library(survival)
  library(riskRegression)
  library(prodlim)
  library(jsonlite)
})
bmt <- read.csv("data/bmt.csv")
names(bmt)[names(bmt) == "time"] <- "duration"
mgus2 <- read.csv("cause_specific_mgus2.csv")

errors <- function(formula, data, times, ties) {
  fit <- CSC(formula, data = data, ties = ties)
  one <- function(cause, product_limit) {
    risk <- predict(fit, newdata = data[1:6, ], times = times, cause = cause, product.limit = product_limit, se = TRUE)
    list(risk = unname(risk$absRisk), se = unname(risk$absRisk.se))
  }
  list(times = times, ties = ties, product_limit = lapply(1:2, one, TRUE), exponential = lapply(1:2, one, FALSE))
}
write_json(list(
  bmt = errors(Hist(duration, event) ~ platelet + age + tcell, bmt, c(3, 12, 50), "efron"),
  bmt_breslow = errors(Hist(duration, event) ~ platelet + age + tcell, bmt, c(3, 12, 50), "breslow"),
  bmt_strata = errors(Hist(duration, event) ~ platelet + age + strata(tcell), bmt, c(3, 12, 50), "efron"),
  mgus2 = errors(Hist(duration, event) ~ age + hgb + mspike, mgus2, c(6, 12, 60, 200), "efron")
), "cause_specific_tied.json", digits = 15, auto_unbox = TRUE)
