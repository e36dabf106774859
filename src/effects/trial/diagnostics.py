"""What shows whether a trial's weights can be trusted: their distribution, balance at reviews, chances near 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ...plans.strategies import EndBy, NaturalCourse
from ...small_counts import SUPPRESSED, is_small
from .copies import Copies
from .decisions import REVIEW
from .departure_models import LATER
from .estimation import Emulation, Estimate
from .weighting import CopyWeights

USUAL_DAYS = (91, 182, 365, 730, 1095)
NEAR_ONE = 0.95
# Standard deviation, of a column of standard deviation 1 over all reviews, that rounding could make.
CONSTANT = 1e-6


def weight_table(emulation: Emulation, found: Estimate) -> pd.DataFrame:
    """The weights of the copies in follow-up on some days.

    Returns
    -------
    DataFrame
        strategy, day, copies (in follow-up; ``c`` for 1 to 5, whose weights are withheld), mean, sd, median, p99,
        largest, effective_n (Kish), share_cut, and mean_per_child: of all children, those that left with weight 0 and
        those whose follow-up is over with their last weight. It is near 1 on every day if the models of departure are
        right.
    """
    lines = []
    n = len(emulation.known.people)
    days = [day for day in USUAL_DAYS if day < emulation.n_days] or [emulation.n_days - 1]
    for copies, weights, cut in zip(emulation.copies, found.weights, found.largest, strict=True):
        for day in days:
            own = weights.weight[(copies.start < day) & (copies.stop >= day)]
            line = {"strategy": copies.strategy.name, "day": day, "copies": own.size, **_spread(own, cut)}
            lines.append({**line, "mean_per_child": _last_weights(copies, weights, day).sum() / n})
    table = pd.DataFrame(lines)
    withheld = is_small(table["copies"])
    table.loc[withheld, table.columns[3:-1]] = np.nan
    table["copies"] = table["copies"].astype(object).mask(withheld, SUPPRESSED)
    return table


def _spread(weight: np.ndarray, cut: float) -> dict[str, float]:
    names = ("mean", "sd", "median", "p99", "largest", "effective_n", "share_cut")
    if not weight.size:
        return dict.fromkeys(names, np.nan)
    kish = weight.sum() ** 2 / (weight @ weight) if weight.any() else 0.0
    middle, high = np.quantile(weight, [0.5, 0.99])
    values = (weight.mean(), weight.std(), middle, high, weight.max(), kish, np.mean(weight >= cut))
    return dict(zip(names, map(float, values), strict=True))


def _last_weights(copies: Copies, weights: CopyWeights, day: int) -> np.ndarray:
    """Weight of each person's copy on a day, or when its follow-up ended before; 0 where it has left the strategy."""
    begun = np.flatnonzero(copies.start < day)
    last = begun[np.diff(copies.person[begun], append=-1) != 0]
    gone = copies.departed[copies.person[last]] & (copies.stop[last] < day)
    gone &= np.append(np.diff(copies.person), 1)[last] != 0
    return np.where(gone, 0.0, weights.weight[last])


def balance_table(emulation: Emulation, found: Estimate) -> pd.DataFrame:
    """How far those who go on with a strategy at a review differ from all who came to it.

    Returns
    -------
    DataFrame
        strategy, review (``1``, ``2``, ``3 or later``), covariate (a number, or an indicator of a level), in_weights
        (whether the models of departure have it), before and after: standardised differences of those who go on, with
        the weights that they had before the review and with those after it. Above 0.1 in size is worth a look.
    """
    decisions, columns = emulation.known.decisions, emulation.known.columns
    in_weights = np.isin(columns.covariate, list(emulation.known.use))
    tables = []
    for copies, weights in zip(emulation.copies, found.weights, strict=True):
        if isinstance(copies.strategy, NaturalCourse):
            continue
        last_day = copies.strategy.days - (0 if isinstance(copies.strategy, EndBy) else 1)
        lines = np.flatnonzero((decisions.kind == REVIEW) & (decisions.day <= last_day))
        person, day = decisions.person[lines], decisions.day[lines]
        scale = int(max(copies.stop.max(), last_day)) + 2
        place = copies.person * scale + copies.start
        prior = np.searchsorted(place, person * scale + day, side="left") - 1
        after = np.searchsorted(place, person * scale + day, side="right") - 1
        is_there = copies.stop[prior] >= day
        goes_on = is_there & (copies.stop[after] > day)
        before_weight = np.where(is_there, weights.weight[prior], 0.0)
        kept_weight, after_weight = (np.where(goes_on, weights.weight[of], 0.0) for of in (prior, after))
        number = np.minimum(decisions.number[lines], LATER)
        for review in np.unique(number):
            own = number == review
            values = columns.numbers[decisions.record[lines[own]]]
            all_of_them = before_weight[own]
            if is_small(np.array([np.count_nonzero(goes_on[own])]))[0] or not goes_on[own].any():
                continue
            mean = all_of_them @ values / all_of_them.sum()
            sd = np.sqrt(all_of_them @ (values - mean) ** 2 / all_of_them.sum())
            differences = [
                np.divide(
                    weight[own] @ values / weight[own].sum() - mean, sd, out=np.zeros_like(sd), where=sd > CONSTANT
                )
                for weight in (kept_weight, after_weight)
            ]
            tables.append(
                pd.DataFrame(
                    {
                        "strategy": copies.strategy.name,
                        "review": str(review) if review < LATER else f"{review} or later",
                        "covariate": columns.names,
                        "in_weights": in_weights,
                        "before": differences[0],
                        "after": differences[1],
                    }
                )
            )
    wanted = ["strategy", "review", "covariate", "in_weights", "before", "after"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=wanted)


def model_table(emulation: Emulation, found: Estimate) -> pd.DataFrame:
    """The models of departure.

    Returns
    -------
    DataFrame
        model, rows, share (of rows with what it is a model of), lowest and highest fitted chance (1st and 99th
        percentile) and share_near_one (above 0.95: of plans like these hardly any went on, so that few stand for many).
    """
    lines, begin = [], 0
    for model in emulation.models:
        own = found.fitted.probability[begin : begin + model.line.size]
        begin += model.line.size
        known = model.fitted > 0
        low, high = np.quantile(own, [0.01, 0.99])
        lines.append(
            {
                "model": model.name,
                "rows": int(known.sum()),
                "share": float(model.rows.outcome[known].mean()) if known.any() else np.nan,
                "lowest": float(low),
                "highest": float(high),
                "share_near_one": float(np.mean(own > NEAR_ONE)),
            }
        )
    return pd.DataFrame(lines, columns=["model", "rows", "share", "lowest", "highest", "share_near_one"])


def events_by_day(copies: Sequence[Copies], times: Sequence[int]) -> np.ndarray:
    """Second plans seen of each strategy's copies by each day, shape (n_strategies, n_times)."""
    return np.array([[int(np.sum((each.kind == 1) & (each.stop <= time))) for time in times] for each in copies])
