# Reference for DiscreteTimeHazard: nnet::multinom on person-periods that are expanded here, one row at a time.
# Run in this folder: Rscript discrete_time.R. Writes discrete_time_data.csv and discrete_time.json.
library(nnet)
set.seed(20180131)
n <- 240
x1 <- round(rnorm(n), 3)
x2 <- rbinom(n, 1, 0.4)
rate <- cbind(0.0012 * exp(0.5 * x1), 0.0008 * exp(-0.6 * x2))
time <- ceiling(rexp(n, rowSums(rate)))
event <- 1 + (runif(n) > rate[, 1] / rowSums(rate))
censor <- sample(60:730, n, replace = TRUE)
entry <- ifelse(runif(n) < 0.3, sample(1:150, n, replace = TRUE), 0)
duration <- pmin(time, censor)
event[time > censor] <- 0
keep <- entry < duration
data <- data.frame(x1, x2, entry, duration, event, weight = sample(1:3, n, replace = TRUE))[keep, ]
write.csv(data, "discrete_time_data.csv", row.names = FALSE)

ends <- seq(91, 819, by = 91)
lines <- list()
for (i in seq_len(nrow(data))) {
  for (k in seq_along(ends)) {
    start <- ends[k] - 91
    from <- max(start, data$entry[i])
    to <- min(ends[k], data$duration[i])
    if (to <= from) next
    occurs <- data$event[i] > 0 && data$duration[i] <= ends[k]
    lines[[length(lines) + 1]] <- data.frame(
      x1 = data$x1[i], x2 = data$x2[i], middle = (start + ends[k]) / 2 / 100,
      outcome = if (occurs) data$event[i] else 0,
      share = if (occurs) 1 else (to - from) / 91, weight = data$weight[i])
  }
}
lines <- do.call(rbind, lines)

# The incidence of event 1 at each of days 91, 200 and 730, and its standard error by central differences.
days <- c(91, 200, 730)
risk <- function(theta, x) {
  beta <- matrix(theta, nrow = 2, byrow = TRUE)
  free <- 1
  incidence <- 0
  at <- numeric(length(days))
  for (k in seq_along(ends)) {
    middle <- (ends[k] - 45.5) / 100
    odds <- exp(drop(beta %*% c(1, x, middle, middle^2)))
    hazard <- odds / (1 + sum(odds))
    for (here in which(days > ends[k] - 91 & days <= ends[k])) {
      share <- (days[here] - ends[k] + 91) / 91
      at[here] <- incidence + free * hazard[1] / sum(hazard) * (1 - (1 - sum(hazard))^share)
    }
    incidence <- incidence + free * hazard[1]
    free <- free * (1 - sum(hazard))
  }
  at
}
risk_and_se <- function(fit, x) {
  theta <- as.vector(t(coef(fit)))
  gradient <- sapply(seq_along(theta), function(j) {
    step <- replace(numeric(length(theta)), j, 1e-5)
    (risk(theta + step, x) - risk(theta - step, x)) / 2e-5
  })
  rbind(risk(theta, x), sqrt(diag(gradient %*% solve(fit$Hessian) %*% t(gradient))))
}

results <- function(line_weight) {
  lines$line_weight <- line_weight
  fit <- multinom(factor(outcome) ~ x1 + x2 + middle + I(middle^2), lines, weights = line_weight,
                  reltol = 1e-16, abstol = 1e-16, maxit = 10000, Hess = TRUE, trace = FALSE)
  se <- matrix(sqrt(diag(solve(fit$Hessian))), nrow = 2, byrow = TRUE)
  log_odds <- cbind(1, (ends - 45.5) / 100, ((ends - 45.5) / 100)^2) %*% t(coef(fit)[, c(1, 4, 5)])
  list(coef = coef(fit)[, 2:3], se = se[, 2:3], log_likelihood = as.numeric(logLik(fit)), log_odds = log_odds,
       risk_and_se = rbind(risk_and_se(fit, c(data$x1[1], data$x2[1])), risk_and_se(fit, c(1.5, 1))))
}
lines$both <- lines$share * lines$weight
matrix_json <- function(m) paste0("[", paste(apply(m, 1, function(r) paste0("[", paste(sprintf("%.12g", r), collapse = ", "), "]")),
                                             collapse = ", "), "]")
entry_json <- function(name, r) sprintf('  "%s": {"coef": %s, "se": %s, "log_likelihood": %.12g, "log_odds": %s, "risk_and_se": %s}',
                                        name, matrix_json(r$coef), matrix_json(r$se), r$log_likelihood, matrix_json(r$log_odds), matrix_json(r$risk_and_se))
writeLines(c("{", paste0('  "made_by": "', R.version.string, ", nnet ", packageVersion("nnet"), '",'),
             paste0(entry_json("plain", results(lines$share)), ","), entry_json("weighted", results(lines$both)), "}"),
           "discrete_time.json")
