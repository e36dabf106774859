# Funnel limits, overdispersion, Laney's chart and expected events by calendar month, written out from base R and
# survival. Run from this folder: Rscript monitoring.R
library(survival)
library(jsonlite)

# Spiegelhalter (2005), Statistics in Medicine 24:1185, appendix A.1.1.
limit <- function(theta, n, p) {
  r <- sapply(n, function(m) { r <- 0; while (pbinom(r, m, theta) <= p) r <- r + 1; r })
  alpha <- (pbinom(r, n, theta) - p) / (pbinom(r, n, theta) - pbinom(r - 1, n, theta))
  pmin(pmax((r - alpha) / n, 0), 1)
}
n <- c(1, 5, 20, 73, 250, 1682); ps <- c(0.001, 0.025, 0.975, 0.999)
limits <- lapply(ps, function(p) limit(0.202, n, p))

# Spiegelhalter (2005), Quality and Safety in Health Care 14:347: winsorised z-scores, phi and tau squared.
set.seed(2005)
size <- sample(100:900, 60); count <- rbinom(60, size, pmin(pmax(rnorm(60, 0.2, 0.05), 0.02), 0.9))
theta <- sum(count) / sum(size); s <- sqrt(theta * (1 - theta) / size); z <- (count / size - theta) / s
q <- quantile(z, c(0.1, 0.9)); zw <- pmin(pmax(z, q[1]), q[2])
phi <- mean(zw^2); w <- 1 / s^2; I <- length(z)
tau2 <- max(0, (I * phi - (I - 1)) / (sum(w) - sum(w^2) / sum(w)))

# Laney (2002): sigma z from the moving range.
mn <- sample(80:160, 24); mk <- rbinom(24, mn, 0.29)
centre <- sum(mk) / sum(mn); zz <- (mk / mn - centre) / sqrt(centre * (1 - centre) / mn)
laney <- mean(abs(diff(zz))) / 1.128379167
upper <- centre + 3 * laney * sqrt(centre * (1 - centre) / mn)

# Expected events by calendar month from a Cox model fitted on the first rows: predict(type = "expected") of the part
# of each row's follow-up that falls into the month.
d <- read.csv(file.path("data", "lung.csv")); d <- d[!is.na(d$age), ]
d$start <- as.Date("2015-01-01") + (seq_len(nrow(d)) * 37) %% 900
d$begin <- ifelse(d$late > 0, d$late, -1); d$dead <- as.integer(d$status > 0)
train <- d[seq(1, nrow(d), 2), ]; watch <- d[seq(2, nrow(d), 2), ]; watch <- watch[watch$time <= max(train$time[train$dead == 1]), ]
fit <- coxph(Surv(begin, time, dead) ~ age + sex, data = train, ties = "breslow")
months <- seq(as.Date("2015-06-01"), as.Date("2017-06-01"), by = "month")
expected <- sapply(seq_len(length(months) - 1), function(m) {
  from <- pmax(watch$begin, as.numeric(months[m] - watch$start) - 1)
  to <- pmin(watch$time, as.numeric(months[m + 1] - watch$start) - 1)
  part <- watch[to > from, ]; part$begin <- from[to > from]; part$time <- to[to > from]
  if (nrow(part) == 0) 0 else sum(predict(fit, newdata = part, type = "expected"))
})
observed <- sapply(seq_len(length(months) - 1), function(m) {
  day <- watch$start + watch$time; sum(watch$dead == 1 & day >= months[m] & day < months[m + 1])
})
write_json(list(
  limits = list(theta = 0.202, n = n, p = ps, limit = limits),
  units = list(count = count, n = size, theta = theta, phi = phi, tau2 = tau2),
  months = list(count = mk, n = mn, centre = centre, sigma_z = laney, upper = upper),
  cox = list(month = format(months[-length(months)]), expected = expected, observed = observed)
), "monitoring.json", digits = 14, auto_unbox = TRUE, pretty = FALSE)
