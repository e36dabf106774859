"""What the data of each scenario must reproduce: published figures, some for calibration, others held out as checks."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ...plans.bands import PLAN_LENGTH_BANDS
from ...plans.codes import CATEGORIES
from ...plans.published import (
    published_authorities,
    published_england,
    published_figures,
    published_second_plans,
)
from ..scenarios.birmingham import CODE as BIRMINGHAM
from .authority_moments import FEWEST_PLANS, PERCENTILES
from .store_moments import AGES, ETHNIC_GROUPS

Use = Literal["calibration", "check"]
POINT = 0.01


@dataclass(frozen=True)
class Target:
    """A published figure.

    Attributes
    ----------
    moment : str
        Its name in :func:`~secondplan.synthetic.calibration_search.store_moments.moments`.
    value : float
        Shares from 0 to 1.
    tolerance : float
        How near the simulated value, its Monte Carlo error apart, must come.
    use : {"calibration", "check"}
        Whether parameters were chosen by it, or it was held out.
    source : str
    """

    moment: str
    value: float
    tolerance: float
    use: Use
    source: str


def targets(scenario: str) -> tuple[Target, ...]:
    """The targets of a scenario; none for one that stands for no published figures.

    Examples
    --------
    >>> [round(float(t.value), 3) for t in targets("england-2018") if t.moment == "second_share"]
    [0.202]
    """
    known = {"england-2018": _england_2018, "england-2025": _england_2025, "birmingham": _birmingham}
    return known[scenario]() if scenario in known else ()


def _england_2018() -> tuple[Target, ...]:
    figures = _Figures("England", 2018)
    return (
        *_england_year(2018),
        *figures.group("started[{}]", "initial_category_{}", CATEGORIES, POINT, "calibration"),
        *figures.group("open_latest[{}]", "latest_category_{}", CATEGORIES, POINT, "calibration"),
        *figures.group("open_initial[{}]", "open_initial_category_{}", CATEGORIES, 1.5 * POINT, "check"),
        *_stock(figures, "calibration"),
        *_after(figures, "calibration"),
        *figures.group(
            "within_3_months_percentile_{}", "within_3_months_percentile_{}", PERCENTILES, 0.02, "calibration"
        ),
        *_between_authorities(figures),
        Target("reviews_in_time", 0.905, 0.015, "calibration", "DfE, D-tables 2017-18: plans reviewed on time"),
        *_shares_of_second_plans(2014, calibrated=2014, until=2017),
    )


def _england_2025() -> tuple[Target, ...]:
    figures_2018 = _Figures("England", 2018)
    own = _Figures("England", 2025)
    on_time = published_england().loc[2025, "pct_reviewed_on_time"] / 100
    return (
        *_england_year(2025),
        own.one("started[SAB]", "initial_category_SAB", POINT, "check"),
        # What the shipped figures tell of 2018 alone is not thought to have changed much.
        *_stock(figures_2018, "check"),
        *_after(figures_2018, "check")[:3],
        Target("reviews_in_time", on_time, 0.015, "calibration", "England by year: plans reviewed on time"),
        *_shares_of_second_plans(2019, calibrated=2019, until=2024),
    )


def _birmingham() -> tuple[Target, ...]:
    own = published_authorities().loc[BIRMINGHAM]
    bands = [band.replace(" ", "_") for band in PLAN_LENGTH_BANDS]
    shares = [float(own[f"pct_{band}"]) / 100 for band in bands]
    reported = _Figures("Birmingham", 2018)
    november = _Figures("Birmingham", 2017)
    second = published_second_plans().set_index("la_code").loc[BIRMINGHAM].set_index("year_ending")
    d3 = "DfE, D3"
    return (
        *(
            Target(f"ended[{band}]", share, POINT, "calibration", "DfE, D7 2017-18, Birmingham")
            for band, share in zip(PLAN_LENGTH_BANDS, shares, strict=True)
        ),
        Target(
            "within_year_repeats",
            float(own["within_year_repeats_per_ended"]),
            0.0025,
            "calibration",
            "D1 2017-18, Birmingham: 57 repeats by 1,481 plans ended",
        ),
        november.one("ended_within_3_months[2016-11]", "within_3_months_november_2016", 0.015, "calibration"),
        reported.one("ended_within_3_months[2017-11]", "within_3_months_november_2017", 0.015, "calibration"),
        Target("second_share", second.loc[2018, "n_second"] / second.loc[2018, "n_started"], 0.01, "calibration", d3),
        _Figures("Birmingham", 2016).one("second_share[2017]", "second_plans_pct", 0.01, "calibration"),
        Target("second_share[2015]", second.loc[2015, "pct_second"] / 100, 0.01, "calibration", d3),
        Target("second_share[2016]", second.loc[2016, "pct_second"] / 100, 0.015, "check", d3),
        Target(
            "started_per_ended", own["n_started"] / own["n_ended"], 0.03, "calibration", "DfE, D1 2017-18, Birmingham"
        ),
        Target("open_per_ended", own["n_open"] / own["n_ended"], 0.1, "check", "DfE, D1 2017-18, Birmingham"),
        Target("started_twice", 1 - own["n_children_started"] / own["n_started"], 0.01, "check", "DfE, D1, Birmingham"),
        Target("ended_twice", 1 - own["n_children_ended"] / own["n_ended"], 0.01, "check", "DfE, D1, Birmingham"),
    )


def _england_year(year: int) -> tuple[Target, ...]:
    """Flows, bands, second plans and repeats of a year; ratios of plans started and open to plans ended."""
    england, figures = published_england().loc[year], _Figures("England", year)
    bands = [(band, england[f"n_{band.replace(' ', '_')}"]) for band in PLAN_LENGTH_BANDS]
    total = sum(n for _, n in bands)
    return (
        *(Target(f"ended[{band}]", n / total, POINT, "calibration", f"DfE, D7 {year}") for band, n in bands),
        Target("second_share", england["pct_second"] / 100, 0.005, "calibration", f"DfE, D3 {year}"),
        figures.one("within_year_repeats", "within_year_repeats_pct_ended", 0.0025, "calibration"),
        Target("started_per_ended", england["n_started"] / england["n_ended"], 0.025, "check", f"DfE, D1 {year}"),
        Target("open_per_ended", england["n_open"] / england["n_ended"], 0.05, "calibration", f"DfE, D1 {year}"),
        figures.one("started_twice", "children_started_two_plans_pct", 0.0025, "check"),
        figures.one("ended_twice", "children_ended_two_plans_pct", 0.0025, "check"),
        figures.one("conference_within_15_days", "conferences_within_15_days_pct", 0.01, "calibration"),
    )


def _stock(figures: "_Figures", use: Use) -> tuple[Target, ...]:
    unborn = _Figures("England", 2020)
    groups = dict.fromkeys(ETHNIC_GROUPS.values())
    return (
        figures.one("open_age_unborn", "open_age_unborn", 0.003, use),
        *figures.group("open_age_{}", "open_age_{}", tuple(AGES), 0.02, use),
        *figures.group("open_sex_{}", "open_sex_{}", ("male", "female", "unknown"), POINT, "check"),
        *figures.group("open_ethnicity_{}", "open_ethnicity_{}", tuple(groups), 0.01, "check"),
        Target(
            "open_two_years", 0.02, 0.006, "check", "About 2 % in councils' reports of 2018 (West Sussex: 1.9 to 2.2 %)"
        ),
        unborn.one("unborn_neglect", "open_unborn_neglect_pct", 0.05, "check"),
    )


def _after(figures: "_Figures", use: Use) -> tuple[Target, ...]:
    names = ("need_ended_within_3_months", "need_ended_3_to_6_months", "moved_within_3_months")
    return (
        *(figures.one(name, name, 0.01, use) for name in names),
        Target("repeat_within_1_years", 0.035, 0.004, "check", "Computed: 3.2 to 3.8 %, from repeats within the year"),
    )


def _between_authorities(figures: "_Figures") -> tuple[Target, ...]:
    authorities = published_authorities()
    large = authorities[authorities["n_ended"] >= FEWEST_PLANS]
    size = float(np.log(large["n_started"]).std())
    return (
        Target("log_started_sd", size, 0.06, "calibration", "DfE, D1 2017-18: plans started by authority"),
        figures.one("second_plan_logit_sd", "second_plan_logit_sd", 0.05, "calibration"),
        figures.one("second_plan_logit_year_correlation", "second_plan_logit_year_correlation", 0.15, "check"),
        figures.one("repeats_ratio_per_10_points", "repeats_ratio_per_10_points", 0.2, "check"),
    )


def _shares_of_second_plans(first: int, *, calibrated: int, until: int) -> tuple[Target, ...]:
    """The share of second plans in earlier years; one year gives the trend, the others check it."""
    shares = published_england()["pct_second"] / 100
    return tuple(
        Target(
            f"second_share[{year}]",
            float(shares[year]),
            0.01,
            "calibration" if year == calibrated else "check",
            f"DfE, D3 {year}",
        )
        for year in range(first, until + 1)
    )


class _Figures:
    """The single figures of an area and year."""

    def __init__(self, area: str, year: int) -> None:
        self._table = published_figures().loc[(area, year)]

    def one(self, moment: str, figure: str, tolerance: float, use: Use) -> Target:
        row: pd.Series = self._table.loc[figure]
        value = float(row["value"]) / 100 if row["unit"] == "%" else float(row["value"])
        return Target(moment, value, tolerance, use, str(row["source"]))

    def group(self, moment: str, figure: str, names, tolerance: float, use: Use) -> tuple[Target, ...]:
        return tuple(self.one(moment.format(name), figure.format(name), tolerance, use) for name in names)
