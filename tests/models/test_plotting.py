"""Drawing reaches the report by name, and no model loads it before."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

from secondplan.models.plotting import draw


def test_draws_on_the_axes_that_were_given():
    axes = Figure().subplots()
    assert draw("plot_risk_distribution", np.array([0.1, 0.2, 0.3]), ax=axes) is axes
    assert axes.get_title(loc="left").endswith("3 children")


def test_unknown_plot():
    with pytest.raises(AttributeError, match="plot_nothing"):
        draw("plot_nothing")


def test_models_load_without_the_report():
    code = (
        "import sys, secondplan.models.nonparametric, secondplan.models.plotting\n"
        "assert not {'matplotlib', 'secondplan.report'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
