# Reference results for src/models/cause_specific.py, from R. Run in this folder: Rscript cause_specific.R
# Writes cause_specific_melanoma.csv, cause_specific_mgus2.csv (data) and cause_specific.json (results).
# The tests read those files and need no R. Made with R 4.2.2, riskRegression 2022.11.28, survival 3.5-3.
suppressMessages({
  library(survival)
  library(riskRegression)
  library(prodlim)
  library(jsonlite)
})

data(Melanoma, package = "riskRegression")
melanoma <- data.frame(
  duration = Melanoma$time, event = Melanoma$status,
  sex = as.numeric(Melanoma$sex == "Male"), age = Melanoma$age, thick = Melanoma$logthick
)
# Months, so heavily tied: event 1 is progression to plasma cell malignancy, 2 is death before it.
mgus2 <- subset(survival::mgus2, !is.na(mspike) & !is.na(hgb) & ptime > 0)[1:600, ]
mgus2 <- data.frame(
  entry = ifelse(seq_len(600) %% 4 == 0, pmin(mgus2$ptime - 1, (seq_len(600) * 7) %% 31), 0), duration = mgus2$ptime,
  event = ifelse(mgus2$pstat == 1, 1, ifelse(mgus2$death == 1, 2, 0)),
  sex = as.character(mgus2$sex), age = mgus2$age, hgb = mgus2$hgb, mspike = mgus2$mspike
)
write.csv(melanoma, "cause_specific_melanoma.csv", row.names = FALSE)
write.csv(mgus2, "cause_specific_mgus2.csv", row.names = FALSE)

new_rows <- 1:25 # of the data, to predict for

csc <- function(formula, data, times) {
  fit <- CSC(formula, data = data)
  risk <- function(cause, product.limit) {
    unname(predict(fit, newdata = data[new_rows, ], times = times, cause = cause, product.limit = product.limit)$absRisk)
  }
  list(
    times = times, coef = lapply(1:2, function(k) as.list(coef(fit$models[[k]]))),
    product_limit = lapply(1:2, risk, product.limit = TRUE),
    exponential = lapply(1:2, risk, product.limit = FALSE),
    landmark = times[1] + 0.5, # conditional on no event by then; off the event times, where R divides by S(landmark-)
    conditional = lapply(1:2, function(cause) {
      unname(predict(fit, newdata = data[new_rows, ], times = times[-1], cause = cause, landmark = times[1] + 0.5,
        product.limit = FALSE)$absRisk)
    })
  )
}

# riskRegression refuses delayed entry: the same sums over event times, from coxph and basehaz.
delayed <- function(data, covariates, times) {
  start <- ifelse(data$entry > 0, data$entry, -1)
  fits <- lapply(1:2, function(k) {
    coxph(as.formula(paste("Surv(start, duration, event ==", k, ") ~", covariates)), data = cbind(data, start = start))
  })
  grid <- sort(unique(data$duration[data$event > 0]))
  jumps <- lapply(fits, function(fit) {
    base <- basehaz(fit, centered = FALSE)
    diff(c(0, stepfun(base$time, c(0, base$hazard))(grid)))
  })
  x <- as.matrix(data[new_rows, strsplit(covariates, " + ", fixed = TRUE)[[1]]])
  hazard <- lapply(1:2, function(k) exp(drop(x %*% coef(fits[[k]]))) %o% jumps[[k]])
  total <- hazard[[1]] + hazard[[2]]
  risk <- function(k, product.limit) {
    after <- if (product.limit) t(apply(1 - total, 1, cumprod)) else exp(-t(apply(total, 1, cumsum)))
    before <- cbind(1, after[, -ncol(after)])
    unname(t(apply(before * hazard[[k]], 1, cumsum))[, findInterval(times, grid)])
  }
  list(
    times = times, coef = lapply(fits, function(fit) as.list(coef(fit))),
    product_limit = lapply(1:2, risk, product.limit = TRUE),
    exponential = lapply(1:2, risk, product.limit = FALSE)
  )
}

write_json(list(
  melanoma = csc(Hist(duration, event) ~ sex + age + thick, melanoma, c(200, 700, 1500, 3000)),
  mgus2 = csc(Hist(duration, event) ~ age + hgb + mspike, mgus2, c(6, 12, 60, 120)),
  mgus2_strata = csc(Hist(duration, event) ~ strata(sex) + age + hgb + mspike, mgus2, c(6, 12, 60, 120)),
  mgus2_delayed = delayed(mgus2, "age + hgb + mspike", c(6, 12, 60, 120))
), "cause_specific.json", digits = 15, auto_unbox = TRUE)
