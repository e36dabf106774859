# Reference results for src/models/parametric.py, from R. Run in this folder: Rscript parametric.R
# Writes parametric_lung.csv (data) and parametric.json (results); the tests read those files and need no R.
# Made with R 4.2.2, survival 3.5-3. The clustered case has no weights: survreg 3.5 leaves them out of the residuals of
# which it makes the robust variance. survreg takes no delayed entry: there the likelihood is maximised here.
suppressMessages({
  library(survival)
  library(jsonlite)
})

lung <- subset(survival::lung, !is.na(ph.ecog) & !is.na(wt.loss) & !is.na(inst))
lung <- data.frame(
  entry = (seq_len(nrow(lung)) %% 3 == 0) * floor(lung$time * 0.4), duration = lung$time,
  event = as.numeric(lung$status == 2), age = lung$age, sex = lung$sex, ecog = lung$ph.ecog,
  weight = 1 + seq_len(nrow(lung)) %% 3, cluster = lung$inst
)
write.csv(lung, "parametric_lung.csv", row.names = FALSE)

fit <- function(dist, extra = list()) {
  found <- do.call(survreg, c(list(Surv(duration, event) ~ age + sex + ecog, data = lung, dist = dist,
    control = survreg.control(rel.tolerance = 1e-13, maxiter = 100)), extra))
  # Where the incidence of the first two rows is 0.1 and 0.5, and the standard error of the logarithm of that day.
  quantile <- predict(found, lung[1:2, ], type = "uquantile", p = c(0.1, 0.5), se.fit = TRUE)
  list(
    log_day = quantile$fit, log_day_se = quantile$se.fit,
    coef = as.list(coef(found)), sigma = found$scale, log_likelihood = found$loglik[2],
    se = unname(sqrt(diag(if (is.null(found$naive.var)) found$var else found$naive.var))),
    robust_se = unname(sqrt(diag(found$var)))
  )
}

log_hazard_and_survival <- list(
  weibull = function(t, location, sigma) {
    shape <- 1 / sigma; scale <- exp(location)
    list(dweibull(t, shape, scale, log = TRUE), pweibull(t, shape, scale, lower.tail = FALSE, log.p = TRUE))
  },
  lognormal = function(t, location, sigma) {
    list(dlnorm(t, location, sigma, log = TRUE), plnorm(t, location, sigma, lower.tail = FALSE, log.p = TRUE))
  },
  loglogistic = function(t, location, sigma) {
    list(dlogis(log(t), location, sigma, log = TRUE) - log(t),
      plogis(log(t), location, sigma, lower.tail = FALSE, log.p = TRUE))
  }
)

delayed <- function(dist) {
  x <- cbind(1, lung$age, lung$sex, lung$ecog)
  minus_log_likelihood <- function(theta) {
    location <- drop(x %*% theta[1:4])
    at <- log_hazard_and_survival[[dist]](lung$duration, location, exp(theta[5]))
    before <- log_hazard_and_survival[[dist]](pmax(lung$entry, 1e-300), location, exp(theta[5]))[[2]]
    -sum(ifelse(lung$event == 1, at[[1]], at[[2]]) - ifelse(lung$entry > 0, before, 0))
  }
  theta <- c(coef(survreg(Surv(duration, event) ~ age + sex + ecog, data = lung, dist = dist)), 0)
  scale <- c(1, 0.01, 1, 1, 1)
  for (round in 1:6) {
    found <- optim(theta, minus_log_likelihood, method = if (round %% 2) "BFGS" else "Nelder-Mead",
      control = list(reltol = 1e-15, maxit = 5000, parscale = scale))
    theta <- found$par
  }
  list(theta = unname(theta), log_likelihood = -found$value)
}

dists <- c("weibull", "lognormal", "loglogistic")
results <- lapply(dists, function(dist) {
  list(
    plain = fit(dist), weighted = fit(dist, list(weights = lung$weight)),
    clustered = fit(dist, list(cluster = lung$cluster)), delayed = delayed(dist)
  )
})
write_json(setNames(results, dists), "parametric.json", digits = 15, auto_unbox = TRUE)
