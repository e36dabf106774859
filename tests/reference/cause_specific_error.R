# Reference results for src/models/cause_specific_error.py, from R. Run in this folder: Rscript cause_specific_error.R
# Reads cause_specific_melanoma.csv and cause_specific_mgus2.csv, writes cause_specific_error.json.
# The tests read the JSON and need no R. Made with R 4.2.2, riskRegression 2022.11.28, survival 3.5-3.
suppressMessages({
  library(survival)
  library(riskRegression)
  library(prodlim)
  library(jsonlite)
})

# riskRegression's influence function of the coefficients counts a day on which several have the event once, so that both
# definitions of standard errors agree without ties only. They are broken here, in the order of the rows.
untied <- function(file) {
  data <- read.csv(file)
  data$duration <- data$duration + seq_len(nrow(data)) * 1e-4
  data
}
new_rows <- 1:12

errors <- function(formula, data, times) {
  fit <- CSC(formula, data = data)
  found <- lapply(c(FALSE, TRUE), function(product_limit) {
    lapply(1:2, function(cause) {
      risk <- predict(fit, newdata = data[new_rows, ], times = times, cause = cause, product.limit = product_limit, se = TRUE)
      list(se = unname(risk$absRisk.se), lower = unname(risk$absRisk.lower), upper = unname(risk$absRisk.upper))
    })
  })
  list(times = times, exponential = found[[1]], product_limit = found[[2]])
}

melanoma <- untied("cause_specific_melanoma.csv")
mgus2 <- untied("cause_specific_mgus2.csv")
write_json(list(
  melanoma = errors(Hist(duration, event) ~ sex + age + thick, melanoma, c(200, 700, 1500, 3000)),
  mgus2 = errors(Hist(duration, event) ~ age + hgb + mspike, mgus2, c(6, 12, 60, 120, 240)),
  mgus2_strata = errors(Hist(duration, event) ~ strata(sex) + age + hgb + mspike, mgus2, c(6, 12, 60, 120, 240))
), "cause_specific_error.json", digits = 15, auto_unbox = TRUE)
