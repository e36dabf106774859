"""The pictures of README.md, from the shipped synthetic plans: ``make pictures``.

Each keeps a digest of this script and of the data, so that a test finds pictures that are older than either.
"""

import hashlib
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd

import secondplan as sp

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "data" / "synthetic"
FEATURES = ["plan_length_days", "age_at_end", "factor_neglect", "factor_domestic_abuse", "n_previous_referrals"]
LENGTHS = {
    "up to 3 months": ["up to 3 months"],
    "3 months to 1 year": ["over 3 to 6 months", "over 6 months to under 1 year"],
    "1 year and over": ["1 to under 2 years", "2 years and over"],
}


def digest(script: Path) -> str:
    """SHA-256 of what a script makes pictures from."""
    parts = [script.read_text(encoding="utf-8"), (DATA / "checksums.json").read_text(encoding="utf-8")]
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def draw_returns(plans: sp.Plans, cohort: sp.Cohort) -> plt.Figure:
    """How many children come back, by length of the first plan; and the month in which a chart would have warned."""
    of_band = {band: length for length, bands in LENGTHS.items() for band in bands}
    lengths = pd.Categorical(cohort.X["plan_length_band"].astype(str).map(of_band), categories=list(LENGTHS))
    curves = sp.aalen_johansen(**cohort.y, strata=lengths, cluster=cohort.cluster)
    monthly = sp.monthly_shares(plans, "second_plans_reported")
    chart = sp.p_chart(monthly["count"], monthly["n"], baseline=48, side="above")
    print(curves.at([730]).round(3), chart.first_signal)  # noqa: T201 (what the words beside the picture say)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.3), layout="constrained")
    curves.plot(until=1095, ax=left, title="Second plans by length of the first plan")
    left.set(xlabel="days after the plan's end", ylabel="share of children with a second plan")
    chart.plot(ax=right, share="second or later plans")
    right.set_title("A chart that warns, month by month", loc="left", fontweight="bold", fontsize=11)
    return figure


def draw_comparison(cohort: sp.Cohort) -> plt.Figure:
    """Whether models tell more than the average risk, on children that they have not seen."""
    encoder = sp.FeatureEncoder(columns=FEATURES, numeric_missing="median")
    models = {
        "cause-specific Cox": sp.CauseSpecificCox(known_end_event=4, encoder=encoder),
        "Fine-Gray": sp.FineGray(encoder=encoder),
        "discrete time": sp.DiscreteTimeHazard(known_end_event=4, encoder=encoder),
        "boosted trees": sp.BoostedHazard(known_end_event=4, encoder=encoder),
    }
    comparison = sp.compare_models(models, cohort, folds=sp.FamilyKFold(3))
    print(comparison)  # noqa: T201
    figure, axes = plt.subplots(figsize=(11, 3.6), layout="constrained")
    comparison.plot(ax=axes)
    return figure


def main() -> None:
    """Write both pictures beside this script."""
    plans = sp.read_plans(DATA / "store")
    cohort = sp.build_cohort(plans)
    for name, figure in (("returns", draw_returns(plans, cohort)), ("comparison", draw_comparison(cohort))):
        figure.savefig(HERE / f"{name}.png", dpi=100, metadata={"Source": digest(Path(__file__))})


if __name__ == "__main__":
    main()
