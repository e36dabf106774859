"""Influence functions against derivatives by the case weights."""

import numpy as np

# Central differences with steps of STEP are right to its square, and lose half the digits to rounding.
STEP = 1e-4
DERIVATIVE = 1e-6


def assert_is_derivative(influence, value_of_weights, weight, rows=None):
    """``influence`` (n,) is w dv/dw; ``value_of_weights`` computes the metric anew. ``rows``: those to try."""
    for row in range(weight.size) if rows is None else rows:
        change = np.zeros(weight.size)
        change[row] = STEP * weight[row]
        slope = (value_of_weights(weight + change) - value_of_weights(weight - change)) / (2 * STEP)
        assert abs(weight.size * (influence[row] - slope)) < DERIVATIVE, row
