"""``python -m benchmarks.effects``: estimates of the effect of plan length against the generator's truth.

- ``bias``: stores of ``confounding-measured``: the naive difference, standardised and weighted risks.
- ``doubly-robust``: doubly robust risks where the model of the risk, or that of the length, knows neither
  needs nor progress.
- ``doubly-robust-expected``: the same with the true risks of children in place of what happened to them, so that no
  chance of outcomes is left: what a misspecified part does to the mean.
- ``effect-none``: smaller stores in which length has no effect; how often a difference of 0 is rejected, by all
  estimators. Few children then have some lengths, for the columns of the weights: errors are those of leaving one out,
  beside those of the influence function.

Of biases, what chance alone adds to a store's errors is taken off (:mod:`benchmarks.effect_controls`): of doubly robust
risks nearly all.

Truth is ``plan_length_effect()`` of each store: risks of the same children after plans in each band, all else held as
it was. So the models have every column of the true hazard, and hold those fixed that follow from length. Of siblings
the truth's column is taken: plans that had ended before the extract begins are not in it, so that the cohort counts too
few during long plans (in confounding-measured in an eighth of those of two years and over). Whether a plan ends depends
on needs and progress jointly, review by review: weights have their products.

Each store's results are a line of ``effects_<task>_<children>.jsonl`` in the output folder, so that a run can be
stopped and taken up again; summaries are written to ``effects.md`` and ``effects.json``. Stores follow from their
number alone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .effect_controls import chance, chance_by_row, mean_by_level
from .trial import markdown, run_stores

RESULTS = Path(__file__).parent / "results"
BAND, REFERENCE = "plan_length_band", "over 6 months to under 1 year"
NEEDS = (
    "factor_domestic_abuse",
    "factor_parental_mental_health",
    "factor_alcohol",
    "factor_drugs",
    "factor_neglect",
)
PROGRESS, SIBLINGS = "latest_progress", "n_siblings_on_plan"
TIMES = (365, 730)
SURE = 1.96
# No slope is fitted to fewer.
FEW_STORES = 10
BOUND, DOUBLY_ROBUST_BOUND, MISS = 0.003, 0.002, 0.008
ROBUST, EXPECTED, ALL = "doubly robust", "expected", "all"
OF_INFLUENCE = ", errors of the influence function"
NOT_IN_RISK, NOT_IN_LENGTH = ", needs not in the risk", ", needs not in the length"

# Level, time, estimate and its error.
Difference = tuple[str, int, float, float]


@dataclass(frozen=True)
class Task:
    """A scenario, the children of a store, how many stores, and which estimators."""

    scenario: str
    n_children: int
    n_stores: int
    estimators: str = "plain"


TASKS = {
    "bias": Task("confounding-measured", 60_000, 40),
    "doubly-robust": Task("confounding-measured", 60_000, 28, ROBUST),
    "doubly-robust-expected": Task("confounding-measured", 60_000, 12, EXPECTED),
    "effect-none": Task("effect-none", 4_000, 500, ALL),
}


def one_store(asked: tuple[str, int, int, str]) -> dict[str, Any]:
    """Differences from the reference by method, with the truth, of one store: (scenario, children, number, which)."""
    import secondplan as sp

    scenario, n_children, number, estimators = asked
    plans = sp.simulate(scenario, n_children=n_children, random_state=5_000 + number)
    truth = plans.truth.plan_length_effect().set_index(["band", "horizon_days"])["risk_difference"]
    cohort = sp.build_cohort(plans)
    cohort = cohort.take(~_left_at_once(cohort.y))
    features = plans.truth.features.set_index(plans.truth.frame["plan_id"])
    cohort.X[SIBLINGS] = features[SIBLINGS].loc[cohort.keys["plan_id"]].to_numpy()
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        by_row = chance_by_row(cohort, plans.truth, TIMES)
        for method, differences, weights in _estimates(sp, cohort, plans.truth, estimators):
            if method.startswith(ROBUST):
                control = mean_by_level(by_row, weights, cohort.X[BAND], TIMES)
            else:
                control = chance(cohort, plans.truth, weights, cohort.X[BAND], TIMES)
            for level, time, estimate, std_error in differences:
                alone = control[level, time] - control[REFERENCE, time]
                rows.append([method, level, time, estimate, std_error, float(truth[level, time]), alone])
    return {"store": number, "rows": rows}


def _left_at_once(y: pd.DataFrame) -> np.ndarray:
    """Who moved on the day the plan ended: the truth is not of them, nor are weighted risks."""
    return ((y["event"] == 0) & (y["duration"] == 0)).to_numpy()


def _estimates(sp: Any, cohort: Any, truth: Any, estimators: str) -> Iterator[tuple[str, list[Difference], np.ndarray]]:
    """Each method, its differences from the reference, and the weights by which chance moves these most."""
    from secondplan.effects.levels import FOLLOW_FROM_LENGTH

    X, y = cohort.X.reset_index(drop=True), cohort.y.reset_index(drop=True)
    cluster, days = cohort.cluster.reset_index(drop=True), cohort.eligible_days.to_numpy()
    X["progress"] = pd.Categorical(X[PROGRESS].astype(int).astype(str))

    def encoder(columns: list[str], products: list[tuple[str, str]] | None = None, **more: Any) -> Any:
        missing = {"numeric_missing": "median", "categorical_missing": "level"}
        return sp.FeatureEncoder(columns=columns, interactions=products, **missing, **more)

    def model(columns: list[str]) -> Any:
        return sp.CauseSpecificCox(encoder=encoder(columns), known_end_event=4)

    effects = [name for name in truth.scenario.log_hazard_ratios if name != BAND]
    known = [BAND, *effects]
    without = [name for name in known if name not in (*NEEDS, PROGRESS)]
    others = without[1:]
    products = [*(("progress", need) for need in NEEDS), *combinations(NEEDS, 2)]
    asked = {"times": TIMES, "cluster": cluster}
    held = [name for name in effects if name in FOLLOW_FROM_LENGTH]
    of_length = [*others, "progress", *NEEDS]
    right = None
    # Weights alone rest on the form of their model; doubly robust risks, and small stores, take the plainer one.
    form = {"splines": {"age_at_end": 3}} if estimators == "plain" else {}
    for chosen in (products, None):  # in a small store products, or even levels of one column, can part the bands
        with contextlib.suppress(ValueError):
            right = right or sp.plan_length_weights(X[of_length], X[BAND], encoder=encoder(of_length, chosen, **form))
    follow = {"treatment": BAND, "eligible_days": days, "hold": held}
    alike = np.ones(len(X))
    censoring = sp.CoxPH(event=0, encoder=encoder(known))
    if estimators in ("plain", ALL):
        yield "naive", _listed(sp.weighted_risk(y, X[BAND], alike, **asked)), alike
        fitted = model(known).fit(X, y, cluster=cluster)
        levels = list(X[BAND].cat.categories)
        yield "standardised", _listed(sp.standardised_risk(fitted, X, levels=levels, **follow, **asked)), alike
        if right is None:
            return
        for errors, words in (("leave_one_out", ""), ("influence", OF_INFLUENCE)):
            found = sp.weighted_risk(y, X[BAND], right, errors=errors, **asked)
            yield "weighted" + words, _listed(found), right.weights
        if estimators == ALL:
            both = {"censoring": censoring, "errors": "leave_one_out", **follow, **asked}
            found = sp.doubly_robust_risk(model(known), right, X[known], y, **both)
            yield ROBUST, _listed(found), right.weights
        return
    wrong = sp.plan_length_weights(X[others], X[BAND], encoder=encoder(others))
    for words, columns, weights in ((NOT_IN_RISK, without, right), (NOT_IN_LENGTH, known, wrong)):
        if estimators == EXPECTED:
            fitted = model(columns).fit(X, y)
            yield ROBUST + words, _of_expected(fitted, weights, X, cohort, truth), np.zeros(len(X))
            continue
        found = sp.doubly_robust_risk(model(columns), weights, X[known], y, censoring=censoring, **follow, **asked)
        yield ROBUST + words, _listed(found), weights.weights


def _of_expected(model: Any, weights: Any, X: pd.DataFrame, cohort: Any, truth: Any) -> list[Difference]:
    """Differences of doubly robust risks, without errors, with true risks in place of outcomes that nothing censors."""
    columns = [f"observed_incidence_{time}" for time in TIMES]
    true = truth.frame.set_index("plan_id").loc[cohort.keys["plan_id"], columns].to_numpy()
    levels, codes = X[BAND].cat.categories, X[BAND].cat.codes.to_numpy()
    days = cohort.eligible_days.to_numpy()
    by_level = np.stack(
        [
            model.predict_cumulative_incidence(X.assign(**{BAND: alone}), TIMES, eligible_days=days)
            for alone in (pd.Categorical([level] * len(X), dtype=X[BAND].dtype) for level in levels)
        ]
    )
    left = weights.per_probability()[0][:, None] * (true - by_level[codes, np.arange(len(X))])
    risk = by_level.mean(axis=1) + np.stack([left[codes == code].sum(axis=0) for code in range(len(levels))]) / len(X)
    against = risk[list(levels).index(REFERENCE)]
    return [
        (level, time, float(risk[code, at] - against[at]), float("nan"))
        for code, level in enumerate(levels)
        for at, time in enumerate(TIMES)
        if level != REFERENCE
    ]


def _listed(result: Any) -> list[Difference]:
    rows = result.difference(REFERENCE).itertuples()
    return [(row.level, int(row.time), float(row.estimate), float(row.std_error)) for row in rows]


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """Mean error against each store's truth, its Monte Carlo error, and how often the truth is within the interval.

    ``bias`` is the mean error less what chance adds, with the slope of a regression over stores, or 1 of doubly robust
    risks, whose errors are that sum; ``mean_error`` is as it came.
    """
    both = found.assign(error=found["estimate"] - found["truth"])
    # The interval is for children like these: the truth it is to hold is that of all stores together.
    whole = both.groupby(["level", "time"])["truth"].transform("mean")
    held = (both["estimate"] - whole).abs() <= SURE * both["std_error"]
    both["covered"] = held.astype(float).where(both["std_error"].notna())
    groups = both.groupby(["method", "level", "time"], sort=False)
    table = groups.agg(
        stores=("store", "size"),
        truth=("truth", "mean"),
        mean_error=("error", "mean"),
        spread=("error", "std"),
        std_error=("std_error", "mean"),
        covered=("covered", "mean"),
    )
    biases = groups[["error", "control"]].apply(_bias)
    table.insert(2, "bias", biases["bias"])
    table.insert(3, "bias_error", biases["bias_error"])
    return table.reset_index()


def _bias(stores: pd.DataFrame) -> pd.Series:
    error, control = stores["error"].to_numpy(), stores["control"].to_numpy()
    moved = control - control.mean()
    is_fitted = (moved**2).sum() > 0 and error.size > FEW_STORES
    slope = moved @ error / (moved @ moved) if is_fitted else 0.0
    if str(stores.name[0]).startswith(ROBUST):
        is_fitted, slope = False, 1.0
    left = error - slope * control
    spread = np.sqrt(((left - left.mean()) ** 2).sum() / (error.size - 1 - is_fitted))
    return pd.Series({"bias": left.mean(), "bias_error": spread / np.sqrt(error.size)})


def pooled(found: pd.DataFrame) -> pd.DataFrame:
    """Coverage over all levels and times by method; its error is from stores, whose levels go together."""
    whole = found.groupby(["level", "time"])["truth"].transform("mean")
    covered = ((found["estimate"] - whole).abs() <= SURE * found["std_error"]).rename("covered")
    by_store = covered.groupby([found["method"], found["store"]], sort=False).mean().groupby("method", sort=False)
    table = by_store.agg(stores="size", covered="mean", covered_error="sem").reset_index()
    return table.assign(rejected=1.0 - table["covered"])


def beyond(table: pd.DataFrame) -> list[str]:
    """Biases that are larger than their bound by more than twice their Monte Carlo error, in words."""
    lines = []
    for row in table[table["method"] != "naive"].itertuples():
        bound = DOUBLY_ROBUST_BOUND if row.method.startswith(ROBUST) else BOUND
        if abs(row.bias) - SURE * row.bias_error > bound:
            place = f"{row.method}, {row.level}, day {row.time}"
            lines.append(f"- {place}: {row.bias:+.4f} (Monte Carlo error {row.bias_error:.4f}), bound {bound}")
    naive = table.loc[table["method"] == "naive", "bias"]
    if len(naive) and naive.abs().max() <= MISS:
        lines.append(f"- the naive difference misses nowhere by more than {MISS}")
    return lines


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return table.astype(object).where(table.notna(), None).to_dict(orient="records")


def _stores_in(path: Path) -> list[int]:
    return [json.loads(line)["store"] for line in path.read_text(encoding="utf-8").splitlines()]


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for and write the results; the exit code is 1 where a bias is surely beyond its bound."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.effects", description=__doc__)
    parser.add_argument("tasks", nargs="*", default=[*TASKS], help=", ".join(TASKS))
    parser.add_argument("--stores", type=int, help="stores of each task")
    parser.add_argument("--children", type=int, help="children of each store")
    parser.add_argument("--done", action="store_true", help="make no store, summarise those made so far")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--output", type=Path, default=RESULTS)
    asked = parser.parse_args(arguments)
    asked.output.mkdir(exist_ok=True, parents=True)
    text, wrong, stored = ["# Effects of plan length against the truth", ""], [], {}
    text += [
        "Made by `python -m benchmarks.effects`. Differences of risks from plans over 6 months to under 1 year.",
        "",
    ]
    for name in asked.tasks:
        task = TASKS[name]
        n_children = asked.children or task.n_children
        path = asked.output / f"effects_{name}_{n_children}.jsonl"
        numbers = _stores_in(path) if asked.done else list(range(asked.stores or task.n_stores))
        wanted = [(task.scenario, n_children, number, task.estimators) for number in numbers]
        done = run_stores(path, one_store, wanted, asked.processes)
        columns = ["method", "level", "time", "estimate", "std_error", "truth", "control", "store"]
        found = pd.DataFrame([[*row, each["store"]] for each in done for row in each["rows"]], columns=columns)
        table, together = summary(found), pooled(found)
        text += [f"## {name}", "", f"{len(numbers)} stores of {n_children:,} children of `{task.scenario}`.", ""]
        text += [markdown(together), ""] if task.estimators != EXPECTED else []
        text += [markdown(table), ""]
        stored[name] = {
            "scenario": task.scenario,
            "n_children": n_children,
            "differences": _records(table),
            "coverage": _records(together) if task.estimators != EXPECTED else [],
        }
        wrong += beyond(table) if name != "effect-none" else []
    text += ["## Surely beyond the bounds", "", *(wrong or ["Nothing."]), ""]
    (asked.output / "effects.md").write_text("\n".join(text), encoding="utf-8")
    (asked.output / "effects.json").write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
