"""Steps hold from their own day on, in their own stratum."""

import numpy as np

from secondplan.models.numerics.steps import step_position, step_values


def test_right_continuous_by_stratum():
    time, stratum = np.array([1.0, 4.0, 2.0]), np.array([0, 0, 1])
    times = np.array([[0.5, 1.0, 3.9, 9.0], [1.0, 2.0, 2.5, 9.0], [5.0, 5.0, 5.0, 5.0]])
    position = step_position(time, stratum, np.array([0, 1, 2]), times)
    assert position.tolist() == [[-1, 0, 0, 1], [-1, 2, 2, 2], [-1, -1, -1, -1]]
    values = step_values(np.array([10.0, 20.0, 30.0]), position, before=7.0)
    assert values.tolist() == [[7, 10, 10, 20], [7, 30, 30, 30], [7, 7, 7, 7]]
    assert step_values(np.ones((3, 2)), position).shape == (3, 4, 2)


def test_no_steps():
    position = step_position(np.empty(0), np.empty(0), np.array([0]), np.array([[1.0]]))
    assert step_values(np.empty(0), position, before=1.0).tolist() == [[1.0]]
