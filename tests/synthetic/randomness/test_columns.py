from dataclasses import dataclass

import numpy as np
import pytest

from secondplan.synthetic.randomness.columns import Columns, concatenate, group_numbers, owners_and_places


@dataclass(frozen=True)
class Pair(Columns):
    a: np.ndarray
    b: np.ndarray


def test_take_and_concatenate_keep_the_records_together():
    pair = Pair(a=np.array([1, 2, 3]), b=np.array([[1], [2], [3]]))
    both = concatenate([pair.take(np.array([2, 0])), pair.take(np.array([False, True, False]))])
    assert both.a.tolist() == both.b[:, 0].tolist() == [3, 1, 2]
    assert len(both) == 3


def test_concatenate_refuses_nothing():
    with pytest.raises(ValueError, match="nothing"):
        concatenate([])


def test_spread_of_counts():
    owner, place = owners_and_places(np.array([0, 3, 1]))
    assert owner.tolist() == [1, 1, 1, 2]
    assert place.tolist() == [0, 1, 2, 0]


def test_group_numbers_of_two_keys():
    group, first = group_numbers(np.array([5, 5, 2, 5]), np.array([1, 2, 1, 1]))
    assert group.tolist() == [1, 2, 0, 1]
    assert first.tolist() == [2, 0, 1]


def test_group_numbers_of_nothing():
    group, first = group_numbers(np.zeros(0, dtype=int))
    assert group.size == first.size == 0
