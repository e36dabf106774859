"""``python -m benchmarks.drift``: how often inputs alarm when nothing has changed, and how often a change is found.

Draws whole families of one simulated cohort, some as training and others as new plans, and tests the features and the
predicted risk of the new plans as :func:`secondplan.monitor` does for a window of one month. Then the same with a
change in the new plans. Writes ``drift.md`` and ``drift.json`` into ``benchmarks/results/``, with Monte Carlo errors.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import secondplan as sp
from secondplan.plans.cohort import Cohort
from secondplan.scoring.drift.inputs import Window, contract_table, input_table

RESULTS = Path(__file__).parent / "results"
SEED = 20261130
N_CHILDREN, N_TRAINING = 60_000, 4_000
RATE = 0.5
WINDOW_RATE = RATE / 12
FEATURES = [
    *("plan_length_days", "age_at_end", "disabled", "initial_category", "category_changed", "n_reviews"),
    *("n_late_reviews", "share_reviews_not_quorate", "share_reviews_absent_agencies", "factor_domestic_abuse"),
    *("factor_parental_mental_health", "factor_alcohol", "factor_drugs", "factor_neglect", "n_previous_referrals"),
    *("n_siblings_on_plan", "n_worker_changes", "share_agency_worker"),
]
QUIET_SIZES = (50, 100, 300, 1000, 5000)
CHANGES: dict[str, tuple[int, str, Callable[[pd.Series], pd.Series]]] = {
    "plan length x 0.5": (100, "plan_length_days", lambda values: values * 0.5),
    "plan length x 0.8": (300, "plan_length_days", lambda values: values * 0.8),
    "a factor of 31 % all false": (50, "factor_drugs", lambda values: values & False),
    "age in months": (50, "age_at_end", lambda values: values * 12.0),
}


def families_drawn(family: np.ndarray, among: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of whole families, drawn at random among the families of ``among``, until there are ``n`` rows."""
    rank = np.full(int(family.max()) + 1, family.size)
    rank[rng.permutation(among)] = np.arange(among.size)
    order = np.argsort(rank[family], kind="stable")
    return order[:n]


def draw(model, cohort: Cohort, n: int, rng: np.random.Generator) -> dict:
    """A training profile, and new plans of other families."""
    family = pd.factorize(cohort.cluster)[0]
    shuffled = rng.permutation(int(family.max()) + 1)
    half = shuffled.size // 2
    training = cohort.take(np.sort(families_drawn(family, shuffled[:half], N_TRAINING, rng)))
    new = cohort.take(np.sort(families_drawn(family, shuffled[half:], n, rng)))
    return {"profile": sp.training_profile(model, training), "new": new}


def alarms(model, drawn: dict) -> tuple[set[str], set[str]]:
    """Columns with an alarm of inputs, and columns (or all plans) that break a rule."""
    new = drawn["new"]
    window = Window(pd.Period("2018-01", "M"), pd.Period("2018-01", "M"), np.arange(len(new)))
    risk = model.predict_cumulative_incidence(new.X, [730], eligible_days=new.eligible_days)[:, 0]
    table = input_table(drawn["profile"], new, risk, [window], RATE)
    broken = contract_table(model, drawn["profile"], new, [window], 0.05)
    return set(table.loc[table["alarm"], "column"]), set(broken["column"])


def changed(new: Cohort, column: str, change: Callable[[pd.Series], pd.Series]) -> Cohort:
    """The new plans with one column changed."""
    X = new.X.assign(**{column: change(new.X[column])})
    return type(new)(X, new.y, new.keys, new.eligible_days, new.flow, new.care, new.as_of, new.missing_features)


def main() -> None:
    """Run, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    n_runs = parser.parse_args().runs
    cohort = sp.build_cohort(sp.simulate("england-2018", n_children=N_CHILDREN, random_state=SEED))
    encoder = sp.FeatureEncoder(columns=FEATURES, numeric_missing="median", categorical_missing="level")
    model = sp.CoxPH(encoder=encoder).fit(cohort.X, cohort.y)
    warnings.simplefilter("ignore")  # a Cox model of one event says that others compete
    rng = np.random.default_rng(SEED)
    rows = []
    for n in QUIET_SIZES:
        found = [alarms(model, draw(model, cohort, n, rng)) for _ in range(n_runs)]
        rows.append(_row("nothing", n, n_runs, [bool(inputs) for inputs, _ in found]))
        rows.append(_row("nothing (rules broken)", n, n_runs, [bool(broken) for _, broken in found]))
    for name, (n, column, change) in CHANGES.items():
        hits = []
        for _ in range(max(n_runs // 4, 1)):
            drawn = draw(model, cohort, n, rng)
            inputs, broken = alarms(model, drawn | {"new": changed(drawn["new"], column, change)})
            hits.append(column in inputs | broken)
        rows.append(_row(name, n, len(hits), hits))
    table = pd.DataFrame(rows)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "drift.json").write_text(json.dumps({"runs": n_runs, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    lines = [
        "# Drift of inputs: false alarms and power",
        "",
        f"`python -m benchmarks.drift --runs {n_runs}`. {N_TRAINING:,} children in training, whole families, "
        f"{len(FEATURES)} features and the predicted risk; stated rate {RATE:g} a year, {100 * WINDOW_RATE:.1f} % for "
        "a window of one month. Alarms in % of the runs, with the Monte Carlo standard error.",
        "",
        "| changed | new plans | runs | alarms, % | error |",
        "|---|---|---|---|---|",
        *(
            f"| {r.changed} | {r.n:,} | {r.runs} | {100 * r.alarms:.1f} | {100 * r.error:.1f} |"
            for r in table.itertuples()
        ),
    ]
    (RESULTS / "drift.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def _row(name: str, n: int, runs: int, hits: list[bool]) -> dict[str, object]:
    share = float(np.mean(hits))
    return {"changed": name, "n": n, "runs": runs, "alarms": share, "error": float(np.sqrt(share * (1 - share) / runs))}


if __name__ == "__main__":
    main()
