"""Lines can be told apart, colours seen, and labels of ratios read."""

import itertools

import numpy as np
import pytest

from secondplan.plots.style import COLOURS, INK, MUTED, line_look, new_figure, ratio_ticks


def luminance(colour):
    parts = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_every_colour_stands_out_from_white():
    assert min(1.05 / (luminance(colour) + 0.05) for colour in (*COLOURS, INK, MUTED)) >= 3


def test_nine_lines_have_nine_colours_and_all_lines_another_look():
    looks = [line_look(position) for position in range(45)]
    assert len({look["color"] for look in looks[:9]}) == 9
    assert len({str(look) for look in looks}) == 45
    # Without colour too, for as many models as anybody compares.
    assert len({(str(look["linestyle"]), look["marker"]) for look in looks}) == 45


@pytest.mark.parametrize(
    ("lowest", "highest"), [(0.98, 1.03), (0.8, 1.3), (0.7, 1.5), (0.3, 3), (0.02, 4), (0.004, 300), (1.2, 9)]
)
def test_labels_of_ratios_do_not_touch(lowest, highest):
    figure, ax = new_figure(5, 3)
    ax.set_xscale("log")
    ax.plot([lowest, highest], [0, 1])
    ratio_ticks(ax.xaxis, lowest, highest)
    figure.canvas.draw()
    boxes = sorted((label.get_window_extent() for label in ax.get_xticklabels()), key=lambda box: box.x0)
    assert len(boxes) > 0
    assert all(left.x1 + 2 < right.x0 for left, right in itertools.pairwise(boxes))
