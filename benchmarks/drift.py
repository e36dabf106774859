"""``python -m benchmarks.drift``: how often inputs alarm when nothing has changed, and how often a change is found.

Draws whole families of one simulated cohort, some as training and others as new plans, and tests the features and the
predicted risk of the new plans as :func:`secondplan.monitor` does for a window of one month. Then the same with a
change in the new plans. Then second plans are drawn from the model's own hazard times a factor, siblings together, and
observed over expected is compared with that factor. Writes ``drift.md`` and ``drift.json`` into
``benchmarks/results/``, with Monte Carlo errors.
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
from secondplan.models.monitoring import expected_by_row, overdispersion_of, ratio_of_counts
from secondplan.plans.cohort import Cohort
from secondplan.scoring.cases import as_cases, check_cases
from secondplan.scoring.drift.inputs import Window, contract_table, input_table
from secondplan.scoring.horizons import Horizons

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
HAZARD_RATIOS, OUTCOME_SIZES = (0.5, 1.0, 1.5, 2.0), (300, 1000, 3000)
HORIZON = 730


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
    risk = model.predict_cumulative_incidence(new.X, [HORIZON], eligible_days=new.eligible_days)[:, 0]
    table = input_table(drawn["profile"], new, risk, [window], RATE)
    checked = check_cases(model, as_cases(new), Horizons.of([HORIZON], "plan_end"))
    broken = contract_table(model, drawn["profile"], new, checked, [window], 0.05)
    return set(table.loc[table["alarm"], "column"]), set(broken["column"])


def second_plans(model, new: Cohort, hazard_ratio: float, rng: np.random.Generator) -> pd.DataFrame:
    """Outcomes with the model's hazard of second plans times a factor; siblings come back at like hazards together.

    A child is watched as long as it was in the cohort or, where a second plan ended that, to the horizon.
    """
    days = np.arange(1, HORIZON + 1)
    hazard = model.predict_cumulative_hazard(new.X, days)
    threshold = rng.exponential(size=new.cluster.nunique())[pd.factorize(new.cluster)[0]] / hazard_ratio
    second = 1 + np.array([np.searchsorted(row, limit) for row, limit in zip(hazard, threshold, strict=True)])
    had, duration = (new.y["event"] == 1).to_numpy(), new.y["duration"].to_numpy()
    watched = np.where(had, HORIZON, np.minimum(duration, HORIZON))
    comes = second <= watched
    return pd.DataFrame({"duration": np.where(comes, second, watched).astype(float), "event": comes.astype(int)})


def observed_over_expected(model, new: Cohort, y: pd.DataFrame) -> tuple[float, float]:
    """The ratio, and the error of its logarithm that its interval implies."""
    observed, expected = expected_by_row(model, new.X.reset_index(drop=True), y, horizon=HORIZON)
    events = np.bincount(pd.factorize(new.cluster)[0], weights=observed).astype(int)
    ratio, lower, upper = ratio_of_counts(observed.sum(), expected.sum(), overdispersion_of(events[events > 0]))
    return ratio, float(np.log(upper / lower)) / (2 * 1.96)


def outcome_rows(model, cohort: Cohort, n_runs: int, rng: np.random.Generator) -> list[dict[str, object]]:
    """How often observed over expected is within two errors of the factor of the hazard."""
    family = pd.factorize(cohort.cluster)[0]
    rows = []
    for n in OUTCOME_SIZES:
        for factor in HAZARD_RATIOS:
            found = []
            for _ in range(n_runs):
                new = cohort.take(np.sort(families_drawn(family, rng.permutation(int(family.max()) + 1), n, rng)))
                found.append(observed_over_expected(model, new, second_plans(model, new, factor, rng)))
            ratio, error = np.array(found).T
            within = np.abs(np.log(ratio / factor)) <= 2 * error
            mean = float(np.exp(np.log(ratio).mean()))
            rows.append(_row(f"hazard x {factor:g}", n, n_runs, list(within)) | {"ratio": mean})
    return rows


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
    outcomes = outcome_rows(model, cohort, max(n_runs // 10, 1), np.random.default_rng([SEED, 1]))
    store(n_runs, rows, outcomes)


def store(n_runs: int, rows: list[dict[str, object]], outcomes: list[dict[str, object]]) -> None:
    """Write and print the tables."""
    RESULTS.mkdir(exist_ok=True)
    content = {"runs": n_runs, "rows": rows, "outcomes": outcomes}
    (RESULTS / "drift.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
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
            for r in pd.DataFrame(rows).itertuples()
        ),
        "",
        "Observed over expected second plans, where the model's own hazard is multiplied by a factor and siblings come "
        "back together: geometric mean, and how often it is within two errors of the factor.",
        "",
        "| changed | new plans | runs | observed / expected | within two errors, % | error |",
        "|---|---|---|---|---|---|",
        *(
            f"| {r['changed']} | {r['n']:,} | {r['runs']} | {r['ratio']:.3f} | {100 * r['alarms']:.1f} | "
            f"{100 * r['error']:.1f} |"
            for r in outcomes
        ),
    ]
    (RESULTS / "drift.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def _row(name: str, n: int, runs: int, hits: list[bool]) -> dict[str, object]:
    share = float(np.mean(hits))
    return {"changed": name, "n": n, "runs": runs, "alarms": share, "error": float(np.sqrt(share * (1 - share) / runs))}


if __name__ == "__main__":
    main()
