# Restricted mean times, medians and quantiles of survfit. Run from this folder: Rscript restricted_mean.R
library(survival)
library(jsonlite)
cases <- list()
add <- function(...) cases[[length(cases) + 1]] <<- list(...)
read <- function(name) read.csv(file.path("data", paste0(name, ".csv")))
begin <- function(d, entry) if (is.null(entry)) rep(-1, nrow(d)) else ifelse(d[[entry]] > 0, d[[entry]], -1)
# From day 0: a start of -1 only says that day 0 counts.
from0 <- function(f) { f$start.time <- 0; f }

survival_case <- function(data, time, event, entry = NULL, weights = NULL, taus) {
  d <- read(data); d$weight <- if (is.null(weights)) rep(1, nrow(d)) else rep(1:3, length.out = nrow(d))
  start <- begin(d, entry); d$y <- if (is.null(entry)) Surv(d[[time]], d[[event]] > 0) else Surv(start, d[[time]], d[[event]] > 0)
  probs <- c(0.1, 0.25, 0.5, 0.75, 0.9)
  q <- list()
  for (type in c("plain", "log", "log-log")) {
    f <- from0(survfit(y ~ 1, data = d, weights = weight, conf.type = type, robust = FALSE))
    found <- quantile(f, probs)
    q[[type]] <- list(estimate = unname(found$quantile), lower = unname(found$lower), upper = unname(found$upper))
  }
  rows <- lapply(taus, function(tau) summary(f, rmean = tau)$table[c("rmean", "se(rmean)")])
  add(kind = "survival", data = data, time = time, event = event, entry = entry, weights = weights, probs = probs, quantiles = q,
      taus = taus, estimate = sapply(rows, function(r) r[[1]]), std_error = sapply(rows, function(r) r[[2]]))
}
survival_case("lung", "time", "status", taus = c(100, 365, 1000))
survival_case("lung", "time", "status", "late", taus = c(100, 365, 1000))
survival_case("lung", "time", "status", "late", "whole", taus = c(100, 365, 1000))
survival_case("veteran", "time", "status", NULL, "whole", taus = c(30, 100, 900))
survival_case("colon", "time", "status", taus = c(500, 2500))

competing_case <- function(data, time, event, entry = NULL, weights = NULL, cluster = NULL, taus) {
  d <- read(data); w <- if (is.null(weights)) rep(1, nrow(d)) else d[[weights]]
  y <- Surv(begin(d, entry), d[[time]], factor(d[[event]], 0:max(d[[event]])))
  id <- seq_len(nrow(d)); group <- if (is.null(cluster)) id else d[[cluster]]
  f <- from0(survfit(y ~ 1, weights = w, id = id, influence = TRUE))
  for (tau in taus) {
    knots <- c(0, f$time[f$time > 0 & f$time < tau], tau); width <- diff(knots)
    take <- findInterval(knots[-length(knots)], f$time)
    # The times in a state are sums over steps; influences of rows, with their weights, summed by cluster.
    pstate <- rbind(f$p0, f$pstate)[take + 1, ]
    stopifnot(dim(f$influence.pstate)[2] == length(f$time) + 1)
    influence <- f$influence.pstate * w
    area <- sapply(seq_along(f$states), function(k) {
      own <- influence[, , k][, take + 1, drop = FALSE]   # the first column is day 0
      sqrt(sum(rowsum(c(own %*% width), group)^2))
    })
    mean <- unname(colSums(pstate * width))
    if (is.null(weights) && is.null(cluster) && is.null(entry)) {
      own <- summary(f, rmean = tau)$table
      stopifnot(all.equal(unname(own[, "rmean"]), mean), all.equal(unname(own[, "se(rmean)"]), area))
    }
    add(kind = "competing", data = data, time = time, event = event, entry = entry, weights = weights, cluster = cluster,
        taus = tau, estimate = mean, std_error = area)
  }
}
for (entry in list(NULL, "late")) for (weights in list(NULL, "w")) for (cluster in 0:1) {
  competing_case("mgus2", "time", "event", entry, weights, if (cluster) "pair", taus = c(60, 240))
  competing_case("pbc", "time", "status", entry, weights, if (cluster) "stage", taus = c(700, 4000))
}
write(toJSON(cases, digits = I(15), auto_unbox = TRUE, null = "null", na = "null", matrix = "rowmajor"), "restricted_mean.json")
cat(length(cases), "cases\n")
