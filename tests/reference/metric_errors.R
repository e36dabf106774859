# Standard errors of metrics and of their differences, from R. Run in this folder: Rscript metric_errors.R
# Reads metrics_melanoma.csv and metrics_mgus2.csv (made by metrics.R), writes metric_errors.json. The tests need no R.
# Made with R 4.2.2, riskRegression 2022.11.28, survival 3.5-3.
suppressMessages({
  library(survival)
  library(riskRegression)
  library(prodlim)
  library(jsonlite)
})

# Days are made distinct by a small shift that keeps their order: Score's own error is not exact where days are tied.
reference <- function(name, times) {
  data <- read.csv(paste0("metrics_", name, ".csv"))
  data$duration <- data$duration + seq_len(nrow(data)) / (2 * nrow(data))
  risk <- as.matrix(data[, grep("risk_", names(data))])
  other <- 0.8 * sqrt(risk) * rev(seq(0.5, 1, length.out = nrow(data)))
  full <- Score(list(model = risk, other = other), Hist(duration, event) ~ 1,
    data = data, times = times, cause = 1, cens.model = "km", summary = "ipa",
    metrics = c("brier", "auc"), se.fit = TRUE, conservative = FALSE, contrasts = TRUE
  )
  single <- data.frame(duration = data$duration, event = as.numeric(data$event == 1))
  concordance_of <- function(weights) {
    sapply(seq_along(times), function(k) {
      fit <- concordance(Surv(duration, event) ~ risk[, k], data = single, reverse = TRUE, ymax = times[k], timewt = weights)
      unname(fit$concordance)
    })
  }
  # Censoring that depends on a covariate, by a Cox model with Efron's ties.
  data$x <- log(risk[, 1])
  by_cox <- Score(list(model = risk), Hist(duration, event) ~ x,
    data = data, times = times, cause = 1, cens.model = "cox",
    metrics = c("brier", "auc"), se.fit = TRUE, conservative = FALSE, contrasts = FALSE, null.model = FALSE
  )
  list(
    times = times,
    brier_cox = as.data.frame(by_cox$Brier$score)[, c("model", "times", "Brier", "se")],
    auc_cox = as.data.frame(by_cox$AUC$score)[, c("model", "times", "AUC", "se")],
    brier = as.data.frame(full$Brier$score)[, c("model", "times", "Brier", "se")],
    brier_differences = as.data.frame(full$Brier$contrasts)[, c("model", "reference", "times", "delta.Brier", "se", "p")],
    auc = as.data.frame(full$AUC$score)[, c("model", "times", "AUC", "se")],
    auc_differences = as.data.frame(full$AUC$contrasts)[, c("model", "reference", "times", "delta.AUC", "se", "p")],
    harrell = concordance_of("n"),
    uno = concordance_of("n/G2")
  )
}

results <- list(
  melanoma = reference("melanoma", c(500, 1500, 2500, 4000)),
  mgus2 = reference("mgus2", c(24, 60, 120, 240))
)
write_json(results, "metric_errors.json", digits = 14, auto_unbox = TRUE, pretty = TRUE)
