# What cox.R leaves out: concordance, robust score tests, scaled and collapsed residuals, standard errors of curves in
# strata and of robust fits, ridge without scaling. Run from this folder: Rscript cox_more.R
library(survival)
library(jsonlite)

control <- coxph.control(eps = 1e-11, toler.chol = 1e-13, iter.max = 100)
cases <- list()

case <- function(data, x, time, event, entry = NULL, strata = NULL, weights = NULL, cluster = NULL, code = 1,
                 ties = "efron", id = NULL) {
  d <- read.csv(file.path("data", paste0(data, ".csv")))
  d$.start <- if (is.null(entry)) -1 else ifelse(d[[entry]] > 0, d[[entry]], -1)
  d$.event <- as.integer(d[[event]] == code)
  d$.w <- if (is.null(weights)) 1 else d[[weights]]
  d$.cluster <- if (is.null(cluster)) seq_len(nrow(d)) else d[[cluster]]
  left <- if (is.null(entry)) paste0("Surv(", time, ", .event)") else paste0("Surv(.start, ", time, ", .event)")
  formula <- as.formula(paste(left, "~", paste(c(x, if (!is.null(strata)) paste0("strata(", strata, ")")), collapse = "+")))
  fit <- if (is.null(cluster)) coxph(formula, d, weights = .w, ties = ties, control = control)
         else coxph(formula, d, weights = .w, cluster = .cluster, ties = ties, control = control)
  cc <- if (is.null(cluster)) concordance(fit) else concordance(fit, cluster = d$.cluster)
  rows <- round(seq(1, nrow(d), length.out = 8))
  found <- list(data = data, x = as.list(x), time = time, event = event, code = code, ties = ties, entry = entry,
                strata = strata, weights = weights, cluster = cluster, id = id,
                concordance = unname(cc$concordance), concordance_se = sqrt(unname(cc$var)),
                wald = unname(fit$wald.test), robust_score = if (is.null(fit$rscore)) NULL else as.numeric(fit$rscore),
                dfbetas = unname(as.matrix(residuals(fit, "dfbetas"))[rows, , drop = FALSE]))
  scaled <- as.matrix(residuals(fit, "scaledsch"))
  found$scaledsch_sum <- unname(colSums(scaled))
  found$scaledsch_squares <- unname(colSums(scaled^2))
  # Deviance residuals are added up by R as if of one event, and are NaN for some children with more.
  if (data == "heart") {
    by_id <- residuals(fit, "deviance", collapse = d[[id]])
    found$collapsed_deviance <- unname(by_id[round(seq(1, length(by_id), length.out = 8))])
  }
  if (!is.null(id)) for (kind in c("martingale", "dfbeta")) for (weighted in c(FALSE, TRUE)) {
    by_id <- as.matrix(residuals(fit, kind, collapse = d[[id]], weighted = weighted))
    name <- paste0("collapsed_", kind, if (weighted) "_weighted")
    found[[name]] <- unname(by_id[round(seq(1, nrow(by_id), length.out = 8)), , drop = FALSE])
  }
  s <- survfit(fit, newdata = d[c(1, 5, 12), ], se.fit = TRUE)
  days <- quantile(d[[time]], c(0.2, 0.5, 0.8), names = FALSE, type = 1)
  if (is.null(strata)) {
    i <- findInterval(days, s$time)
    found$curve <- list(days = days, hazard = unname(s$cumhaz[i, ]), std_error = unname(s$std.err[i, ]))
  } else {
    # One curve a row, each in the row's own stratum.
    parts <- lapply(1:3, function(k) { one <- s[k]; i <- findInterval(days, one$time); cbind(one$cumhaz[i], one$std.err[i]) })
    found$curve <- list(days = days, hazard = sapply(parts, function(p) p[, 1]), std_error = sapply(parts, function(p) p[, 2]))
  }
  cases[[length(cases) + 1]] <<- found
}

for (ties in c("efron", "breslow")) {
  case("lung", c("age", "ph.ecog"), "time", "status", ties = ties)
  case("lung", c("age", "ph.ecog"), "time", "status", "late", "sex", "w", "inst", ties = ties)
  case("veteran", c("trt", "karno"), "time", "status", "late", "celltype", "w", ties = ties)
  case("veteran", c("trt", "karno", "age"), "time", "status", NULL, NULL, NULL, "centre", ties = ties)
  case("colon", c("lev", "fu", "nodes"), "time", "status", NULL, "etype", NULL, "id", id = "id", ties = ties)
  case("heart", c("age", "year", "surgery", "transplant"), "stop", "event", "start", NULL, NULL, "id", id = "id", ties = ties)
  case("cgd", c("treated", "age"), "tstop", "status", "tstart", "inherit", NULL, "id", id = "id", ties = ties)
  case("pbc", c("age", "logbili", "edema"), "time", "status", "late", "stage", "w", code = 2, ties = ties)
  case("rats", "rx", "time", "status", "late", "sex", "w", "litter", id = "litter", ties = ties)
  case("mgus2", c("hgb", "mspike"), "stop_age", "event", "start_age", "male", NULL, "pair", code = 2, ties = ties)
}
lung <- read.csv("data/lung.csv")
ridge_fit <- coxph(Surv(time, status) ~ ridge(age, ph.ecog, theta = 20, scale = FALSE), lung, weights = w,
                   control = coxph.control(eps = 1e-12, iter.max = 200), robust = FALSE)
ridge <- list(theta = 20, coef = unname(coef(ridge_fit)), se = sqrt(diag(ridge_fit$var)))
write(toJSON(list(cases = cases, ridge = ridge), digits = I(15), auto_unbox = TRUE, null = "null", matrix = "rowmajor"),
      "cox_more.json")
cat(length(cases), "cases\n")
