"""Where runs begin: by hand."""

import numpy as np
import pytest

from secondplan.models.numerics.run_starts import run_starts


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], []), ([4.0], [0]), ([2, 2, 2], [0]), ([0, 0, 1, 3, 3], [0, 2, 3]), ([1, 2, 3], [0, 1, 2])],
)
def test_starts_by_hand(values, expected):
    assert run_starts(np.array(values)).tolist() == expected
