"""``python -m benchmarks.early_warning``: when charts show Birmingham's change, and how often they alarm falsely.

Simulates the scenario ``birmingham`` many times, and as often the same authority without a change of practice
(``birmingham-no-change``), draws the charts of ``notebooks/02_indicators_and_early_warning.ipynb`` on each, and writes
``early_warning.md`` and ``early_warning.json`` into ``benchmarks/results/``: in how many simulations each chart
signals, in which month, with Monte Carlo errors.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

import secondplan as sp

RESULTS = Path(__file__).parent / "results"
SEED = 20180122
N_CHILDREN = 6500
SCENARIOS = ("birmingham", "birmingham-no-change")
BASELINE_END, LAST = "2016-11-30", "2018-03-31"
BASELINE_MONTHS = 32
FEATURES = ["age_at_end", "factor_domestic_abuse", "factor_neglect", "n_previous_referrals"]
WITHIN, HAZARD_RATIO, FALSE_ALARM = 730, 1.3, 0.05
NAMES = {
    "ended": "p-chart, ended within 3 months",
    "second": "p-chart, second plans as reported",
    "cusum": "risk-adjusted CUSUM, second plans",
}


def signals(plans: sp.Plans) -> dict[str, pd.Timestamp | None]:
    """The day or month in which each chart first signals."""
    found = {}
    for name, what in (("ended", "ended_within_3_months"), ("second", "second_plans_reported")):
        monthly = sp.monthly_shares(plans, what)
        found[name] = sp.p_chart(monthly["count"], monthly["n"], baseline=BASELINE_MONTHS, side="above").first_signal
    before = sp.build_cohort(plans, index="every", as_of=BASELINE_END)
    since = sp.build_cohort(plans, index="every")
    model = sp.CauseSpecificCox(known_end_event=4).fit(before.X[FEATURES], before.y)
    counted = sp.expected_events(
        model,
        since.X[FEATURES],
        since.y,
        since.keys["index_end"],
        first=pd.Timestamp(BASELINE_END) + pd.Timedelta(days=1),
        last=LAST,
        horizon=WITHIN,
        cluster=since.cluster,
    )
    n_events = int((before.y["event"] == 1).sum())
    chart = sp.risk_adjusted_cusum(
        counted, hazard_ratio=HAZARD_RATIO, false_alarm=FALSE_ALARM, baseline_events=n_events
    )
    return found | {"cusum": chart.first_signal}


def one_simulation(task: tuple[str, int]) -> dict[str, str | int]:
    """Signals of one simulated authority, as months."""
    scenario, seed = task
    with warnings.catch_warnings():
        # Rare events of other causes may be separated by a feature in a single simulation.
        warnings.simplefilter("ignore", UserWarning)
        found = signals(sp.simulate(scenario, n_children=N_CHILDREN, random_state=seed))
    months = {name: "" if day is None else f"{pd.Timestamp(day):%Y-%m}" for name, day in found.items()}
    return {"scenario": scenario, "seed": seed} | months


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per chart and scenario: share with a signal, its Monte Carlo error, the middle month and quartiles."""
    made = []
    for name, label in NAMES.items():
        for scenario, part in rows.groupby("scenario", sort=False):
            months = sorted(part.loc[part[name] != "", name])
            share = len(months) / len(part)
            middle = [months[int(q * (len(months) - 1))] if months else "" for q in (0.25, 0.5, 0.75)]
            error = (share * (1 - share) / len(part)) ** 0.5
            made.append((label, scenario, len(part), share, error, *middle))
    columns = ["chart", "scenario", "simulations", "signalled", "std_error", "first_quarter", "median", "last_quarter"]
    return pd.DataFrame(made, columns=columns)


def as_markdown(table: pd.DataFrame) -> str:
    """The summary for people."""
    lines = [
        "# Early warning",
        "",
        "`python -m benchmarks.early_warning`: how often, and in which month, the charts of",
        "`notebooks/02_indicators_and_early_warning.ipynb` signal from December 2016 to March 2018 in simulations of",
        "Birmingham, and of Birmingham without a change of practice (false alarms). The baseline ends in November",
        "2016.",
        "",
        "| chart | scenario | simulations | signalled | quarter of the signals by | half by | three quarters by |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in table.itertuples():
        share = f"{100 * row.signalled:.1f} % (± {100 * row.std_error:.1f})"
        months = " | ".join(month or "–" for month in (row.first_quarter, row.median, row.last_quarter))
        lines.append(f"| {row.chart} | {row.scenario} | {row.simulations} | {share} | {months} |")
    return "\n".join([*lines, "", "± is the Monte Carlo standard error.", ""])


def run(n_simulations: int, n_processes: int) -> Iterator[dict[str, str | int]]:
    """The signals of every simulation, as they are done."""
    tasks = [(scenario, SEED + number) for number in range(n_simulations) for scenario in SCENARIOS]
    if n_processes == 1:
        yield from map(one_simulation, tasks)
        return
    with multiprocessing.get_context("spawn").Pool(n_processes) as pool:
        yield from pool.imap(one_simulation, tasks)


def main(arguments: list[str] | None = None) -> int:
    """Simulate, and write the results."""
    parser = argparse.ArgumentParser(
        description="When charts show Birmingham's change, and how often they alarm falsely."
    )
    parser.add_argument("--simulations", type=int, default=200)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    rows = []
    for number, row in enumerate(run(options.simulations, options.processes), 1):
        rows.append(row)
        sys.stderr.write(f"\r{number} of {2 * options.simulations}")
    table = summary(pd.DataFrame(rows))
    (options.out / "early_warning.json").write_text(json.dumps(rows, indent=0) + "\n", encoding="utf-8", newline="\n")
    (options.out / "early_warning.md").write_text(as_markdown(table), encoding="utf-8", newline="\n")
    sys.stdout.write(as_markdown(table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
