# Results of survfit: Kaplan-Meier, Nelson-Aalen, Aalen-Johansen. Run from this folder: Rscript nonparametric.R
library(survival)
library(jsonlite)

cases <- list()
at <- function(f, days) findInterval(days, f$time)
pick <- function(values, i) c(0, values)[i + 1]

add <- function(estimator, data, time, event, entry, weights, cluster, strata, days, estimate, se, extra = list()) {
  cases[[length(cases) + 1]] <<- c(list(estimator = estimator, data = data, time = time, event = event, entry = entry,
    weights = weights, cluster = cluster, strata = strata, days = days, estimate = estimate, std_error = se), extra)
}

one <- function(data, time, event, entry = NULL, weights = NULL, cluster = NULL, stratum = NULL, level = NULL, competing = TRUE) {
  d <- read.csv(file.path("data", paste0(data, ".csv")))
  if (!is.null(stratum)) d <- d[d[[stratum]] == level, ]
  id <- seq_len(nrow(d))
  start <- if (is.null(entry)) rep(-1, nrow(d)) else ifelse(d[[entry]] > 0, d[[entry]], -1)
  w <- if (is.null(weights)) rep(1, nrow(d)) else d[[weights]]
  group <- if (is.null(cluster)) id else d[[cluster]]
  stop <- d[[time]]
  days <- quantile(stop, c(0.02, 0.1, 0.3, 0.6, 0.85, 0.99), names = FALSE, type = 1)
  label <- if (is.null(stratum)) NULL else list(column = stratum, level = level)

  # Any event: Kaplan-Meier and Nelson-Aalen. survfit itself chooses Greenwood's or the robust variance.
  y <- Surv(start, stop, d[[event]] > 0)
  bounds <- list()
  for (type in c("plain", "log", "log-log")) {
    f <- if (!is.null(cluster)) survfit(y ~ 1, weights = w, cluster = group, conf.type = type)
         else if (!is.null(weights)) survfit(y ~ 1, weights = w, id = id, robust = TRUE, conf.type = type)
         else survfit(y ~ 1, conf.type = type)
    i <- at(f, days)
    bounds[[type]] <- list(lower = f$lower[i], upper = f$upper[i])
  }
  se <- if (f$logse) f$std.err * f$surv else f$std.err
  add("kaplan_meier", data, time, event, entry, weights, cluster, label, days, f$surv[i], se[i],
      list(bounds = bounds, n_risk = f$n.risk[i]))
  add("nelson_aalen", data, time, event, entry, weights, cluster, label, days, f$cumhaz[i], f$std.chaz[i])

  # Competing events: influences of rows, summed by cluster here because survfit ignores cluster where it has an id.
  if (competing) {
    y <- Surv(start, stop, factor(d[[event]], 0:max(d[[event]])))
    for (type in c("plain", "log", "log-log")) {
      f <- survfit(y ~ 1, weights = w, id = id, influence = TRUE, conf.type = type)
      i <- at(f, days)
      if (is.null(cluster)) bounds[[type]] <- list(lower = unname(f$lower[i, -1]), upper = unname(f$upper[i, -1]))
    }
    influence <- (f$influence.pstate * w)[, -1, ]   # rows x times x states; survfit gives them without the weights
    error <- function(g) sapply(1:dim(influence)[3], function(k) sqrt(colSums(rowsum(influence[, , k], g)^2)))
    stopifnot(all.equal(unname(error(id)), unname(f$std.err), tolerance = 1e-10))
    se <- unname(error(group))
    add("aalen_johansen", data, time, event, entry, weights, cluster, label, days, unname(f$pstate[i, ]), se[i, ],
        if (is.null(cluster)) list(bounds = bounds) else list())
  }
}

for (entry in list(NULL, "late")) for (weights in list(NULL, "w")) for (cluster in 0:1) {
  one("mgus2", "time", "event", entry, weights, if (cluster) "pair")
  one("pbc", "time", "status", entry, weights, if (cluster) "stage")
  one("lung", "time", "status", entry, weights, if (cluster) "inst", competing = FALSE)
}
for (level in 0:1) one("mgus2", "time", "event", "late", "w", NULL, "male", level)
one("mgus2", "stop_age", "event", "start_age")
one("mgus2", "stop_age", "event", "start_age", NULL, "pair")
one("rats", "time", "status", NULL, NULL, "litter", competing = FALSE)
write(toJSON(cases, digits = I(15), auto_unbox = TRUE, null = "null", na = "null", matrix = "rowmajor"), "nonparametric.json")
cat(length(cases), "cases\n")
