# Results of survdiff (log-rank, rho, strata), coxph's robust score test (weights) and cmprsk::cuminc (Gray's test).
# Run from this folder: Rscript group_tests.R
library(survival)
library(cmprsk)
library(jsonlite)
cases <- list()
add <- function(...) cases[[length(cases) + 1]] <<- list(...)
read <- function(name) read.csv(file.path("data", paste0(name, ".csv")))

logrank <- function(data, time, event, group, strata = NULL, rho = 0) {
  d <- read(data); d$g <- d[[group]]; d$s <- if (is.null(strata)) 1 else d[[strata]]
  d <- d[!is.na(d$g) & !is.na(d$s), ]; d$y <- Surv(d[[time]], d[[event]] > 0)
  f <- if (is.null(strata)) survdiff(y ~ g, data = d, rho = rho)
       else survdiff(y ~ g + strata(s), data = d, rho = rho)
  sums <- function(x) if (is.matrix(x)) rowSums(x) else as.vector(x)
  add(test = "logrank", data = data, time = time, event = event, group = group, strata = strata, rho = rho,
      statistic = f$chisq, p_value = f$pvalue, df = length(f$n) - 1,
      observed = sums(f$obs), expected = sums(f$exp), covariance = unname(f$var))
}
for (rho in c(0, 1, 0.5)) {
  logrank("lung", "time", "status", "sex", NULL, rho)
  logrank("lung", "time", "status", "ph.ecog", NULL, rho)
  logrank("lung", "time", "status", "sex", "inst", rho)
  logrank("veteran", "time", "status", "celltype", "trt", rho)
  logrank("mgus2", "time", "event", "male", NULL, rho)
}
# The score test of a Cox model without ties is the log-rank test; entry and weights are the Cox model's.
score <- function(data, start, stop, event, group, weights = NULL, strata = NULL) {
  d <- read(data); d$g <- factor(d[[group]]); d$row <- seq_len(nrow(d))
  d$w <- if (is.null(weights)) 1 else d[[weights]]
  d$s <- if (is.null(strata)) 1 else d[[strata]]
  d$y <- Surv(if (is.null(start)) rep(-1, nrow(d)) else ifelse(d[[start]] > 0, d[[start]], -1), d[[stop]], d[[event]] > 0)
  f <- coxph(y ~ g + strata(s), data = d, weights = w, ties = "breslow", init = rep(0, nlevels(d$g) - 1), iter.max = 0)
  u <- as.matrix(residuals(f, type = "score", weighted = TRUE)); total <- colSums(u)
  add(test = "robust", data = data, time = stop, event = event, entry = start, group = group, strata = strata,
      weights = weights, statistic = c(total %*% solve(crossprod(u), total)), df = nlevels(d$g) - 1)
}
score("mgus2", "late", "time", "event", "male", "w")
score("mgus2", "start_age", "stop_age", "event", "male", "w")
score("pbc", "late", "time", "status", "stage", "w")
score("veteran", "late", "time", "status", "celltype", "w", "trt")

# With ties taken exactly the score test is the log-rank test with the hypergeometric variance.
exact <- function(data, start, stop, event, group, strata = NULL) {
  d <- read(data); d$g <- factor(d[[group]]); d$s <- if (is.null(strata)) 1 else d[[strata]]
  d$y <- Surv(ifelse(d[[start]] > 0, d[[start]], -1), d[[stop]], d[[event]] > 0)
  f <- coxph(y ~ g + strata(s), data = d, ties = "exact", init = rep(0, nlevels(d$g) - 1), iter.max = 0)
  add(test = "entry", data = data, time = stop, event = event, entry = start, group = group, strata = strata,
      statistic = f$score, df = nlevels(d$g) - 1)
}
exact("lung", "late", "time", "status", "sex")
exact("veteran", "late", "time", "status", "celltype", "trt")

gray <- function(data, time, event, group, strata = NULL, rho = 0) {
  d <- read(data); d <- d[!is.na(d[[group]]), ]
  s <- if (is.null(strata)) rep(1, nrow(d)) else d[[strata]]
  f <- cuminc(d[[time]], d[[event]], d[[group]], s, rho = rho)
  for (kind in rownames(f$Tests))
    add(test = "gray", data = data, time = time, event = event, group = group, strata = strata, rho = rho,
        kind = as.integer(kind), statistic = f$Tests[kind, "stat"], p_value = f$Tests[kind, "pv"], df = f$Tests[kind, "df"])
}
for (rho in c(0, 1)) {
  gray("mgus2", "time", "event", "male", NULL, rho)
  gray("pbc", "time", "status", "stage", NULL, rho)
  gray("pbc", "time", "status", "edema", NULL, rho)
  gray("pbc", "time", "status", "stage", "female", rho)
  gray("pbc", "time", "status", "female", "stage", rho)
}
write(toJSON(cases, digits = I(15), auto_unbox = TRUE, null = "null", na = "null", matrix = "rowmajor"), "group_tests.json")
cat(length(cases), "cases\n")
