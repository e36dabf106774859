import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from secondplan.errors import OutputError
from secondplan.scoring.cases import Cases
from secondplan.scoring.sources.source import Chunk
from secondplan.scoring.spark.chunks import read_chunk, write_chunk


def test_a_chunk_comes_back_as_it_was(tmp_path):
    columns = {
        "child_id": pa.array(["a", None]),
        "plan_id": pa.array([2**53 + 1, 3]),
        "level": pa.array(pd.Categorical(["x", "y"])),
        "day": pa.array([datetime.date(2026, 11, 30), None]),
        "number": pa.array([np.nan, None]),
    }
    chunk = Chunk(Cases(columns, ("n_siblings",)), np.array([5, 7]), {6: "not_json"})
    assert write_chunk(tmp_path, 0, chunk) == 3
    back = read_chunk(tmp_path, 0)
    assert back.row.tolist() == [5, 7] and back.unreadable == {6: "not_json"}
    assert back.cases.missing_features == ("n_siblings",)
    assert all(back.cases.columns[name].equals(column) for name, column in columns.items() if name != "number")
    assert back.cases.columns["number"].null_count == 1


def test_a_folder_that_is_not_there_is_named(tmp_path):
    chunk = Chunk(Cases({"child_id": pa.array(["a"])}), np.array([1]))
    with pytest.raises(OutputError, match="cannot be written"):
        write_chunk(tmp_path / "absent", 0, chunk)
