"""The result depends on the scenario, the number of children and the seed, and on nothing else."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from secondplan.plans.store import read_plans
from secondplan.synthetic import ValueFaults, blocks, read_truth, simulate, simulate_to
from secondplan.synthetic import simulate as simulate_function
from secondplan.synthetic.population.selection import whole_families

simulate_module = sys.modules[simulate_function.__module__]


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def content_digest(plans):
    """SHA-256 of every value of the store and the truth, whatever the library that holds them."""
    frames = {**plans.tables, "truth": plans.truth.frame, "features": plans.truth.features}
    frames |= {"counterfactuals": plans.truth.counterfactuals, "faults": plans.truth.faults}
    digest = hashlib.sha256()
    for name, frame in sorted(frames.items()):
        for column in frame:
            values = [None if pd.isna(value) else str(value) for value in frame[column].astype(object)]
            digest.update(json.dumps([name, column, values]).encode())
    return digest.hexdigest()


@pytest.fixture
def small_blocks(monkeypatch):
    for module in (blocks, simulate_module):
        monkeypatch.setattr(module, "FAMILIES_PER_BLOCK", 256)
    monkeypatch.setattr(simulate_module, "_USUAL_CHILDREN_PER_BLOCK", 150)


@pytest.mark.parametrize("chunk", [256, 1000])
def test_files_do_not_depend_on_chunks(small_blocks, chunk, tmp_path):
    options = {"n_children": 700, "random_state": 4, "faults": ValueFaults(missing=0.03, wrong=0.02)}
    plans = simulate(**options, chunk=10_000)
    made = simulate_to(tmp_path / "plans", tmp_path / "truth", **options, chunk=chunk)
    assert made.n_children == len(plans.children) == 700
    assert made.n_plans == len(plans.plans)
    assert made.n_faults == len(plans.truth.faults) > 500
    assert files(tmp_path / "plans") == files(plans.write(tmp_path / "again"))
    assert files(tmp_path / "truth") == files(plans.truth.write(tmp_path / "truth again"))
    assert read_plans(made.path).equals(plans)


def test_files_do_not_depend_on_processes(tmp_path):
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        simulate_to(folder / "plans", folder / "truth", n_children=7000, random_state=8, processes=processes)
    for part in ("plans", "truth"):
        assert files(tmp_path / "1" / part) == files(tmp_path / "2" / part)


def test_a_larger_simulation_begins_with_the_same_families(small_blocks):
    few, many = (simulate(n_children=n, random_state=3).truth.frame for n in (390, 399))
    # Both have one authority at most 399 children; what was left out to have exactly so many is at the end.
    shared = few["plan_id"].isin(many["plan_id"])
    assert shared.mean() > 0.9


def test_identifiers_are_unique_over_blocks_and_tell_nothing(small_blocks):
    plans = simulate(n_children=900, random_state=6)
    assert plans.children["child_id"].str[3:].is_unique
    frame = plans.truth.frame.drop_duplicates("child_id")
    number = frame["child_id"].str[3:].astype(int)
    families = frame["family_id"].str[1:].astype(int)
    within = number % (256 * 5)
    for value in (frame["severity"], frame["log_frailty"], families % 256):
        assert abs(np.corrcoef(within.rank(), value.rank())[0, 1]) < 4 / np.sqrt(len(frame) / 2)


def test_whole_families_fill_the_number_exactly():
    family = np.repeat([5, 6, 7, 8, 9], [3, 1, 4, 2, 1])
    for n in range(1, 12):
        kept = whole_families(family, n)
        assert kept.size <= n
        numbers, counts = np.unique(family[kept], return_counts=True)
        assert counts.tolist() == [int((family == number).sum()) for number in numbers]
    assert whole_families(family, 5).size == 5


def test_refuses_what_cannot_be(tmp_path):
    for option in ("processes", "chunk"):
        with pytest.raises(ValueError, match=f"{option} must be at least 1"):
            simulate(n_children=10, **{option: 0})


def test_a_simulation_that_fails_leaves_no_store(tmp_path, monkeypatch):
    def fail(_):
        raise RuntimeError

    monkeypatch.setattr(simulate_module, "simulate_blocks", fail)
    with pytest.raises(RuntimeError):
        simulate_to(tmp_path / "plans", tmp_path / "truth", n_children=10)
    assert not (tmp_path / "plans").exists()
    assert not list(tmp_path.rglob("*.json"))


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from test_blocks import content_digest
from secondplan.synthetic import ValueFaults, simulate
print(content_digest(simulate(n_children=200, random_state=1, faults=ValueFaults(missing=0.02, wrong=0.02))))
"""


def test_values_are_the_same_without_the_processors_vector_instructions():
    """NumPy takes other code for ``exp``, ``log``, sums and sorting where a processor has AVX2 or AVX-512.

    Values that were written down once are those of the shipped store, and of ``test_portable.py``.
    """
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    without = " ".join(name for name in __cpu_dispatch__ if __cpu_features__.get(name))
    script = SCRIPT.format(folder=str(Path(__file__).parent))
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": without}
    there = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    here = content_digest(simulate(n_children=200, random_state=1, faults=ValueFaults(missing=0.02, wrong=0.02)))
    assert there.stdout.strip() == here


def test_read_truth_gives_back_what_was_written(tmp_path):
    truth = simulate(n_children=60, random_state=2, faults=ValueFaults(missing=0.1)).truth
    again = read_truth(truth.write(tmp_path / "truth"))
    for name in ("frame", "features", "counterfactuals", "faults", "sums"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(truth, name))
    assert again.scenario == truth.scenario
    assert repr(again) == repr(truth)
    assert f"{len(truth):,} plans" in repr(truth)
    assert str(truth.frame["child_id"].iloc[0]) not in again._repr_html_()
