"""The true effect of plan length: mean risk had every first plan been of one length."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ...plans.bands import PLAN_LENGTH_BANDS
from ..scenarios.definition import Scenario

COUNTERFACTUAL_DAYS = (60, 140, 270, 500, 900)
"""A length in days within each band of plan length, in the order of the bands."""

COUNTERFACTUAL_HORIZONS = (365, 730, 1825)

_DECIMALS = 10


def effect_sums(band: np.ndarray, own: np.ndarray, other: np.ndarray) -> pa.Table:
    """Sums of risks over index plans, one row per horizon and length.

    Parameters
    ----------
    band : ndarray of int, shape (n,)
        The plan's own band of length.
    own : ndarray, shape (n, n_horizons)
        Risk given the record.
    other : ndarray, shape (n, n_lengths, n_horizons)
        The same, had the plan had another length.
    """
    rows = []
    for column, horizon in enumerate(COUNTERFACTUAL_HORIZONS):
        for place, days in enumerate(COUNTERFACTUAL_DAYS):
            inside = own[band == place, column]
            rows.append(
                {
                    "horizon_days": horizon,
                    "plan_length_days": days,
                    "n": band.size,
                    "sum": _total(other[:, place, column]),
                    "n_in_band": inside.size,
                    "sum_in_band": _total(inside),
                }
            )
    return pa.Table.from_pylist(rows)


def plan_length_effect(sums: pd.DataFrame, *, reference_days: int) -> pd.DataFrame:
    """Mean risks and their differences, from sums of any number of parts; see ``Truth.plan_length_effect``."""
    if reference_days not in COUNTERFACTUAL_DAYS:
        raise ValueError(f"reference_days must be one of {COUNTERFACTUAL_DAYS}, got {reference_days!r}")
    total = sums.groupby(["horizon_days", "plan_length_days"], as_index=False).sum()
    found = total[["horizon_days", "plan_length_days"]].copy()
    found["band"] = found["plan_length_days"].map(dict(zip(COUNTERFACTUAL_DAYS, PLAN_LENGTH_BANDS, strict=True)))
    found["n"], found["risk"] = total["n"], total["sum"] / total["n"]
    reference = found[found["plan_length_days"] == reference_days].set_index("horizon_days")["risk"]
    against = found["horizon_days"].map(reference)
    found["risk_difference"], found["risk_ratio"] = found["risk"] - against, found["risk"] / against
    found["n_in_band"], found["risk_in_band"] = total["n_in_band"], total["sum_in_band"] / total["n_in_band"]
    seen = found[found["plan_length_days"] == reference_days].set_index("horizon_days")["risk_in_band"]
    found["difference_in_band"] = found["risk_in_band"] - found["horizon_days"].map(seen)
    return found


def effects_document(scenario: Scenario, sums: pd.DataFrame) -> dict[str, Any]:
    """What stands in ``effects.json``: true log hazard ratios, and the effect of plan length on risks."""
    effect = plan_length_effect(sums, reference_days=270).round(_DECIMALS).astype(object)
    rows = effect.where(effect.notna(), None).to_dict(orient="records")
    return {
        "scenario": scenario.name,
        "log_hazard_ratios": scenario.to_dict()["parameters"]["log_hazard_ratios"]["value"],
        "plan_length_effect": {"reference_days": 270, "rows": rows},
    }


def _total(values: np.ndarray) -> float:
    # One after the other: the order of NumPy's own sum is not documented.
    return float(np.cumsum(values)[-1]) if values.size else 0.0
