"""The examples of CONTRIBUTING.md work where they say that they belong."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from secondplan.experiment.file import load_experiment

TEXT = (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"```\w+\n# (\S+)\n(.*?)```", TEXT, flags=re.DOTALL))
PATHS = [Path(path) for path in BLOCKS]
FILES = {path.parent.name if path.stem in ("model", "reader") else path.stem: path.as_posix() for path in PATHS}


def names_of(name):
    """What the example's file would define."""
    package = ".".join(("secondplan", *Path(FILES[name]).parts[1:-1]))
    names = {"__package__": package, "__name__": f"{package}.{Path(FILES[name]).stem}"}
    exec(compile(BLOCKS[FILES[name]], FILES[name], "exec"), names)
    return names


def test_each_kind_of_file_has_its_example():
    assert set(FILES) == {"constant_rate", "discrimination_slope", "short_list", "plan_length"}
    assert all(path.parts[0] in ("src", "experiments") for path in PATHS)


def test_the_model_predicts_what_exponential_times_say():
    y = pd.DataFrame({"duration": [100.0, 200.0, 300.0, 400.0], "event": [1, 2, 1, 0]})
    model = names_of("constant_rate")["ConstantRate"]().fit(np.zeros((4, 0)), y)
    free = np.exp(-3 * 300 / 1000)
    assert model.predict_event_free(np.zeros((1, 0)), [300]).item() == pytest.approx(free)
    assert model.predict_cumulative_incidence(np.zeros((1, 0)), [300]).item() == pytest.approx(2 / 3 * (1 - free))
    later = model.predict_cumulative_incidence(np.zeros((1, 0)), [400], elapsed=100.0).item()
    assert later == pytest.approx(2 / 3 * (1 - free))  # nothing is remembered


def test_the_metric_is_a_difference_of_means():
    y = {"duration": [10, 20, 30, 40], "event": [1, 2, 1, 1]}
    slope = names_of("discrimination_slope")["discrimination_slope"](y, [0.9, 0.2, 0.7, 0.4], [30])
    np.testing.assert_allclose(slope, [0.8 - 0.3])


def test_the_reader_accounts_for_every_row(tmp_path):
    file = tmp_path / "plans.csv"
    file.write_text("child,start,end\nC1,2017-04-01,2017-09-30\nC2,2018-01-05,\nC3,never,2018-02-01\n")
    read = names_of("short_list")["read_short_list"]
    plans, report = read(file, la_code="330", first_date="2017-01-01", extract_date="2018-03-31")
    assert plans.plans["child_id"].tolist() == ["C1", "C2"]
    assert report.counts.loc["plans", ["read", "rejected"]].tolist() == [3, 1]


def test_the_experiment_is_accepted(tmp_path):
    file = tmp_path / "plan_length.yaml"
    file.write_text(BLOCKS[FILES["plan_length"]])
    assert [model.type for model in load_experiment(file).models] == ["CauseSpecificCox", "BoostedHazard"]
