import dataclasses
from xml.etree import ElementTree

import pandas as pd
import pytest

from secondplan.errors import InputError, OutputError
from secondplan.plans.codes import CATEGORIES, CLOSURE_REASONS, DISABILITIES, ETHNICITIES, FACTORS, PRIMARY_NEEDS, SEX
from secondplan.plans.readers.cin_census.reader import read_cin_census
from secondplan.plans.store import Plans
from secondplan.synthetic import simulate, write_cin_census
from secondplan.synthetic.writers.cin_census import window_years

# Element -> its parts in the schema's order; ! must occur, * may occur more than once.
LAYOUT = {
    "Message": "Header Children!",
    "Header": "CollectionDetails Source*",
    "CollectionDetails": "Collection Year ReferenceDate",
    "Source": "SourceLevel LEA! SoftwareCode Release SerialNo DateTime",
    "Children": "Child!*",
    "Child": "ChildIdentifiers! ChildCharacteristics! CINdetails!*",
    "ChildIdentifiers": "LAchildID! UPN FormerUPN UPNunknown PersonBirthDate ExpectedPersonBirthDate GenderCurrent! "
    "PersonDeathDate",
    "ChildCharacteristics": "Ethnicity! Disabilities",
    "Disabilities": "Disability!*",
    "CINdetails": "CINreferralDate! ReferralSource! PrimaryNeedCode CINclosureDate ReasonForClosure DateOfInitialCPC "
    "Assessments* CINPlanDates* Section47* ReferralNFA! ChildProtectionPlans*",
    "Assessments": "AssessmentActualStartDate! AssessmentInternalReviewDate AssessmentAuthorisationDate "
    "FactorsIdentifiedAtAssessment",
    "FactorsIdentifiedAtAssessment": "AssessmentFactors!*",
    "Section47": "S47ActualStartDate! InitialCPCtarget DateOfInitialCPC ICPCnotRequired!",
    "ChildProtectionPlans": "CPPstartDate! CPPendDate InitialCategoryOfAbuse! LatestCategoryOfAbuse! "
    "NumberOfPreviousCPP! Reviews",
    "Reviews": "CPPreviewDate!*",
}
CODED = {
    "GenderCurrent": SEX,
    "Ethnicity": ETHNICITIES,
    "Disability": DISABILITIES,
    "PrimaryNeedCode": PRIMARY_NEEDS,
    "ReasonForClosure": CLOSURE_REASONS,
    "AssessmentFactors": FACTORS,
    "InitialCategoryOfAbuse": CATEGORIES,
    "LatestCategoryOfAbuse": CATEGORIES,
}


def check_layout(element):
    parts = LAYOUT.get(element.tag)
    if parts is None:
        assert len(element) == 0 and element.text, element.tag
        if element.tag in CODED:
            assert element.text in CODED[element.tag]
        if element.tag.endswith(("Date", "CPCtarget", "InitialCPC")):
            assert pd.Timestamp(element.text).strftime("%Y-%m-%d") == element.text
        return
    found = [part.tag for part in element]
    names = [part.rstrip("!*") for part in parts.split()]
    assert found == sorted(found, key=names.index), element.tag
    for part in parts.split():
        count = found.count(part.rstrip("!*"))
        assert count >= 1 or "!" not in part, (element.tag, part)
        assert count <= 1 or "*" in part, (element.tag, part)
    for part in element:
        check_layout(part)


@pytest.fixture(scope="module")
def plans():
    return simulate(n_children=900, random_state=22)


@pytest.fixture(scope="module")
def written(plans, tmp_path_factory):
    return write_cin_census(plans, tmp_path_factory.mktemp("census"))


def test_one_file_an_authority_and_year(written):
    assert [path.name for path in written.paths] == [
        f"cin_census_{code}_{year}.xml" for code in ("501", "502") for year in range(2012, 2019)
    ]
    assert written.fault_counts == {}


def test_every_file_has_the_layout_of_the_schema(written):
    for path in written.paths:
        check_layout(ElementTree.parse(path).getroot())


def test_reading_gives_back_what_a_census_holds(plans, written, told_by_census):
    read, report = read_cin_census(written.paths)
    told = dataclasses.replace(plans, children=told_by_census(plans))
    by_plan = [
        frame.set_index("plan_id").sort_index().drop(columns="other_authority") for frame in (plans.plans, read.plans)
    ]
    pd.testing.assert_frame_equal(*by_plan)
    for table, columns in (
        ("reviews", ["plan_id", "review_date"]),
        ("conferences", ["la_code", "child_id", "conference_date", "section47_start"]),
        ("children", ["la_code", "child_id", "sex", "date_of_birth", "ethnicity", "disabilities", "date_of_death"]),
    ):
        ours, theirs = (
            getattr(source, table)[columns].sort_values(columns, ignore_index=True) for source in (told, read)
        )
        pd.testing.assert_frame_equal(ours, theirs)
    assert report.counts[["rejected", "repaired"]].to_numpy().sum() == 0


def test_episodes_open_in_the_window_come_back(plans, written):
    read, _ = read_cin_census(written.paths)
    ours = plans.cin_episodes
    seen = ours[~(ours["closure_date"] < pd.Timestamp("2011-04-01"))]
    keys = ["la_code", "child_id", "referral_date"]
    ours, theirs = (
        frame.sort_values(keys, ignore_index=True)[[*keys, "closure_date", "closure_reason"]]
        for frame in (seen, read.cin_episodes)
    )
    pd.testing.assert_frame_equal(ours, theirs)


def test_an_open_plan_is_returned_again_with_its_end(written):
    ends = {}
    for path in written.paths:
        for child in ElementTree.parse(path).iter("Child"):
            for plan in child.iter("ChildProtectionPlans"):
                key = child.findtext("ChildIdentifiers/LAchildID"), plan.findtext("CPPstartDate")
                ends.setdefault(key, []).append(plan.findtext("CPPendDate"))
    several = [found for found in ends.values() if len(found) > 1]
    assert len(several) > 200
    assert all(end is None for found in several for end in found[:-1])


def test_the_same_plans_give_the_same_bytes(plans, written, tmp_path):
    again = write_cin_census(plans, tmp_path)
    assert [path.read_bytes() for path in again.paths] == [path.read_bytes() for path in written.paths]


def test_years_can_be_chosen(plans, tmp_path):
    files = write_cin_census(plans, tmp_path, years=[2015])
    assert [path.name for path in files.paths] == ["cin_census_501_2015.xml", "cin_census_502_2015.xml"]
    with pytest.raises(InputError, match="give the years"):
        window_years(plans.extract.iloc[:0])


def test_text_is_escaped(tmp_path):
    plans = Plans(
        children=table(child_id=["<&>"], la_code="501", sex="1", date_of_birth=[pd.Timestamp("2010-01-01")]),
        cin_episodes=table(child_id=["<&>"], la_code="501", referral_date=[pd.Timestamp("2017-05-01")]),
        extract=table(
            la_code=["501"], first_date=pd.Timestamp("2017-04-01"), extract_date=pd.Timestamp("2018-03-31"), source="x"
        ),
    )
    (path,) = write_cin_census(plans, tmp_path).paths
    assert ElementTree.parse(path).findtext(".//LAchildID") == "<&>"


def test_a_plan_without_an_episode_cannot_be_written(plans, tmp_path):
    without = Plans(**{**plans.tables, "cin_episodes": plans.cin_episodes.iloc[:0]})
    with pytest.raises(InputError, match="plans do not belong to an episode of need"):
        write_cin_census(without, tmp_path)


def test_a_file_in_the_place_of_the_folder_is_refused(plans, tmp_path):
    (tmp_path / "taken").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        write_cin_census(plans, tmp_path / "taken")


def table(**columns):
    """A table with the schema's columns; what is not given is missing."""
    from secondplan.plans.columns import COLUMNS

    given = pd.DataFrame(columns)
    name = next(name for name, known in COLUMNS.items() if set(given) <= set(known))
    return given.reindex(columns=list(COLUMNS[name]))
