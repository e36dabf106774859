import numpy as np
import pytest

from secondplan.synthetic import scenario
from secondplan.synthetic.calibration_search import calibrate as module
from secondplan.synthetic.calibration_search import moment_tables
from secondplan.synthetic.calibration_search.calibrate import calibrate, descend, uncalibrated
from secondplan.synthetic.calibration_search.target_figures import Target, targets
from secondplan.synthetic.scenarios.calibrated import calibrated_values
from secondplan.synthetic.scenarios.free_parameters import (
    BLOCKS,
    FREE_PARAMETERS,
    STRONG,
    FreeParameter,
    block_of,
    read_free_parameters,
    set_free_parameters,
)

NAMES = tuple(FREE_PARAMETERS)


def _targets(values, tolerance=1.0):
    return [Target(f"m{i}", value, tolerance, "calibration", "made up") for i, value in enumerate(values)]


def test_steps_solve_a_linear_problem():
    slopes = np.array([[2.0, 0.0], [1.0, 3.0], [0.0, 1.0]])
    truth = np.array([0.3, -0.2])
    found = descend(lambda x: slopes @ x, np.zeros(2), slopes, _targets(slopes @ truth), 8)
    # Damping leaves up to a twelfth of each step.
    np.testing.assert_allclose(found, truth, atol=1e-5)


def test_steps_with_rough_derivatives_come_near_a_curved_problem():
    def curve(x):
        return np.array([np.exp(x[0]), x[0] + x[1] ** 3])

    truth = np.array([0.4, 0.7])
    rough = np.array([[1.2, 0.0], [0.0, 1.3]])
    found = descend(curve, np.array([0.1, 0.5]), rough, _targets(curve(truth), 0.01), 12)
    np.testing.assert_allclose(found, truth, atol=1e-3)


def test_a_column_of_zeros_leaves_its_parameter_alone():
    found = descend(lambda x: x[:1], np.array([0.0, 5.0]), np.array([[1.0, 0.0]]), _targets([0.5]), 5)
    np.testing.assert_allclose(found, [0.5, 5.0], atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_of_a_block_are_changed_one_by_one_and_strong_blocks_alone(name):
    parameters = FREE_PARAMETERS[name]
    steps = np.array(module._joint_steps(parameters))
    assert (np.count_nonzero(steps, axis=0) == 1).all()
    for step in steps:
        changed = [parameters[position].block for position in np.flatnonzero(step)]
        assert len(changed) == len(set(changed))
        assert len(changed) == 1 or not set(changed) & set(STRONG)


def test_derivatives_stay_within_their_block():
    parameters = FREE_PARAMETERS["england-2018"]
    wanted = [target for target in targets("england-2018") if target.use == "calibration"]
    steps = module._joint_steps(parameters)
    slopes = module._slopes(parameters, wanted, steps, [np.ones(len(wanted)) for _ in steps])
    for row, target in enumerate(wanted):
        for column, parameter in enumerate(parameters):
            assert (slopes[row, column] != 0) == (block_of(target.moment) == parameter.block)


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_for_calibration_has_a_parameter_and_every_parameter_enough_figures(name):
    used = [block_of(target.moment) for target in targets(name) if target.use == "calibration"]
    blocks = [parameter.block for parameter in FREE_PARAMETERS[name]]
    assert set(used) == set(blocks) <= set(BLOCKS)
    for block in set(blocks):
        assert used.count(block) >= blocks.count(block), block


@pytest.mark.parametrize("name", NAMES)
def test_parameters_read_what_they_were_set_to(name):
    start, parameters = uncalibrated(name), FREE_PARAMETERS[name]
    values = read_free_parameters(start, parameters) + 0.05
    # Shares that add up to 1 and parameters near 0 are rounded to four decimals.
    np.testing.assert_allclose(
        read_free_parameters(set_free_parameters(start, parameters, values), parameters), values, atol=0.01
    )


def test_shares_keep_adding_up_to_1():
    start = uncalibrated("england-2018")
    parameters = (FreeParameter("ages", ("youngest_age_shares", "unborn"), "logit"),)
    changed = set_free_parameters(start, parameters, np.array([-1.0])).youngest_age_shares
    before = start.youngest_age_shares
    assert sum(changed.values()) == pytest.approx(1, abs=1e-9)
    assert changed["5-10"] / changed["1-5"] == pytest.approx(before["5-10"] / before["1-5"], rel=1e-3)


def test_a_parameter_may_change_several_entries():
    start = uncalibrated("birmingham")
    parameter = FreeParameter("course", ("trends", "end_at_first_review", "2017-11-30"), "linear", also=("2017-10-31",))
    changed = set_free_parameters(start, (parameter,), np.array([0.9])).trends["end_at_first_review"]
    assert changed["2017-10-31"] == changed["2017-11-30"] == 0.9
    assert changed["2017-08-15"] == start.trends["end_at_first_review"]["2017-08-15"]


@pytest.mark.parametrize("name", NAMES)
def test_free_parameters_are_marked_as_calibrated_and_stored(name):
    found = scenario(name)
    names = dict.fromkeys(parameter.path[0] for parameter in FREE_PARAMETERS[name])
    assert list(calibrated_values(name)) == list(names)
    for parameter in names:
        assert found.provenance[parameter][0] == "calibrated", parameter
    again = set_free_parameters(
        uncalibrated(name), FREE_PARAMETERS[name], read_free_parameters(found, FREE_PARAMETERS[name])
    )
    assert again == found


@pytest.mark.parametrize("name", NAMES)
def test_there_are_figures_to_calibrate_to_and_figures_held_out(name):
    uses = [target.use for target in targets(name)]
    assert uses.count("calibration") >= len(FREE_PARAMETERS[name])
    assert uses.count("check") >= 3
    names = [target.moment for target in targets(name)]
    assert len(names) == len(set(names))


def test_calibration_finds_the_same_parameters_each_time(monkeypatch):
    """On a small scale: two parameters, a thousand families. From 40 % too many second plans to the published share."""
    parameters = (
        FreeParameter("second plans", ("second_plan_rate",), "log"),
        FreeParameter("reviews", ("late_review_share",), "logit"),
    )
    wanted = tuple(t for t in targets("england-2018") if t.moment in {"second_share", "reviews_in_time"})
    monkeypatch.setattr(module, "FREE_PARAMETERS", {"england-2018": parameters})
    monkeypatch.setattr(module, "targets", lambda name: wanted)
    monkeypatch.setattr(moment_tables, "FAMILIES_PER_BLOCK", 2000)
    monkeypatch.setattr(module, "SIZES", {"england-2018": (1500, 1500)})
    monkeypatch.setattr(module, "SMALL_STEPS", 4)
    monkeypatch.setattr(module, "LARGE_STEPS", 1)
    monkeypatch.setattr(module, "LARGE_SEEDS", (101,))
    monkeypatch.setattr(module, "FRESH_SEEDS", (301, 302))
    start = scenario("england-2018")
    start = start.replace(second_plan_rate=1.4 * start.second_plan_rate, late_review_share=0.2)
    first, second = calibrate(start), calibrate(start)
    assert first.values == second.values
    assert first.values["second_plan_rate"] < 0.9 * start.second_plan_rate
    assert first.values["late_review_share"] < 0.75 * start.late_review_share
    assert first.table["moment"].tolist() == [target.moment for target in wanted]
    assert (first.table["error"] > 0).all()


def test_other_scenarios_have_nothing_to_calibrate():
    with pytest.raises(ValueError, match="is not calibrated; those that are: birmingham, england-2018, england-2025"):
        uncalibrated("birmingham-no-change")
    with pytest.raises(ValueError, match="nothing to calibrate"):
        calibrate(scenario("birmingham-no-change"))
