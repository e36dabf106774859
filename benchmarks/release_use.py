"""Use an installed secondplan with the extras it was installed with: ``python release_use.py io tracking``.

The core simulates, fits, saves and scores. What needs an extra works with it, and without it says what to install.
Needs nothing but the package, and writes into the working directory.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import secondplan as sp

HEAVY = {
    "IPython",
    "lifelines",
    "matplotlib",
    "mlflow",
    "numba",
    "openpyxl",
    "pyspark",
    "sklearn",
    "sqlalchemy",
    "statsmodels",
}
FEATURES = ["plan_length_days", "age_at_end", "factor_neglect"]


def main() -> None:
    """Do all of it."""
    extras = set(sys.argv[1:])
    loaded = sorted(HEAVY & set(sys.modules))
    assert not loaded, f"import secondplan loads {loaded}"
    plans = sp.simulate(n_children=1500, random_state=1)
    cohort = sp.build_cohort(plans)
    model = sp.CauseSpecificCox(known_end_event=4).fit(cohort.X[FEATURES], cohort.y, cluster=cohort.cluster)
    risk = model.predict_cumulative_incidence(cohort.X[FEATURES], [365, 730], eligible_days=cohort.eligible_days)
    assert ((risk >= 0) & (risk <= 1)).all()
    sp.aalen_johansen(**cohort.y).plot()
    plans.write("plans")
    model.save("model")
    command = ["score", "--model", "model", "--input", "plans", "--output", "scores"]
    said = subprocess.run([sys.executable, "-m", "secondplan", *command], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert Path("scores/manifest.json").exists()
    for needs, call in needed(plans, model, cohort):
        check(needs, call, is_there=bool(set(needs) & extras))


def needed(plans: sp.Plans, model: sp.CauseSpecificCox, cohort: sp.Cohort) -> list[tuple[tuple[str, ...], Callable]]:
    """What needs an extra: those that have it, the first of which is to be named, and a call."""
    from secondplan.tracking import open_store  # not before it was seen what the package loads by itself

    la_code = plans.plans["la_code"].iloc[0]
    java = shutil.which("java") or os.environ.get("JAVA_HOME")
    spark = [(("spark",), lambda: sp.score_batch(model, "plans", "by_spark", engine="spark"))]
    return [
        (("io", "tracking", "notebooks"), lambda: sp.load_experiment("compare_models")),
        (("io",), lambda: sp.write_annex_a(plans, "annex_a")),
        (("io", "tracking"), lambda: sp.write_ssd(plans, "sqlite:///ssd.db", la_code=la_code)),
        (("tracking",), lambda: open_store("mlflow.db").client.search_experiments()),
        (("lifelines",), lambda: sp.compare_distributions(cohort.y["duration"], cohort.y["event"])),
        *(spark if java or find_spec("pyspark") is None else []),
    ]


def check(needs: tuple[str, ...], call: Callable[[], object], *, is_there: bool) -> None:
    """Call what needs an extra; without that extra, demand one line that names it."""
    try:
        call()
    except Exception as error:
        if is_there:
            raise
        assert f"secondplan[{needs[0]}]" in str(error), f"{needs[0]}: {type(error).__name__}: {error}"
    else:
        assert is_there, f"{needs[0]} is not needed"


if __name__ == "__main__":
    main()
