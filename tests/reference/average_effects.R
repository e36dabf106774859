# Average risks by level of a treatment: riskRegression::ate (G-formula, IPTW, AIPTW) with two and three levels, independent
# rows without entry. Times are made distinct, as the AIPTW of riskRegression 2022.11.28 is wrong with tied censoring times.
# Run from this folder: Rscript average_effects.R
suppressMessages({library(riskRegression); library(survival); library(nnet); library(jsonlite)})

tight <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100)
run <- function(d, treatment, covariates, times) {
  d$time <- d$time + seq_len(nrow(d)) / 1e4
  d[[treatment]] <- factor(d[[treatment]])
  terms <- paste(c(treatment, covariates), collapse = " + ")
  m.event <- do.call(CSC, list(as.formula(paste("Hist(time, event) ~", terms)), data = d, control = tight))
  m.censor <- do.call(coxph, list(as.formula(paste("Surv(time, event == 0) ~", terms)), data = d, x = TRUE, y = TRUE,
                                  control = tight))
  f <- as.formula(paste(treatment, "~", paste(covariates, collapse = " + ")))
  m.treatment <- if (nlevels(d[[treatment]]) == 2) do.call(glm, list(f, data = d, family = binomial, control = glm.control(epsilon = 1e-15))) else
    do.call(multinom, list(f, data = d, trace = FALSE, reltol = 1e-30, abstol = 1e-30, maxit = 5000))
  result <- list()
  for (product in c(FALSE, TRUE)) for (estimator in c("GFORMULA", "IPTW", "AIPTW")) {
    if (product && estimator != "GFORMULA") next
    a <- ate(m.event, treatment = m.treatment, censor = m.censor, data = d, times = times, cause = 1,
             estimator = estimator, product.limit = product, se = TRUE, iid = FALSE, band = FALSE, verbose = FALSE)
    risk <- as.data.frame(a$meanRisk); diff <- as.data.frame(a$diffRisk); ratio <- as.data.frame(a$ratioRisk)
    key <- if (product) paste0(estimator, "_product_limit") else estimator
    result[[key]] <- list(level = as.character(risk$treatment), time = risk$time, estimate = risk$estimate, se = risk$se,
                          pair = paste(diff$B, diff$A, sep = "-"), difference = diff$estimate, difference_se = diff$se,
                          ratio = ratio$estimate, ratio_se = ratio$se)
  }
  result
}

mgus <- read.csv("data/mgus2.csv")
mgus <- mgus[complete.cases(mgus[, c("hgb", "mspike")]), ]
mgus$treated <- mgus$male
pbc <- read.csv("data/pbc.csv"); pbc$event <- pbc$status; pbc$level <- pmax(pbc$stage, 2)
results <- list(
  version = as.character(packageVersion("riskRegression")),
  mgus2 = run(mgus, "treated", c("hgb", "mspike"), c(60, 120, 180)),
  pbc = run(pbc, "level", c("age", "logbili"), c(1000, 2000))
)
write(toJSON(results, digits = NA, auto_unbox = TRUE), "average_effects.json")
