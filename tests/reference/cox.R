# Results of coxph, survfit.coxph, residuals.coxph and cox.zph. Run from this folder: Rscript cox.R
library(survival)
library(jsonlite)

control <- coxph.control(eps = 1e-11, toler.chol = 1e-12, iter.max = 100)
cases <- list()

fit_case <- function(data, x, time, event, ties = "efron", entry = NULL, strata = NULL, weights = NULL, cluster = NULL,
                     offset = NULL, code = 1, detail = FALSE) {
  d <- read.csv(file.path("data", paste0(data, ".csv")))
  # A row without delayed entry is at risk from before day 0.
  d$.start <- if (is.null(entry)) -1 else ifelse(d[[entry]] > 0, d[[entry]], -1)
  d$.event <- as.integer(d[[event]] == code)
  d$.w <- if (is.null(weights)) 1 else d[[weights]]
  d$.cluster <- if (is.null(cluster)) seq_len(nrow(d)) else d[[cluster]]
  left <- if (is.null(entry)) paste0("Surv(", time, ", .event)") else paste0("Surv(.start, ", time, ", .event)")
  right <- paste(c(x, if (!is.null(strata)) paste0("strata(", strata, ")"), if (!is.null(offset)) paste0("offset(", offset, ")")),
                 collapse = " + ")
  formula <- as.formula(paste(left, "~", right))
  fit <- if (is.null(cluster)) coxph(formula, d, weights = .w, ties = ties, control = control)
         else coxph(formula, d, weights = .w, cluster = .cluster, ties = ties, control = control)
  base <- basehaz(fit, centered = FALSE)
  # basehaz leaves the mean of the offset in; here the baseline is at offset 0.
  if (!is.null(offset)) base$hazard <- base$hazard * exp(-mean(d[[offset]]))
  if (is.null(strata)) base$strata <- "all"
  levels <- sort(unique(as.character(base$strata)))
  at <- lapply(levels, function(s) {
    b <- base[as.character(base$strata) == s, ]
    i <- unique(round(quantile(seq_len(nrow(b)), c(0.1, 0.5, 0.9, 1), names = FALSE)))
    list(stratum = s, time = b$time[i], hazard = b$hazard[i])
  })
  case <- list(data = data, x = as.list(x), time = time, event = event, code = code, ties = ties, entry = entry, strata = strata,
               weights = weights, cluster = cluster, offset = offset,
               coef = unname(coef(fit)), var = unname(fit$var),
               naive_var = unname(if (is.null(fit$naive.var)) fit$var else fit$naive.var),
               loglik = fit$loglik, score_statistic = fit$score, baseline = at,
               martingale = unname(residuals(fit, "martingale")[seq(1, nrow(d), length.out = 8)]))
  if (detail) {
    rows <- c(1, 5, 12)
    new <- d[rows, ]
    s <- survfit(fit, newdata = new, se.fit = TRUE)
    days <- quantile(d[[time]], c(0.1, 0.3, 0.6, 0.85), names = FALSE, type = 1)
    if (is.null(strata)) {
      i <- findInterval(days, s$time)
      case$curve <- list(rows = rows - 1, days = days, surv = unname(s$surv[i, ]), hazard_se = unname(s$std.err[i, ]),
                         lower = unname(s$lower[i, ]), upper = unname(s$upper[i, ]))
    }
    for (kind in c("deviance", "score", "dfbeta"))
      case[[kind]] <- unname(as.matrix(residuals(fit, kind))[seq(1, nrow(d), length.out = 8), ])
    schoenfeld <- as.matrix(residuals(fit, "schoenfeld"))
    case$schoenfeld <- unname(schoenfeld[seq(1, nrow(schoenfeld), length.out = 8), , drop = FALSE])
    zph <- lapply(c("km", "rank", "identity"), function(tr) unname(cox.zph(fit, transform = tr, terms = FALSE)$table))
    names(zph) <- c("km", "rank", "identity")
    case$zph <- zph
  }
  cases[[length(cases) + 1]] <<- case
}

for (ties in c("efron", "breslow")) for (entry in list(NULL, "late")) for (strata in 0:1) for (weights in list(NULL, "w"))
  for (cluster in 0:1) {
    detail <- ties == "efron" || cluster == 0
    fit_case("lung", c("age", "ph.ecog"), "time", "status", ties, entry, if (strata) "sex", weights, if (cluster) "inst",
             detail = detail)
    fit_case("veteran", c("trt", "karno", "age"), "time", "status", ties, entry, if (strata) "celltype", weights,
             if (cluster) "centre", detail = detail)
  }
for (ties in c("efron", "breslow")) {
  fit_case("colon", c("lev", "fu", "nodes", "obstruct"), "time", "status", ties, NULL, "etype", NULL, "id")
  fit_case("colon", c("lev", "fu", "nodes", "obstruct"), "time", "status", ties, "late", "etype", "w", "id", detail = TRUE)
  fit_case("heart", c("age", "year", "surgery", "transplant"), "stop", "event", ties, "start", NULL, NULL, "id", detail = TRUE)
  fit_case("rats", "rx", "time", "status", ties, NULL, "sex", NULL, "litter")
  fit_case("rats", "rx", "time", "status", ties, "late", NULL, "w", "litter")
  fit_case("cgd", c("treated", "female", "age"), "tstop", "status", ties, "tstart", NULL, NULL, "id", detail = TRUE)
  fit_case("cgd", c("treated", "female", "age"), "tstop", "status", ties, "tstart", "inherit", NULL, "id")
  for (code in 1:2) {
    fit_case("mgus2", c("male", "hgb", "mspike"), "stop_age", "event", ties, "start_age", NULL, NULL, NULL, code = code, detail = TRUE)
    fit_case("mgus2", c("hgb", "mspike"), "time", "event", ties, NULL, "male", "w", "pair", code = code)
  }
  fit_case("pbc", c("age", "logbili", "albumin", "edema"), "time", "status", ties, "late", "stage", "w", code = 2)
  fit_case("pbc", c("age", "albumin", "edema"), "time", "status", ties, NULL, NULL, NULL, offset = "logbili", code = 2)
}
write(toJSON(cases, digits = I(15), auto_unbox = TRUE, null = "null", matrix = "rowmajor"), "cox.json")
cat(length(cases), "cases\n")
