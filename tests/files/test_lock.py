import errno
import subprocess
import sys
from textwrap import dedent

import pytest

from secondplan.errors import OutputError
from secondplan.files.lock import locked

HOLD = dedent("""
    import sys, time
    from secondplan.files.lock import locked
    with locked(sys.argv[1]):
        print("held", flush=True)
        time.sleep(60)
""")


def test_a_second_holder_is_refused_in_one_line(tmp_path):
    with (
        locked(tmp_path / ".lock"),
        pytest.raises(OutputError, match="in use by another run"),
        locked(tmp_path / ".lock", holder="another run"),
    ):
        pass


def test_the_lock_is_free_after_the_block(tmp_path):
    entered = 0
    for _ in range(2):
        with locked(tmp_path / ".lock"):
            entered += 1
            with pytest.raises(OutputError, match="in use"), locked(tmp_path / ".lock"):
                pass
    assert entered == 2


def test_a_killed_holder_releases_the_lock(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / ".lock")], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(OutputError), locked(tmp_path / ".lock"):
            pass
        holder.kill()
        with locked(tmp_path / ".lock", wait_seconds=10):
            pass


def test_a_folder_that_does_not_exist_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"), locked(tmp_path / "absent" / ".lock"):
        pass


def test_a_disk_without_locks_is_not_said_to_be_in_use(tmp_path, monkeypatch):
    def no_locks(_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("secondplan.files.lock._lock", no_locks)
    with pytest.raises(OutputError, match=r"cannot be locked there \(No locks"), locked(tmp_path / ".lock"):
        pass
