# Results of cv.glmnet for Cox models. Run from this folder: Rscript glmnet.R
library(survival)
library(glmnet)
library(jsonlite)

# The fits with strata or delayed entry are slow, and far from the optimum unless they may go on for long.
glmnet.control(epsnr = 1e-14, mxitnr = 2000)

run <- function(data, x, time = "time", event = "status", entry = NULL, strata = NULL, weights = NULL, offset = NULL,
                code = 1, alpha = 1, factors = NULL, lambda = NULL, n_lambdas = 100, folds = 5, grouped = TRUE, standardize = TRUE) {
  d <- read.csv(file.path("data", paste0(data, ".csv")))
  # glmnet has rows censored on the day of an event at risk by adding 2e-14 to their times, which is lost in large ones.
  d[[time]] <- d[[time]] / 1000
  if (!is.null(entry)) d[[entry]] <- d[[entry]] / 1000
  design <- as.matrix(d[, x])
  status <- as.integer(d[[event]] == code)
  y <- if (is.null(entry)) Surv(d[[time]], status) else Surv(d[[entry]], d[[time]], status)
  if (!is.null(strata)) y <- stratifySurv(y, d[[strata]])
  fold <- (seq_len(nrow(d)) * 7) %% folds + 1
  options <- list(x = design, y = y, family = "cox", alpha = alpha, foldid = fold, grouped = grouped,
                  standardize = standardize, nlambda = n_lambdas, maxit = 1e7, thresh = 1e-15)
  if (!is.null(weights)) options$weights <- d[[weights]]
  if (!is.null(offset)) options$offset <- d[[offset]]
  if (!is.null(factors)) options$penalty.factor <- factors
  if (!is.null(lambda)) options$lambda <- lambda
  cv <- do.call(cv.glmnet, options)
  fit <- cv$glmnet.fit
  keep <- unique(round(seq(1, length(fit$lambda), length.out = 6)))
  list(data = data, x = x, time = time, event = event, code = code, entry = entry, strata = strata, weights = weights,
       offset = offset, l1_ratio = alpha, factors = factors, given = lambda, n_lambdas = n_lambdas, folds = folds, grouped = grouped,
       standardize = standardize, lambda = fit$lambda, dev_ratio = fit$dev.ratio, nulldev = fit$nulldev,
       keep = keep - 1, beta = unname(t(as.matrix(fit$beta)[, keep])),
       cvm = cv$cvm, cvsd = cv$cvsd, lambda_min = cv$lambda.min, lambda_1se = cv$lambda.1se)
}

pbc <- c("age", "logbili", "albumin", "edema", "female", "stage")
vet <- c("trt", "karno", "age")
lung <- c("age", "sex", "ph.ecog")
few <- c(0.3, 0.1, 0.03, 0.01, 0.001)
cases <- list(
  run("pbc", code = 2, pbc),
  run("pbc", code = 2, pbc, alpha = 0.5, weights = "w"),
  run("pbc", code = 2, pbc, alpha = 0),
  run("pbc", code = 2, pbc, factors = c(0, 1, 1, 2, 0.5, 1)),
  run("pbc", code = 2, pbc, factors = c(1, 1, 1, Inf, 3, 1), alpha = 0.5),
  run("pbc", code = 2, c("age", "albumin", "edema", "female"), offset = "logbili", grouped = FALSE),
  run("pbc", code = 2, pbc, standardize = FALSE, lambda = few),
  run("veteran", vet, strata = "celltype", lambda = c(0.3, 0.1), folds = 3),
  run("veteran", vet, entry = "late", weights = "w", alpha = 0.5, lambda = c(0.4, 0.2), folds = 3),
  run("heart", c("age", "year", "surgery", "transplant"), time = "stop", event = "event", entry = "start",
      lambda = c(0.08, 0.03), folds = 3))
write_json(cases, "glmnet.json", digits = NA, auto_unbox = TRUE, null = "null", pretty = FALSE)
