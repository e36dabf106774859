from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from secondplan.errors import BundleError, InputError, SecondplanError
from secondplan.scoring.cases import as_cases
from secondplan.scoring.scorer import Scorer
from secondplan.scoring.sources.source import Chunk
from secondplan.scoring.spark import workers
from secondplan.scoring.spark.chunks import write_chunk
from secondplan.scoring.spark.judged import error_of, judged_schema
from secondplan.scoring.spark.workers import ORDER, Work, judge_batches, judge_chunks

SECRET = "jane-doe"


@pytest.fixture(scope="module")
def scorer(model):
    return Scorer.of(model)


@pytest.fixture(scope="module")
def schema(scorer):
    return judged_schema(scorer)


def judged_chunk(scorer, schema, cases, tmp_path, unreadable=()):
    """What a worker makes of one chunk, which it takes from a folder."""
    chunk = Chunk(as_cases(cases), np.arange(len(cases)) + 11, dict(unreadable))
    write_chunk(tmp_path, 3, chunk)
    work = Work.of(scorer, chunks=tmp_path, name="cases.csv")
    return pa.Table.from_batches(judge_chunks(work, schema, [pa.record_batch({"id": [3]})]))


def test_a_chunk_is_judged_with_the_lines_that_could_not_be_read(scorer, schema, odd_cases, tmp_path):
    table = judged_chunk(scorer, schema, odd_cases, tmp_path, {9: "not_utf8", 58: "not_json"})
    assert table["row"].to_pylist() == [9, *range(11, 59)]
    assert set(table["chunk"].to_pylist()) == {3}
    assert table["code"].to_pylist()[0] == "not_utf8" and table["code"].to_pylist()[-1] == "not_json"


def test_a_worker_makes_the_model_ready_once(model, scorer, monkeypatch):
    monkeypatch.setattr(workers, "_READY", {})
    work = Work.of(scorer)
    assert work.scorer() is replace(work).scorer()
    assert work.scorer().digest == scorer.digest
    for day in range(1, 6):
        replace(work, times=(float(day),)).scorer()
    assert len(workers._READY) <= workers.MOST_MODELS


def test_a_worker_refuses_another_model(scorer, monkeypatch):
    monkeypatch.setattr(workers, "_READY", {})
    with pytest.raises(BundleError, match="another model"):
        replace(Work.of(scorer), digest="0" * 64).scorer()


def test_what_stops_a_chunk_comes_back_as_a_row(scorer, schema, odd_cases, tmp_path, monkeypatch):
    table = judged_chunk(scorer, schema, odd_cases.drop(columns="n_reviews"), tmp_path)
    assert error_of(table) == ("InputError", "cases.csv: the cases lack columns that the model needs: n_reviews")
    monkeypatch.setattr(workers, "judge", lambda *_: int(SECRET))
    table = judged_chunk(scorer, schema, odd_cases, tmp_path)
    assert error_of(table) == ("SecondplanError", "a worker of Spark stopped (ValueError)")


def test_errors_of_a_frame_hold_no_value(scorer, schema, odd_cases, monkeypatch):
    batch = pa.RecordBatch.from_pandas(odd_cases.assign(**{ORDER: np.arange(len(odd_cases))}))
    assert sum(table.num_rows for table in judge_batches(Work.of(scorer), schema, [batch])) == len(odd_cases)
    with pytest.raises(InputError, match="lacks numbers"):
        list(judge_batches(Work.of(scorer), schema, [pa.RecordBatch.from_pandas(odd_cases.assign(**{ORDER: None}))]))
    monkeypatch.setattr(workers, "judge", lambda *_: int(SECRET))
    with pytest.raises(SecondplanError, match=r"\(ValueError\)") as caught:
        list(judge_batches(Work.of(scorer), schema, [batch]))
    assert SECRET not in str(caught.value) and caught.value.__suppress_context__
