"""Whether there are enough children for the models that were compared: shown, and no gate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..models.inputs.outcome import Outcome
from ..small_counts import count_words
from .riley_criteria import sample_size

DAYS_A_YEAR = 365.25
YEARS = 2.0
COLUMNS = ["n_coefficients", "n_children_needed", "n_events_needed", "n_children", "n_events", "is_enough"]


def sample_sizes(coefficients: Mapping[str, int], y: Outcome) -> pd.DataFrame:
    """``Comparison.sample_sizes``: what each model needs by Riley's criteria, and what there is.

    Parameters
    ----------
    coefficients : mapping of str to int
        By model: those of its equation for second plans.
    y : Outcome
        Of the children that the models are fitted to.
    """
    n_events = int(np.sum(y.event == 1))
    years = float(np.sum(y.duration - np.maximum(y.entry, 0.0))) / DAYS_A_YEAR
    records = {}
    for name, count in coefficients.items() if n_events and years > 0 else ():
        try:
            needed = sample_size(n_events / years, YEARS, count, follow_up=years / len(y))
        except ValueError:
            continue  # no model can be expected to explain anything at such a rate
        enough = len(y) >= needed.n_children and n_events >= needed.n_events
        records[name] = (count, needed.n_children, needed.n_events, len(y), n_events, enough)
    return pd.DataFrame.from_dict(records, orient="index", columns=COLUMNS).rename_axis("model")


def shortfall(sizes: pd.DataFrame) -> tuple[str, ...]:
    """A line on the models for which there are too few children; none where there are enough for all."""
    short = sizes[~sizes["is_enough"].astype(bool)]
    if short.empty:
        return ()
    models = "; ".join(
        f"{name} ({row.n_coefficients} coefficients) needs {row.n_children_needed:,} with {row.n_events_needed:,}"
        for name, row in zip(short.index, short.itertuples(), strict=True)
    )
    there = f"{sizes['n_children'].iloc[0]:,} children with {count_words(int(sizes['n_events'].iloc[0]))} second plans"
    return (f"By Riley's criteria (sample_size) these data, {there}, are too few for: {models}.",)
