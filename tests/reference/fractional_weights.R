# Reference results for weights that are no whole numbers, from R. Run in this folder: Rscript fractional_weights.R
# Reads parametric_lung.csv, writes fractional_weights.json; the tests read these files and need no R.
# Made with R 4.2.2, survival 3.5-3. With robust = TRUE survreg 3.5 leaves the weights out of the residuals of which it
# makes the variance; here they are in, as coxph has them.
suppressMessages({
  library(survival)
  library(jsonlite)
})

lung <- read.csv("parametric_lung.csv")
lung$share <- lung$weight * 0.37 + lung$age / 100
periods <- ceiling(lung$duration / 91)

aft <- function(dist) {
  found <- survreg(Surv(duration, event) ~ age + sex + ecog, data = lung, dist = dist, weights = share,
    control = survreg.control(rel.tolerance = 1e-13, maxiter = 100))
  influence <- residuals(found, type = "dfbeta", weighted = TRUE)
  list(coef = unname(coef(found)[-1]), robust_se = sqrt(colSums(influence^2))[2:4])
}

# One line per row and period; the sandwich adds up the scores of a row's lines.
row <- rep(seq_len(nrow(lung)), periods)
lines <- data.frame(lung[row, c("age", "sex", "ecog")], row = row, share = lung$share[row], period = sequence(periods))
lines$outcome <- as.numeric(lines$period == periods[row] & lung$event[row] == 1)
lines$share <- lines$share / mean(lung$share)
lines <- subset(lines, period <= 6)
discrete <- glm(outcome ~ age + sex + ecog + factor(period), quasibinomial, lines, weights = share,
  control = glm.control(epsilon = 1e-14, maxit = 50))
score <- model.matrix(discrete) * lines$share * (lines$outcome - fitted(discrete))
bread <- summary(discrete)$cov.unscaled
sandwich <- bread %*% crossprod(rowsum(score, lines$row)) %*% bread

cox <- coxph(Surv(duration, event) ~ age + sex + ecog, lung, weights = share, robust = TRUE)
curve <- survfit(Surv(duration, event) ~ 1, lung, weights = share, robust = TRUE)
at <- summary(curve, times = c(91, 182, 365))
write_json(list(
  weight = lung$share,
  aft = list(weibull = aft("weibull"), lognormal = aft("lognormal"), loglogistic = aft("loglogistic")),
  discrete = list(coef = unname(coef(discrete)[2:4]), robust_se = unname(sqrt(diag(sandwich)))[2:4]),
  cox = list(coef = unname(coef(cox)), robust_se = unname(sqrt(diag(vcov(cox))))),
  curve = list(estimate = at$surv, std_error = at$std.err)
), "fractional_weights.json", digits = 15, auto_unbox = TRUE)
