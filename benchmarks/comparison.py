"""How long a comparison of six models takes: ``python -m benchmarks.comparison [--children N] [--jobs N]``.

Children are simulated. Five folds by family, four days, all errors and differences. Wall and processor time are stated
(of this process and of those that it started), and how much of it goes to measuring instead of fitting.
"""

from __future__ import annotations

import argparse
import resource
import time
from typing import Any

import secondplan as sp
from secondplan.evaluation import compare

BOUND_SECONDS = 90.0
FEATURES = [
    "plan_length_days", "age_at_end", "disabled", "initial_category", "category_changed", "n_reviews",
    "factor_domestic_abuse", "factor_parental_mental_health", "factor_alcohol", "factor_drugs", "factor_neglect",
    "n_previous_referrals", "n_siblings_on_plan", "n_worker_changes", "share_agency_worker",
]  # fmt: skip


def models() -> dict[str, Any]:
    """Six models of the shipped comparison."""
    encoder = sp.FeatureEncoder(
        columns=FEATURES, numeric_missing="median", categorical_missing="level", unseen="reference"
    )
    return {
        "Aalen-Johansen by plan length": sp.AalenJohansen(strata="plan_length_band"),
        "cause-specific Cox": sp.CauseSpecificCox(known_end_event=4, encoder=encoder),
        "Fine-Gray": sp.FineGray(encoder=encoder),
        "Weibull": sp.ParametricAFT(distribution="weibull", known_end_event=4, encoder=encoder),
        "flexible hazards": sp.RoystonParmar(df=3, known_end_event=4, encoder=encoder),
        "boosted trees": sp.BoostedHazard(known_end_event=4, max_iter=60, random_state=0, encoder=encoder),
    }


def processor_seconds() -> float:
    """Of this process and of those that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    """Measure one comparison and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--children", type=int, default=250_000)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    cohort = sp.build_cohort(sp.simulate("england-2018", n_children=given.children, random_state=0))
    measuring = measuring_cpu = 0.0
    own = compare._comparison

    def timed(*args: object, **options: object) -> sp.Comparison:
        nonlocal measuring, measuring_cpu
        started, used = time.perf_counter(), time.process_time()
        try:
            return own(*args, **options)  # type: ignore[arg-type]
        finally:
            measuring, measuring_cpu = time.perf_counter() - started, time.process_time() - used

    compare._comparison = timed
    started, used = time.perf_counter(), processor_seconds()
    found = sp.compare_models(models(), cohort, folds=5, n_jobs=given.jobs)
    wall = time.perf_counter() - started
    print(
        f"{len(cohort):,} rows, {len(found.table)} models, 5 folds, {given.jobs} processes: {wall:.1f} s wall (bound "
        f"{BOUND_SECONDS:.0f} s), of which measuring {measuring:.1f} s; processor time of this process "
        f"{processor_seconds() - used:.1f} s, of which measuring {measuring_cpu:.1f} s"
    )
    print(found.by_fold.groupby("model")["fit_seconds"].sum().round(1).to_string())
    for name, line in found.failures.items():
        print(f"{name}: {line}")


if __name__ == "__main__":
    main()
