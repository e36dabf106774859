"""Scores of cases: risk by each horizon, interval, band, reasons, flags."""

from __future__ import annotations

import inspect
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..caller_warnings import warn
from ..errors import InputError
from ..models.inputs.follow_up import FollowUpWarning
from .bands import RiskBands, yardsticks
from .cases import CheckedCases, as_cases, check_cases
from .horizons import HORIZONS, Horizons, Origin
from .reasons import N_REASONS, reasons

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel

SECOND_PLAN = 1


def score(
    model: IncidenceModel,
    cases: Any,
    *,
    times: Sequence[float] = HORIZONS,
    origin: Origin = "scoring_day",
    bands: RiskBands | None = None,
) -> pd.DataFrame:
    r"""Risk of a second plan for each case from the day of scoring on, :math:`F_1(s + t \mid T > s, x)`.

    Parameters
    ----------
    model : IncidenceModel
        Fitted; it models event 1.
    cases : OpenCases, Cohort or DataFrame
        A frame has ``child_id``, ``plan_id``, the model's features, ``elapsed`` (days :math:`s` since the plan's end
        without a second plan) and, where known, ``la_code``, ``eligible_days`` (days from the plan's end to the 18th
        birthday) and ``flags``; other columns are ignored. A cohort has no ``elapsed``: score it from the plan's end.
    times : sequence of float
        Horizons in days, ascending.
    origin : {"scoring_day", "plan_end"}
        Where horizons count from: the day on which a case stands, ``elapsed`` days after the plan's end, or that end.
        With ``"plan_end"`` a missing ``elapsed`` is 0, and a horizon that is over has no number.
    bands : RiskBands, optional
        By default those against the average risk in training over the same window, given the same days passed.

    Returns
    -------
    DataFrame, one row per case, in the order of the cases
        ``child_id, plan_id``; ``risk_<days>``; ``lower_<days>, upper_<days>`` where the model gives a 95 % interval;
        ``band`` of the last horizon; ``reason_1..3`` for the last horizon; ``flags`` (those of the cases and of
        :data:`~secondplan.scoring.FLAGS`, joined by semicolons); ``model_digest``. A number is missing only beside a
        flag: past the last follow-up in training, for a child who is 18, and for a horizon that is over.

    Raises
    ------
    InputError
        Columns are absent or of another kind, or rows cannot be scored: the message counts them by code.
        :func:`score_batch` scores the others and accounts for these.

    Examples
    --------
    >>> from secondplan.models import AalenJohansen
    >>> y = pd.DataFrame({"duration": [100, 400, 900, 900], "event": [1, 1, 0, 0]})
    >>> model = AalenJohansen().fit(pd.DataFrame({"n_reviews": [1.0, 2.0, 3.0, 2.0]}), y)
    >>> cases = pd.DataFrame({"child_id": ["a"], "plan_id": ["a1"], "n_reviews": [4], "elapsed": [200]})
    >>> score(model, cases, times=(91, 365))[["risk_91", "risk_365"]].round(3)
       risk_91  risk_365
    0      0.0     0.333
    """
    horizons = Horizons.of(times, origin)
    require_second_plan(model)
    checked = check_cases(model, as_cases(cases), horizons)
    duplicate = checked.keys.duplicated().to_numpy() & checked.is_valid
    if duplicate.any():
        raise InputError(f"{int(duplicate.sum())} of {len(duplicate)} cases have the keys of an earlier one")
    if not checked.is_valid.all():
        raise InputError(f"{_counted(checked)} of {len(checked.code)} cases cannot be scored")
    saved, digest = as_saved(model)
    table = score_checked(saved, checked, horizons, bands or RiskBands(), digest)
    n_past = int(table["flags"].str.contains("past_follow_up").sum())
    if n_past:
        warn(
            f"{n_past} of {len(table)} cases have a horizon past the last follow-up in training, for which a "
            "parametric model alone states a number (flag past_follow_up); it takes shorter times, or training data "
            "with a longer follow-up",
            FollowUpWarning,
        )
    return table


def score_checked(
    model: IncidenceModel, cases: CheckedCases, horizons: Horizons, bands: RiskBands, digest: str
) -> pd.DataFrame:
    """:func:`score` of cases that have been checked and can all be scored."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FollowUpWarning)  # a flag says so of each case
        return _score_table(model, cases, horizons, bands, digest)


def _score_table(
    model: IncidenceModel, cases: CheckedCases, horizons: Horizons, bands: RiskBands, digest: str
) -> pd.DataFrame:
    n_rows, names = len(cases.X), horizons.names
    days = horizons.after_plan_end(cases.elapsed)
    is_over = (cases.elapsed[:, None] >= days) | (cases.eligible_days <= cases.elapsed)[:, None]
    todo = ~is_over[:, -1]
    rows: dict[str, Any] = {"eligible_days": cases.eligible_days[todo], "elapsed": cases.elapsed[todo]}
    risk, bounds = np.full((n_rows, len(names)), np.nan), np.full((n_rows, len(names), 2), np.nan)
    why = np.full((n_rows, N_REASONS), "", dtype=object)
    if todo.any():
        X, own = cases.X[todo].reset_index(drop=True), days[todo]
        is_past = np.zeros(n_rows, dtype=bool)
        is_past[todo] = model.is_past_follow_up(X, own, **rows).any(axis=1)
        cases = cases.flagged(is_past, "past_follow_up")
        risk[todo] = model.predict_cumulative_incidence(X, own, event=SECOND_PLAN, **rows)
        why[todo] = reasons(model, X, risk[todo, -1], days=own[:, -1:], **rows)
        if has_interval(model):
            bounds[todo] = model.predict_cumulative_incidence_interval(X, own, event=SECOND_PLAN, **rows)
    risk[is_over], bounds[is_over] = np.nan, np.nan
    cases = cases.flagged(risk[:, -1] == 0, "no_events_in_training")
    table = cases.keys[["child_id", "plan_id"]].copy()
    for position, name in enumerate(names):
        table[f"risk_{name}"] = risk[:, position]
    if has_interval(model):
        for position, name in enumerate(names):
            table[f"lower_{name}"], table[f"upper_{name}"] = bounds[:, position, 0], bounds[:, position, 1]
    table["band"] = bands.assign(risk[:, -1], yardsticks(model, cases.elapsed, days[:, -1]))
    for position in range(N_REASONS):
        table[f"reason_{position + 1}"] = why[:, position]
    table["flags"] = cases.flags
    table["model_digest"] = digest
    text = ["child_id", "plan_id", "band", *(f"reason_{n + 1}" for n in range(N_REASONS)), "flags", "model_digest"]
    return table.astype(dict.fromkeys(text, "string"))


def has_interval(model: IncidenceModel) -> bool:
    """Whether the model gives intervals of its incidences, given the days already passed and those eligible."""
    method = getattr(model, "predict_cumulative_incidence_interval", None)
    return callable(method) and {"eligible_days", "elapsed"} <= set(inspect.signature(method).parameters)


def as_saved(model: IncidenceModel) -> tuple[IncidenceModel, str]:
    """The model as it would be loaded from its bundle, and the bundle's digest of 64 hexadecimal digits.

    A saved model holds no rows, and states no interval from which a child could be told. Scores are those of the
    bundle, so that one digest means one set of numbers.
    """
    from ..models.bundle import load_model, model_digest
    from ..models.estimator.bundle_files import save_bundle

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # predicting says which intervals are not stated
        path = save_bundle(model, Path(folder) / "bundle")
        return load_model(path), model_digest(path)


def require_second_plan(model: IncidenceModel) -> None:
    """Raise InputError unless the model states the risk of event 1."""
    if SECOND_PLAN not in model.events_:
        raise InputError("the model says nothing of second plans (event 1)")


def _counted(checked: CheckedCases) -> str:
    codes, counts = np.unique(checked.code[~checked.is_valid].astype(str), return_counts=True)
    return ", ".join(f"{count} {code}" for code, count in zip(codes, counts, strict=True))
