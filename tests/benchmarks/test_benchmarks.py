"""The benchmarks run at a small size; their data are as stated; their judgement is arithmetic."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module", autouse=True)
def importable():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        yield


@pytest.fixture(scope="module")
def data():
    from benchmarks.data import make_data

    return make_data(20_000)


def test_data_are_as_stated(data, tmp_path):
    from benchmarks.data import BenchmarkData, make_data

    assert data.X.shape == (20_000, 20)
    assert np.all(data.entry < data.duration)
    assert np.mean(data.entry > 0) == pytest.approx(0.2, abs=0.015)
    assert np.all(data.duration == np.round(data.duration))
    counts = np.unique(data.family, return_counts=True)[1]
    assert counts.max() == 2
    small = make_data(500)
    small.save(tmp_path)
    assert np.array_equal(BenchmarkData.load(tmp_path).X, make_data(500).X)


def test_true_incidence_is_that_of_the_data(data):
    import secondplan as sp
    from benchmarks.data import HORIZONS

    table = sp.aalen_johansen(data.duration, data.event.astype(int), entry=data.entry).at(HORIZONS)
    # Children seen late are those of lower risk, so the mean truth of the children seen is a little low.
    assert np.all(np.abs(table["estimate"] - data.truth.mean(axis=0)) < 0.02)


def test_a_run_writes_what_it_measured(tmp_path):
    from benchmarks.__main__ import main

    sizes = ["--sizes", "600", "1200", "--tasks", "aalen_johansen"]
    code = main([*sizes, "--packages", "secondplan", "--no-startup", "--limit", "60", "--output", str(tmp_path)])
    assert code == 0
    written = json.loads((tmp_path / "benchmarks.json").read_text(encoding="utf-8"))
    assert {row["status"] for row in written["results"]} == {"done"}
    assert len(written["results"]) == 4
    assert {row["from"] for row in written["growth"]} == {600}
    assert all(row["seconds"] > 0 for row in written["results"])
    assert "Aalen-Johansen" in (tmp_path / "benchmarks.md").read_text(encoding="utf-8")


def result(package, seconds, *, rows=100_000, status="done", **facts):
    from benchmarks.cases import Case
    from benchmarks.runs import Result

    case = Case("cox", package, {"ties": "efron", "entry": True})
    facts = {"floor_seconds": 0.1, **facts} if package == "secondplan" else facts
    return Result(case, rows, status, {"seconds": seconds, **facts} if status == "done" else facts, np.ones(2))


def test_bounds_compare_with_the_fastest_peer_that_ran():
    from benchmarks.criteria import judge

    slow = result("lifelines", 0, status="over", at_least_seconds=60.0)
    found = judge([result("secondplan", 0.2), result("comprisk", 0.6), result("R survival", 8.0), slow], {})
    values = {criterion.name: (round(criterion.value, 6), criterion.is_met) for criterion in found}
    assert values == {
        "Cox, 100,000 rows": (2.0, True),
        "Cox, against the fastest peer": (3.0, False),
        "Cox, against R": (40.0, True),
    }


def test_small_sizes_have_bounds_of_their_own():
    from benchmarks.cases import Case
    from benchmarks.criteria import judge
    from benchmarks.runs import Result

    entry = {"entry": True}
    cases = [
        (Case("cause_specific", "secondplan", entry), {"seconds": 0.03, "two_cox_seconds": 0.02}),
        (Case("incidence", "secondplan", entry), {"seconds": 0.004}),
        (Case("boosting", "secondplan", entry), {"seconds": 0.6, "scikit_learn_seconds": 1.0}),
    ]
    own = [Result(case, 300, "done", facts) for case, facts in cases]
    peers = [result("secondplan", 0.2, rows=300), result("survival (PyPI)", 0.4, rows=300)]
    found = [(c.name, round(c.value, 6), c.is_met) for c in judge([*own, *peers], {})]
    assert found == [
        ("cause_specific, delayed entry, 300 rows", 1.5, False),
        ("incidence, delayed entry, 300 rows", 4.0, True),
        ("boosting, delayed entry, 300 rows", 0.6, True),
        ("cox, Efron, delayed entry, 300 rows", 0.5, True),
    ]


@pytest.mark.parametrize("name", ["CoxPH", "CauseSpecificCox", "FineGray", "ParametricAFT", "RoystonParmar"])
def test_the_parts_of_a_fit_add_up(name, monkeypatch):
    import secondplan as sp
    from benchmarks import overhead
    from benchmarks.data import make_data

    monkeypatch.setattr(overhead, "REPEATS", 1)
    few = make_data(300)
    y = pd.DataFrame({"duration": few.duration, "event": few.event.astype(int), "entry": few.entry})
    parts = overhead.parts_of_fit(getattr(sp, name), few.X, y)
    assert tuple(parts) == overhead.PARTS and all(seconds > 0 for seconds in parts.values())


def test_growth_is_the_slope_on_the_log_scale():
    from benchmarks.criteria import growth

    slopes = growth([result("secondplan", 0.2, rows=1_000), result("secondplan", 2.0, rows=10_000)])
    assert [step[2] for step in next(iter(slopes.values()))] == pytest.approx([1.0])


def test_a_process_over_its_limit_is_ended(tmp_path):
    from benchmarks.runs import _run

    timed = tmp_path / "timed"
    code = f"import pathlib, time; pathlib.Path({str(timed)!r}).touch(); time.sleep(60)"
    assert _run([sys.executable, "-c", code], timed, 0.2) == (None, "0")


def test_an_absent_package_is_told_not_raised(tmp_path, monkeypatch):
    from benchmarks import runs
    from benchmarks.cases import Case
    from benchmarks.data import make_data

    make_data(600).save(tmp_path)
    monkeypatch.setitem(runs.MODULES, "nobody", "nobody_")
    assert runs.measure_case(Case("cox", "nobody"), tmp_path, 600, 10.0).status == "absent"
