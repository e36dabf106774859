"""What a saved model does not state: the words with which saving and predicting warn of it."""

import numpy as np

from ...caller_warnings import warn
from ..incidence.moments import FEWEST_EVENTS, LEAST_CHILDREN

REASON = (
    f"in a stratum of fewer than {LEAST_CHILDREN} children, or with 1 to {FEWEST_EVENTS - 1} events of a kind, a child "
    "could be told from what intervals rest on"
)


def warn_of_unsaved(n_children: np.ndarray, is_kept: np.ndarray) -> None:
    """Warn that the intervals of some strata are not saved; both arguments have shape (n_strata,)."""
    n_lost = int((~is_kept).sum())
    if n_lost:
        where = "intervals are" if is_kept.size == 1 else f"intervals in {n_lost} of {is_kept.size} strata are"
        warn(
            f"{where} not saved ({int(n_children[~is_kept].sum())} children): {REASON}; the saved model gives risks "
            "there, and NaN for bounds"
        )


def warn_of_unstated(error: np.ndarray) -> None:
    """Warn of standard errors (n_rows, n_times) that are NaN as a saved model does not hold what they rest on."""
    n_lost = int(np.isnan(error).sum())
    if n_lost:
        warn(
            f"{n_lost} of {error.size} standard errors or intervals are not stated (NaN): what they rest on is not in "
            "a saved model, as a child could be told from it; the model that was fitted has them"
        )
