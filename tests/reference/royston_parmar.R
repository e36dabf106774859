# Reference results for src/models/royston_parmar.py, from R. Run in this folder: Rscript royston_parmar.R
# No package with these models is used: the likelihood of Royston and Parmar (2002) is written out here on their basis of
# truncated powers, maximised by optim and then by Newton's method with the numerical derivatives of numDeriv, and
# incidences are integrated by R's integrate. With one degree of freedom survreg is the reference. The table
# royston_parmar_gbsg.csv is the German breast cancer study of package survival, for a published result of stpm2.
# Made with R 4.2.2, survival 3.5-3, numDeriv 2016.8-1.1.
suppressMessages({
  library(survival)
  library(numDeriv)
  library(jsonlite)
})
d <- read.csv("data/mgus2.csv")
d <- d[seq(1, nrow(d), by = 2), ]

knots_of <- function(v, df) c(min(v), quantile(v, seq(0, 1, length.out = df + 1)[-c(1, df + 1)], names = FALSE), max(v))
powers <- function(v, k) {
  first <- k[1]; last <- k[length(k)]
  b <- cbind(1, v)
  for (kj in k[-c(1, length(k))]) {
    lambda <- (last - kj) / (last - first)
    b <- cbind(b, pmax(v - kj, 0)^3 - lambda * pmax(v - first, 0)^3 - (1 - lambda) * pmax(v - last, 0)^3)
  }
  unname(b)
}
slopes <- function(v, k) {
  first <- k[1]; last <- k[length(k)]
  b <- cbind(0 * v, 1)
  for (kj in k[-c(1, length(k))]) {
    lambda <- (last - kj) / (last - first)
    b <- cbind(b, 3 * pmax(v - kj, 0)^2 - 3 * lambda * pmax(v - first, 0)^2 - 3 * (1 - lambda) * pmax(v - last, 0)^2)
  }
  unname(b)
}

# Parameters: baseline spline, features, then for each feature that varies (in the order given) its spline.
model <- function(cause, df, features, varying = list(), late = FALSE, weight = NULL, inner = NULL) {
  x <- as.matrix(d[, features]); w <- if (is.null(weight)) rep(1, nrow(d)) else weight
  v <- log(d$time); is_event <- d$event == cause
  k <- knots_of(v[is_event], df)
  if (!is.null(inner)) k <- c(min(k), log(inner), max(k))
  own <- lapply(varying, function(df) knots_of(v[is_event], df))
  design <- function(v, x) {
    z <- cbind(powers(v, k), x)
    for (name in names(varying)) z <- cbind(z, x[, name] * powers(v, own[[name]])[, -1, drop = FALSE])
    unname(z)
  }
  steepness <- function(v, x) {
    z <- cbind(slopes(v, k), 0 * x)
    for (name in names(varying)) z <- cbind(z, x[, name] * slopes(v, own[[name]])[, -1, drop = FALSE])
    unname(z)
  }
  z <- design(v, x); s <- steepness(v, x)
  entry <- if (late) d$late else 0 * v
  is_late <- entry > 0
  z_late <- if (any(is_late)) design(log(entry[is_late]), x[is_late, , drop = FALSE])
  # Orthogonal columns for the optimisers; the results are on the basis itself.
  back <- solve(qr.R(qr(z)))
  back <- back * rep(sign(diag(back)), each = nrow(back)) * sqrt(nrow(d))
  rows <- function(phi) {
    theta <- back %*% phi
    eta <- drop(z %*% theta); slope <- drop(s %*% theta)
    if (any(slope[is_event] <= 0)) return(rep(-1e10, nrow(d)))
    value <- -exp(eta)
    value[is_event] <- value[is_event] + eta[is_event] + log(slope[is_event]) - v[is_event]
    if (any(is_late)) value[is_late] <- value[is_late] + exp(drop(z_late %*% theta))
    value
  }
  total <- function(phi) sum(w * rows(phi))
  start <- solve(back, c(log(sum(is_event) / sum(d$time)), 1, rep(0, ncol(z) - 2)))
  phi <- optim(start, function(p) -total(p), method = "BFGS", control = list(maxit = 2000, reltol = 1e-14))$par
  for (round in 1:4) phi <- phi - drop(solve(hessian(total, phi), grad(total, phi)))
  bread <- solve(-hessian(total, phi))
  scores <- w * jacobian(rows, phi)
  theta <- drop(back %*% phi)
  list(theta = theta, naive = back %*% bread %*% t(back), scores = scores %*% bread %*% t(back), k = k, own = own,
    value = total(phi), design = design, steepness = steepness, features = features,
    gradient = max(abs(grad(total, phi))))
}
hazard <- function(fit, t, x, theta = fit$theta) {
  z <- fit$design(log(t), x); exp(drop(z %*% theta)) * drop(fit$steepness(log(t), x) %*% theta) / t
}
cumulative <- function(fit, t, x, theta = fit$theta) exp(drop(fit$design(log(t), x) %*% theta))

# Incidence by t of the first of two fits, from the day `since` on.
incidence <- function(fits, t, x, theta, since = 0) {
  q <- length(fits[[1]]$theta)
  parts <- list(theta[1:q], theta[-(1:q)])
  repeated <- function(u) x[rep(1, length(u)), , drop = FALSE]
  free <- function(u) exp(-cumulative(fits[[1]], u, repeated(u), parts[[1]]) - cumulative(fits[[2]], u, repeated(u), parts[[2]]))
  density <- function(v) {
    u <- exp(v); ifelse(u > 0, hazard(fits[[1]], u, repeated(u), parts[[1]]) * free(u) * u, 0)
  }
  breaks <- sort(unique(c(fits[[1]]$k, fits[[2]]$k)))
  begin <- if (since > 0) log(since) else breaks[1] - 60
  breaks <- c(begin, breaks[breaks > begin & breaks < log(t)], log(t))
  total <- 0
  for (i in seq_along(breaks)[-1])
    total <- total + integrate(density, breaks[i - 1], breaks[i], rel.tol = 1e-12, abs.tol = 1e-13, subdivisions = 2000)$value
  if (since > 0) total / free(since) else total
}

report <- function(fits, x, times, cluster = NULL, since = 0) {
  theta <- c(fits[[1]]$theta, fits[[2]]$theta); q <- length(fits[[1]]$theta)
  naive <- matrix(0, length(theta), length(theta))
  naive[1:q, 1:q] <- fits[[1]]$naive; naive[-(1:q), -(1:q)] <- fits[[2]]$naive
  joint <- naive
  if (!is.null(cluster)) joint <- crossprod(rowsum(cbind(fits[[1]]$scores, fits[[2]]$scores), cluster))
  x <- as.matrix(x)
  risk <- sapply(times, function(t) incidence(fits, t, x[1, , drop = FALSE], theta, since))
  risk_se <- sapply(times, function(t) {
    g <- grad(function(p) incidence(fits, t, x[1, , drop = FALSE], p, since), theta)
    sqrt(drop(g %*% joint %*% g))
  })
  at <- function(row, p) log(hazard(fits[[1]], times, x[rep(row, length(times)), , drop = FALSE], p))
  own <- joint[1:q, 1:q]
  error <- function(f) { j <- jacobian(f, fits[[1]]$theta); sqrt(diag(j %*% own %*% t(j))) }
  list(
    theta = lapply(fits, `[[`, "theta"), log_likelihood = lapply(fits, `[[`, "value"),
    se = lapply(fits, function(f) sqrt(diag(f$naive))),
    robust_se = list(sqrt(diag(joint))[1:q], sqrt(diag(joint))[-(1:q)]), knots = lapply(fits, `[[`, "k"),
    times = times, risk = risk, risk_se = risk_se,
    log_hazard = at(1, fits[[1]]$theta), log_hazard_se = error(function(p) at(1, p)),
    log_ratio = at(1, fits[[1]]$theta) - at(2, fits[[1]]$theta),
    log_ratio_se = error(function(p) at(1, p) - at(2, p))
  )
}

features <- c("male", "hgb", "mspike")
x <- d[c(1, 200), features]
times <- c(6, 24, 60, 150, 300)
plain <- lapply(1:2, model, df = 4, features = features)
varying <- lapply(1:2, model, df = 3, features = features, varying = list(male = 1, hgb = 2), late = TRUE)
weighted <- lapply(1:2, model, df = 3, inner = c(30, 80), features = features, varying = list(mspike = 1), weight = d$w)
wanted <- d[, c("time", "event", features)]
weibull <- survreg(Surv(time, event == 2) ~ male + hgb + mspike, wanted, dist = "weibull",
  control = survreg.control(rel.tolerance = 1e-13, maxiter = 100))
p <- weibull$scale
# log H = (log t - x'b) / p: coefficients -b / p, with the delta method for b and log p.
to_hazards <- cbind(-diag(4) / p, coef(weibull) / p)
write.csv(gbsg[, c("rfstime", "status", "hormon")], "royston_parmar_gbsg.csv", row.names = FALSE)
write_json(list(
  x = x,
  weibull = list(coef = unname(-coef(weibull) / p), se = sqrt(diag(to_hazards %*% vcov(weibull) %*% t(to_hazards))),
    shape = 1 / p, log_likelihood = weibull$loglik[2]),
  plain = report(plain, x, times),
  delayed = report(varying, x, times),
  elapsed = report(varying, x, c(60, 150), since = 24),
  clustered = report(plain, x, times, cluster = d$pair),
  weighted = report(weighted, x, times, cluster = seq_len(nrow(d)))
), "royston_parmar.json", digits = 15, auto_unbox = TRUE)

cat("largest gradient", max(sapply(c(plain, varying, weighted), `[[`, "gradient")), "\n")
