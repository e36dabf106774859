"""What a fit of a regression of hazards found wrong with its columns, in words that name them and say what to do."""

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np

from ...caller_warnings import warn
from ..features.encoder import FeatureEncoder

# Columns that one message names.
MOST_NAMES = 10
LEFT_OUT = "constant in training, left out"


class FoundProblems(Protocol):
    """What a fit says of its p columns, each array of bool, shape (p,), and of itself."""

    @property
    def constant(self) -> np.ndarray:
        """Columns that do not vary among the rows at risk."""

    @property
    def collinear(self) -> np.ndarray:
        """Columns that those before them determine."""

    @property
    def diverging(self) -> np.ndarray:
        """Columns whose coefficient runs away."""

    @property
    def converged(self) -> bool:
        """Whether the iterations came to an end."""

    @property
    def n_iterations(self) -> int:
        """Number of iterations."""


def warn_of_dropped(encoder: FeatureEncoder) -> None:
    """Warn of columns without a feature that nobody asked to drop."""
    asked = set(encoder.drop or ())
    dropped = [str(name) for name in encoder.dropped_ if name not in asked]
    if dropped:
        warn(f"{LEFT_OUT}: {', '.join(dropped)}")


def listed(names: Iterable[Any]) -> str:
    """Names of columns for a message: the first few, and how many more there are."""
    found = [str(name) for name in names]
    rest = f" and {len(found) - MOST_NAMES} more" if len(found) > MOST_NAMES else ""
    return ", ".join(found[:MOST_NAMES]) + rest


def known_end_remedy(model: Any, event: int) -> str:
    """What to set where an event may be an end whose date is known, for models with ``known_end_event``; else empty.

    Features from which that date follows, such as the age at the start, separate the event or fit its days exactly.
    """
    if model.known_end_event is not None or event == 1:
        return ""
    return f"set known_end_event={event} if its day is known beforehand, as the 18th birthday is"


def fit_problems(fit: FoundProblems, names: np.ndarray, *remedies: str, without: np.ndarray | None = None) -> list[str]:
    """One message for each kind of problem, to be given as a warning; none for a fit without problems.

    Parameters
    ----------
    fit : FoundProblems
        Such as :class:`..cox.kernels.fit.CoxFit`.
    names : ndarray of str, shape (p,)
    *remedies : str
        What else the model offers against coefficients without a finite estimate; empty ones are left out.
    without : ndarray of bool, shape (p,), optional
        Columns that were to have no coefficient.
    """
    messages = []
    constant = fit.constant if without is None else fit.constant & ~without
    if constant.any():
        messages.append(f"no variation among the rows at risk, coefficient left at 0: {listed(names[constant])}")
    further = tuple(filter(None, remedies))
    if fit.collinear.any():
        messages.append(
            f"determined by the features before them (collinear), coefficient left at 0: {listed(names[fit.collinear])}"
        )
    if fit.diverging.any():
        messages.append(
            f"the event is separated by these features, their coefficients have no finite estimate: "
            f"{listed(names[fit.diverging])}; {_one_of('leave them out', *_merging(names[fit.diverging]), *further)}"
        )
    if not fit.converged:
        messages.append(
            f"the fit did not converge in {fit.n_iterations} iterations; {_one_of('leave features out', *further)}"
        )
    return messages


def _merging(names: Iterable[Any]) -> tuple[str, ...]:
    """What can be done about levels of a category, of which a feature's name tells."""
    return ("merge rare levels",) if any(str(name).endswith("]") for name in names) else ()


def _one_of(*choices: str) -> str:
    return choices[0] if len(choices) == 1 else ", ".join(choices[:-1]) + f", or {choices[-1]}"
