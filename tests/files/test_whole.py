"""Files and folders are whole or absent, whatever happens on the way; nothing else in the package replaces them."""

import ast
import errno
import os
import stat
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from textwrap import dedent

import pytest

import secondplan
from secondplan.errors import OutputError
from secondplan.files.whole import (
    UNFINISHED,
    folder_beside,
    put_in_place,
    read_json,
    sha256_of,
    whole_file,
    whole_folder,
    write_json,
    write_text,
)

SOURCE = Path(secondplan.__file__).parent
KILLED = dedent("""
    import os, sys
    from pathlib import Path
    from secondplan.files.whole import whole_file, whole_folder
    place = whole_folder if sys.argv[2] == "folder" else whole_file
    with place(Path(sys.argv[1])) as beside:
        (beside / "a.txt" if sys.argv[2] == "folder" else beside).write_text("new")
        os.kill(os.getpid(), 9)
""")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def content(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_file_is_there_when_the_block_ends_and_not_before(tmp_path):
    file = tmp_path / "a.txt"
    for text in ("first", "second"):
        with whole_file(file) as beside:
            beside.write_text(text)
            assert not file.exists() or file.read_text() == "first"
        assert file.read_text() == text
    assert names(tmp_path) == ["a.txt"]


def test_a_file_keeps_its_content_when_the_block_fails(tmp_path):
    file = tmp_path / "a.txt"
    write_text(file, "old")
    with pytest.raises(KeyError), whole_file(file) as beside:
        beside.write_text("half")
        raise KeyError("x")
    assert content(tmp_path) == {"a.txt": "old"}


def test_a_folder_takes_the_place_of_another(tmp_path):
    folder = tmp_path / "made" / "store"
    for names_of in (["a.txt", "b.txt"], ["b.txt", "c.txt"]):
        with whole_folder(folder) as beside:
            for name in names_of:
                (beside / name).write_text(name)
            (beside / "inner").mkdir()
            (beside / "inner" / "deep.txt").write_text("deep")
        assert names(folder) == [*names_of, "inner"]
    assert names(tmp_path / "made") == ["store"]


def test_other_files_of_a_folder_are_kept_where_asked(tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    (folder / "a.txt").write_text("old")
    fresh = folder_beside(folder)
    (fresh / "a.txt").write_text("new")
    put_in_place(fresh, folder, keep_others=True)
    assert content(folder) == {"a.txt": "new", "mine.txt": "mine"}
    assert names(tmp_path) == ["store"]


def test_a_folder_is_as_it_was_when_the_block_fails(tmp_path):
    folder = tmp_path / "store"
    with whole_folder(folder) as beside:
        (beside / "a.txt").write_text("old")
    with pytest.raises(KeyError), whole_folder(folder) as beside:
        (beside / "a.txt").write_text("half")
        raise KeyError("x")
    assert content(folder) == {"a.txt": "old"}
    assert names(tmp_path) == ["store"]


def test_a_folder_that_cannot_be_put_in_place_leaves_the_old_one(tmp_path, monkeypatch):
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "a.txt").write_text("old")
    replace = Path.replace

    def fails(self, target):
        if Path(target) == folder and UNFINISHED in self.name and not self.name.endswith(".old"):
            raise PermissionError(13, "no right")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(OutputError, match=r"store: cannot be written \(no right\)"), whole_folder(folder) as beside:
        (beside / "a.txt").write_text("new")
    assert content(folder) == {"a.txt": "old"}
    assert names(tmp_path) == ["store"]


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_killed_writer_leaves_what_was_there_and_the_next_one_goes_on(tmp_path, kind):
    place = tmp_path / "place"
    make = whole_folder if kind == "folder" else whole_file
    read = (lambda: (place / "a.txt").read_text()) if kind == "folder" else place.read_text
    for text in ("old", "newest"):
        with make(place) as beside:
            (beside / "a.txt" if kind == "folder" else beside).write_text(text)
        assert read() == text
        subprocess.run([sys.executable, "-c", KILLED, str(place), kind], check=False)
        assert read() == text
        assert [name for name in names(tmp_path) if name != "place"], "the killed process could not tidy up"


@pytest.mark.parametrize("make", [whole_file, whole_folder])
def test_a_full_disk_is_one_line(tmp_path, make):
    with pytest.raises(OutputError, match=r"a: cannot be written \(No space left on device\)$"), make(tmp_path / "a"):
        raise OSError(28, "No space left on device")
    assert names(tmp_path) == []


@pytest.mark.parametrize("make", [whole_file, whole_folder])
def test_what_cannot_be_written_is_one_line(tmp_path, make):
    (tmp_path / "file").write_text("")
    place = tmp_path / "file" / "a"
    with pytest.raises(OutputError, match=r"a: cannot be written \(.*\)$") as error, make(place) as beside:
        beside.write_text("x")
    assert "\n" not in str(error.value)


def test_a_file_in_a_folder_that_does_not_exist_is_an_error(tmp_path):
    with pytest.raises(OutputError, match=r"a\.txt: cannot be written"):
        write_text(tmp_path / "none" / "a.txt", "x")


@pytest.mark.skipif(os.name == "nt", reason="there are no such rights")
def test_rights_are_those_that_the_mask_of_the_user_leaves(tmp_path):
    before = os.umask(0o027)
    try:
        with whole_folder(tmp_path / "open") as beside:
            write_text(beside / "a.txt", "x")
        put_in_place(folder_beside(tmp_path / "private", mode=0o700), tmp_path / "private")
    finally:
        os.umask(before)
    rights = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("open", "open/a.txt", "private")}
    assert rights == {"open": 0o750, "open/a.txt": 0o640, "private": 0o700}


def test_json_and_checksum(tmp_path):
    file = tmp_path / "a.json"
    write_json(file, {"b": "Zoë", "a": 1})
    assert file.read_bytes() == '{\n "b": "Zoë",\n "a": 1\n}\n'.encode()
    assert read_json(file) == {"b": "Zoë", "a": 1}
    assert len(sha256_of(file)) == 64
    assert read_json(tmp_path / "none.json") is None and sha256_of(tmp_path / "none.json") is None
    write_text(file, "[1]")
    assert read_json(file) is None


def replaced_or_flushed(tree):
    """Lines that flush a file, make a temporary one, or let one path take the place of another."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("fsync", "NamedTemporaryFile"):
            yield node.lineno
        # Text takes two arguments, models and frames take keywords.
        is_plain = isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords
        if is_plain and isinstance(node.func, ast.Attribute) and node.func.attr == "replace":
            yield node.lineno


def test_nothing_else_replaces_or_flushes_files():
    found = {
        path.name: lines
        for path in SOURCE.rglob("*.py")
        if (lines := list(replaced_or_flushed(ast.parse(path.read_text(encoding="utf-8")))))
    }
    assert set(found) == {"whole.py"}, found


def test_what_killed_processes_left_is_removed_after_a_day(tmp_path):
    abandoned, recent, other = (folder_beside(tmp_path / name) for name in ("out", "out", "other"))
    (abandoned / "part").write_text("x")
    for path in (abandoned / "part", abandoned, other):
        os.utime(path, (1e9, 1e9))
    fresh = folder_beside(tmp_path / "out")
    assert set(tmp_path.iterdir()) == {recent, other, fresh}


def denied(*_):
    raise PermissionError(errno.EACCES, "in use")


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EIO])
def test_a_folder_that_cannot_be_flushed_is_no_error_but_a_broken_disk_is(tmp_path, monkeypatch, code):
    real = os.fsync

    def fsync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(code, "no")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with nullcontext() if code != errno.EIO else pytest.raises(OutputError):
        write_text(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "new"


def test_a_system_that_opens_no_folders_writes_files_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "open", denied)  # as Windows does
    write_text(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "new"


@pytest.mark.parametrize("n_refused", [2, 1000])
def test_a_file_that_another_program_has_open_is_tried_again(tmp_path, monkeypatch, n_refused):
    real, tries = Path.replace, []

    def replace(self, target):
        tries.append(target)
        return denied() if len(tries) <= n_refused else real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr("secondplan.files.whole.HELD_SECONDS", 0.2)  # as on Windows
    with nullcontext() if n_refused == 2 else pytest.raises(OutputError):
        write_text(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").exists() == (n_refused == 2) and len(tries) > 2
