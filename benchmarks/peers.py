"""The same Cox model (Efron, delayed entry) by each package: every function returns the coefficients."""

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from .data import BenchmarkData

Fit = Callable[[BenchmarkData], np.ndarray]

R_SCRIPT = """
suppressMessages(library(survival))
arguments <- commandArgs(TRUE)
p <- as.integer(arguments[3])
d <- matrix(readBin(arguments[1], "double", n = file.size(arguments[1]) / 8), ncol = p + 3)
seconds <- system.time(fit <- coxph(Surv(d[, 1], d[, 2], d[, 3]) ~ d[, -(1:3)], ties = "efron"))[["elapsed"]]
writeLines(format(c(seconds, coef(fit)), digits = 17), arguments[2])
"""


def ours(data: BenchmarkData) -> np.ndarray:
    """secondplan, from arrays as a user has them."""
    import secondplan as sp

    y = pd.DataFrame({"entry": data.entry, "duration": data.duration, "event": data.is_event.astype(int)})
    return sp.CoxPH().fit(data.X, y).coef_


def ours_robust(data: BenchmarkData) -> np.ndarray:
    """secondplan with cluster-robust standard errors."""
    import secondplan as sp

    y = pd.DataFrame({"entry": data.entry, "duration": data.duration, "event": data.is_event.astype(int)})
    return sp.CoxPH().fit(data.X, y, cluster=data.family).coef_


def lifelines(data: BenchmarkData) -> np.ndarray:
    """lifelines' CoxPHFitter; it has no choice of ties but Efron's."""
    from lifelines import CoxPHFitter

    frame = pd.DataFrame(data.X).assign(entry=data.entry, duration=data.duration, event=data.is_event)
    frame.columns = frame.columns.astype(str)
    fitted = CoxPHFitter().fit(frame, "duration", "event", entry_col="entry")
    return fitted.params_.to_numpy()


def statsmodels(data: BenchmarkData) -> np.ndarray:
    """statsmodels' PHReg; a row that enters on an event day counts as at risk on it, as in Stata."""
    from statsmodels.duration.hazard_regression import PHReg

    model = PHReg(data.duration, data.X, status=data.is_event.astype(int), entry=data.entry, ties="efron")
    return model.fit(disp=0).params


def r_survival(data: BenchmarkData) -> tuple[np.ndarray, float]:
    """R's coxph: coefficients, and the seconds of the fit alone as R measures them."""
    with tempfile.TemporaryDirectory() as folder:
        columns = np.column_stack([data.entry, data.duration, data.is_event, data.X])
        columns.T.astype("<f8").tofile(Path(folder) / "data.bin")
        (Path(folder) / "fit.R").write_text(R_SCRIPT, encoding="utf-8")
        arguments = [str(Path(folder) / name) for name in ("data.bin", "out.txt")]
        command = ["Rscript", str(Path(folder) / "fit.R"), *arguments, str(data.X.shape[1])]
        subprocess.run(command, check=True, capture_output=True)
        values = np.loadtxt(arguments[1])
    return values[1:], float(values[0])


def available() -> dict[str, Fit]:
    """The fits that this machine can run in Python; R is separate, as it measures itself."""
    fits: dict[str, Fit] = {"secondplan": ours, "secondplan, robust": ours_robust}
    fits |= {"lifelines": lifelines, "statsmodels": statsmodels}
    return fits


def has_r() -> bool:
    """Whether Rscript with the package survival is here."""
    if shutil.which("Rscript") is None:
        return False
    return subprocess.run(["Rscript", "-e", "library(survival)"], capture_output=True, check=False).returncode == 0


def quiet(fit: Fit, data: BenchmarkData) -> np.ndarray:
    """A fit without its warnings, which are the same for all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit(data)
