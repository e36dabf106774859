import io
import os
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from secondplan.errors import InputError
from secondplan.scoring.columns import numbers_of, text_of
from secondplan.scoring.sources.opening import open_source

COLUMNS = ["n_reviews"]


def cells(chunk, name):
    return text_of(chunk.cases.columns[name], name).to_pylist()


def read(path, rows_per_chunk=100, **options):
    return list(open_source(path, COLUMNS, **options).chunks(rows_per_chunk))


def write(tmp_path, text, name="cases.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def test_csv_of_any_usual_kind(tmp_path):
    plain = "child_id,plan_id,n_reviews\n007,p1,3\n8,p2,4\n"
    texts = {
        "plain": plain,
        "with a byte order mark": "\ufeff" + plain,
        "CRLF": plain.replace("\n", "\r\n"),
        "semicolons": plain.replace(",", ";"),
        "tabs": plain.replace(",", "\t"),
        "no last line end": plain.rstrip("\n"),
        "blank lines": plain.replace("\n", "\n\n"),
        "quotes": plain.replace("007", '"007"'),
    }
    for name, text in texts.items():
        (chunk,) = read(write(tmp_path, text))
        assert cells(chunk, "child_id") == ["007", "8"], name
        assert cells(chunk, "n_reviews") == ["3", "4"], name
        assert chunk.row.tolist() == [1, 2], name


def test_chunks_number_rows_across_lines_that_cannot_be_read(tmp_path):
    path = write(tmp_path, "child_id,plan_id,n_reviews\na,p,1\nb,p\nc,p,1\nd,p,1,1\ne,p,1\n")
    chunks = read(path, rows_per_chunk=2)
    assert [(chunk.row.tolist(), chunk.unreadable, chunk.n_read) for chunk in chunks] == [
        ([1], {2: "wrong_number_of_fields"}, 2),
        ([3], {4: "wrong_number_of_fields"}, 2),
        ([5], {}, 1),
    ]


def test_whole_number_keys_of_parquet_stay_whole_beside_missing_ones(tmp_path):
    keys = pd.array([9_007_199_254_740_993, None], dtype="Int64")
    pd.DataFrame({"child_id": keys, "plan_id": [1, 2], "n_reviews": [1.0, 2.0]}).to_parquet(tmp_path / "c.parquet")
    (chunk,) = read(tmp_path / "c.parquet")
    assert cells(chunk, "child_id") == ["9007199254740993", None]


def test_a_folder_of_parquet_files_is_read_in_order(tmp_path):
    for part in (1, 0):
        frame = pd.DataFrame({"child_id": [f"c{part}"], "plan_id": ["p"], "n_reviews": [1.0]})
        frame.to_parquet(tmp_path / f"part-{part}.parquet")
    chunks = read(tmp_path)
    assert [cells(chunk, "child_id") for chunk in chunks] == [["c0"], ["c1"]]
    assert [chunk.row.tolist() for chunk in chunks] == [[1], [2]]


def test_the_digest_follows_the_content(tmp_path):
    first = open_source(write(tmp_path, "child_id,plan_id\na,b\n"), COLUMNS).digest
    assert open_source(write(tmp_path, "child_id,plan_id\na,b\n", "other.csv"), COLUMNS).digest == first
    assert open_source(write(tmp_path, "child_id,plan_id\na,c\n"), COLUMNS).digest != first


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("child_id,plan_id,child_id\n", "same name"),
        ("child_id,n_reviews\n", "lacks the column plan_id"),
        ('child_id,plan_id,n_reviews\na,b,1\n"SECRET,b,1\n', "not CSV after row 1"),
    ],
)
def test_csv_that_is_none_is_one_line_without_values(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as error:
        read(write(tmp_path, text))
    assert "SECRET" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None


def test_paths_that_are_no_cases(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        open_source(tmp_path / "absent.csv", COLUMNS)
    with pytest.raises(InputError, match="neither a plan store"):
        open_source(tmp_path, COLUMNS)
    with pytest.raises(InputError, match=r"not a plan store, nor files of one kind: \.parquet"):
        open_source(write(tmp_path, "x", "cases.docx"), COLUMNS)
    with pytest.raises(InputError, match="not a Parquet file"):
        open_source(write(tmp_path, "PAR1 but no more", "cases.parquet"), COLUMNS)
    with pytest.raises(InputError, match="--as-of"):
        open_source(write(tmp_path, "child_id,plan_id\n"), COLUMNS, as_of="2018-03-31")


def test_truncated_parquet_names_the_row(tmp_path):
    n = 50_000
    frame = pd.DataFrame({"child_id": [f"c{i}" for i in range(n)], "plan_id": "p", "n_reviews": 1.0})
    frame.to_parquet(tmp_path / "c.parquet", row_group_size=1000)
    content = bytearray((tmp_path / "c.parquet").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    (tmp_path / "c.parquet").write_bytes(bytes(content))
    with pytest.raises(InputError, match="cannot be read after row"):
        read(tmp_path / "c.parquet", rows_per_chunk=1000)


def test_files_that_are_not_utf8_text_say_so(tmp_path):
    text = "child_id,plan_id,n_reviews\na,p,1\n"
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        with pytest.raises(InputError, match="not UTF-8 text"):
            read(write(tmp_path, text, encoding=encoding))


def test_a_line_with_a_nul_is_no_row_of_text(tmp_path):
    (chunk,) = read(write(tmp_path, "child_id,plan_id,n_reviews\na,p,1\nb\0,p,1\n"))
    assert chunk.unreadable == {2: "nul_character"}


def test_a_cell_without_end_is_refused(tmp_path):
    with pytest.raises(InputError, match="a cell is too long"):
        read(write(tmp_path, "child_id,plan_id,n_reviews\na,p,1\n" + "x" * 200_000 + ",p,1\n"))


def test_parquet_columns_of_bytes_or_of_one_name_are_refused(tmp_path):
    columns = {"child_id": pa.array([b"\xff"]), "plan_id": pa.array(["p"]), "n_reviews": pa.array([1])}
    for keys in (columns["child_id"], columns["child_id"].dictionary_encode()):
        pq.write_table(pa.table(columns | {"child_id": keys}), tmp_path / "bytes.parquet")
        with pytest.raises(InputError, match="child_id holds bytes"):
            read(tmp_path / "bytes.parquet")
    twice = pa.table([["a"], ["b"], ["p"], [1]], names=["child_id", "child_id", "plan_id", "n_reviews"])
    pq.write_table(twice, tmp_path / "twice.parquet")
    with pytest.raises(InputError, match="same name"):
        read(tmp_path / "twice.parquet")


FRAME = pd.DataFrame({"child_id": ["a", "b", "c"], "plan_id": ["1", "2", "3"], "n_reviews": [1.0, 2.0, None]})


def written(folder, kind):
    path = folder / f"cases{kind}"
    if kind in (".arrow", ".feather"):
        FRAME.to_feather(path)
    elif kind.startswith(".csv"):
        FRAME.to_csv(path, index=False)
    else:
        FRAME.to_json(path, orient="records", lines=True)
    return path


@pytest.mark.parametrize("kind", [".csv.gz", ".arrow", ".feather", ".jsonl", ".jsonl.gz"])
def test_other_kinds_of_files_give_the_same_rows(tmp_path, kind):
    chunks = read(written(tmp_path, kind), 2)
    assert [chunk.row.tolist() for chunk in chunks] == [[1, 2], [3]]
    assert [name for chunk in chunks for name in cells(chunk, "child_id")] == ["a", "b", "c"]
    numbers = np.concatenate([numbers_of(chunk.cases.columns["n_reviews"], "n_reviews")[0] for chunk in chunks])
    np.testing.assert_array_equal(numbers, [1.0, 2.0, np.nan])


def test_a_mapped_file_is_let_go_of_when_it_is_read(tmp_path, monkeypatch):
    real, mapped = pa.memory_map, []
    monkeypatch.setattr(pa, "memory_map", lambda *it: mapped.append(real(*it)) or mapped[-1])
    assert len(read(written(tmp_path, ".arrow"), 2)) == 2
    assert mapped and all(file.closed for file in mapped), "Windows lets nobody replace it"


def test_lines_that_are_no_json_are_rejected_one_by_one(tmp_path):
    path = tmp_path / "cases.jsonl"
    path.write_text(written(tmp_path, ".ndjson").read_text() + '[1]\n{"child_id": \n')
    (chunk,) = read(path)
    assert chunk.unreadable == {4: "not_json", 5: "not_json"} and chunk.n_read == 5


def test_a_pattern_and_partitions_are_read_in_order_of_names(tmp_path):
    for code in ("331", "330"):
        (tmp_path / f"la_code={code}").mkdir()
        FRAME.to_parquet(tmp_path / f"la_code={code}/part.parquet")
    for source in (tmp_path, tmp_path / "*/*.parquet"):
        chunks = read(source)
        assert [cells(chunk, "la_code")[0] for chunk in chunks] == ["330", "331"]
        assert chunks[1].row.tolist() == [4, 5, 6]
    with pytest.raises(InputError, match="no such file"):
        open_source(tmp_path / "*.csv", COLUMNS)
    FRAME.to_csv(tmp_path / "a.csv", index=False)
    FRAME.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    with pytest.raises(InputError, match="files of one kind"):
        open_source(tmp_path / "a.*", COLUMNS)


class Standard:
    def __init__(self, content, is_terminal=False):
        self.buffer, self.is_terminal = io.BytesIO(content), is_terminal

    def isatty(self):
        return self.is_terminal


@pytest.mark.parametrize(("kind", "ending"), [("csv", ".csv"), ("jsonl", ".jsonl"), ("arrow", ".arrow")])
def test_standard_input_gives_the_rows_of_the_file(tmp_path, monkeypatch, kind, ending):
    path = written(tmp_path, ending)
    monkeypatch.setattr(sys, "stdin", Standard(path.read_bytes()))
    source = open_source("-", COLUMNS, input_format=kind)
    assert source.digest == open_source(path, COLUMNS).digest and source.name == "standard input"
    for _ in range(2):  # the copy can be read again
        chunks = list(source.chunks(2))
        assert [chunk.row.tolist() for chunk in chunks] == [[1, 2], [3]]
        assert [name for chunk in chunks for name in cells(chunk, "child_id")] == ["a", "b", "c"]


def test_standard_input_as_parquet_counts_its_rows(monkeypatch):
    stream = io.BytesIO()
    FRAME.to_parquet(stream)
    monkeypatch.setattr(sys, "stdin", Standard(stream.getvalue()))
    source = open_source("-", COLUMNS, input_format="parquet")
    assert source.about_rows == 3
    assert [chunk.n_read for chunk in source.chunks(2)] == [2, 1]


def test_standard_input_that_cannot_be_used_says_why(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Standard(b"", is_terminal=True))
    with pytest.raises(InputError, match="needs input_format"):
        open_source("-", COLUMNS)
    with pytest.raises(InputError, match="is a terminal"):
        open_source("-", COLUMNS, input_format="csv")
    with pytest.raises(InputError, match="must be one of csv, jsonl, arrow, parquet"):
        open_source("-", COLUMNS, input_format="xml")


def test_a_file_of_another_name_is_read_as_told(tmp_path):
    path = write(tmp_path, "child_id,plan_id,n_reviews\na,p,1\n", "cases.dat")
    (chunk,) = read(path, input_format="csv")
    assert chunk.n_read == 1


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "cases.csv")
    with pytest.raises(InputError, match="--input -"):
        open_source(tmp_path / "cases.csv", COLUMNS)


def test_text_that_is_no_unicode_or_has_a_nul_loses_its_row_only(tmp_path):
    good = '{"child_id": "a", "plan_id": "1", "n_reviews": 1}\n'
    bad = [good.replace('"a"', text) for text in ('"\\ud800"', '"\\u0000"')]
    path = write(tmp_path, "".join([good, *bad]), "cases.jsonl")
    path.write_bytes(path.read_bytes() + good.encode().replace(b'"a"', b'"\xe9"'))
    (chunk,) = read(path)
    assert chunk.unreadable == {2: "not_utf8", 3: "nul_character", 4: "not_utf8"}
