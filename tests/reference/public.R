# Results of R on further public data: kidney, bladder2, jasa1, retinopathy (package survival), channing, burn (KMsurv),
# abortion (etm); each result is asked for as a reader of the documentation would. Run in this folder: Rscript public.R
# Writes data/<name>.csv and public.json. The tests need no R.
# Made with R 4.2.2, survival 3.5-3, cmprsk 2.2-11, KMsurv 0.1-5, etm 1.1.1.
suppressMessages({
  library(survival)
  library(cmprsk)
  library(jsonlite)
})
data(channing, burn, package = "KMsurv")
data(abortion, package = "etm")
sets <- list(
  kidney = with(kidney, data.frame(start = 0, stop = time, event = status, age, sex, frail, id, disease = as.character(disease))),
  bladder2 = with(bladder2, data.frame(start, stop, event, rx, number, size, id, enum)),
  jasa1 = with(jasa1, data.frame(start, stop, event, transplant, age = round(age, 4), year = round(year, 4), surgery, id)),
  retinopathy = with(retinopathy, data.frame(start = 0, stop = futime, event = status, age, trt, risk, id, type = as.character(type))),
  channing = with(subset(channing, age > ageentry), data.frame(start = ageentry, stop = age, event = death, gender)),
  burn = with(burn, data.frame(start = 0, stop = pmin(T1, T3), event = ifelse(D1 == 1 & T1 <= T3, 1, ifelse(D3 == 1, 2, 0)),
    treatment = Z1, area = Z4, sex = Z2)),
  abortion = with(abortion, data.frame(start = entry, stop = exit, event = cause, group))
)
for (name in names(sets)) {
  row <- seq_len(nrow(sets[[name]]))
  sets[[name]] <- transform(sets[[name]], w = 0.5 + (row %% 7) / 4, k = 1 + row %% 3, shift = ((row * 7) %% 11) / 20, pair = row %/% 3)
  write.csv(sets[[name]], file.path("data", paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
}
control <- coxph.control(eps = 1e-11, toler.chol = 1e-13, iter.max = 100)
plain <- function(x) unname(as.matrix(x))

cox <- function(name, x, ties, strata = NULL, weights = NULL, cluster = NULL, offset = NULL) {
  d <- sets[[name]]
  d$begin <- ifelse(d$start > 0, d$start, -1)
  terms <- c(x, if (!is.null(strata)) paste0("strata(", strata, ")"), if (!is.null(offset)) paste0("offset(", offset, ")"),
    if (!is.null(cluster)) paste0("cluster(", cluster, ")"))
  call <- list(as.formula(paste("Surv(begin, stop, event) ~", paste(terms, collapse = "+"))), data = d, ties = ties, control = control, x = TRUE)
  if (!is.null(weights)) call$weights <- d[[weights]]
  fit <- do.call(coxph, call)
  rows <- unique(round(seq(1, nrow(d), length.out = 12)))
  kinds <- c("martingale", "deviance", "score", "dfbeta", "dfbetas")
  residual <- lapply(setNames(kinds, kinds), function(kind) plain(as.matrix(residuals(fit, kind))[rows, ]))
  by_event <- lapply(list(schoenfeld = "schoenfeld", scaledsch = "scaledsch"), function(kind) plain(residuals(fit, kind)))
  changes <- list(km = "km", rank = "rank", identity = "identity", log = function(t) log(t))
  times <- unname(quantile(d$stop[d$event == 1], c(0.2, 0.5, 0.9), type = 1))
  curves <- lapply(list(plain = "plain", log = "log", "log-log" = "log-log"), function(type) {
    found <- lapply(c(1, 8), function(row) summary(survfit(fit, newdata = d[row, ], conf.type = type), times = times, extend = TRUE))
    list(lower = t(sapply(found, `[[`, "lower")), upper = t(sapply(found, `[[`, "upper")), surv = t(sapply(found, `[[`, "surv")),
      se = t(sapply(found, `[[`, "std.err")))
  })
  # R's offset is less its mean.
  lp <- predict(fit, type = "lp", reference = "zero", se.fit = TRUE)
  if (!is.null(offset)) lp$fit <- lp$fit + mean(d[[offset]])
  list(data = name, x = x, ties = ties, strata = strata, weights = weights, cluster = cluster, offset = offset,
    coef = unname(coef(fit)), var = plain(fit$var), naive = plain(if (is.null(fit$naive.var)) fit$var else fit$naive.var),
    loglik = fit$loglik, score = fit$score, wald = unname(fit$wald.test), robust_score = if (is.null(offset)) fit$rscore,
    concordance = unname(fit$concordance[c("concordance", "std")]), rows = rows - 1, residual = residual, by_event = by_event,
    zph = lapply(changes, function(change) unname(cox.zph(fit, transform = change)$table[, 1])), times = times, curves = curves,
    lp = unname(lp$fit[rows]), lp_se = unname(lp$se.fit[rows]))
}
curve <- function(name, weights = NULL, cluster = NULL) {
  d <- sets[[name]]
  d$begin <- ifelse(d$start > 0, d$start, -1)
  call <- list(Surv(begin, stop, event) ~ 1, data = d, start.time = 0)
  if (!is.null(weights)) call$weights <- d[[weights]]
  if (!is.null(cluster)) call$cluster <- d[[cluster]]
  times <- unname(quantile(d$stop, c(0.1, 0.5, 0.9), type = 1))
  found <- lapply(list(plain = "plain", log = "log", "log-log" = "log-log"), function(type) {
    fit <- do.call(survfit, c(call, conf.type = type))
    at <- summary(fit, times = times, extend = TRUE)
    q <- quantile(fit, c(0.25, 0.5, 0.75))
    list(surv = at$surv, se = at$std.err, lower = at$lower, upper = at$upper, cumhaz = at$cumhaz, cumhaz_se = at$std.chaz,
      quantile = unname(q$quantile), quantile_lower = unname(q$lower), quantile_upper = unname(q$upper))
  })
  list(data = name, weights = weights, cluster = cluster, times = times, curves = found)
}
incidence <- function(name, weights = NULL) {
  d <- sets[[name]]
  d$begin <- ifelse(d$start > 0, d$start, -1); d$state <- factor(d$event, 0:max(d$event)); d$id <- seq_len(nrow(d))
  call <- list(Surv(begin, stop, state) ~ 1, data = d, id = d$id, start.time = 0)
  if (!is.null(weights)) call$weights <- d[[weights]]
  times <- unname(quantile(d$stop, c(0.3, 0.6, 0.9), type = 1))
  found <- lapply(list(plain = "plain", log = "log", "log-log" = "log-log"), function(type) {
    at <- summary(do.call(survfit, c(call, conf.type = type)), times = times, extend = TRUE)
    list(estimate = plain(at$pstate), std_error = plain(at$std.err), lower = plain(at$lower), upper = plain(at$upper))
  })
  list(data = name, weights = weights, times = times, curves = found)
}
gray <- function(name, group, strata = NULL) {
  d <- sets[[name]]
  found <- cuminc(d$stop, d$event, d[[group]], strata = if (is.null(strata)) rep(1, nrow(d)) else d[[strata]])$Tests
  list(data = name, group = group, strata = strata, code = as.integer(rownames(found)), stat = unname(found[, 1]))
}
by_term <- function() {
  d <- transform(sets$kidney, disease = factor(disease, c("AN", "GN", "Other", "PKD")))
  fit <- coxph(Surv(stop, event) ~ age + sex + disease, d, control = control)
  list(together = unname(cox.zph(fit)$table[, 1]), each = unname(cox.zph(fit, terms = FALSE)$table[, 1]))
}
exponential <- function(weights = NULL, cluster = NULL) {
  d <- sets$kidney
  formula <- as.formula(paste("Surv(stop, event) ~ age + sex", if (!is.null(cluster)) paste0("+ cluster(", cluster, ")")))
  call <- list(formula, data = d, dist = "exponential", control = survreg.control(rel.tolerance = 1e-13, maxiter = 100))
  if (!is.null(weights)) call$weights <- d[[weights]]
  fit <- do.call(survreg, call)
  list(weights = weights, cluster = cluster, coef = unname(coef(fit)), var = plain(fit$var), loglik = fit$loglik[2])
}
cases <- list(terms = by_term(), exponential = list(exponential(), exponential("k"), exponential(cluster = "id")), cox = list(), curve = list(curve("kidney"), curve("kidney", cluster = "id"), curve("channing", "k"),
    curve("retinopathy", "k"), curve("jasa1", cluster = "id"), curve("bladder2", "w", "id")),
  incidence = list(incidence("burn"), incidence("burn", "w"), incidence("abortion"), incidence("abortion", "w")),
  gray = list(gray("burn", "treatment"), gray("burn", "treatment", "sex")))
for (ties in c("efron", "breslow")) cases$cox <- c(cases$cox, list(
  cox("kidney", c("age", "sex", "frail"), ties, cluster = "id"), cox("kidney", c("age", "sex"), ties, strata = "disease", weights = "k"),
  cox("bladder2", c("rx", "number", "size"), ties, strata = "enum", cluster = "id"),
  cox("jasa1", c("transplant", "age", "year"), ties, strata = "surgery", weights = "w", cluster = "id"),
  cox("retinopathy", c("age", "trt"), ties, strata = "type", offset = "shift", cluster = "id"), cox("channing", "gender", ties, weights = "w", cluster = "pair")))
write_json(cases, "public.json", digits = 12, auto_unbox = TRUE, null = "null", na = "null", matrix = "rowmajor")
