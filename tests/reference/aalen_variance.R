# Aalen's variance of cumulative incidences, as cuminc of R's cmprsk has it. Run in this folder: Rscript aalen_variance.R
# Reads data/mgus2.csv, writes aalen_variance.json; the tests read these files and need no R. Made with R 4.2.2, cmprsk
# 2.2-11. Whole weights are rows repeated so many times.
suppressMessages({
  library(cmprsk)
  library(jsonlite)
})
mgus2 <- read.csv("data/mgus2.csv")
times <- c(3, 12, 60, 120, 240, 400)
at <- function(d) {
  found <- timepoints(cuminc(d$time, d$event), times)
  list(estimate = unname(found$est), variance = unname(found$var))
}
repeated <- mgus2[rep(seq_len(nrow(mgus2)), seq_len(nrow(mgus2)) %% 3), ]
few <- mgus2[seq(1, nrow(mgus2), by = 20), ]
write_json(list(
  times = times, all = at(mgus2), repeated = at(repeated), few = at(few),
  men = at(subset(mgus2, male == 1)), women = at(subset(mgus2, male == 0))
), "aalen_variance.json", digits = 15)
