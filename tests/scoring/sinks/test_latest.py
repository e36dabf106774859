"""``latest`` points to the newest whole folder, whatever happens in between."""

import os
from pathlib import Path

import pytest

from secondplan.errors import EmptyCohortError
from secondplan.scoring import score_batch
from secondplan.scoring.sinks import folder as folder_module
from secondplan.scoring.sinks.latest import LATEST, LATEST_TEXT, latest_folder, point_latest

MARKER = "manifest.json"


def night(parent, name, day):
    (parent / name).mkdir()
    (parent / name / MARKER).write_text("{}")
    os.utime(parent / name / MARKER, (day, day))
    return parent / name


def test_it_follows_the_night_that_was_finished_last(tmp_path):
    first, second = night(tmp_path, "a", 1_000), night(tmp_path, "b", 2_000)
    for folder in (first, second):
        point_latest(folder, MARKER)
        assert latest_folder(tmp_path) == folder and (tmp_path / LATEST / MARKER).exists()
    point_latest(first, MARKER)
    assert latest_folder(tmp_path) == second


def test_without_links_it_is_a_text_file(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(1314, "A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    for name, day in (("a", 1_000), ("b", 2_000)):
        point_latest(night(tmp_path, name, day), MARKER)
    assert (tmp_path / LATEST_TEXT).read_text() == "b\n" and not (tmp_path / LATEST).exists()
    assert latest_folder(tmp_path) == tmp_path / "b"


def test_where_a_link_takes_no_links_place_it_is_moved_in_two_steps(tmp_path, monkeypatch):
    real = Path.replace

    def replace(self, target):
        if target.is_symlink():  # as Windows does to links to folders
            raise PermissionError(5, "Access is denied")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    for name, day in (("a", 1_000), ("b", 2_000)):
        point_latest(night(tmp_path, name, day), MARKER)
        assert latest_folder(tmp_path) == tmp_path / name


def test_no_link_of_an_earlier_night_goes_before_the_text_nor_the_other_way_round(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(1314, "A required privilege is not held by the client")

    point_latest(night(tmp_path, "a", 1_000), MARKER)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "symlink_to", refuse)
        point_latest(night(tmp_path, "b", 2_000), MARKER)
    assert latest_folder(tmp_path) == tmp_path / "b" and not (tmp_path / LATEST).exists()
    point_latest(night(tmp_path, "c", 3_000), MARKER)
    assert latest_folder(tmp_path) == tmp_path / "c" and not (tmp_path / LATEST_TEXT).exists()


def test_what_is_no_link_stays(tmp_path):
    (tmp_path / LATEST).mkdir()
    with pytest.warns(UserWarning, match="is not a link"):
        point_latest(night(tmp_path, "a", 1_000), MARKER)
    assert list((tmp_path / LATEST).iterdir()) == []


def test_a_run_killed_before_the_swap_is_mended_by_the_next(model, cases, tmp_path, monkeypatch):
    cases.to_parquet(tmp_path / "cases.parquet")
    score_batch(model, tmp_path / "cases.parquet", tmp_path / "old")

    def die(*_):
        raise KeyboardInterrupt

    real = Path.replace
    moments = {
        "before the link is made": (folder_module, "point_latest", die),
        "before it is swapped": (Path, "replace", lambda *it: die() if LATEST in it[0].name else real(*it)),
    }
    for place, name, stop in moments.values():
        with monkeypatch.context() as patch:
            patch.setattr(place, name, stop)
            with pytest.raises(KeyboardInterrupt):
                score_batch(model, tmp_path / "cases.parquet", tmp_path / "new", times=(365,), resume=True)
        assert latest_folder(tmp_path) == tmp_path / "old"
    assert (tmp_path / ".latest.unfinished").is_symlink()
    assert score_batch(model, tmp_path / "cases.parquet", tmp_path / "new", times=(365,), resume=True).was_done
    assert latest_folder(tmp_path) == tmp_path / "new"
    assert not (tmp_path / ".latest.unfinished").is_symlink()


def test_a_night_without_scores_and_a_run_that_asks_for_none_leave_it(model, cases, tmp_path):
    cases.assign(n_reviews=-1.0).to_parquet(tmp_path / "bad.parquet")
    cases.to_parquet(tmp_path / "cases.parquet")
    with pytest.raises(EmptyCohortError):
        score_batch(model, tmp_path / "bad.parquet", tmp_path / "a")
    score_batch(model, tmp_path / "cases.parquet", tmp_path / "b", latest=False)
    assert latest_folder(tmp_path) is None
