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
from ..models.inputs.follow_up import FollowUpWarning, shown_day
from .bands import RiskBands
from .cases import CheckedCases, as_cases, check_cases
from .reasons import N_REASONS, reasons

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel

HORIZONS = (91, 182, 365, 730)
SECOND_PLAN = 1


def score(
    model: IncidenceModel, cases: Any, *, times: Sequence[float] = HORIZONS, bands: RiskBands | None = None
) -> pd.DataFrame:
    r"""Risk of a second plan for each case, :math:`F_1(t \mid T > s, x)`, with what it rests on.

    Parameters
    ----------
    model : IncidenceModel
        Fitted; it models event 1.
    cases : OpenCases, Cohort or DataFrame
        A frame has ``child_id``, ``plan_id``, the model's features and, where known, ``la_code``, ``eligible_days``,
        ``elapsed`` and ``flags``; other columns are ignored.
    times : sequence of float
        Horizons in days after the plan's end, ascending.
    bands : RiskBands, optional
        By default those of the model at the last horizon.

    Returns
    -------
    DataFrame, one row per case, in the order of the cases
        ``child_id, plan_id``; ``risk_<days>`` (0 for a horizon that has passed already); ``lower_<days>, upper_<days>``
        where the model gives a 95 % interval, missing past the last follow-up in training (flag ``past_follow_up``);
        ``band`` (by the last horizon); ``reason_1..3``; ``flags`` (those of the
        cases and of :data:`~secondplan.scoring.cases.FLAGS`, joined by semicolons); ``model_digest``.

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
    >>> cases = pd.DataFrame({"child_id": ["a"], "plan_id": ["a1"], "n_reviews": [4]})
    >>> score(model, cases, times=(365, 730))[["risk_365", "risk_730", "band"]]
       risk_365  risk_730     band
    0      0.25       0.5  average
    """
    horizons = check_times(times)
    require_second_plan(model)
    checked = check_cases(model, as_cases(cases), last_day=horizons[-1])
    duplicate = checked.keys.duplicated().to_numpy() & checked.is_valid
    if duplicate.any():
        raise InputError(f"{int(duplicate.sum())} of {len(duplicate)} cases have the keys of an earlier one")
    if not checked.is_valid.all():
        raise InputError(f"{_counted(checked)} of {len(checked.code)} cases cannot be scored")
    saved, digest = as_saved(model)
    table = score_checked(saved, checked, horizons, bands or RiskBands.of(saved, horizons[-1]), digest)
    n_past = int(table["flags"].str.contains("past_follow_up").sum())
    if n_past:
        warn(
            f"{n_past} of {len(table)} cases have a horizon past the last follow-up in training, for which a "
            "parametric model alone states a number (flag past_follow_up); ask for times up to "
            f"{shown_day(saved.follow_up_.min())}",
            FollowUpWarning,
        )
    return table


def score_checked(
    model: IncidenceModel, cases: CheckedCases, times: tuple[float, ...], bands: RiskBands, digest: str
) -> pd.DataFrame:
    """:func:`score` of cases that have been checked and can all be scored."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FollowUpWarning)  # a flag says so of each case
        return _score_table(model, cases, times, bands, digest)


def _score_table(
    model: IncidenceModel, cases: CheckedCases, times: tuple[float, ...], bands: RiskBands, digest: str
) -> pd.DataFrame:
    rows: dict[str, Any] = {"eligible_days": cases.eligible_days, "elapsed": cases.elapsed}
    if len(cases.X):
        is_past = model.is_past_follow_up(cases.X, times, **rows)
        cases = cases.flagged(np.any(is_past, axis=1), "past_follow_up")
    table = cases.keys[["child_id", "plan_id"]].copy()
    if len(cases.X):
        risk = model.predict_cumulative_incidence(cases.X, times, event=SECOND_PLAN, **rows)
        why = reasons(model, cases.X, risk[:, -1], day=times[-1], **rows)
    else:
        risk, why = np.empty((0, len(times))), np.empty((0, N_REASONS), dtype=object)
    names = [f"{day:g}" for day in times]
    for position, name in enumerate(names):
        table[f"risk_{name}"] = risk[:, position]
    if has_interval(model):
        bounds = np.empty((0, len(times), 2))
        if len(cases.X):
            bounds = model.predict_cumulative_incidence_interval(cases.X, times, event=SECOND_PLAN, **rows)
        for position, name in enumerate(names):
            table[f"lower_{name}"], table[f"upper_{name}"] = bounds[:, position, 0], bounds[:, position, 1]
    table["band"] = bands.assign(risk[:, -1])
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


def check_times(times: Sequence[float]) -> tuple[float, ...]:
    """Horizons as numbers.

    Raises
    ------
    InputError
        They are none, not finite, not above 0, or do not ascend.
    """
    horizons = tuple(float(day) for day in np.ravel(np.asarray(times, dtype=float)))
    if not horizons or not np.all(np.isfinite(horizons)) or horizons[0] <= 0 or np.any(np.diff(horizons) <= 0):
        raise InputError(f"times must be days above 0 that ascend, got {', '.join(map(str, horizons)) or 'none'}")
    return horizons


def require_second_plan(model: IncidenceModel) -> None:
    """Raise InputError unless the model states the risk of event 1."""
    if SECOND_PLAN not in model.events_:
        raise InputError("the model says nothing of second plans (event 1)")


def _counted(checked: CheckedCases) -> str:
    codes, counts = np.unique(checked.code[~checked.is_valid].astype(str), return_counts=True)
    return ", ".join(f"{count} {code}" for code, count in zip(codes, counts, strict=True))
