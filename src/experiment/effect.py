"""The effect of plan length as a part of an experiment: the study, and what of it goes into MLflow."""

from __future__ import annotations

import re
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

LONGEST_KEY = 80


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
    """Aggregates for MLflow: risks, differences, balance, the trial's, warnings, strength of a confounder."""
    tables = {
        "effect/risks": study.table,
        "effect/differences": study.differences,
        "effect/balance": study.weights.withheld().balance,
        "effect/e_values": study.tipping.table,
    }
    if study.warnings:
        tables["effect/warnings"] = pd.DataFrame({"warning": study.warnings})
    if study.trial is not None:
        tables["effect/trial_risks"] = study.trial.risk.table
        tables["effect/trial_differences"] = study.trial.risk.difference()
        tables["effect/trial_weights"] = study.trial.weights
        tables["effect/trial_protocol"] = study.trial.protocol
    return tables


def findings_of(study: EffectStudy) -> tuple[str, ...]:
    """What stands above the run in MLflow: what was found, and what it rests on."""
    warned = (f"Warned of: {line}" for line in study.warnings)
    return (*study.words, "Effects only if the assumptions hold that the report lists.", *warned)


def metrics_of(study: EffectStudy) -> dict[str, float]:
    """Differences at the last day, each with its interval, by names that say what is set against what.

    Of each method that of the shortest plans: ``effect/weighted_up_to_3_months_against_1_to_under_2_years_730``; of the
    trial those of all strategies.
    """
    rows = study.differences.rename(columns={"level": "strategy"}).drop_duplicates(["method", "time"])
    tables = [rows]
    if study.trial is not None:
        tables.append(study.trial.risk.difference().assign(method="trial"))
    found: dict[str, float] = {}
    for table in tables:
        for row in table[table["time"] == table["time"].max()].itertuples():
            contrast = f"{_key(row.strategy)}_against_{_key(row.reference)}"
            name = f"effect/{_key(row.method)}_{contrast}_{row.time:g}"
            found |= {name: row.estimate, f"{name}_lower": row.lower, f"{name}_upper": row.upper}
    return {name: float(value) for name, value in found.items() if not np.isnan(value)}


def _key(words: str) -> str:
    """Words as a part of a metric's name, of which MLflow takes few marks and 250 characters in all."""
    return re.sub(r"[^\w.-]+", "_", words)[:LONGEST_KEY]
