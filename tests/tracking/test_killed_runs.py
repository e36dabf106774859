import subprocess
import sys

import pytest

from secondplan.errors import OutputError
from secondplan.tracking import log_comparison, open_store
from secondplan.tracking.killed_runs import WORDS, WRITER_TAG, close_killed_runs, writing

KILLED = """
import os, sys
from secondplan.tracking import open_store
from secondplan.tracking.killed_runs import WRITER_TAG, writing

store = open_store(sys.argv[1])
with writing(store) as folder:
    run = store.client.create_run(sys.argv[2], run_name="killed", tags={WRITER_TAG: folder.name}).info.run_id
    store.client.create_logged_model(sys.argv[2], name="half", source_run_id=run)
    (folder / "model").mkdir()
    print(run, flush=True)
    os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_runs_of_killed_processes_are_closed_at_the_next_start(store, cohort, make_comparison):
    experiment = store.experiment_id("killed")
    command = [sys.executable, "-c", KILLED, store.uri, experiment]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120).stdout.strip()
    with writing(store) as alive:
        ours = store.client.create_run(experiment, tags={WRITER_TAG: alive.name}).info.run_id
        others = store.client.create_run(experiment, tags={WRITER_TAG: "of another machine"}).info.run_id
        left = [folder for folder in alive.parent.iterdir() if folder.is_dir()]
        assert store.client.get_run(run).info.status == "RUNNING"
        log_comparison(make_comparison(), cohort, experiment="killed", store=store)
        closed = store.client.get_run(run)
        assert closed.info.status == "KILLED"
        assert closed.data.tags["mlflow.note.content"] == WORDS
        (half,) = store.client.search_logged_models([experiment], "name = 'half'")
        assert half.status == "FAILED"
        assert {store.client.get_run(one).info.status for one in (ours, others)} == {"RUNNING"}
        assert [folder for folder in left if folder.exists()] == [alive]
        assert close_killed_runs(store) == 0
    assert not alive.exists()


def test_a_broken_store_is_one_line(tmp_path, capfd):
    """MLflow logs each statement that fails, with its values and where."""
    import sqlite3
    from contextlib import closing

    broken = open_store(tmp_path / "mlflow.db")
    assert broken.experiment_id("one")
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection:
        connection.execute("DROP TABLE experiment_tags")
    with pytest.raises(OutputError, match=r"^the experiment cannot be made \(.*\)$"):
        broken.experiment_id("two")
    assert capfd.readouterr() == ("", "")
