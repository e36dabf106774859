import itertools

import numpy as np
import pandas as pd
import pytest

from secondplan.errors import OutputError
from secondplan.plans import arrow_tables
from secondplan.plans.arrow_tables import arrow_table
from secondplan.plans.store import Plans, read_plans
from secondplan.plans.store_writer import StoreWriter


@pytest.fixture(scope="module")
def children():
    frame = pd.DataFrame({"child_id": [f"c{i}" for i in range(95)], "la_code": "330", "sex": "1"})
    return Plans(children=frame.reindex(columns=list(Plans().children.columns)))


@pytest.mark.parametrize("sizes", [[95], [1] * 95, [40, 0, 20, 35], [20, 75]])
def test_bytes_do_not_depend_on_the_parts(children, sizes, tmp_path, monkeypatch):
    monkeypatch.setattr(arrow_tables, "ROWS_PER_GROUP", 20)
    whole = children.write(tmp_path / "whole")
    limits = np.cumsum([0, *sizes])
    with StoreWriter(tmp_path / "parts", metadata={}) as writer:
        for begin, end in itertools.pairwise(limits):
            writer.append({"children": arrow_table("children", children.children.iloc[begin:end])})
    for file in whole.iterdir():
        assert (tmp_path / "parts" / file.name).read_bytes() == file.read_bytes(), file.name
    assert read_plans(tmp_path / "parts").equals(children)


def test_nothing_is_left_where_the_work_fails(children, tmp_path):
    with pytest.raises(RuntimeError), StoreWriter(tmp_path / "store", metadata={}) as writer:
        writer.append({"children": arrow_table("children", children.children)})
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_refused_before_any_work(tmp_path):
    (tmp_path / "note.txt").touch()
    with pytest.raises(OutputError, match="not empty"):
        StoreWriter(tmp_path, metadata={})
