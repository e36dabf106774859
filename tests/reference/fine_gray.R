# Results of cmprsk::crr with predict.crr, and of survival::finegray followed by coxph.
# Run from this folder after survival_data.R: Rscript fine_gray.R
suppressMessages({library(survival); library(cmprsk); library(jsonlite)})
data(bmt, package = "timereg")

# Further public data: bone marrow transplants (1 relapse, 2 death in remission), and the waiting list for livers
# (1 transplant, 2 death, 3 withdrawal) with its delayed entry made up as in survival_data.R.
write.csv(transform(bmt[, c("time", "cause", "platelet", "age", "tcell")], event = cause, time = round(time, 3))[, -2],
          "data/bmt.csv", row.names = FALSE, quote = FALSE)
liver <- transplant[complete.cases(transplant[, c("age", "sex", "abo", "futime", "event")]) & transplant$futime > 0, ]
row <- seq_len(nrow(liver))
liver <- data.frame(time = liver$futime, event = c(censored = 0, ltx = 1, death = 2, withdraw = 3)[as.character(liver$event)],
                    age = liver$age, male = as.integer(liver$sex == "m"), o = as.integer(liver$abo == "O"), year = liver$year - 1990,
                    w = 0.5 + (row %% 7) / 4, late = ifelse(row %% 3 == 0, floor(liver$futime * (row %% 5) / 10), 0), half = row %% 2,
                    pair = row %/% 2)
write.csv(liver, "data/transplant.csv", row.names = FALSE, quote = FALSE)

read <- function(name) {
  d <- read.csv(file.path("data", paste0(name, ".csv")))
  if (name == "pbc") d$event <- d$status
  # Years, so that nearly all days are tied.
  if (name == "mgus2") { d$month <- d$time; d$year <- ceiling(d$time / 12) }
  d$row <- seq_len(nrow(d)); d$fifth <- d$row %% 5
  d
}
sets <- list(mgus2 = c("male", "hgb", "mspike"), pbc = c("age", "logbili", "female"), bmt = c("platelet", "age", "tcell"),
             transplant = c("age", "male", "o", "year"))

crr_case <- function(name, time = "time", code = 1, group = NULL) {
  d <- read(name); x <- sets[[name]]; X <- as.matrix(d[, x])
  call <- list(d[[time]], d$event, X, failcode = code, gtol = 1e-12, maxiter = 100)
  if (!is.null(group)) call$cengroup <- d[[group]]
  f <- do.call(crr, call)
  rows <- c(1, 5, 12); days <- quantile(d[[time]], c(0.1, 0.3, 0.6, 0.85), names = FALSE, type = 1)
  p <- predict(f, X[rows, ])
  at <- findInterval(days, p[, 1])
  list(data = name, x = x, time = time, code = code, group = group, coef = unname(f$coef), var = unname(f$var),
       naive_var = unname(f$invinf), loglik = c(f$loglik.null, f$loglik), rows = rows - 1, days = days,
       incidence = unname(t(rbind(0, p[, -1])[at + 1, ])), jump_time = f$uftime[c(1, 10)], hazard = cumsum(f$bfitj)[c(1, 10)])
}

# With strata finegray gives case weights of the wrong rows (it numbers rows within strata): they are multiplied later.
finegray_case <- function(name, ties, entry = NULL, weights = NULL, cluster = "row", time = "time", code = 1, group = NULL) {
  d <- read(name); x <- sets[[name]]
  d$.status <- factor(d$event, 0:max(d$event)); d$.w <- if (is.null(weights)) 1 else d[[weights]]
  d$.start <- if (is.null(entry)) -1 else ifelse(d[[entry]] > 0, d[[entry]], -1)
  d$.time <- d[[time]]; d$.cluster <- d[[cluster]]
  strata <- if (is.null(group)) "" else paste0(" + strata(", group, ")")
  formula <- as.formula(paste("Surv(.start, .time, .status) ~", paste(x, collapse = "+"), "+ .cluster + row", strata))
  if (is.null(group)) long <- finegray(formula, d, weights = .w, id = row, etype = as.character(code))
  else long <- within(finegray(formula, d, id = row, etype = as.character(code)), fgwt <- fgwt * d$.w[row])
  formula <- as.formula(paste("Surv(fgstart, fgstop, fgstatus) ~", paste(x, collapse = "+")))
  f <- coxph(formula, long, weights = fgwt, cluster = .cluster, ties = ties,
             control = coxph.control(eps = 1e-11, toler.chol = 1e-12, iter.max = 100))
  base <- basehaz(f, centered = FALSE)
  i <- unique(round(quantile(seq_len(nrow(base)), c(0.1, 0.5, 1), names = FALSE)))
  list(data = name, x = x, time = time, code = code, ties = ties, entry = entry, weights = weights,
       group = group, cluster = if (cluster == "row") NULL else cluster, coef = unname(coef(f)), var = unname(f$var),
       naive_var = unname(f$naive.var), loglik = f$loglik, base_time = base$time[i], base_hazard = base$hazard[i])
}

crr_cases <- list(crr_case("mgus2"), crr_case("mgus2", code = 2), crr_case("mgus2", time = "year"), crr_case("pbc"),
                  crr_case("pbc", code = 2), crr_case("bmt"), crr_case("bmt", code = 2), crr_case("transplant"),
                  crr_case("transplant", code = 2), crr_case("transplant", code = 3), crr_case("transplant", group = "half"),
                  crr_case("transplant", code = 2, group = "fifth"), crr_case("mgus2", time = "year", group = "fifth"),
                  crr_case("pbc", code = 2, group = "fifth"), crr_case("bmt", group = "fifth"))
fg_cases <- list()
for (ties in c("efron", "breslow")) for (entry in list(NULL, "late")) for (weights in list(NULL, "w")) {
  fg_cases <- c(fg_cases, list(finegray_case("mgus2", ties, entry, weights), finegray_case("mgus2", ties, entry, weights, "pair"),
                               finegray_case("transplant", ties, entry, weights, "pair", code = 2)))
}
fg_cases <- c(fg_cases, list(finegray_case("mgus2", "efron", time = "year"), finegray_case("mgus2", "breslow", time = "year"),
                             finegray_case("pbc", "breslow", "late"), finegray_case("pbc", "efron", "late", "w", code = 2),
                             finegray_case("bmt", "efron"), finegray_case("bmt", "breslow", group = "fifth"),
                             finegray_case("mgus2", "efron", time = "year", group = "fifth"),
                             finegray_case("transplant", "breslow", "late", "w", "pair", code = 2, group = "half"),
                             finegray_case("pbc", "efron", "late", code = 2, group = "fifth")))
write_json(list(crr = crr_cases, finegray = fg_cases), "fine_gray.json", digits = NA, auto_unbox = TRUE, null = "null", pretty = FALSE)
