import numpy as np
import pandas as pd
import pytest

from secondplan.errors import GateError, InputError
from secondplan.tracking import GateReport, Gates, check_gates

SLOPE = "calibration_slope_730"


def table(**changes):
    reference = {"brier_365": 0.04, "brier_730": 0.06, SLOPE: np.nan}
    model = {"brier_365": 0.03, "brier_730": 0.05, SLOPE: 1.0} | changes
    return pd.DataFrame([reference, model], index=["AalenJohansen", "Cox"])


def failing(frame, gates=None):
    return [gate.name for gate in check_gates(frame, "Cox", gates).gates if not gate.passed]


def test_a_better_and_calibrated_model_passes():
    report = check_gates(table(), "Cox")
    assert report.passed
    assert report.failures == ()
    report.require()
    assert report.table["gate"].tolist() == ["brier_365", "brier_730", SLOPE]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"brier_365": 0.04}, ["brier_365"]),
        ({"brier_730": 0.07, "brier_365": 0.05}, ["brier_365", "brier_730"]),
        ({"brier_730": np.nan}, ["brier_730"]),
        ({SLOPE: 0.8}, []),
        ({SLOPE: 0.79}, [SLOPE]),
        ({SLOPE: 1.26}, [SLOPE]),
        ({SLOPE: np.nan}, [SLOPE]),
        ({SLOPE: 0.7, f"{SLOPE}_lower": 0.5, f"{SLOPE}_upper": 1.01}, []),
        ({SLOPE: 0.7, f"{SLOPE}_lower": 0.5, f"{SLOPE}_upper": 0.9}, [SLOPE]),
    ],
)
def test_each_gate_fails_on_its_own_side(changes, expected):
    assert failing(table(**changes)) == expected


def test_the_error_is_one_line_with_every_failing_gate():
    report = check_gates(table(brier_730=0.07, **{SLOPE: 2.0}), "Cox")
    with pytest.raises(GateError) as error:
        report.require()
    text = str(error.value)
    assert text.count("\n") == 0
    assert "brier_730 0.07, required below 0.06000 of AalenJohansen" in text
    assert "calibration_slope_730 2, required between 0.8 and 1.25" in text
    assert "brier_365" not in text


def test_without_the_reference_nothing_passes():
    assert failing(table().loc[["Cox"]]) == ["brier_365", "brier_730"]
    assert failing(table(), Gates(reference="Absent")) == ["brier_365", "brier_730"]


def test_a_report_without_gates_does_not_pass():
    with pytest.raises(GateError):
        GateReport("Cox").require()


def test_settings_come_from_the_experiment_file():
    assert failing(table(**{SLOPE: 1.3}), {"slope_bounds": [0.5, 1.5]}) == []
    for wrong in ({"slope": 1}, {"slope_bounds": [1.1, 1.2]}, {"better_brier_at": []}):
        with pytest.raises(InputError, match="gates: "):
            check_gates(table(), "Cox", wrong)


def test_a_report_survives_its_tag():
    report = check_gates(table(brier_730=np.nan), "Cox")
    assert GateReport.from_json(report.to_json()) == report
    for text in ("", "{}", "[1]", '{"model": "m", "gates": [[1]]}'):
        with pytest.raises(GateError):
            GateReport.from_json(text)
