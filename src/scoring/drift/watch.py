"""Look for drift: plans that ended since a model was trained, against its training and its expectations."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...errors import EmptyCohortError, InputError
from ...given_dates import given_date
from ...models.monitoring import months_to_signal
from ..cases import as_cases, check_cases
from ..horizons import Horizons
from ..scorer import as_saved
from .inputs import CONTRACT_COLUMNS, INPUT_COLUMNS, contract_table, input_table, windows_of
from .nights import night_breaches
from .outcomes import NOTHING_SEEN, watch_outcomes
from .reference import TrainingProfile, features_of, training_profile
from .result import DriftReport

if TYPE_CHECKING:
    from ...models.estimator.base import IncidenceModel
    from ...plans.cohort import Cohort
    from ...plans.store import Plans


def monitor(
    model: IncidenceModel,
    plans: Plans,
    *,
    nights: Iterable[str | Path] = (),
    training: Cohort | TrainingProfile | None = None,
    since: Any = None,
    as_of: Any = None,
    false_alarms_per_year: float = 0.5,
    hazard_ratio: float = 1.5,
    outcome_false_alarm: float = 0.05,
    max_reject_share: float = 0.05,
    random_state: int = 0,
) -> DriftReport:
    """Tell whether a model still fits the plans that ended since it was trained.

    Three questions. *Contract*: do new plans look as they must (known levels, columns that vary, units as before, few
    rejects)? *Outcomes*: do second plans come as often as the model expects (observed over expected by quarter of the
    plan's end, and a risk-adjusted CUSUM)? *Inputs*: are the features and the predicted risks distributed as in
    training (Rao and Scott's chi-squared, which allows for families, and ranks; by month, months joined until there are
    50 plans)? It never stops scores.

    Parameters
    ----------
    model : IncidenceModel
        Fitted.
    plans : Plans
        What is known now; the plans that ended after ``since`` are looked at.
    nights : iterable of path
        Folders of scored nights: whether they rejected too many cases, or used another model.
    training : Cohort or TrainingProfile, optional
        What the model was fitted on; by default the profile that was saved with it.
    since : date, optional
        By default the day up to which training knew anything.
    as_of : date, optional
        As though the extract had been made on that day.
    false_alarms_per_year : float
        How often inputs may give an alarm although nothing has changed.
    hazard_ratio : float
        The change in the hazard of second plans that the chart is tuned to.
    outcome_false_alarm : float
        The chance that the chart signals in the whole period although nothing has changed.
    max_reject_share : float
        The share of new plans that may be impossible to score.
    random_state : int
        For the simulated charts.

    Returns
    -------
    DriftReport

    Raises
    ------
    InputError
        There is no profile of the training cohort, ``as_of`` is before its last day, or the plans lack features of the
        model.

    References
    ----------
    Rao and Scott (1984), Annals of Statistics 12:46; Steiner, Cook, Farewell and Treasure (2000), Biostatistics 1:441.

    Examples
    --------
    >>> from secondplan import CoxPH, FeatureEncoder, build_cohort, simulate
    >>> cohort = build_cohort(simulate(n_children=400), as_of="2016-03-31")
    >>> model = CoxPH(encoder=FeatureEncoder(columns=["age_at_end"])).fit(cohort.X, cohort.y)
    >>> report = monitor(model, simulate(n_children=400), training=cohort)
    >>> report.status in ("quiet", "too few", "inputs", "outcomes", "contract")
    True
    """
    for name, value, most in (
        ("false_alarms_per_year", false_alarms_per_year, 6.0),
        ("outcome_false_alarm", outcome_false_alarm, 0.5),
        ("max_reject_share", max_reject_share, 1.0),
    ):
        if not 0.0 < value <= most:
            raise InputError(f"{name} must be above 0 and at most {most:g}, got {value!r}")
    profile = _profile_of(model, training)
    start = given_date(profile.as_of if since is None else since, "since")
    if as_of is not None and given_date(as_of, "as_of") < start:
        raise InputError(f"as_of must not be before {start:%Y-%m-%d}, from when plans are looked at")
    saved, digest = as_saved(model)
    breaches = night_breaches(nights, digest, max_reject_share)
    cohort = _new_plans(plans, profile, start, as_of)
    if cohort is None:
        until = start if as_of is None else given_date(as_of, "as_of")
        return _nothing(digest, start, until, profile, breaches, (false_alarms_per_year, outcome_false_alarm))
    cohort = replace(cohort, X=features_of(saved, cohort))
    months = cohort.keys["index_end"].dt.to_period("M")
    # The month of training's last day is looked at from the next on; the month that is not over yet waits.
    last = (cohort.as_of + pd.Timedelta(days=1)).to_period("M") - 1
    found = windows_of(cohort.keys["index_end"], months.min(), last)
    checked = check_cases(saved, as_cases(cohort), Horizons.of([saved.horizon], "plan_end"))
    # Plans that no score was given to count in the contract, and nowhere else.
    scored = cohort.take(checked.is_valid)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the model's own limits were said when it was fitted
        outcomes = watch_outcomes(
            saved,
            scored,
            n_training_events=profile.n_second_plans,
            hazard_ratio=hazard_ratio,
            false_alarm=outcome_false_alarm,
            random_state=random_state,
        )
        risk = _risk(saved, scored, checked.is_valid)
    return DriftReport(
        model_digest=digest,
        since=start,
        as_of=cohort.as_of,
        n_plans=len(cohort),
        n_training=profile.n_rows,
        inputs=input_table(profile, cohort, risk, found, false_alarms_per_year),
        contract=_with_nights(contract_table(saved, profile, cohort, checked, found, max_reject_share), breaches),
        outcomes=outcomes,
        power=months_to_signal(
            outcomes.expected_per_month,
            hazard_ratio=hazard_ratio,
            false_alarm=outcome_false_alarm,
            batches=outcomes.batches if outcomes.batches.size else None,
            random_state=random_state,
        ),
        false_alarms_per_year=false_alarms_per_year,
        outcome_false_alarm=outcome_false_alarm,
    )


def _profile_of(model: IncidenceModel, training: Any) -> TrainingProfile:
    if training is None:
        kept = getattr(model, "training_profile_", None)
        if kept is None:
            raise InputError(
                "the model was saved without a profile of its training cohort: give training=, or compare and promote "
                "it again, which keeps one"
            )
        return TrainingProfile.from_plain(kept)
    return training if isinstance(training, TrainingProfile) else training_profile(model, training)


def _new_plans(plans: Plans, profile: TrainingProfile, start: pd.Timestamp, as_of: Any) -> Cohort | None:
    """The cohort of plans that ended after ``start``; None where there is none."""
    from ...plans import build_cohort

    try:
        cohort = build_cohort(plans, as_of=as_of, care=profile.care)  # type: ignore[arg-type]
    except EmptyCohortError:
        return None
    rows = np.flatnonzero((cohort.keys["index_end"] > start).to_numpy())
    return cohort.take(rows) if rows.size else None


def _with_nights(contract: pd.DataFrame, breaches: list[Any]) -> pd.DataFrame:
    nights = pd.DataFrame(breaches, columns=CONTRACT_COLUMNS).astype(object)
    return pd.concat([contract.astype(object), nights], ignore_index=True)


def _risk(model: IncidenceModel, scored: Cohort, is_scored: np.ndarray) -> np.ndarray:
    """Risks at the model's horizon, in the rows that have a score; NaN in the others."""
    risk = np.full(is_scored.size, np.nan)
    if len(scored):
        days = scored.eligible_days
        risk[is_scored] = model.predict_cumulative_incidence(scored.X, [model.horizon], eligible_days=days)[:, 0]
    return risk


def _nothing(
    digest: str,
    start: pd.Timestamp,
    until: pd.Timestamp,
    profile: TrainingProfile,
    breaches: list[Any],
    rates: tuple[float, float],
) -> DriftReport:
    inputs = pd.DataFrame(columns=INPUT_COLUMNS).astype({"alarm": bool})
    contract = _with_nights(pd.DataFrame(columns=CONTRACT_COLUMNS), breaches)
    power = pd.DataFrame(columns=["hazard_ratio", "months", "within_a_year"])
    return DriftReport(digest, start, until, 0, profile.n_rows, inputs, contract, NOTHING_SEEN, power, *rates)
