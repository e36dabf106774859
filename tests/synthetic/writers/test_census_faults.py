from collections import Counter
from xml.etree import ElementTree

import numpy as np
import pytest

from secondplan.plans.readers.cin_census.reader import read_cin_census
from secondplan.synthetic import CensusFaults, simulate, write_cin_census
from secondplan.synthetic.writers.census_faults import FAULTS, damage

CHILD = (
    "Child",
    [
        ("ChildIdentifiers", [("LAchildID", "1"), ("PersonBirthDate", "2010-01-02"), ("GenderCurrent", "2")]),
        ("ChildCharacteristics", [("Ethnicity", "WBRI")]),
        (
            "CINdetails",
            [
                ("CINreferralDate", "2017-01-10"),
                ("Assessments", [("FactorsIdentifiedAtAssessment", [("AssessmentFactors", "2B")])]),
                ("ReferralNFA", "false"),
                (
                    "ChildProtectionPlans",
                    [
                        ("CPPstartDate", "2017-02-01"),
                        ("CPPendDate", "2017-10-20"),
                        ("LatestCategoryOfAbuse", "NEG"),
                        ("NumberOfPreviousCPP", "0"),
                        ("Reviews", [("CPPreviewDate", "2017-04-20"), ("CPPreviewDate", "2017-10-20")]),
                    ],
                ),
            ],
        ),
    ],
)


def only(kind):
    counts = Counter()
    damaged = damage(CHILD, CensusFaults(1.0, (kind,)), np.random.default_rng(0), counts)
    assert counts == {kind: 1}
    return damaged


@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_changes_the_child(kind):
    assert only(kind) != [CHILD]


def test_faults_by_hand():
    assert ("CPPstartDate", "42767") in flat(only("date as serial number")[0])
    assert ("CPPendDate", "2017-01-02") in flat(only("plan ends before it starts")[0])
    assert ("Sex", "F") in flat(only("sex as letter")[0])
    assert ("Ethnicity", "a) WBRI") in flat(only("ethnicity with prefix")[0])
    assert only("duplicate child") == [CHILD, CHILD]


def test_no_rate_no_fault():
    counts = Counter()
    assert damage(CHILD, CensusFaults(0.0), np.random.default_rng(0), counts) == [CHILD]
    assert not counts


def test_a_fault_that_the_child_cannot_have_is_not_counted():
    counts = Counter()
    bare = ("Child", [("ChildIdentifiers", [("LAchildID", "1")])])
    assert damage(bare, CensusFaults(1.0, ("plans overlap",)), np.random.default_rng(0), counts) == [bare]
    assert not counts


def test_refuses_an_impossible_rate_and_an_unknown_fault():
    with pytest.raises(ValueError, match="rate must be in"):
        CensusFaults(1.5)
    with pytest.raises(ValueError, match="unknown faults"):
        CensusFaults(0.1, ("typing error",))


def test_faults_come_at_their_rate_and_the_reader_accounts_for_every_plan(tmp_path):
    plans = simulate(n_children=350, random_state=3)
    files = write_cin_census(plans, tmp_path, faults=CensusFaults(0.05), random_state=1)
    n_children = sum(len(list(ElementTree.parse(path).iter("Child"))) for path in files.paths)
    n_children -= files.fault_counts["duplicate child"]
    for kind in ("duplicate child", "ethnicity with prefix", "stray text", "sex as letter"):
        expected = 0.05 * n_children
        assert abs(files.fault_counts[kind] - expected) < 5 * np.sqrt(expected), kind
    assert set(files.fault_counts) == set(FAULTS)
    read, report = read_cin_census(files.paths)
    assert not report.is_clean
    # A plan whose every start date came as a serial number still is the same plan; overlapping plans come on top.
    assert set(plans.plans["plan_id"]) <= set(read.plans["plan_id"])


def flat(element):
    name, content = element
    if isinstance(content, str):
        return [(name, content)]
    return [leaf for part in content for leaf in flat(part)]
