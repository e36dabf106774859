"""Lines can be told apart, colours seen, and labels of ratios read."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from secondplan.plots.style import COLOURS, INK, MUTED, contrast, line_look, new_figure, ratio_ticks, text_colour

# Machado, Oliveira and Fernandes (2009), severity 1: how those who see no red, or no green, see linear colours.
SEEN_BY = {
    "everybody": np.eye(3),
    "without red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "without green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
# Units of CIELAB: about 2 is just seen side by side; lines of a chart are apart, and thin.
APART = 15


def lab(colour, seen):
    """Place of a colour in CIELAB."""
    parts = np.array(to_rgb(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(seen @ linear, 0, 1) / [0.95047, 1, 1.08883]
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("seen", SEEN_BY.values(), ids=SEEN_BY)
def test_any_two_colours_can_be_told_apart(seen):
    places = [lab(colour, np.asarray(seen)) for colour in COLOURS]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(places, 2)) >= APART


def test_every_colour_stands_out_from_white_and_text_in_it_can_be_read():
    assert min(contrast(colour) for colour in (*COLOURS, INK, MUTED)) >= 3
    assert min(contrast(text_colour(colour)) for colour in COLOURS) >= 4.5
    assert min(contrast(colour) for colour in (INK, MUTED)) >= 4.5
    assert contrast("#767676") == pytest.approx(4.54, abs=0.01)  # the grey that WCAG's authors give


def test_nine_lines_have_nine_colours_and_all_lines_another_look():
    for mark in (True, False):
        looks = [line_look(position, mark=mark) for position in range(45)]
        assert len({look["color"] for look in looks[:9]}) == 9
        assert len({str(look) for look in looks}) == 45
    # Without colour too, for as many models as anybody compares.
    assert len({(str(line_look(place)["linestyle"]), line_look(place)["marker"]) for place in range(45)}) == 45


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
