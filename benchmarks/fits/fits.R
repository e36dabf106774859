# One measurement in R: Rscript fits.R TASK PACKAGE FOLDER OPTIONS.csv RESULT.csv FACTS.csv TIMED
# The file TIMED is there while the call is timed.
# Every task returns a function without arguments; only the call of that function is timed.
arguments <- commandArgs(TRUE)
task <- arguments[1]
package <- arguments[2]
folder <- arguments[3]
options_read <- read.csv(arguments[4], header = FALSE, colClasses = "character")
option <- function(name, default) {
  value <- options_read$V2[options_read$V1 == name]
  if (length(value)) value else default
}
horizons <- c(91, 182, 365, 730)

read_npy <- function(name) {
  connection <- file(file.path(folder, paste0(name, ".npy")), "rb")
  on.exit(close(connection))
  readBin(connection, "raw", 8)
  header <- readChar(connection, readBin(connection, "integer", 1, size = 2, endian = "little", signed = FALSE))
  shape <- sub(".*'shape': \\(([^)]*)\\).*", "\\1", header)
  shape <- as.integer(Filter(nzchar, trimws(strsplit(shape, ",")[[1]])))
  values <- readBin(connection, "double", prod(shape), endian = "little")
  if (length(shape) == 2) t(matrix(values, shape[2], shape[1])) else values
}

load_data <- function() {
  data <- lapply(c(X = "X", entry = "entry", duration = "duration", event = "event", family = "family"), read_npy)
  if (option("entry", "True") == "False") data$entry <- 0 * data$entry
  colnames(data$X) <- paste0("x", seq_len(ncol(data$X)))
  data
}

head_of <- function(data, n) {
  rows <- seq_len(min(n, length(data$event)))
  lapply(data, function(column) if (is.matrix(column)) column[rows, ] else column[rows])
}

has_entry <- function(data) any(data$entry > 0)

as_frame <- function(data) {
  data.frame(data$X, entry = data$entry, duration = data$duration, event = data$event, id = seq_along(data$event))
}

on_features <- function(left, data) as.formula(paste(left, "~", paste(colnames(data$X), collapse = "+")))

single_response <- function(data) {
  if (has_entry(data)) Surv(data$entry, data$duration, data$event == 1) else Surv(data$duration, data$event == 1)
}

state_response <- function(data) if (has_entry(data)) "Surv(entry, duration, factor(event, 0:2))" else "Surv(duration, factor(event, 0:2))"

tasks <- list(
  cox.survival = function(data) {
    response <- single_response(data)
    ties <- option("ties", "efron")
    if (option("robust", "False") == "True") {
      function() coef(coxph(response ~ data$X, ties = ties, cluster = data$family))
    } else {
      function() coef(coxph(response ~ data$X, ties = ties))
    }
  },
  cox.mets = function(data) {
    frame <- as_frame(data)
    formula <- on_features(if (has_entry(data)) "Surv(entry, duration, event == 1)" else "Surv(duration, event == 1)", data)
    function() coef(phreg(formula, data = frame))
  },
  aalen_johansen.survival = function(data) {
    frame <- as_frame(data)
    formula <- as.formula(paste(state_response(data), "~ 1"))
    function() summary(survfit(formula, data = frame, id = id), times = horizons)$pstate[, 2]
  },
  aalen_johansen.prodlim = function(data) {
    frame <- as_frame(data)
    formula <- if (has_entry(data)) Hist(duration, event, entry = entry) ~ 1 else Hist(duration, event) ~ 1
    function() as.numeric(predict(prodlim(formula, data = frame), times = horizons, cause = 1))
  },
  aalen_johansen.cmprsk = function(data) {
    function() timepoints(cuminc(data$duration, data$event), horizons)$est[1, ]
  },
  fine_gray.survival = function(data) {
    frame <- as_frame(data)
    formula <- on_features(state_response(data), data)
    weighted <- on_features("Surv(fgstart, fgstop, fgstatus)", data)
    function() {
      expanded <- if (has_entry(data)) finegray(formula, frame, id = id, etype = "1") else finegray(formula, frame, etype = "1")
      coef(coxph(weighted, data = expanded, weights = fgwt, ties = "breslow"))
    }
  },
  fine_gray.cmprsk = function(data) {
    variance <- option("std_errors", "True") == "True"
    function() crr(data$duration, data$event, data$X, variance = variance)$coef
  },
  fine_gray.mets = function(data) {
    frame <- as_frame(data)
    formula <- on_features("Event(duration, event)", data)
    function() coef(cifreg(formula, data = frame, cause = 1, propodds = NULL))
  },
  incidence.riskRegression = function(data) {
    frame <- as_frame(data)
    model <- CSC(on_features("Hist(duration, event)", data), data = frame)
    function() t(predict(model, newdata = frame, times = horizons, cause = 1, product.limit = FALSE)$absRisk)
  },
  incidence_interval.riskRegression = function(data) {
    frame <- as_frame(data)
    model <- CSC(on_features("Hist(duration, event)", data), data = frame)
    function() {
      predicted <- predict(
        model, newdata = frame, times = horizons, cause = 1, product.limit = FALSE, se = TRUE, average.iid = FALSE
      )
      t(confint(predicted, absRisk.transform = "cloglog")$absRisk.lower)
    }
  },
  path.glmnet = function(data) {
    response <- single_response(data)
    penalties <- as.numeric(strsplit(option("penalties", ""), " ")[[1]])
    l1_ratio <- as.numeric(option("l1_ratio", "0.5"))
    function() {
      fitted <- cv.glmnet(data$X, response, family = "cox", lambda = penalties, alpha = l1_ratio, nfolds = 5)
      as.matrix(fitted$glmnet.fit$beta)
    }
  }
)

status_kb <- function(name) {
  line <- grep(paste0("^", name, ":"), readLines("/proc/self/status"), value = TRUE)
  as.numeric(sub("[^0-9]*([0-9]+).*", "\\1", line))
}

reset_peak <- function() {
  tryCatch({
    cat("5", file = "/proc/self/clear_refs")
    status_kb("VmRSS")
  }, error = function(e) NA, warning = function(w) NA)
}

if (!requireNamespace(package, quietly = TRUE)) {
  writeLines(paste("absent", package, sep = ","), arguments[6])
  quit(status = 0)
}
suppressPackageStartupMessages({
  library(survival)
  if (package == "riskRegression") library(prodlim)
  library(package, character.only = TRUE)
})
data <- load_data()
make_call <- tasks[[paste(task, package, sep = ".")]]
invisible(suppressWarnings(make_call(head_of(data, 300))()))
call <- make_call(data)
invisible(gc())
before <- reset_peak()
wall <- c()
processor <- c()
invisible(file.create(arguments[7]))
while (length(wall) == 0 || (length(wall) < 5 && sum(wall) < 3)) {
  seconds <- system.time(result <- suppressWarnings(call()))
  wall <- c(wall, seconds[["elapsed"]])
  processor <- c(processor, seconds[["user.self"]] + seconds[["sys.self"]])
  if (length(wall) == 1) peak <- if (is.na(before)) NA else 1024 * max(status_kb("VmHWM") - before, 0)
}
invisible(file.remove(arguments[7]))
writeLines(format(as.numeric(result), digits = 17), arguments[5])
facts <- c(
  version = as.character(packageVersion(package)), seconds = median(wall), cpu_seconds = median(processor),
  n_runs = length(wall), peak_bytes = peak
)
writeLines(paste(names(facts), facts, sep = ","), arguments[6])
