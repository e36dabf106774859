"""Newton's method on functions whose maximum is known, and on ones that have none."""

from dataclasses import dataclass

import numpy as np
import pytest

from secondplan.models.numerics.newton import Objective, maximise


@dataclass(frozen=True)
class Point:
    value: float
    gradient: np.ndarray
    information: np.ndarray


class LogCosh(Objective[Point]):
    """Minus log cosh about 3: without halving, steps from 0 run away. Not defined beyond ``end``."""

    def __init__(self, end=np.inf, scale=1.0):
        self.end, self.scale, self.n_calls = end, scale, 0

    def evaluate(self, theta):
        self.n_calls += 1
        away = theta - 3.0
        if np.abs(theta).max() > self.end:
            return None
        curvature = np.diag(self.scale / np.cosh(away) ** 2)
        return Point(-self.scale * float(np.log(np.cosh(away)).sum()), -self.scale * np.tanh(away), curvature)


def search(objective, **options):
    start = np.zeros(1)
    return maximise(objective, start, objective.evaluate(start), **options)


@pytest.mark.parametrize("end", [np.inf, 3.5])
@pytest.mark.parametrize("evaluate_last", [False, True])
def test_steps_are_halved_where_they_lose_or_leave_the_domain(end, evaluate_last):
    found = search(LogCosh(end), evaluate_last=evaluate_last)
    assert found.converged and not found.diverged
    assert found.theta[0] == pytest.approx(3.0, abs=1e-8)
    at_point = found.theta - found.last_step
    assert found.point.value == LogCosh().evaluate(at_point).value
    assert evaluate_last == (not found.last_step.any())


def test_the_last_step_may_cost_no_evaluation():
    sparing, thorough = LogCosh(), LogCosh()
    search(sparing)
    search(thorough, evaluate_last=True)
    assert sparing.n_calls == thorough.n_calls - 1


def test_the_scale_of_the_function_is_free():
    one, many = search(LogCosh()), search(LogCosh(scale=1e6), unit=1e6)
    assert many.n_iterations == one.n_iterations
    assert many.theta[0] == pytest.approx(one.theta[0], rel=1e-12)


def test_a_maximum_that_is_not_reached_is_not_called_one():
    found = search(LogCosh(), max_iterations=1)
    assert not found.converged and not found.diverged
    found = search(LogCosh(end=1.0))  # the function grows up to where it ends
    assert found.diverged and not found.converged


def test_an_objective_may_cut_steps_reconsider_them_and_give_up():
    class Cut(LogCosh):
        moves = 0

        def longest(self, theta, point, step):
            return min(1.0, 0.5 / np.abs(step).max())

        def moved(self, before, after, step, decrement, part):
            self.moves += 1
            assert np.abs(step).max() <= 0.5 + 1e-12
            return self.moves == 3

    found = search(Cut())
    assert found.diverged and found.n_iterations == 3
    assert found.theta[0] == pytest.approx(1.5)

    class Stuck(LogCosh):
        asked = 0

        def reconsider(self, theta, step, decrement, *, stuck):
            self.asked += stuck
            self.end = np.inf
            return stuck

    objective = Stuck(end=0.0)
    objective.end = 0.0
    assert search(objective).converged
