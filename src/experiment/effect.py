"""The effect of plan length as a part of an experiment: the study, and what of it goes into MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import InputError, SecondplanError
from ..evaluation.fitting import failure_line
from ..plans.strategies import EndBy, NotBefore

if TYPE_CHECKING:
    from ..effects import EffectStudy
    from ..plans import Cohort, Plans
    from .file import Experiment


def study_effect(experiment: Experiment, plans: Plans, cohort: Cohort) -> EffectStudy:
    """The study that the experiment asks for.

    Raises
    ------
    InputError
        It cannot be made: the message says why, in one line and without a value of the data.
    """
    from ..effects import effect_study

    asked = experiment.effect
    assert asked is not None
    strategies = [NotBefore(months) for months in asked.not_before_months] + [EndBy(m) for m in asked.end_by_months]
    try:
        return effect_study(
            plans,
            cohort=cohort,
            adjust=asked.adjust,
            bands=asked.bands,
            times=asked.times,
            reference=asked.reference,
            strategies=strategies,
            trial_times=asked.trial_times,
            yardsticks=asked.yardsticks,
        )
    except SecondplanError:
        raise
    except ValueError as error:
        raise InputError(f"{experiment.name}: effect: {failure_line(error).removeprefix('ValueError: ')}") from None


def tables_of(study: EffectStudy) -> dict[str, pd.DataFrame]:
    """Aggregates for MLflow: risks, differences, balance, the trial's, and how strong a confounder would have to be."""
    tables = {
        "effect/risks": study.table,
        "effect/differences": study.differences,
        "effect/balance": study.weights.withheld().balance,
        "effect/e_values": study.tipping.table,
    }
    if study.trial is not None:
        tables["effect/trial_risks"] = study.trial.risk.table
        tables["effect/trial_differences"] = study.trial.risk.difference()
        tables["effect/trial_protocol"] = study.trial.protocol
    return tables


def metrics_of(study: EffectStudy) -> dict[str, float]:
    """Differences of the shortest plans from the reference at the last day, by method, each with its interval."""
    found: dict[str, float] = {}
    rows = study.differences
    rows = rows[rows["time"] == rows["time"].max()].drop_duplicates("method")
    for row in rows.itertuples():
        name = f"effect/{row.method.replace(' ', '_')}_{row.time:g}"
        found |= {name: row.estimate, f"{name}_lower": row.lower, f"{name}_upper": row.upper}
    if study.trial is not None:
        trial = study.trial.risk.difference()
        for row in trial[trial["time"] == trial["time"].max()].itertuples():
            name = f"effect/trial_{row.strategy.replace(' ', '_')}_{row.time:g}"
            found |= {name: row.estimate, f"{name}_lower": row.lower, f"{name}_upper": row.upper}
    return {name: float(value) for name, value in found.items() if not np.isnan(value)}
