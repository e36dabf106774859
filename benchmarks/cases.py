"""Which package does which task in which way, and how long a task may take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

# Children of a council, and of a country.
SMALL_SIZES = (300, 1_000, 3_000, 10_000)
SIZES = (*SMALL_SIZES, 100_000, 1_000_000)
OURS = "secondplan"

# glmnet's kind of sequence of penalties, the same for all packages.
PENALTIES = [round(float(value), 8) for value in np.geomspace(0.05, 0.001, 20)]


@dataclass(frozen=True)
class Task:
    """What is measured, what numbers are compared, and the size beyond which it is not measured."""

    title: str
    numbers: str
    largest: int = SIZES[-1]


@dataclass(frozen=True)
class Case:
    """One package at one task.

    ``options`` are those of the fit; two cases with the same ``like`` solve the same problem and must agree.
    ``note`` says in what a package solves a somewhat different problem. Beyond ``largest`` rows it is not run: its time
    or memory grows too fast.
    """

    task: str
    package: str
    options: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    largest: int = SIZES[-1]

    @property
    def like(self) -> tuple[Any, ...]:
        """What makes two cases the same problem."""
        relevant = {name: value for name, value in self.options.items() if name != "std_errors"}
        return (self.task, *sorted((name, str(value)) for name, value in relevant.items()))

    @property
    def label(self) -> str:
        """The variant in words."""
        words = []
        if "ties" in self.options:
            words.append({"efron": "Efron", "breslow": "Breslow"}[self.options["ties"]])
        if "censoring_ties" in self.options:
            words.append(f"ties as {self.options['censoring_ties']}")
        if "entry" in self.options:
            words.append("delayed entry" if self.options["entry"] else "no entry")
        if "std_errors" in self.options:
            words.append("with errors" if self.options["std_errors"] else "without errors")
        return ", ".join(words)


TASKS = {
    "cox": Task("Cox regression", "coefficients"),
    "cox_robust": Task("Cox regression with errors by family", "coefficients"),
    "aalen_johansen": Task("Aalen-Johansen incidence with its variance", "incidence at four horizons"),
    "fine_gray": Task("Fine-Gray regression", "coefficients"),
    "incidence": Task("Cause-specific incidence of every row at four horizons", "risks"),
    "incidence_interval": Task("The same with intervals", "lower bounds"),
    "cause_specific": Task("Cause-specific Cox regression of two events", "coefficients", SMALL_SIZES[-1]),
    "aft": Task("Accelerated failure times", "coefficients", SMALL_SIZES[-1]),
    "royston_parmar": Task("Flexible parametric hazards", "coefficients", SMALL_SIZES[-1]),
    "discrete_time": Task("Discrete-time hazards, two years", "coefficients", SMALL_SIZES[-1]),
    "path": Task("Elastic net, 20 penalties, five folds", "coefficients", 100_000),
    "boosting": Task("Boosted hazards, 100 iterations", "none", 100_000),
    "metrics": Task("Metrics of one model at four horizons, with errors by family", "estimates"),
}

_EFRON = {"ties": "efron", "entry": True}
_EFRON_0 = {"ties": "efron", "entry": False}
_BRESLOW = {"ties": "breslow", "entry": True}
_BRESLOW_0 = {"ties": "breslow", "entry": False}
_PATH = {"penalties": PENALTIES, "l1_ratio": 0.5}
_CRR_0 = {"censoring_ties": "crr", "entry": False}
_FINEGRAY = {"censoring_ties": "finegray"}
_BARE = {"std_errors": False}
_FULL = {"std_errors": True}

CASES = [
    Case("cox", OURS, _EFRON),
    Case("cox", OURS, _EFRON_0),
    Case("cox", OURS, _BRESLOW),
    Case("cox", OURS, _BRESLOW_0),
    Case("cox", "survival (PyPI)", _EFRON),
    Case("cox", "survival (PyPI)", _EFRON_0),
    Case("cox", "survival (PyPI), arrays", _EFRON, "no checks, names or result"),
    Case("cox", "survival (PyPI), arrays", _EFRON_0, "no checks, names or result"),
    Case("cox", "statsmodels", _EFRON, "at risk on the day of entry"),
    Case("cox", "lifelines", _EFRON),
    Case("cox", "scikit-survival", _EFRON_0),
    Case("cox", "comprisk", _BRESLOW_0),
    Case("cox", "R survival", _EFRON),
    Case("cox", "R survival", _EFRON_0),
    Case("cox", "R mets", _BRESLOW, "breaks ties", 10_000),
    Case("cox_robust", OURS, _EFRON | {"robust": True}),
    Case("cox_robust", "survival (PyPI)", _EFRON | {"robust": True}),
    Case("cox_robust", "R survival", _EFRON | {"robust": True}),
    Case("aalen_johansen", OURS, {"entry": True}),
    Case("aalen_johansen", OURS, {"entry": False}),
    Case("aalen_johansen", "survival (PyPI)", {"entry": True}),
    Case("aalen_johansen", "survival (PyPI)", {"entry": False}),
    Case("aalen_johansen", "scikit-survival", {"entry": False}),
    Case("aalen_johansen", "comprisk", {"entry": False}),
    Case("aalen_johansen", "lifelines", {"entry": True}, "moves ties apart at random"),
    Case("aalen_johansen", "R survival", {"entry": True}),
    Case("aalen_johansen", "R prodlim", {"entry": True}),
    Case("aalen_johansen", "R cmprsk", {"entry": False}),
    Case("fine_gray", OURS, _FINEGRAY | {"entry": True} | _FULL),
    Case("fine_gray", OURS, _CRR_0 | _FULL),
    Case("fine_gray", OURS, _CRR_0 | _BARE),
    Case("fine_gray", OURS, _FINEGRAY | {"entry": False} | _FULL),
    Case("fine_gray", "comprisk", _CRR_0 | _BARE),
    Case("fine_gray", "comprisk", _CRR_0 | _FULL),
    Case("fine_gray", "survival (PyPI)", _FINEGRAY | {"entry": False} | _FULL, "ties of its own", 10_000),
    Case("fine_gray", "R survival", _FINEGRAY | {"entry": True} | _BARE, largest=10_000),
    Case("fine_gray", "R mets", _CRR_0 | _FULL, "breaks ties", 10_000),
    Case("fine_gray", "R cmprsk", _CRR_0 | _BARE, largest=10_000),
    Case("incidence", OURS, {"entry": True}),
    Case("incidence", OURS, {"entry": False}),
    Case("incidence", "R riskRegression", {"entry": False}),
    Case("incidence_interval", OURS, {"entry": True}),
    Case("incidence_interval", OURS, {"entry": False}),
    Case("incidence_interval", "R riskRegression", {"entry": False}, largest=10_000),
    Case("cause_specific", OURS, {"entry": True}),
    Case("aft", OURS, {"entry": True}),
    Case("royston_parmar", OURS, {"entry": True}),
    Case("discrete_time", OURS, {"entry": True}),
    Case("path", OURS, _PATH | {"entry": True}),
    Case("path", OURS, _PATH | {"entry": False}),
    Case("path", "scikit-survival", _PATH | {"entry": False}, "the path alone, without folds"),
    Case("path", "survival (PyPI)", _PATH | {"entry": False}, "the path alone, penalties of its own"),
    Case("path", "R glmnet", _PATH | {"entry": True}),
    Case("path", "R glmnet", _PATH | {"entry": False}),
    Case("boosting", OURS, {"entry": False, "n_iterations": 100}),
    Case("metrics", OURS, {"entry": True}),
    Case("metrics", OURS, {"entry": False}),
    Case("boosting", "hazardous", {"entry": False, "n_iterations": 100}),
]
# The problems by which the package is judged; the quick run has only these and what they are compared with.
HEADLINES = ("cox", "cox_robust", "aalen_johansen", "fine_gray", "incidence", "incidence_interval", "metrics")
# What validation, bootstrap and simulation do thousands of times, on as many rows as councils have.
SMALL_TASKS = (
    "cox",
    "fine_gray",
    "cause_specific",
    "incidence",
    "incidence_interval",
    "aft",
    "royston_parmar",
    "discrete_time",
    "boosting",
)
