"""The shipped figures agree with each other, and nothing withheld becomes a number."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.plans.bands import PLAN_LENGTH_BANDS
from secondplan.plans.published import MARKERS, figures

FOLDER = Path(figures.__file__).parent
SLUGS = [band.replace(" ", "_") for band in PLAN_LENGTH_BANDS]


def raw(name):
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_england_2018_is_what_was_printed():
    england = sp.published_england().loc[2018]
    assert england[["n_started", "n_second", "n_ended", "n_open"]].tolist() == [68770, 13900, 65920, 53790]
    assert england[[f"pct_{slug}" for slug in SLUGS]].tolist() == [19.6, 11.4, 41.8, 23.8, 3.4]
    assert england[[f"n_{slug}" for slug in SLUGS]].sum() == pytest.approx(england["n_ended"], abs=25)


def test_percentages_follow_from_counts():
    england = sp.published_england()
    # Counts are rounded to 10, percentages to 0.1; for 2022 22.7 is printed beside counts that give 22.6.
    np.testing.assert_allclose(100 * england["n_second"] / england["n_started"], england["pct_second"], atol=0.11)
    second = sp.published_second_plans()
    np.testing.assert_allclose(100 * second["n_second"] / second["n_started"], second["pct_second"], atol=0.0501)
    ended = sp.published_authorities()
    for slug in SLUGS:
        given = ended[f"n_{slug}"].notna() & (ended["n_ended"] > 0)
        share = 100 * ended.loc[given, f"n_{slug}"] / ended.loc[given, "n_ended"]
        np.testing.assert_allclose(share, ended.loc[given, f"pct_{slug}"], atol=0.0501)


def test_the_two_files_of_authorities_agree():
    second = sp.published_second_plans()
    d3 = second[second["year_ending"] == 2018].set_index("la_code")
    d1 = sp.published_authorities().loc[d3.index]
    assert d3["n_started"].equals(d1["n_started"])
    assert d3["n_second"].equals(d1["n_second"])


def test_no_number_is_lost_or_made():
    for name, frame, text_columns in (
        ("local_authorities_2018.csv", sp.published_authorities(), {"la", "name"}),
        ("second_plans_by_local_authority.csv", sp.published_second_plans(), None),
    ):
        rows = raw(name)
        columns = (
            set(rows[0]) - text_columns
            if text_columns
            else {"CPP_start", "CPP_subsequent"} | {"CPP_subsequent_percent"}
        )
        n_given = sum(row[column] not in ("", *MARKERS) for row in rows for column in columns)
        numbers = frame.select_dtypes("number").drop(columns="year_ending", errors="ignore")
        assert int(numbers.notna().sum().sum()) == n_given
        assert frame["missing_reason"].notna().equals(numbers.isna().any(axis=1))


@pytest.mark.parametrize("marker", MARKERS)
def test_a_marker_is_missing_and_says_why(marker):
    texts = pd.DataFrame({"n": ["12", marker], "pct": ["3.5", "4"]})
    assert figures._numbers(texts["n"]).isna().tolist() == [False, True]
    assert figures._missing_reason(texts).tolist() == [pd.NA, MARKERS[marker]]


def test_another_text_is_an_error():
    with pytest.raises(ValueError, match="could not convert"):
        figures._numbers(pd.Series(["12", "about 3"]))


def test_every_authority_has_a_region():
    regions = sp.published_regions()
    assert regions.index.is_unique
    assert regions.index.str.fullmatch(r"\d{3}").all()
    assert regions["region"].nunique() == 10
    assert sp.published_authorities()["region"].notna().all()


def test_single_figures_name_their_source_and_add_up():
    single = sp.published_figures()
    assert single.index.is_unique
    assert single["source"].str.len().min() > 10
    assert set(single["kind"]) == {"published", "computed", "reported"}
    england = single.loc[("England", 2018)]["value"]
    assert england["plans_any_point"] - england["children_any_point"] == england["within_year_repeats"]
    ended = sp.published_england().loc[2018, "n_ended"]
    assert round(100 * england["within_year_repeats"] / ended, 2) == england["within_year_repeats_pct_ended"]
    for stem in ("initial_category_", "open_age_", "open_sex_", "open_ethnicity_", "need_ended_"):
        parts = england[england.index.str.startswith(stem)]
        assert parts.sum() == pytest.approx(100, abs=0.25), stem


def test_factors_that_were_not_collected_are_missing_with_a_reason():
    factors = sp.published_factors().set_index(["factor", "year_ending"])
    row = factors.loc[("Child_criminal_exploitation", 2018)]
    assert np.isnan(row["pct"])
    assert row["missing_reason"] == figures.NOT_GIVEN
