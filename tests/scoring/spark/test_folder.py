import sys

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from secondplan.errors import InputError, OutputError, SecondplanError, TooManyRejectsError
from secondplan.scoring import score_batch
from secondplan.scoring.spark import folder
from secondplan.scoring.spark.judged import judged_schema
from secondplan.scoring.spark.workers import judge_chunks

ROWS_PER_PART = 10


def judge_here(scorer, work, n_chunks, judged):
    """What Spark leaves, chunks and their rows in any order, without Spark."""
    for batch in judge_chunks(work, judged_schema(scorer), [pa.record_batch({"id": list(reversed(range(n_chunks)))})]):
        place = judged / f"chunk={batch['chunk'][0]}"
        place.mkdir(parents=True, exist_ok=True)
        rows = pa.Table.from_batches([batch]).drop_columns(["chunk"])
        pq.write_table(rows.take(list(reversed(range(rows.num_rows)))), place / f"{len(list(place.iterdir()))}.parquet")


@pytest.fixture
def without_spark(monkeypatch):
    monkeypatch.setattr(folder, "_judge", judge_here)


@pytest.fixture(scope="module")
def two_files(odd_cases, tmp_path_factory):
    """Rows that repeat the keys of others, within a part, in another part, in another file."""
    place = tmp_path_factory.mktemp("two")
    odd_cases.head(25).to_parquet(place / "a.parquet", row_group_size=7)
    odd_cases.tail(22).to_parquet(place / "b.parquet")
    return place


@pytest.fixture(scope="module")
def bad_lines(odd_cases, tmp_path_factory):
    path = tmp_path_factory.mktemp("lines") / "a.csv"
    lines = odd_cases.to_csv(index=False).splitlines()
    path.write_text("\n".join([*lines[:13], "only,three,fields", *lines[13:]]))
    return path


def table_of(place, kind):
    return pd.concat([pd.read_parquet(path) for path in sorted((place / kind).iterdir())], ignore_index=True)


def assert_same(result, place, local, there):
    assert (result.n_read, result.codes) == (local.n_read, local.codes)
    names = [path.relative_to(there) for path in sorted(there.rglob("*.parquet"))]
    assert names == [path.relative_to(place) for path in sorted(place.rglob("*.parquet"))]
    pd.testing.assert_frame_equal(table_of(place, "rejects"), table_of(there, "rejects"))
    pd.testing.assert_frame_equal(table_of(place, "scores"), table_of(there, "scores"), check_exact=True)
    assert not (place / ".spark").exists()


@pytest.mark.parametrize("source", ["two_files", "bad_lines"])
def test_the_folder_is_that_of_the_local_engine(model, source, tmp_path, without_spark, request):
    path = request.getfixturevalue(source)
    local = score_batch(model, path, tmp_path / "local", rows_per_part=ROWS_PER_PART)
    result = score_batch(model, path, tmp_path / "spark", rows_per_part=ROWS_PER_PART, engine="spark")
    assert local.codes["duplicate_key"] == 4
    assert_same(result, tmp_path / "spark", local, tmp_path / "local")


def test_the_limit_of_rejects_and_errors_hold_too(model, odd_cases, two_files, tmp_path, without_spark):
    with pytest.raises(TooManyRejectsError):
        score_batch(model, two_files, tmp_path / "a", engine="spark", max_rejects=3)
    assert not (tmp_path / "a/manifest.json").exists()
    odd_cases.drop(columns="n_reviews").to_parquet(tmp_path / "b.parquet")
    told = {}
    for engine in ("local", "spark"):
        with pytest.raises(InputError) as caught:
            score_batch(model, tmp_path / "b.parquet", tmp_path / engine, engine=engine)
        told[engine] = str(caught.value)
        assert not (tmp_path / engine).exists()
    assert told["spark"] == told["local"]


def test_what_a_killed_run_left_goes(model, two_files, tmp_path, without_spark, monkeypatch):
    score = {"rows_per_part": ROWS_PER_PART, "engine": "spark"}
    local = score_batch(model, two_files, tmp_path / "local", rows_per_part=ROWS_PER_PART)
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(folder.shutil, "rmtree", lambda *_, **__: None)  # as though the process had been killed
        read, parts = folder.by_row, iter(range(3))
        patch.setattr(folder, "by_row", lambda table: read(table) if next(parts) < 2 else sys.exit(9))
        score_batch(model, two_files, tmp_path / "a", **score)
    assert (tmp_path / "a/.spark/judged").is_dir() and (tmp_path / "a/job.json").exists()
    result = score_batch(model, two_files, tmp_path / "a", resume=True, **score)
    assert_same(result, tmp_path / "a", local, tmp_path / "local")


def test_a_part_that_is_lost_is_missed(model, two_files, tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_judge", lambda scorer, work, n, judged: judge_here(scorer, work, n - 1, judged))
    with pytest.raises(SecondplanError, match="left 0 of 2 rows of part 5"):
        score_batch(model, two_files, tmp_path / "a", rows_per_part=ROWS_PER_PART, engine="spark")
    assert not (tmp_path / "a/manifest.json").exists()


def test_a_table_is_for_spark_and_has_a_plain_name(model, two_files, tmp_path):
    with pytest.raises(InputError, match="engine="):
        score_batch(model, two_files, tmp_path / "a", output_table="council.scores")
    with pytest.raises(InputError, match="letters, digits"):
        score_batch(model, two_files, tmp_path / "a", engine="spark", output_table="scores; drop table x")


def test_spark_gives_the_same_folder_and_a_table(spark, model, two_files, bad_lines, tmp_path):
    for name, path, table in (("files", two_files, "council_scores"), ("lines", bad_lines, None)):
        local = score_batch(model, path, tmp_path / name / "local", rows_per_part=ROWS_PER_PART)
        more = {"engine": "spark", "output_table": table}
        result = score_batch(model, path, tmp_path / name / "spark", rows_per_part=ROWS_PER_PART, **more)
        assert_same(result, tmp_path / name / "spark", local, tmp_path / name / "local")
    assert spark.table("council_scores").count() == len(table_of(tmp_path / "files/local", "scores"))
    assert spark.table("council_scores_rejects").count() == 7


def test_what_stops_spark_is_one_line(spark, model, odd_cases, tmp_path, monkeypatch):
    odd_cases.drop(columns="n_reviews").to_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"b\.parquet: lacks the column n_reviews"):
        score_batch(model, tmp_path / "b.parquet", tmp_path / "a", engine="spark")
    odd_cases.to_parquet(tmp_path / "c.parquet")
    monkeypatch.setattr(folder, "_address", lambda path: "nowhere://x/y")
    with pytest.raises(OutputError, match="Spark could not write the scores"):
        score_batch(model, tmp_path / "c.parquet", tmp_path / "c", engine="spark")
