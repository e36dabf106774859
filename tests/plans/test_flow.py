import numpy as np
import pytest

from secondplan.errors import EmptyCohortError
from secondplan.plans.flow import Exclusion, NeverRows, apply_exclusions, require_rows

STEPS = [
    Exclusion("first", "one reason", np.array([True, False, False, False])),
    Exclusion("second", "another", np.array([True, True, True, False])),
]


def test_a_row_is_counted_at_the_first_step_that_leaves_it_out():
    kept, flow = apply_exclusions(4, "children", STEPS, before=[NeverRows("never", "no row", 3)])
    assert kept.tolist() == [False, False, False, True]
    assert flow["step"].tolist() == ["children", "never", "first", "second"]
    assert flow["n_left_out"].tolist() == [0, 3, 1, 2]
    assert flow["n_remaining"].tolist() == [7, 4, 3, 1]


def test_the_step_that_left_out_most_is_named():
    _, flow = apply_exclusions(3, "children", [Exclusion(each.step, each.reason, each.rows[:3]) for each in STEPS])
    with pytest.raises(EmptyCohortError, match='of 3 children, 2 were left out at "second" \\(another\\)'):
        require_rows(flow, "can be scored")


def test_nothing_to_begin_with():
    _, flow = apply_exclusions(0, "children", [])
    with pytest.raises(EmptyCohortError, match="no child protection plans in the data"):
        require_rows(flow, "can be analysed")


def test_somebody_is_left():
    _, flow = apply_exclusions(4, "children", STEPS)
    assert flow["n_remaining"].iloc[-1] > 0
    assert require_rows(flow, "can be analysed") is None
