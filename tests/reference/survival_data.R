# Public data of R's package survival, written with the extra columns that the references need:
# w (case weights), late (delayed entry, 0 where none). Run from this folder: Rscript survival_data.R
library(survival)

extend <- function(d, time) {
  row <- seq_len(nrow(d))
  d$w <- 0.5 + (row %% 7) / 4
  d$late <- ifelse(row %% 3 == 0, floor(d[[time]] * (row %% 5) / 10), 0)
  d
}
write <- function(d, name, columns) {
  d <- d[complete.cases(d[, columns]), columns]
  write.csv(d, file.path("data", paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
}

lung2 <- extend(lung, "time"); lung2$status <- lung2$status - 1
write(lung2, "lung", c("time", "status", "late", "w", "age", "sex", "ph.ecog", "inst"))
veteran2 <- extend(veteran, "time"); veteran2$trt <- veteran2$trt - 1; veteran2$centre <- seq_len(nrow(veteran)) %% 40
write(veteran2, "veteran", c("time", "status", "late", "w", "trt", "karno", "age", "celltype", "centre"))
colon2 <- extend(colon, "time"); colon2$lev <- as.integer(colon2$rx == "Lev"); colon2$fu <- as.integer(colon2$rx == "Lev+5FU")
write(colon2, "colon", c("id", "time", "status", "late", "w", "lev", "fu", "nodes", "obstruct", "etype"))
heart2 <- heart; heart2$start <- heart$start; heart2$transplant <- as.integer(heart$transplant) - 1
write(heart2, "heart", c("start", "stop", "event", "age", "year", "surgery", "transplant", "id"))
rats2 <- extend(rats, "time")
write(rats2, "rats", c("litter", "rx", "time", "status", "sex", "late", "w"))
cgd2 <- cgd; cgd2$treated <- as.integer(cgd$treat == "rIFN-g"); cgd2$female <- as.integer(cgd$sex == "female")
write(cgd2, "cgd", c("id", "tstart", "tstop", "status", "treated", "female", "age", "inherit"))
# mgus2: competing risks. event 1 progression, 2 death; months since diagnosis, and months of age (delayed entry).
mgus <- mgus2
mgus$time <- ifelse(mgus$pstat == 1, mgus$ptime, mgus$futime)
mgus$event <- ifelse(mgus$pstat == 1, 1, 2 * mgus$death)
mgus <- extend(mgus, "time")
mgus$male <- as.integer(mgus$sex == "M"); mgus$start_age <- mgus$age * 12; mgus$stop_age <- mgus$age * 12 + mgus$time
mgus$pair <- (mgus$id * 7) %% 500
mgus <- mgus[mgus$time > 0, ]
write(mgus, "mgus2", c("id", "time", "event", "late", "w", "male", "hgb", "mspike", "start_age", "stop_age", "pair"))
pbc2 <- extend(pbc, "time"); pbc2$logbili <- log(pbc2$bili); pbc2$female <- as.integer(pbc2$sex == "f")
write(pbc2, "pbc", c("time", "status", "late", "w", "age", "logbili", "albumin", "edema", "female", "stage"))
