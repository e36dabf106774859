import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from secondplan.scoring import score_batches
from secondplan.scoring.cases import as_cases
from secondplan.scoring.duplicate_keys import SeenKeys
from secondplan.scoring.frame import plain
from secondplan.scoring.scorer import Scorer
from secondplan.scoring.spark.judged import by_row, error_of, error_row, judge, judged_schema, split, unreadable_rows


@pytest.fixture(scope="module")
def scorer(model):
    return Scorer.of(model)


@pytest.fixture(scope="module")
def schema(scorer):
    return judged_schema(scorer)


@pytest.fixture(scope="module")
def judged(scorer, schema, odd_cases):
    return judge(scorer, as_cases(odd_cases), np.arange(len(odd_cases)) + 1, schema)


def test_every_row_is_judged_once_and_in_order(judged, odd_cases):
    assert judged["row"].to_pylist() == list(range(1, len(odd_cases) + 1))
    is_scored = judged["code"].is_null().to_numpy()
    assert np.array_equal(is_scored, judged["risk_730"].is_valid().to_numpy())
    assert judged["code"].drop_null().to_pylist() == ["out_of_range", "missing_key", "bad_days"]


def test_duplicates_found_afterwards_are_those_found_before(model, judged, odd_cases):
    ((scores, rejects),) = score_batches(model, pa.Table.from_pandas(odd_cases))
    is_duplicate = SeenKeys().add_hashes(judged["key"].to_numpy().view(np.uint64))
    own_scores, own_rejects = split(judged, is_duplicate)
    assert own_rejects.to_pylist() == plain(rejects).to_pylist()
    assert (own_rejects["code"].to_pandas() == "duplicate_key").sum() == 4
    pd.testing.assert_frame_equal(own_scores.to_pandas(), plain(scores).to_pandas(), check_exact=True)


def test_a_duplicate_without_a_score_is_a_duplicate(schema):
    row = {"row": [1], "child_id": ["a"], "plan_id": ["b"], "code": ["no_score"], "column": [""]}
    table = pa.table([pa.array(row.get(field.name, [None]), field.type) for field in schema], schema=schema)
    assert split(table, np.array([True]))[1]["code"].to_pylist() == ["duplicate_key"]
    assert split(table, np.array([False]))[1]["code"].to_pylist() == ["no_score"]


def test_lines_that_could_not_be_read_have_no_keys(judged, schema):
    lost = unreadable_rows({48: "not_utf8", 3: "not_json"}, schema)
    table = by_row(pa.concat_tables([judged.slice(3), lost]))
    assert table["code"].to_pylist()[0] == "not_json" and table["row"].to_pylist()[-1] == 48
    assert lost["key"].null_count == 2


def test_no_rows_are_no_rows(scorer, schema, odd_cases):
    table = judge(scorer, as_cases(odd_cases.head(0)), np.zeros(0, dtype=np.int64), schema)
    scores, rejects = split(table, np.zeros(0, dtype=bool))
    assert scores.num_rows == rejects.num_rows == 0
    assert scores.schema.names[:2] == ["child_id", "plan_id"]


def test_an_error_comes_back_as_it_was(judged, schema):
    assert error_of(error_row("InputError", "cases.csv: not CSV", schema)) == ("InputError", "cases.csv: not CSV")
    assert error_of(judged) is None
