"""Where an extract's rows come from."""

import pandas as pd

from secondplan import build_cohort, simulate
from secondplan.plans.provenance import source_kinds


def test_kinds_are_named_once_and_files_never():
    named = pd.Series(["CIN census: smith_family.xml", None, "CIN census: b.xml", "synthetic: birmingham-2017"])
    assert source_kinds(named) == ("CIN census", "synthetic")
    assert source_kinds(named.iloc[1:2]) == ()


def test_a_cohort_knows_that_it_is_synthetic_and_so_do_its_parts():
    cohort = build_cohort(simulate("england-2018", n_children=200))
    assert cohort.is_synthetic and cohort.take([0, 1, 2]).is_synthetic
