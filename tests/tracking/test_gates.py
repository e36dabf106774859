"""The gates, one by one, and what they are judged by."""

from dataclasses import replace

import pytest

from secondplan.errors import GateError, InputError
from secondplan.tracking import GateReport, Gates, check_gates
from secondplan.tracking.evidence import Evidence, GroupRatio, PresentChampion, SubgroupRatios, evidence_of
from secondplan.tracking.gates import read_gates

SLOPE, RATIO = "calibration_slope_730", "observed_expected_730"
NULL = "difference_to_null"
GOOD = {
    f"{NULL}_365": -0.002, f"{NULL}_365_upper": -0.001, f"{NULL}_730": -0.004, f"{NULL}_730_upper": -0.002,
    SLOPE: 1.0, f"{SLOPE}_lower": 0.8, f"{SLOPE}_upper": 1.2, RATIO: 1.0, f"{RATIO}_lower": 0.9, f"{RATIO}_upper": 1.1,
}  # fmt: skip


def group(name, ratio, lower, upper, is_found):
    return GroupRatio(name=f"ethnicity group: {name}", ratio=ratio, lower=lower, upper=upper, is_found=is_found)


GROUPS = SubgroupRatios(
    groups=(group("White", 0.95, 0.85, 1.05, True), group("Mixed", 1.6, 0.9, 2.8, False)), n_too_few=2
)
WITH_A_GAP = SubgroupRatios(groups=(*GROUPS.groups, group("Black", 1.5, 1.1, 2.0, True)))


def evidence(champion=None, n_events=240, n_coefficients=12, rules=None, subgroups=GROUPS, **changes):
    measures = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return Evidence(
        model="Cox",
        rules=rules or Gates(better_brier_at=(365, 730)),
        n_events=n_events,
        n_coefficients=n_coefficients,
        measures=measures,
        champion=champion,
        subgroups=subgroups,
    )


def failing(**changes):
    return [gate.name for gate in check_gates(evidence(**changes)).gates if not gate.passed]


def champion(**changes):
    return PresentChampion(uri="models:/secondplan/1", digest="d", **changes)


def test_a_better_and_calibrated_model_passes():
    report = check_gates(evidence())
    assert report.passed and report.failures == ()
    report.require()
    assert len(report.table) == len(report.gates) == 11


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"n_events": 99}, ["second plans compared", "second plans per coefficient"]),
        ({"n_coefficients": 25}, ["second plans per coefficient"]),
        ({"n_coefficients": None, "n_events": 100}, []),
        ({f"{NULL}_365_upper": 0.0}, [f"{NULL}_365_upper"]),
        ({f"{NULL}_730_upper": 0.001}, [f"{NULL}_730_upper"]),
        ({f"{NULL}_730_upper": None}, [f"{NULL}_730_upper"]),
        ({SLOPE: 0.79}, [SLOPE]),
        ({SLOPE: 1.26}, [SLOPE]),
        ({SLOPE: None}, [SLOPE]),
        # An interval that is merely wide does not pass, though it covers 1.
        ({f"{SLOPE}_lower": -6.4, f"{SLOPE}_upper": 8.8}, [f"{SLOPE}_lower", f"{SLOPE}_upper"]),
        ({RATIO: 1.3, f"{RATIO}_upper": 2.1}, [RATIO, f"{RATIO}_upper"]),
        ({f"{RATIO}_lower": None}, [f"{RATIO}_lower"]),
    ],
)
def test_each_gate_fails_on_its_own_side(changes, expected):
    assert failing(**changes) == expected


def test_gaps_between_groups_that_chance_does_not_explain_are_accepted_by_name_or_fail():
    gate = check_gates(evidence()).gates[-1]
    # Found but within the bounds, and outside of them but perhaps by chance: neither is a gap, nor all well.
    assert gate.passed and (gate.name, gate.value) == ("subgroup_worst_gap_730", 1.6)
    assert gate.required.endswith("within these are 1 groups, of 3 the data are too few to say")
    assert failing(subgroups=WITH_A_GAP) == ["observed_expected_730 of ethnicity group: Black"]
    assert failing(subgroups=WITH_A_GAP, rules=Gates(subgroup_bounds=(0.5, 1.6))) == []
    assert failing(subgroups=None) == ["subgroup_worst_gap_730"]
    assert failing(subgroups=SubgroupRatios(n_too_few=3)) == []
    by_name = {"ethnicity group: Black": "a new form in 2017"}
    report = check_gates(evidence(subgroups=WITH_A_GAP, rules=Gates(accepted_subgroups=by_name)))
    assert report.passed
    assert report.accepted == (
        "Accepted by name: observed_expected_730 of ethnicity group: Black 1.5 (a new form in 2017)",
    )


def test_evidence_holds_the_groups_that_were_compared(make_comparison):
    found = evidence_of(make_comparison(), "CauseSpecificCox").subgroups
    assert [(group.name, group.ratio, group.is_found) for group in found.groups] == [
        ("sex: Female", 0.95, False), ("sex: Male", 1.05, False),
    ]  # fmt: skip
    assert found.n_too_few == 1 and found.worst_gap == pytest.approx(1 / 0.95)


@pytest.mark.parametrize(
    ("standing", "passed"),
    [
        ({"difference": -0.002, "upper": -0.0001}, True),
        ({"difference": -0.002, "upper": 0.0001}, False),
        ({"difference": 0.001, "upper": 0.004}, False),
        ({"difference": 0.0001, "upper": 0.0004, "is_simpler": True}, True),
        ({"difference": 0.0001, "upper": 0.0006, "is_simpler": True}, False),
        ({"difference": None, "upper": None}, False),
        ({"is_refresh": True}, True),
        ({"not_refitted": "the cohort lacks the columns sex"}, False),
    ],
)
def test_against_the_present_champion(standing, passed):
    report = check_gates(evidence(champion=champion(**standing)))
    assert report.passed == passed
    assert passed or "models:/secondplan/1" in report.failures[0]


def test_the_error_is_one_line_with_every_failing_gate():
    report = check_gates(evidence(**{f"{NULL}_730_upper": 0.01, SLOPE: 2.0}))
    with pytest.raises(GateError) as error:
        report.require()
    text = str(error.value)
    assert text.count("\n") == 0
    assert "difference_to_null_730_upper 0.01, required below 0, so that it beats AalenJohansen beyond noise" in text
    assert "calibration_slope_730 2, required between 0.8 and 1.25" in text
    assert "_365" not in text


def test_a_few_second_plans_are_not_counted_in_words_or_tables(make_comparison):
    few = [evidence_of(replace(make_comparison(), n_events=n), "CauseSpecificCox") for n in (2, 4)]
    assert few[0] == few[1]
    report = check_gates(few[0])
    assert "second plans compared fewer than 6, required at least 100" in report.failures
    assert report.table.set_index("gate")["value"].isna()["second plans compared"]


def test_a_report_without_gates_does_not_pass():
    with pytest.raises(GateError):
        GateReport("Cox").require()


def test_settings_come_from_the_experiment_file():
    assert failing(**{SLOPE: 1.3}, rules=read_gates({"slope_bounds": [0.5, 1.5], "better_brier_at": [365, 730]})) == []
    unknown = ({"subgroups": ["hair"]}, {"subgroup_bounds": [1, 2]}, {"accepted_subgroups": {"sex: Male": " "}})
    for wrong in ({"slope": 1}, {"slope_bounds": [1.1, 1.2]}, {"better_brier_at": []}, {"least_events": 0}, *unknown):
        with pytest.raises(InputError, match="gates: "):
            read_gates(wrong)


def test_evidence_survives_its_file_and_nothing_else_is_taken_for_it():
    kept = evidence(champion=champion(difference=-0.1, upper=-0.05))
    assert Evidence.from_json(kept.to_json()) == kept
    for text in ("", "{}", "[1]", '{"model": "m", "n_events": "many"}', '{"model": "m", "n_events": 3, "gates": 1}'):
        with pytest.raises(GateError, match="no readable record of a comparison"):
            Evidence.from_json(text)
