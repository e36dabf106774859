"""What rows and features are hardly meant to be: more features than rows can tell apart, days that are years."""

import numpy as np

from ...caller_warnings import warn
from .design import TrainingRows

# So few features are fitted in no time, whatever the rows; those that these determine are then named.
FEW_FEATURES = 100
# A penalty is for more features than rows; that many take long all the same.
FEW_FOR_A_PENALTY = 1000
# Follow-up of so few days, not whole ones, under a horizon that is so many times as long, is of years.
LONGEST_IN_YEARS, HORIZON_PER_FOLLOW_UP, FEWEST_ROWS = 40.0, 10.0, 10


def check_plausible(rows: TrainingRows, horizon: float, *, is_penalised: bool) -> None:
    """Say what of rows and features is hardly meant, before a fit: see the functions below for what is refused."""
    check_number_of_features(rows, is_penalised=is_penalised)
    warn_of_years(rows, horizon)


def check_number_of_features(rows: TrainingRows, *, is_penalised: bool) -> None:
    """Say before a fit that there are more features than rows with an event.

    Parameters
    ----------
    rows : TrainingRows
    is_penalised : bool
        Whether the model has a best fit all the same.

    Raises
    ------
    ValueError
        There are more features than rows, and no penalty.
    """
    rows = rows.of_positive_weight()
    n_rows, n_features = rows.design.matrix.shape
    n_events = int(np.count_nonzero(rows.outcome.event))
    if n_features <= max(FEW_FOR_A_PENALTY if is_penalised else FEW_FEATURES, n_events):
        return
    found = f"{n_features:,} features for {n_rows:,} rows, {n_events:,} of them with an event"
    if n_features > n_rows and not is_penalised:
        raise ValueError(
            f"{found}: without a penalty no fit is the best; leave features out, or let CoxElasticNetCV "
            "choose among them"
        )
    warn(f"{found}: the fit may take long, and tells little of any one feature; leave features out")


def warn_of_years(rows: TrainingRows, horizon: float) -> None:
    """Warn where durations look like years, as the horizon and all that is predicted is in days."""
    duration = rows.of_positive_weight().outcome.duration
    longest = float(duration.max())
    if longest >= min(LONGEST_IN_YEARS, horizon / HORIZON_PER_FOLLOW_UP) or duration.size < FEWEST_ROWS:
        return
    if 2 * np.count_nonzero(duration != np.floor(duration)) > duration.size:
        warn(
            f"durations have fractions and end long before the horizon of {horizon:g} days, as if they were years: "
            "give days (years times 365.25), or a horizon in their unit"
        )
