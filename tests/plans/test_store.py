"""The plan store: round trip, bytes, verification, refusals."""

import hashlib
import json
import os
import shutil
from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from secondplan.errors import InputError, OutputError
from secondplan.plans import Plans, read_plans
from secondplan.plans.columns import COLUMNS
from secondplan.plans.schema import describe_columns, empty_table


def table(name, **columns):
    """Rows of table ``name`` with the columns given, the others missing."""
    empty = empty_table(name)
    frame = pd.DataFrame(columns)
    return frame.reindex(columns=empty.columns).astype(empty.dtypes.to_dict())


@pytest.fixture
def small():
    days = pd.to_datetime(["2015-04-01", "2016-01-10"])
    return Plans(
        children=table(
            "children", child_id=["c1", "c2"], la_code="330", sex=["1", None], disabilities=["AUT;LD", None]
        ),
        plans=table("plans", plan_id=["p1", "p2"], child_id=["c1", "c2"], la_code="330", start_date=days),
        reviews=table("reviews", plan_id=["p1"], review_date=days[1:], quorate=[True], absent_agencies=[2]),
        assessments=table("assessments", child_id=["c1"], la_code="330", start_date=days[:1], factors=["2B;4B"]),
        extract=table("extract", la_code=["330"], first_date=days[:1], extract_date=days[1:], source=["test"]),
        metadata={"scenario": {"name": "tiny", "hazard": 0.1}},
    )


def test_round_trip_keeps_rows_types_and_metadata(small, tmp_path):
    path = small.write(tmp_path / "store")
    again = read_plans(path)
    assert again.equals(small)
    assert again.metadata == small.metadata
    for name, frame in again.tables.items():
        assert [str(kind) for kind in frame.dtypes] == [column.kind for column in COLUMNS[name].values()], name


def test_same_data_give_same_bytes(small, tmp_path):
    first, second = small.write(tmp_path / "a"), read_plans(small.write(tmp_path / "b")).write(tmp_path / "c")
    names = sorted(file.name for file in first.iterdir())
    assert len(names) == len(COLUMNS) + 1
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)


def test_nothing_is_left_beside_the_store(small, tmp_path):
    small.write(tmp_path / "store")
    small.write(tmp_path / "store", overwrite=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["store"]


def test_busy_folder_is_refused_unless_it_is_a_store_to_overwrite(small, tmp_path):
    path = small.write(tmp_path / "store")
    (path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="is not empty"):
        small.write(path)
    small.write(path, overwrite=True)
    assert (path / "notes.txt").read_text() == "mine"
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.docx").write_text("years of work")
    with pytest.raises(OutputError, match="no plan store"):
        small.write(other, overwrite=True)
    assert (other / "thesis.docx").exists()
    with pytest.raises(OutputError, match="is a file"):
        small.write(other / "thesis.docx")


def test_empty_folder_is_used(small, tmp_path):
    (tmp_path / "store").mkdir()
    assert read_plans(small.write(tmp_path / "store")).equals(small)


def test_alterations_are_found(small, tmp_path):
    good = small.write(tmp_path / "good")

    def damaged(change):
        bad = tmp_path / "bad"
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(good, bad)
        change(bad)
        return bad

    with pytest.raises(InputError, match="altered"):
        read_plans(damaged(lambda bad: shutil.copy(bad / "plans.parquet", bad / "reviews.parquet")))
    with pytest.raises(InputError, match="missing"):
        read_plans(damaged(lambda bad: (bad / "plans.parquet").unlink()))
    with pytest.raises(InputError, match=r"no datapackage\.json"):
        read_plans(damaged(lambda bad: (bad / "datapackage.json").unlink()))
    with pytest.raises(InputError, match="not the descriptor"):
        read_plans(damaged(lambda bad: (bad / "datapackage.json").write_text("{")))

    def next_version(bad):
        text = json.loads((bad / "datapackage.json").read_text())
        (bad / "datapackage.json").write_text(json.dumps({**text, "format_version": 99}))

    with pytest.raises(InputError, match="format version 99"):
        read_plans(damaged(next_version))
    with pytest.raises(InputError, match="does not exist"):
        read_plans(tmp_path / "nowhere")


def test_a_failed_write_leaves_the_old_store(small, tmp_path, monkeypatch):
    path = small.write(tmp_path / "store")
    monkeypatch.setattr(
        "secondplan.plans.arrow_tables.pq.ParquetWriter",
        lambda *args, **kwargs: (_ for _ in ()).throw(OSError(28, "No space left")),
    )
    with pytest.raises(OutputError, match="No space left"):
        small.write(path, overwrite=True)
    monkeypatch.undo()
    assert read_plans(path).equals(small)
    assert [entry.name for entry in tmp_path.iterdir()] == ["store"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"child_id": ["SECRET", None]}, r"children, column child_id, row 2: a value is required"),
        ({"child_id": ["SECRET", "SECRET"]}, r"children, row 1: la_code and child_id must occur once"),
        ({"sex": ["1", "SECRET"]}, r"column sex, row 2: is not in the code list"),
        ({"disabilities": ["LD", "LD;SECRET"]}, r"column disabilities, row 2: holds a code"),
        ({"la_code": ["330", "SECRET"]}, r"column la_code, row 2: is not a three-digit code"),
        ({"date_of_birth": ["2015-01-01", "SECRET"]}, r"column date_of_birth: cannot be read as datetime64"),
        ({"name": ["SECRET", "SECRET"]}, r"unknown columns name"),
    ],
)
def test_errors_name_the_place_and_never_the_value(change, message):
    children = pd.DataFrame({"child_id": ["c1", "c2"], "la_code": "330"}).reindex(columns=list(COLUMNS["children"]))
    with pytest.raises(InputError, match=message) as caught:
        Plans(children=children.assign(**change))
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_missing_column_and_reference_are_refused(small):
    with pytest.raises(InputError, match="table plans: missing columns end_date"):
        Plans(children=small.children, plans=small.plans.drop(columns="end_date"))
    with pytest.raises(InputError, match="table plans, column child_id, row 2: not in table children"):
        Plans(children=small.children.iloc[:1], plans=small.plans)
    with pytest.raises(InputError, match="table reviews, column plan_id, row 1"):
        Plans(reviews=small.reviews)


def test_authority_of_child_records_comes_from_children_where_it_is_certain(small):
    bare = small.assessments.drop(columns="la_code")
    assert list(Plans(children=small.children, assessments=bare).assessments["la_code"]) == ["330"]
    both = pd.concat([small.children, small.children.assign(la_code="331")])
    with pytest.raises(InputError, match="needs la_code"):
        Plans(children=both, assessments=bare)


def test_text_of_a_store_shows_counts_only(small):
    assert "c1" not in repr(small) + small._repr_html_()
    assert "plans=2" in repr(small)


def test_every_column_says_where_it_comes_from():
    for name in COLUMNS:
        about = describe_columns(name)
        assert (about[["title", "description", "source"]].apply(lambda text: text.str.len()) > 1).all(axis=None)


def redescribe(folder, change):
    """Change ``datapackage.json``, and mend the checksums."""
    file = folder / "datapackage.json"
    content = json.loads(file.read_text())
    change(content)
    for resource in content["resources"]:
        if (folder / "plans.parquet").is_file() and resource["name"] == "plans":
            resource["hash"] = "sha256:" + hashlib.sha256((folder / "plans.parquet").read_bytes()).hexdigest()
    file.write_text(json.dumps(content))


def test_descriptors_that_are_none_are_refused(small, tmp_path):
    folder = small.write(tmp_path / "store")
    whole = (folder / "datapackage.json").read_text()
    for text in ("[" * 100_000, '{"a":' * 50_000, "", "null"):
        (folder / "datapackage.json").write_text(text)
        with pytest.raises(InputError, match="not the descriptor"):
            read_plans(folder)
    (folder / "datapackage.json").write_text(whole)
    redescribe(folder, lambda content: content.update(metadata=[1]))
    with pytest.raises(InputError, match="metadata must be an object"):
        read_plans(folder)
    (folder / "datapackage.json").write_text(whole)
    redescribe(folder, lambda content: content["resources"][0].update(path="x" * 300))
    with pytest.raises(InputError, match="cannot be read"):
        read_plans(folder)


def test_dates_that_no_calendar_has_are_refused(small, tmp_path):
    folder = small.write(tmp_path / "store")
    rows = pq.read_table(folder / "plans.parquet")
    days = pa.array([2**31 - 1] * len(rows), pa.int32()).cast(pa.date32())
    place = rows.schema.get_field_index("start_date")
    pq.write_table(rows.set_column(place, "start_date", days), folder / "plans.parquet")
    redescribe(folder, lambda content: None)
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_plans(folder)


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_new_store_is_for_its_owner_and_a_folder_keeps_its_mode(small, tmp_path):
    assert small.write(tmp_path / "new").stat().st_mode & 0o077 == 0
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o750)
    assert small.write(tmp_path / "shared").stat().st_mode & 0o777 == 0o750


def test_a_store_and_its_quality_report_come_as_one(tmp_path):
    Plans().write(tmp_path / "store", quality_report=SimpleNamespace(to_json=lambda: "{}"))
    assert (tmp_path / "store/quality.json").read_text() == "{}"
    # A surrogate cannot be written: the last file of the store fails.
    with pytest.raises(UnicodeEncodeError):
        Plans().write(tmp_path / "other", quality_report=SimpleNamespace(to_json=lambda: "\ud800"))
    assert [entry.name for entry in tmp_path.iterdir()] == ["store"]


def test_a_store_of_before_progress_was_recorded_is_read_with_none(small):
    old = small.reviews.drop(columns="progress")
    plans = Plans(**{**small.tables, "reviews": old})
    assert plans.equals(small)
    assert plans.reviews["progress"].isna().all()
    with pytest.raises(InputError, match="table reviews, column progress, row 1: is not in the code list"):
        Plans(**{**small.tables, "reviews": old.assign(progress="excellent")})
