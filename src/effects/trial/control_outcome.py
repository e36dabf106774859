"""A negative control: the same copies and weights with an outcome that no plan causes or prevents."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from ...models.curves.weighted_incidence import EVENT, OTHER_EVENT
from ...parameter_checks import shown
from ...plans.calendar_months import days_between
from ..result import EffectResult
from .copies import Copies
from .emulated_trial import EmulatedTrial, effect_of
from .estimation import estimate
from .people import NEVER, People

KEYS = ["la_code", "child_id"]
ESTIMAND = "risk of the negative control from the start of the plan, had all plans followed the strategy"
ASSUMPTIONS = (
    "No plan, whatever its length, causes or prevents the control outcome: the true differences are 0.",
    "What confounds second plans confounds the control outcome too. A difference whose interval leaves out 0 says that "
    "the record does not hold all that decides when plans end; one around 0 says so only of what both outcomes share.",
)


def negative_control(trial: EmulatedTrial, outcome: pd.DataFrame) -> EffectResult:
    """Whether a trial finds an effect where there is none: strategies compared on an outcome that plans do not move.

    Children are followed to the outcome through care and second plans; leaving for good and the 18th birthday compete,
    moves and the end of observation censor.

    Parameters
    ----------
    trial : EmulatedTrial
        Its copies and weights are used as they are.
    outcome : DataFrame
        ``la_code, child_id, date``: children to whom it happened, and when. Those to whom it happened by the day their
        plan started are not followed.

    Returns
    -------
    EffectResult
        By strategy and time; ``.difference()`` should be 0.

    Raises
    ------
    ValueError
        A column is missing, a child has several rows, or no child of the trial has the outcome.

    Examples
    --------
    >>> import pandas as pd
    >>> from secondplan import emulate_trial, negative_control, NotBefore, simulate
    >>> plans = simulate(n_children=400)
    >>> trial = emulate_trial(plans, [NotBefore(months=3)], times=[365])
    >>> moved = plans.plans.drop_duplicates(["la_code", "child_id"]).iloc[::5]
    >>> outcome = moved[["la_code", "child_id"]].assign(date=moved["start_date"] + pd.Timedelta(days=200))
    >>> negative_control(trial, outcome).difference().shape
    (1, 8)
    """
    people = trial.emulation.known.people
    happened = _days_of(outcome, people)
    rows = people.rows
    leaves = np.fmin(*(days_between(rows["start_date"], rows[name]).to_numpy() for name in ("left_on", "adult_on")))
    moves = days_between(rows["start_date"], rows["transfer_on"]).to_numpy()
    columns = [happened, leaves, np.fmin(moves, people.last_day)]
    days = np.column_stack([np.nan_to_num(column, nan=NEVER) for column in columns])
    kind = np.array([EVENT, OTHER_EVENT, 0])[days.argmin(axis=1)]
    stop = np.maximum(days.min(axis=1), 0).astype(np.int64)
    copies = tuple(_followed_to(each, stop, kind) for each in trial.emulation.copies)
    emulation = replace(trial.emulation, copies=copies)
    times = [int(time) for time in trial.risk.times]
    result = effect_of(emulation, estimate(emulation, largest=trial.found.largest), times, trial.level)
    return replace(result, estimand=ESTIMAND, assumptions=ASSUMPTIONS)


def _days_of(outcome: pd.DataFrame, people: People) -> np.ndarray:
    """Days from each child's start to the outcome, shape (n,); NaN where it did not happen."""
    missing = [name for name in (*KEYS, "date") if name not in getattr(outcome, "columns", ())]
    if missing:
        raise ValueError(f"outcome must be a frame with la_code, child_id and date; without {', '.join(missing)}")
    date = outcome["date"]
    if pd.api.types.infer_dtype(date) in ("date", "datetime"):  # of Python, as Parquet's days are read
        date = pd.Series(np.array(date.tolist(), dtype="datetime64[s]"), index=date.index)
    if not pd.api.types.is_datetime64_any_dtype(date):
        raise ValueError(f"outcome: date must hold dates, got {shown(str(date.dtype))}")
    repeated = int(outcome.duplicated(KEYS).sum())
    if repeated:
        raise ValueError(f"outcome: expected one row per child, {repeated} rows are of a child that has one already")
    given = outcome[KEYS].astype("string").assign(date=date)
    found = people.rows[KEYS].astype("string").merge(given, on=KEYS, how="left")["date"]
    if found.isna().all():
        raise ValueError("outcome: no child of the trial has it; la_code and child_id must be those of the plans")
    return days_between(people.rows["start_date"], found).to_numpy()


def _followed_to(copies: Copies, stop: np.ndarray, kind: np.ndarray) -> Copies:
    """The copies with follow-up of persons to other days (n,), ended by other events (n,)."""
    own = stop[copies.person]
    is_last = np.diff(copies.person, append=-1) != 0
    ends = np.where(is_last & ~copies.departed[copies.person], own, np.minimum(copies.stop, own))
    happens = (ends == own) & (copies.start < own)
    start = np.minimum(copies.start, ends)
    return replace(copies, start=start, stop=ends, kind=np.where(happens, kind[copies.person], 0))
