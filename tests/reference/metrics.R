# Reference results for src/models/metrics, from R. Run in this folder: Rscript metrics.R
# Writes metrics_melanoma.csv, metrics_mgus2.csv (outcomes and predicted risks) and metrics_results.json.
# The tests read those files and need no R.
# Made with R 4.2.2, riskRegression 2022.11.28, pec 2022.5.4, prodlim 2019.11.13, survival 3.5-3, geepack 1.3.9.
suppressMessages({
  library(survival)
  library(riskRegression)
  library(prodlim)
  library(pec)
  library(geepack)
  library(jsonlite)
})

data(Melanoma, package = "riskRegression")
melanoma <- data.frame(
  duration = Melanoma$time, event = Melanoma$status,
  sex = as.numeric(Melanoma$sex == "Male"), age = Melanoma$age, thick = Melanoma$logthick
)

# Months, so heavily tied: event 1 is progression to plasma cell malignancy, 2 is death before it.
mgus2 <- subset(survival::mgus2, !is.na(mspike) & !is.na(hgb) & ptime > 0)
mgus2 <- data.frame(
  duration = mgus2$ptime,
  event = ifelse(mgus2$pstat == 1, 1, ifelse(mgus2$death == 1, 2, 0)),
  age = mgus2$age, hgb = mgus2$hgb, mspike = mgus2$mspike
)

reference <- function(data, formula, times, name) {
  fit <- CSC(formula, data = data)
  risk <- predictRisk(fit, newdata = data, times = times, cause = 1)
  risk <- pmin(pmax(round(risk, 6), 1e-6), 1 - 1e-6)
  coarse <- ceiling(risk * 20) / 20 # many ties among the predictions
  colnames(risk) <- paste0("risk_", seq_along(times))
  write.csv(cbind(data[, c("duration", "event")], risk), paste0("metrics_", name, ".csv"), row.names = FALSE)

  score <- function(predictions, conservative = FALSE) {
    Score(list(model = predictions), Hist(duration, event) ~ 1,
      data = data, times = times, cause = 1, cens.model = "km", summary = "ipa",
      metrics = c("brier", "auc"), se.fit = TRUE, conservative = conservative, contrasts = FALSE
    )
  }
  full <- score(risk)
  ties <- score(coarse)
  known <- score(risk, conservative = TRUE)
  brier <- as.data.frame(full$Brier$score)
  brier_known <- as.data.frame(known$Brier$score)

  concordance <- sapply(seq_along(times), function(k) {
    pec::cindex(list(model = risk[, k, drop = FALSE]), Hist(duration, event) ~ 1,
      data = data, eval.times = times[k], pred.times = times[k], cause = 1, verbose = FALSE
    )$AppCindex$model
  })
  concordance_ties <- sapply(seq_along(times), function(k) {
    pec::cindex(list(model = coarse[, k, drop = FALSE]), Hist(duration, event) ~ 1,
      data = data, eval.times = times[k], pred.times = times[k], cause = 1, verbose = FALSE
    )$AppCindex$model
  })

  incidence <- prodlim(Hist(duration, event) ~ 1, data = data)
  pseudo <- jackknife(incidence, times = times, cause = 1)

  # Calibration by pseudo-values and GEE with cloglog link (van Geloven et al. 2022, BMJ 377:e069249).
  regression <- lapply(seq_along(times), function(k) {
    frame <- data.frame(id = seq_len(nrow(data)), ps = pseudo[, k], x = log(-log(1 - risk[, k])))
    shift <- geese(ps ~ offset(x), data = frame, id = id, scale.fix = TRUE, family = gaussian,
                   mean.link = "cloglog", corstr = "independence", control = geese.control(epsilon = 1e-12, maxit = 200))
    line <- geese(ps ~ x, data = frame, id = id, scale.fix = TRUE, family = gaussian,
                  mean.link = "cloglog", corstr = "independence", control = geese.control(epsilon = 1e-12, maxit = 200))
    list(
      intercept = unname(shift$beta[1]), intercept_se = sqrt(shift$vbeta[1, 1]),
      slope = unname(line$beta[2]), slope_se = sqrt(line$vbeta[2, 2])
    )
  })

  list(
    times = times,
    brier = brier$Brier[brier$model == "model"],
    brier_null = brier$Brier[brier$model == "Null model"],
    brier_se_known_censoring = brier_known$se[brier_known$model == "model"],
    ipa = brier$IPA[brier$model == "model"],
    auc = as.data.frame(full$AUC$score)$AUC,
    brier_ties = as.data.frame(ties$Brier$score)$Brier[as.data.frame(ties$Brier$score)$model == "model"],
    auc_ties = as.data.frame(ties$AUC$score)$AUC,
    concordance = concordance,
    concordance_ties = concordance_ties,
    incidence = unname(predict(incidence, times = times, cause = 1)),
    pseudo_values = unname(split(pseudo[1:25, ], col(pseudo[1:25, ]))),
    pseudo_sum_of_squares = unname(colSums(pseudo^2)),
    calibration = regression
  )
}

results <- list(
  melanoma = reference(melanoma, Hist(duration, event) ~ sex + age + thick, c(500, 1500, 2500, 4000), "melanoma"),
  mgus2 = reference(mgus2, Hist(duration, event) ~ age + hgb + mspike, c(24, 60, 120, 240), "mgus2")
)
write_json(results, "metrics_results.json", digits = 12, auto_unbox = TRUE, pretty = TRUE)
