"""What is written as SSD comes back as far as the format holds it, from each system."""

import pandas as pd
import pytest

from secondplan.errors import InputError, OutputError
from secondplan.plans import Plans, build_cohort, read_ssd
from secondplan.synthetic import write_ssd
from secondplan.synthetic.writers.one_authority import of_one_authority
from secondplan.synthetic.writers.ssd_tables import SYSTEMS

GIVEN = {"la_code": "508", "first_date": "2012-04-01", "extract_date": "2018-03-31"}
KEYS = {
    "children": ["child_id"],
    "plans": ["child_id", "start_date"],
    "care_episodes": ["child_id", "start_date"],
    "cin_episodes": ["child_id", "referral_date"],
    "assessments": ["child_id", "start_date"],
    "conferences": ["child_id", "conference_date"],
    "involvements": ["child_id", "worker_id", "start_date"],
}
# What the SSD has no field for.
NOT_HELD = {"previous_plans_reported", "absent_agencies", "family_id", "plan_id"}


@pytest.fixture(scope="module")
def own(two_authorities):
    return of_one_authority(two_authorities, "508")


@pytest.fixture(scope="module", params=SYSTEMS)
def system(request):
    return request.param


@pytest.fixture(scope="module")
def read(two_authorities, system, tmp_path_factory):
    folder = tmp_path_factory.mktemp(system)
    write_ssd(two_authorities, folder, system=system, la_code="508")
    return read_ssd(folder, **GIVEN)


def test_every_fact_that_the_format_holds_comes_back(own, read, system):
    plans, report = read
    for table, keys in KEYS.items():
        lost = NOT_HELD | ({"other_authority"} if system == "mosaic" else set())
        columns = [name for name in own[table] if name not in lost]
        ours, theirs = (
            frame[columns].sort_values(keys, ignore_index=True) for frame in (own[table], getattr(plans, table))
        )
        pd.testing.assert_frame_equal(ours, theirs)
    assert report.counts["rejected"].sum() == 0


def test_reviews_come_back_with_their_plan(own, read):
    plans, _ = read

    def dated(reviews, of):
        child = reviews.merge(of[["plan_id", "child_id", "start_date"]], on="plan_id")
        columns = ["child_id", "start_date", "review_date", "quorate", "progress"]
        return child[columns].sort_values(columns[:3], ignore_index=True)

    pd.testing.assert_frame_equal(dated(own["reviews"], own["plans"]), dated(plans.reviews, plans.plans))


def test_the_cohort_is_that_of_the_source(own, read, system):
    """Same children, same outcomes, same features but those of what the format does not hold."""
    lost = ["previous_plans_reported", *(["other_authority"] if system == "mosaic" else [])]
    told = own["plans"].assign(**dict.fromkeys(lost, pd.NA))
    ours = build_cohort(Plans(**{**own, "plans": told, "extract": read[0].extract}))
    theirs = build_cohort(read[0])
    pd.testing.assert_frame_equal(ours.y, theirs.y)
    assert ours.keys["child_id"].tolist() == theirs.keys["child_id"].tolist()
    same = [name for name in ours.X if name in theirs.X and "previous" not in name and "absent" not in name]
    assert len(same) > 20
    pd.testing.assert_frame_equal(ours.X[same], theirs.X[same])


def test_siblings_stay_together(own, read):
    def partition(children):
        of_family = children.groupby("family_id")["child_id"].apply(frozenset)
        return set(of_family)

    assert partition(own["children"]) == partition(read[0].children)


def test_what_systems_leave_out_is_left_out(two_authorities, tmp_path):
    for name, system in SYSTEMS.items():
        tables = write_ssd(two_authorities, tmp_path / name, system=name, la_code="508")
        assert {"ssd_family", "ssd_mother"} & set(tables) == system.links
        header = (tmp_path / name / "ssd_cp_plans.csv").read_text().partition("\n")[0]
        assert ("cppl_cp_plan_ola" in header) == (name != "mosaic")


def test_what_cannot_be_written_is_one_line(two_authorities, tmp_path):
    with pytest.raises(InputError, match="2 authorities"):
        write_ssd(two_authorities, tmp_path)
    with pytest.raises(InputError, match="no child is of"):
        write_ssd(two_authorities, tmp_path, la_code="999")
    with pytest.raises(InputError, match="system must be one of"):
        write_ssd(two_authorities, tmp_path, la_code="508", system="paper")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_ssd(two_authorities, tmp_path / "file", la_code="508")
