"""Sheets of rows from files of every kind: encodings, separators, workbooks, and files that are refused."""

import datetime as dt
import io
import zipfile

import openpyxl
import pandas as pd
import pytest

from secondplan.errors import InputError
from secondplan.plans.readers.files import workbook
from secondplan.plans.readers.files.sheets import find_headings, headed, read_sheets, words

TEXT = 'Child ID,Name of list,Start\r\n7,Zoë,31/03/2018\r\n\r\n8,"two\nlines, one cell",\r\n'


def one_sheet(path):
    (sheet,) = read_sheets(path, path.name)
    return sheet


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_text_in_every_encoding(tmp_path, encoding):
    (tmp_path / "list.csv").write_bytes(TEXT.encode(encoding))
    sheet = one_sheet(tmp_path / "list.csv")
    assert sheet.rows == [
        ["Child ID", "Name of list", "Start"],
        ["7", "Zoë", "31/03/2018"],
        ["8", "two\nlines, one cell", ""],
    ]
    assert sheet.numbers == [1, 2, 4]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_text_with_every_separator(tmp_path, separator):
    (tmp_path / "list.csv").write_text(f"a{separator}b\n1{separator}2\n")
    assert one_sheet(tmp_path / "list.csv").rows == [["a", "b"], ["1", "2"]]


def test_the_separator_that_excel_declares(tmp_path):
    (tmp_path / "list.csv").write_text("sep=;\na,x;b\n1;2\n")
    assert one_sheet(tmp_path / "list.csv").rows[1:] == [["a,x", "b"], ["1", "2"]]


def test_a_quotation_mark_that_swallows_rows_is_refused(tmp_path):
    (tmp_path / "list.csv").write_text('a,b\n1,2\n"3,4\n5,6\n')
    with pytest.raises(InputError, match=r"list\.csv: row 3: a quotation mark is opened and not closed"):
        one_sheet(tmp_path / "list.csv")
    (tmp_path / "list.csv").write_text('a,b\n1,2\n"' + "x" * (1 << 20) + "\n5,6\n")
    with pytest.raises(InputError, match="row 3: a quotation mark"):
        one_sheet(tmp_path / "list.csv")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        (b"\x1f\x8b\x08", "is a gzip file"),
        (b"%PDF-1.7", "is a PDF"),
        (b"<html><table>", "is a web page"),
        (b"\xd0\xcf\x11\xe0rest", r"is an old Excel workbook \(\.xls\)"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "is protected by a password"),
        (b"PK\x03\x04rest", "is damaged"),
        (b"PAR1rest", "cannot be read as Parquet"),
    ],
)
def test_files_that_are_refused_in_one_line(tmp_path, data, message):
    (tmp_path / "list.csv").write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        one_sheet(tmp_path / "list.csv")
    assert "\n" not in str(caught.value)


def save_book(path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_cells_of_a_workbook_as_text(tmp_path):
    rows = [
        ["Title over merged cells"],
        [],
        ["Id", "Date", "Flag", "Number", "Formula", "Error", "Time"],
        [7, dt.datetime(2018, 3, 31), True, 1.5, "=1+1", "#N/A", dt.time(0, 0)],
        [8.0, dt.date(2018, 3, 31), False, 10**12, None, None, None],
    ]
    path = save_book(tmp_path / "book.xlsx", first=rows, empty=[], second=[["a"]])
    first, empty, second = read_sheets(path, "book.xlsx")
    assert first.numbers == [1, 3, 4, 5]
    # A formula that no program has calculated has no value.
    assert first.rows[2] == ["7", "2018-03-31", "TRUE", "1.5", "", "#N/A", "1900-01-01"]
    assert first.rows[3] == ["8", "2018-03-31", "FALSE", "1000000000000"]
    assert (second.title, second.place, empty.rows) == ("second", "book.xlsx, sheet 3", [])


def repacked(path, **changes):
    """The workbook with some of its parts replaced, or added."""
    source = zipfile.ZipFile(path)
    parts = {name: source.read(name) for name in source.namelist()} | changes
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_workbooks_that_are_refused(tmp_path, monkeypatch):
    path = save_book(tmp_path / "book.xlsx", one=[["a"], [1]])
    good = path.read_bytes()

    def message(data):
        path.write_bytes(data)
        with pytest.raises(InputError) as caught:
            list(read_sheets(path, "book.xlsx"))
        assert "\n" not in str(caught.value) and "book.xlsx" in str(caught.value)
        return str(caught.value)

    path.write_bytes(good)
    bomb = b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet/>'
    assert "declares a document type" in message(repacked(path, **{"xl/worksheets/sheet1.xml": bomb}))
    path.write_bytes(good)
    assert "is damaged" in message(repacked(path, **{"xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row>"}))
    path.write_bytes(good)
    assert "binary workbook" in message(repacked(path, **{"xl/workbook.bin": b""}))
    assert "is damaged" in message(good[: len(good) // 2])
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("notes.txt", "hello")
    assert "a zip archive but no Excel workbook" in message(other.getvalue())
    monkeypatch.setattr(workbook, "LARGEST_UNPACKED", 1 << 10)
    assert "once unpacked" in message(good)


def test_parquet_as_text(tmp_path):
    frame = pd.DataFrame(
        {
            "id": [1.0, None],
            "day": pd.to_datetime(["2018-03-31 09:00", None]),
            "yes": pd.array([True, None], dtype="boolean"),
            "kind": pd.Categorical(["NEG", None]),
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    sheet = one_sheet(tmp_path / "t.parquet")
    assert sheet.rows == [["id", "day", "yes", "kind"], ["1", "2018-03-31", "True", "NEG"]]
    assert sheet.numbers == [1, 2]


def test_headings_stand_below_titles(tmp_path):
    (tmp_path / "list.csv").write_text("Council of X\n\nChild  Unique-ID,START date,,\n7,2018-03-31,,,more\n")
    sheet = one_sheet(tmp_path / "list.csv")
    found = find_headings(sheet, lambda text: words(text) in ("child unique id", "start date"), at_least=2)
    assert found.headings == ["Child  Unique-ID", "START date"]
    frame = found.to_frame({"child_id": 0, "other": 7}, file=3)
    assert frame.to_dict("list") == {"file": [3], "row": [4], "child_id": ["7"], "other": [None]}
    assert found.is_ragged.tolist() == [True]
    assert find_headings(sheet, lambda text: text == "child", at_least=1) is None
    assert headed(sheet).headings == ["Council of X"]
    assert words(" Child’s  Legal Status (Y/N)) ") == "childs legal status y n"
