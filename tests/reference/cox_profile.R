# Profile-likelihood intervals of Cox models, with Firth's penalty as coxphf defines it and without, from R.
# Run in this folder after survival_data.R: Rscript cox_profile.R. Writes cox_profile.json and, of packages survival and
# MASS, data/ovarian.csv and data/gehan.csv. The tests need no R.
# No package is used for the profiles: the likelihood and the information are coxph's at given coefficients, the rest is
# written out here with optim and uniroot. Made with R 4.2.2, survival 3.5-3.
suppressMessages({
  library(survival)
  library(jsonlite)
})
write.csv(with(ovarian, data.frame(time = futime, status = fustat, age, rx, ecog = ecog.ps)), "data/ovarian.csv", row.names = FALSE)
write.csv(with(MASS::gehan, data.frame(time, status = cens, control = as.integer(treat == "control"), pair = pair)),
  "data/gehan.csv", row.names = FALSE)

# The log likelihood at beta, with the penalty of the whole information; far out, where coxph gives up, very small.
objective <- function(formula, data, ties, firth) function(beta) {
  fit <- tryCatch(suppressWarnings(coxph(formula, data, ties = ties, init = beta, control = coxph.control(iter.max = 0))),
    error = function(e) NULL)
  if (is.null(fit) || min(diag(fit$var)) <= 0) return(-1e6)
  fit$loglik[length(fit$loglik)] + if (firth) -0.5 * as.numeric(determinant(as.matrix(fit$var))$modulus) else 0
}
search <- function(f, start) {
  for (round in 1:2) {
    found <- optim(start, function(b) -f(b), method = "BFGS", control = list(reltol = 1e-15, maxit = 500, ndeps = rep(1e-5, length(start))))
    start <- found$par
  }
  found
}
profiles <- function(name, formula, ties = "efron", firth = TRUE, separate = NULL) {
  data <- read.csv(file.path("data", paste0(name, ".csv")))
  if (!is.null(separate)) data$separated <- as.integer(data$time > data$time[separate] & seq_len(nrow(data)) %% 2 == 0)
  f <- objective(formula, data, ties, firth)
  p <- length(attr(terms(formula), "term.labels")) - length(grep("strata", attr(terms(formula), "term.labels")))
  best <- search(f, rep(0, p))
  profile <- function(j, b) if (p == 1) f(b) else {
    rest <- function(r) { beta <- numeric(p); beta[j] <- b; beta[-j] <- r; f(beta) }
    -search(rest, best$par[-j])$value
  }
  target <- -best$value - qchisq(0.95, 1) / 2
  limit <- function(j, side) {
    step <- 0.5
    while (profile(j, best$par[j] + side * step) > target) step <- 2 * step
    uniroot(function(b) profile(j, b) - target, best$par[j] + side * c(1e-6, step), tol = 1e-10)$root
  }
  list(data = name, ties = ties, firth = firth, separate = separate, x = I(setdiff(all.vars(formula)[-(1:2)], "pair")),
    strata = if (length(grep("strata", deparse(formula)))) "pair", coef = I(best$par),
    lower = I(sapply(seq_len(p), limit, -1)), upper = I(sapply(seq_len(p), limit, 1)),
    chisq = I(sapply(seq_len(p), function(j) 2 * (-best$value - profile(j, 0)))),
    loglik = c(f(rep(0, p)), -best$value))
}
cases <- list(
  profiles("ovarian", Surv(time, status) ~ age + rx),
  profiles("ovarian", Surv(time, status) ~ age + rx, firth = FALSE),
  profiles("ovarian", Surv(time, status) ~ age + separated, separate = 10),
  profiles("gehan", Surv(time, status) ~ control, "breslow"),
  profiles("gehan", Surv(time, status) ~ control + strata(pair)),
  profiles("veteran", Surv(time, status) ~ trt + karno, "breslow")
)
write_json(cases, "cox_profile.json", digits = 12, auto_unbox = TRUE, null = "null")
