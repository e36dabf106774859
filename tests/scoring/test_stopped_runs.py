"""Runs that are stopped at chosen moments, that find no room, no right, or another writer."""

import errno
import os

import pytest

from secondplan.errors import OutputError
from secondplan.files import whole as whole_module
from secondplan.scoring import score_batch
from secondplan.scoring.sinks import folder as folder_module
from secondplan.scoring.sinks import parts as parts_module
from secondplan.scoring.sinks.latest import latest_folder

NOT_COMPARED = {"log.jsonl", ".lock"}
GIVEN = {"rows_per_part": 25, "formats": ["csv"]}


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in NOT_COMPARED
    }


@pytest.fixture
def night(model, cases, tmp_path):
    """A whole night, and what scores the same cases into another folder."""
    cases.to_parquet(tmp_path / "cases.parquet")
    score_batch(model, tmp_path / "cases.parquet", tmp_path / "whole", **GIVEN)
    return lambda **more: score_batch(model, tmp_path / "cases.parquet", tmp_path / "out", **GIVEN, **more)


def die(*_, **__):
    raise KeyboardInterrupt


MOMENTS = {
    "a part is written": (parts_module.pq, "write_table"),
    "its receipt is": (parts_module, "write_json"),
    "all parts are, and the legend is not": (folder_module, "write_text"),
    "the manifest is not": (folder_module, "manifest_of"),
    "the manifest is written, and the log is not": (folder_module.RunLog, "write"),
    "latest is moved": (folder_module, "point_latest"),
    "a file is flushed": (whole_module.os, "fsync"),
}


ONCE = ("all parts are, and the legend is not", "the manifest is not", "latest is moved")


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("call", [1, 2])
def test_a_run_stopped_at_any_moment_resumes_to_identical_files(night, tmp_path, monkeypatch, moment, call):
    place, name = MOMENTS[moment]
    real, calls = getattr(place, name), []

    def stop(*given, **more):
        calls.append(1)
        return die() if len(calls) == call else real(*given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(place, name, stop)
        if call == 1 or moment not in ONCE:
            with pytest.raises(KeyboardInterrupt):
                night()
            assert (latest_folder(tmp_path) / "manifest.json").is_file()
    night(resume=True)
    assert files_of(tmp_path / "out") == files_of(tmp_path / "whole")
    assert latest_folder(tmp_path) == tmp_path / "out"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("place", ["write_table", "fsync", "to_csv"])
def test_without_room_nothing_is_published_and_the_next_run_goes_on(night, tmp_path, monkeypatch, number, place):
    def full(*_, **__):
        raise OSError(number, os.strerror(number))

    owner = {"write_table": parts_module.pq, "fsync": whole_module.os, "to_csv": parts_module.pd.DataFrame}[place]
    with monkeypatch.context() as patch:
        patch.setattr(owner, place, full)
        with pytest.raises(OutputError, match=os.strerror(number)) as error:
            night()
    assert error.value.exit_code == 4 and not (tmp_path / "out" / "manifest.json").exists()
    assert latest_folder(tmp_path) == tmp_path / "whole"
    night(resume=True)
    assert files_of(tmp_path / "out") == files_of(tmp_path / "whole")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_only_be_read(night, tmp_path):
    (tmp_path / "out").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        night()
