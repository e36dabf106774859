"""The gates, one by one, and what they are judged by."""

import pytest

from secondplan.errors import GateError, InputError
from secondplan.tracking import GateReport, Gates, check_gates
from secondplan.tracking.evidence import Evidence, PresentChampion
from secondplan.tracking.gates import read_gates

SLOPE, RATIO = "calibration_slope_730", "observed_expected_730"
NULL = "difference_to_null"
GOOD = {
    f"{NULL}_365": -0.002, f"{NULL}_365_upper": -0.001, f"{NULL}_730": -0.004, f"{NULL}_730_upper": -0.002,
    SLOPE: 1.0, f"{SLOPE}_lower": 0.8, f"{SLOPE}_upper": 1.2, RATIO: 1.0, f"{RATIO}_lower": 0.9, f"{RATIO}_upper": 1.1,
}  # fmt: skip


def evidence(champion=None, n_events=240, n_coefficients=12, rules=None, **changes):
    measures = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return Evidence(
        model="Cox",
        rules=rules or Gates(better_brier_at=(365, 730)),
        n_events=n_events,
        n_coefficients=n_coefficients,
        measures=measures,
        champion=champion,
    )


def failing(**changes):
    return [gate.name for gate in check_gates(evidence(**changes)).gates if not gate.passed]


def champion(**changes):
    return PresentChampion(uri="models:/secondplan/1", digest="d", **changes)


def test_a_better_and_calibrated_model_passes():
    report = check_gates(evidence())
    assert report.passed and report.failures == ()
    report.require()
    assert len(report.table) == len(report.gates) == 10


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


def test_a_report_without_gates_does_not_pass():
    with pytest.raises(GateError):
        GateReport("Cox").require()


def test_settings_come_from_the_experiment_file():
    assert failing(**{SLOPE: 1.3}, rules=read_gates({"slope_bounds": [0.5, 1.5], "better_brier_at": [365, 730]})) == []
    for wrong in ({"slope": 1}, {"slope_bounds": [1.1, 1.2]}, {"better_brier_at": []}, {"least_events": 0}):
        with pytest.raises(InputError, match="gates: "):
            read_gates(wrong)


def test_evidence_survives_its_file_and_nothing_else_is_taken_for_it():
    kept = evidence(champion=champion(difference=-0.1, upper=-0.05))
    assert Evidence.from_json(kept.to_json()) == kept
    for text in ("", "{}", "[1]", '{"model": "m", "n_events": "many"}', '{"model": "m", "n_events": 3, "gates": 1}'):
        with pytest.raises(GateError, match="no readable record of a comparison"):
            Evidence.from_json(text)
