import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from textwrap import dedent

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from secondplan.errors import EmptyCohortError, InputError, OutputError, TooManyRejectsError
from secondplan.files.lock import locked
from secondplan.models import CauseSpecificCox, FeatureEncoder, FollowUpWarning, ParametricAFT
from secondplan.plans import build_cohort, open_cases
from secondplan.scoring import REJECT_CODES, score, score_batch, score_batches
from secondplan.scoring import batch as batch_module
from secondplan.scoring.cases import Cases
from secondplan.scoring.columns import frame_columns
from secondplan.scoring.frame import plain
from secondplan.scoring.scorer import Scorer
from secondplan.scoring.sinks.folder import FolderSink
from secondplan.synthetic import simulate

N_CASES = 57
ROWS_PER_PART = 10
NOT_COMPARED = {"log.jsonl", ".lock"}


def files_of(folder):
    """Every file but the log, which tells the time."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in NOT_COMPARED
    }


@pytest.fixture
def parquet(tmp_path, all_cases):
    path = tmp_path / "cases.parquet"
    all_cases.to_parquet(path)
    return path


@pytest.fixture
def all_cases(make_cases):
    return make_cases(N_CASES)


def test_a_batch_is_the_score_of_its_rows(model, all_cases, parquet, tmp_path):
    result = score_batch(model, parquet, tmp_path / "out", rows_per_part=ROWS_PER_PART)
    expected = score(model, all_cases)
    scores = pd.concat([pd.read_parquet(path) for path in sorted((tmp_path / "out/scores").iterdir())])
    assert (result.n_read, result.n_scored, result.n_rejected) == (N_CASES, N_CASES, 0)
    numbers = expected.select_dtypes("number").columns
    np.testing.assert_allclose(scores[numbers], expected[numbers], atol=1e-12)
    for name in expected.columns.difference(numbers):
        assert scores[name].tolist() == expected[name].tolist()
    assert not list((tmp_path / "out").glob("*.csv"))


def test_intervals_are_written_in_every_format(model_data, all_cases, parquet, tmp_path):
    aft = ParametricAFT().fit(*model_data)
    score_batch(aft, parquet, tmp_path / "out", rows_per_part=ROWS_PER_PART, formats=["csv"])
    expected = score(aft, all_cases)[["lower_91", "risk_91", "upper_91", "lower_730", "risk_730", "upper_730"]]
    parts = pd.concat([pd.read_parquet(path) for path in sorted((tmp_path / "out/scores").iterdir())])
    for table in (parts, pd.read_csv(tmp_path / "out/scores.csv")):
        np.testing.assert_allclose(table[expected.columns], expected, atol=1e-12)


def test_csv_and_parquet_give_the_same_scores(model, all_cases, parquet, tmp_path):
    all_cases.to_csv(tmp_path / "cases.csv", index=False)
    score_batch(model, parquet, tmp_path / "a", formats=["csv"])
    score_batch(model, tmp_path / "cases.csv", tmp_path / "b", formats=["csv"])
    assert (tmp_path / "a/scores.csv").read_bytes() == (tmp_path / "b/scores.csv").read_bytes()


def test_every_row_is_scored_or_rejected_with_its_number(model, all_cases, tmp_path):
    frame = all_cases.astype("string")
    frame.loc[3, "n_reviews"] = "three"
    frame.loc[12, "latest_category"] = "XXX"
    frame.loc[14, "child_id"] = ""
    frame.loc[20, ["child_id", "plan_id"]] = frame.loc[2, ["child_id", "plan_id"]]
    lines = frame.to_csv(index=False).splitlines()
    lines[31] += ",surplus"
    text = "\n".join(lines).encode().replace(b"P000040", b"P0000\xe940")
    (tmp_path / "cases.csv").write_bytes(text)
    result = score_batch(model, tmp_path / "cases.csv", tmp_path / "out", rows_per_part=ROWS_PER_PART)
    rejects = pd.read_parquet(tmp_path / "out/rejects").astype({"row": str})
    assert rejects[["row", "code", "column"]].fillna("").to_numpy().tolist() == [
        ["4", "not_a_number", "n_reviews"],
        ["13", "unseen_level", "latest_category"],
        ["15", "missing_key", ""],
        ["21", "duplicate_key", ""],
        ["31", "wrong_number_of_fields", ""],
        ["41", "not_utf8", ""],
    ]
    assert result.n_scored + result.n_rejected == result.n_read == N_CASES
    assert result.codes == dict(sorted(dict.fromkeys(rejects["code"], 1).items()))
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["counts"] == {"read": N_CASES, "scored": N_CASES - 6, "rejected": 6}


def test_the_log_holds_codes_and_counts_only(model, all_cases, tmp_path):
    all_cases.astype("string").assign(n_reviews="SECRETVALUE").to_csv(tmp_path / "cases.csv", index=False)
    with pytest.raises(EmptyCohortError, match="rejected"):
        score_batch(model, tmp_path / "cases.csv", tmp_path / "out")
    log = (tmp_path / "out/log.jsonl").read_text()
    assert [json.loads(line)["event"] for line in log.splitlines()] == ["started", "part", "finished"]
    assert "SECRETVALUE" not in log
    assert "C0000" not in log
    with pytest.raises(EmptyCohortError, match="rejected"):
        score_batch(model, tmp_path / "cases.csv", tmp_path / "out")


def test_the_same_job_again_writes_nothing(model, parquet, tmp_path):
    score_batch(model, parquet, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()}
    result = score_batch(model, parquet, tmp_path / "out")
    assert result.was_done
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert "done before" in result.summary()


def test_another_job_or_changed_files_are_refused(model, parquet, tmp_path):
    score_batch(model, parquet, tmp_path / "out")
    with pytest.raises(OutputError, match="another job"):
        score_batch(model, parquet, tmp_path / "out", times=(365,))
    (tmp_path / "out/legend.md").write_text("changed")
    with pytest.raises(OutputError, match="changed after"):
        score_batch(model, parquet, tmp_path / "out")


def test_a_folder_with_something_else_is_refused(model, parquet, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="not an empty folder"):
        score_batch(model, parquet, tmp_path / "out")
    with pytest.raises(OutputError, match="cannot be made"):
        score_batch(model, parquet, tmp_path / "out/notes.txt")


def test_two_writers_are_not_let_in(model, parquet, tmp_path):
    (tmp_path / "out").mkdir()
    with locked(tmp_path / "out/.lock"), pytest.raises(OutputError, match="in use by another scoring run"):
        score_batch(model, parquet, tmp_path / "out")


def test_a_stopped_run_resumes_to_identical_files(model, parquet, tmp_path, monkeypatch):
    score_batch(model, parquet, tmp_path / "whole", rows_per_part=ROWS_PER_PART)
    real, calls = batch_module.Scorer.score, []

    def stop_at_the_third(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(batch_module.Scorer, "score", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        score_batch(model, parquet, tmp_path / "out", rows_per_part=ROWS_PER_PART)
    with pytest.raises(OutputError, match="--resume"):
        score_batch(model, parquet, tmp_path / "out", rows_per_part=ROWS_PER_PART)
    with pytest.raises(OutputError, match="another job"):
        score_batch(model, parquet, tmp_path / "out", rows_per_part=ROWS_PER_PART, times=(365,), resume=True)
    score_batch(model, parquet, tmp_path / "out", rows_per_part=ROWS_PER_PART, resume=True)
    n_parts = -(-N_CASES // ROWS_PER_PART)
    assert len(calls) == 3 + n_parts - 2  # the two whole parts are not made again
    assert files_of(tmp_path / "out") == files_of(tmp_path / "whole")


def test_a_damaged_part_is_made_again(model, parquet, tmp_path, monkeypatch):
    score_batch(model, parquet, tmp_path / "whole", rows_per_part=ROWS_PER_PART)
    with monkeypatch.context() as patch:
        patch.setattr(FolderSink, "publish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            score_batch(model, parquet, tmp_path / "out", rows_per_part=ROWS_PER_PART)
    (tmp_path / "out/scores/part-00001.parquet").write_bytes(b"half a file")
    score_batch(model, parquet, tmp_path / "out", rows_per_part=ROWS_PER_PART, resume=True)
    assert files_of(tmp_path / "out") == files_of(tmp_path / "whole")


SCORE = dedent("""
    import sys, time
    from secondplan.models import load_model
    from secondplan.scoring import batch
    real = batch.Scorer.score
    def slowly(*arguments):
        time.sleep(0.2)
        return real(*arguments)
    batch.Scorer.score = slowly
    batch.score_batch(load_model(sys.argv[1]), sys.argv[2], sys.argv[3], rows_per_part=int(sys.argv[4]))
""")


@pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL")
def test_a_killed_run_resumes_to_identical_files(model, parquet, tmp_path):
    model.save(tmp_path / "bundle")
    score_batch(model, parquet, tmp_path / "whole", rows_per_part=ROWS_PER_PART)
    arguments = [tmp_path / "bundle", parquet, tmp_path / "out", ROWS_PER_PART]
    with subprocess.Popen([sys.executable, "-c", SCORE, *map(str, arguments)]) as run:
        until = time.monotonic() + 30
        while not (tmp_path / "out/receipts/part-00001.json").exists() and time.monotonic() < until:
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
    assert not (tmp_path / "out/manifest.json").exists()
    score_batch(model, parquet, tmp_path / "out", rows_per_part=ROWS_PER_PART, resume=True)
    assert files_of(tmp_path / "out") == files_of(tmp_path / "whole")


def test_parts_and_order_change_no_bit(model, make_cases):
    """Of any number, for rows that a quadrature holds for and for others, whose features lie far out."""
    cases = make_cases(120)
    cases.loc[::40, "plan_length_days"] = 6_800.0
    whole = scored([pa.table(cases)], model)
    for bounds in ([0, 1, 2, 120], range(0, 121, 7), [0, 96, 120]):
        parts = [pa.table(cases.iloc[begin:end]) for begin, end in pairwise([*bounds, 120])]
        pd.testing.assert_frame_equal(scored(parts, model), whole, check_exact=True)
    shuffled = scored([pa.table(cases.sample(frac=1, random_state=1))], model)
    pd.testing.assert_frame_equal(shuffled.sort_values("child_id", ignore_index=True), whole, check_exact=True)


def scored(parts, model):
    frames = [plain(scores).to_pandas() for scores, _ in score_batches(model, parts)]
    return pd.concat(frames, ignore_index=True)


def test_wrong_input_leaves_the_folder_free(model, all_cases, parquet, tmp_path):
    all_cases.drop(columns="n_reviews").to_parquet(tmp_path / "narrow.parquet")
    with pytest.raises(InputError, match="lacks the column n_reviews"):
        score_batch(model, tmp_path / "narrow.parquet", tmp_path / "out")
    all_cases.iloc[:0].to_parquet(tmp_path / "none.parquet")
    with pytest.raises(EmptyCohortError, match="no case"):
        score_batch(model, tmp_path / "none.parquet", tmp_path / "out")
    assert score_batch(model, parquet, tmp_path / "out").n_scored == N_CASES


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_new_folder_is_for_its_owner_only(model, parquet, tmp_path):
    score_batch(model, parquet, tmp_path / "out")
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0


def test_a_plan_store_is_scored_as_its_open_cases(tmp_path):
    plans = simulate("england-2018", n_children=400, random_state=3)
    plans.write(tmp_path / "plans")
    cohort = build_cohort(plans)
    encoder = FeatureEncoder(columns=["plan_length_days", "n_previous_referrals"], numeric_missing="median")
    model = CauseSpecificCox(known_end_event=4, encoder=encoder).fit(cohort.X, cohort.y)
    day = "2017-09-30"
    result = score_batch(model, tmp_path / "plans", tmp_path / "out", as_of=day, rows_per_part=50)
    cases = open_cases(plans, pd.Timestamp(day))
    with pytest.warns(FollowUpWarning):
        expected = score(model, cases)
    table = pd.read_parquet(tmp_path / "out/scores")
    assert result.n_read == result.n_scored == len(cases)
    assert table["child_id"].tolist() == expected["child_id"].tolist()
    assert table["flags"].tolist() == expected["flags"].tolist()
    assert table["flags"].str.contains("plan_open").any()
    np.testing.assert_allclose(table["risk_730"], expected["risk_730"], atol=1e-12)
    with pytest.raises(OutputError, match="another job"):
        score_batch(model, tmp_path / "plans", tmp_path / "out")


def test_a_job_that_fails_at_once_leaves_no_folder(model, all_cases, tmp_path):
    all_cases.assign(n_reviews=pd.Timedelta(days=3)).to_parquet(tmp_path / "cases.parquet")
    with pytest.raises(InputError, match=r"cases\.parquet: the column n_reviews must hold numbers, not duration"):
        score_batch(model, tmp_path / "cases.parquet", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "made").mkdir()
    with pytest.raises(InputError):
        score_batch(model, tmp_path / "cases.parquet", tmp_path / "made")
    assert (tmp_path / "made").is_dir()


@pytest.mark.parametrize("change", [{"files": None}, {"files": {}, "counts": None}, {"job": []}])
def test_a_manifest_that_is_damaged_is_refused(model, parquet, tmp_path, change):
    score_batch(model, parquet, tmp_path / "out")
    file = tmp_path / "out/manifest.json"
    content = {name: value for name, value in (json.loads(file.read_text()) | change).items() if value is not None}
    file.write_text(json.dumps(content))
    with pytest.raises(OutputError, match="out: "):
        score_batch(model, parquet, tmp_path / "out")


ABSURD = [
    1e150,
    -1e150,
    1e60,
    np.inf,
    -np.inf,
    np.nan,
    -1.0,
    1e20,
    0.0,
    5e-324,
    "three",
    "1e400",
    "0x10",
    "",
    [1],
    b"x",
]


@pytest.mark.parametrize("column", ["plan_length_days", "n_reviews", "eligible_days", "elapsed"])
def test_whatever_a_value_is_its_row_alone_is_concerned(model, all_cases, column):
    """Each row has a score whose missing numbers stand beside a flag, or a code with the column."""
    rows = all_cases.iloc[: len(ABSURD) + 2].copy()
    rows[column] = pd.Series([*ABSURD, 20, 30], dtype=object)
    checked = Cases(frame_columns(rows))
    batch = pa.record_batch(dict(checked.columns))
    ((scores, rejects),) = score_batches(model, [batch])
    assert scores.num_rows + rejects.num_rows == len(rows) and scores.num_rows >= 2
    assert set(rejects["column"].to_pylist()) <= {column}
    assert set(rejects["code"].to_pylist()) <= set(REJECT_CODES)
    table = scores.to_pandas()
    risks = table.filter(like="risk_")
    excused = table["flags"].astype(str).str.contains("past_follow_up|already_eighteen").to_numpy()
    assert (risks.notna().all(axis=1) | excused).all()
    assert ((risks >= 0) & (risks <= 1) | risks.isna()).all(axis=None)


def test_a_number_beyond_training_is_flagged_and_an_impossible_one_rejected(model, all_cases):
    rows = all_cases.iloc[:3].assign(plan_length_days=[400.0, 1500.0, 1e20])
    ((scores, rejects),) = score_batches(model, pa.table(rows))
    assert ["outside_training" in text for text in scores["flags"].to_pylist()] == [False, True]
    assert rejects["code"].to_pylist() == ["out_of_range"] and rejects["row"].to_pylist() == [3]


def test_a_number_that_is_none_becomes_a_reject(model, all_cases, monkeypatch):
    def half(self, asked, event):
        return np.where(np.arange(len(asked))[:, None] % 2, np.nan, np.full(asked.times.shape, 0.1))

    scorer = Scorer.of(model)
    monkeypatch.setattr(Scorer, "of", lambda *_, **__: scorer)  # loading a model tries it
    monkeypatch.setattr(CauseSpecificCox, "risk_of_rows", half)
    ((scores, rejects),) = score_batches(model, pa.table(all_cases.iloc[:10]))
    assert rejects["code"].to_pylist() == ["no_score"] * 5 and scores.num_rows == 5


def test_batches_find_duplicates_among_all(model, all_cases):
    table = pa.table(all_cases.iloc[:5])
    pairs = list(score_batches(model, [table, table.slice(0, 2)]))
    assert [(scores.num_rows, rejects["row"].to_pylist()) for scores, rejects in pairs] == [(5, []), (0, [6, 7])]
    again = score_batches(model, [table, table], find_duplicates=False)
    assert [rejects.num_rows for _, rejects in again] == [0, 0]


def test_with_too_many_rejected_rows_nothing_is_published(model, all_cases, tmp_path):
    all_cases.assign(n_reviews=[-1.0, -1.0, *all_cases["n_reviews"][2:]]).to_parquet(tmp_path / "cases.parquet")
    with pytest.raises(TooManyRejectsError, match="2 rows are rejected, more than the 1 allowed") as caught:
        score_batch(model, tmp_path / "cases.parquet", tmp_path / "out", max_rejects=1, formats=["csv"])
    assert caught.value.exit_code == 8 and not (tmp_path / "out/manifest.json").exists()
    assert len(pd.read_csv(tmp_path / "out/rejects.csv")) == 2
    done = score_batch(model, tmp_path / "cases.parquet", tmp_path / "out", max_rejects=2, resume=True, formats=["csv"])
    assert done.n_rejected == 2


def test_processes_write_the_same_files(model, parquet, tmp_path):
    score_batch(model, parquet, tmp_path / "one", rows_per_part=ROWS_PER_PART, latest=False)
    score_batch(model, parquet, tmp_path / "two", rows_per_part=ROWS_PER_PART, latest=False, n_jobs=2)
    assert files_of(tmp_path / "two") == files_of(tmp_path / "one")


def test_a_part_of_rejected_rows_only_has_no_interval_to_state(model_data, all_cases):
    rows = pa.table(all_cases.assign(n_reviews=-1.0))
    ((scores, rejects),) = score_batches(ParametricAFT().fit(*model_data), rows)
    assert scores.num_rows == 0 and rejects.num_rows == N_CASES and "lower_730" in scores.schema.names
