"""JSON in pieces: the same records as `json` gives, whatever the form and wherever the pieces are cut."""

import json
import tracemalloc

import pytest

from secondplan.errors import InputError
from secondplan.plans.readers.dfe_api import json_records
from secondplan.plans.readers.dfe_api.json_records import JsonFile

NAMES = {"id", "plans"}
RECORDS = [{"id": "a", "plans": [{"start": "2017-01-10", "text": 'q"[]{},:é\n'}], "n": None}, {"id": "b", "plans": []}]


def read(path):
    return [record.value for record in JsonFile(path, NAMES).records()]


def saved(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "children.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


FORMS = {
    "array": json.dumps(RECORDS),
    "indented": json.dumps(RECORDS, indent=2),
    "lines": "\n".join(map(json.dumps, RECORDS)),
    "lines, blank ones between": "\n\n".join(map(json.dumps, RECORDS)) + "\n\n",
    "lines of arrays": "\n".join(json.dumps([record]) for record in RECORDS),
    "wrapper": json.dumps({"made": "2018-03-31", "children": RECORDS, "n": 2, "tags": ["x"]}),
    "wrapper in a wrapper": json.dumps({"meta": {"version": 1}, "data": {"children": RECORDS}}),
    "by identifier": json.dumps({record["id"]: record for record in RECORDS}),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("chunk", [7, 64, 1 << 20])
def test_every_form_gives_the_records_wherever_it_is_cut(tmp_path, monkeypatch, form, chunk):
    # Short pieces make every object a long one.
    monkeypatch.setattr(json_records, "_CHUNK", chunk)
    assert read(saved(tmp_path, FORMS[form])) == RECORDS


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_of_encodings(tmp_path, encoding):
    assert read(saved(tmp_path, FORMS["array"], encoding)) == RECORDS


def test_one_record_alone_and_none(tmp_path):
    assert read(saved(tmp_path, json.dumps(RECORDS[0], indent=1))) == RECORDS[:1]
    assert read(saved(tmp_path, "[]")) == []
    assert read(saved(tmp_path, '{"children": []}')) == []
    assert read(saved(tmp_path, '{"other": 1}')) == [{"other": "1"}]


def test_numbers_stay_as_they_are_written(tmp_path):
    text = '[{"id": 00012345678901234567890.0}]'.replace("000", "")
    assert read(saved(tmp_path, text)) == [{"id": "12345678901234567890.0"}]
    assert read(saved(tmp_path, '[{"id": %s, "x": NaN, "y": -Infinity}]' % ("9" * 6000))) == [
        {"id": "9" * 6000, "x": "NaN", "y": "-Infinity"}
    ]


def test_lines_are_those_on_which_records_begin(tmp_path):
    path = saved(tmp_path, '[\n {"id": "a",\n  "x": 1},\n {"id": "b"}\n]')
    assert [record.line for record in JsonFile(path, NAMES).records()] == [2, 4]


def test_a_name_that_comes_twice(tmp_path):
    source = JsonFile(saved(tmp_path, '[{"id": "a", "id": "b", "plans": [1], "plans": [2], "x": 1, "x": 1}]'), NAMES)
    (record,) = source.records()
    # Arrays are joined, so that no record is lost; of values the last one counts, and a copy is no contradiction.
    assert record.value == {"id": "b", "plans": ["1", "2"], "x": "1"}
    assert source.n_repeated == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (" \n\n ", "is empty"),
        (b"PK\x03\x04xx", "is a zip archive"),
        (FORMS["indented"][:-20], r"line \d+: the JSON is cut off"),
        (FORMS["array"][:-1], "line 1: the JSON is cut off"),
        ('[{"id": "a"}\n{"id": "b"}]', "line 2: expected , or ]"),
        ("[{'id': 'a'}]", "line 1: not JSON"),
        ('[{"id": "a"},\n{"id": tru}]', "line 2: not JSON"),
        ("id,start\n1,2", "line 1: expected an object or an array"),
        ("[" * 100_000, "nested too deeply"),
        ('{"id":' * 100_000, "nested too deeply"),
        (b'[{"id": "\xff\xfe"}]', "near line 1: the bytes are not UTF-8$"),
        (b'[{"id": "a"}]\n\xc3', "the last character is cut off"),
        ('{"children": [{"id": "a"}, 12', "the JSON is cut off"),
    ],
)
def test_faults_are_one_line_with_the_place(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as caught:
        read(saved(tmp_path, text))
    assert "\n" not in str(caught.value) and "children.json" in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "nowhere.json")


@pytest.mark.parametrize("form", ["[%s]", '{"made": "today", "children": [%s]}', "%s"])
def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch, form):
    monkeypatch.setattr(json_records, "_CHUNK", 1 << 14)
    record = json.dumps({"id": "a", "note": "x" * 900})
    separator = "\n" if form == "%s" else ","
    path = saved(tmp_path, form % separator.join([record] * 4000))
    tracemalloc.start()
    try:
        n_records = sum(1 for _ in JsonFile(path, NAMES).records())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert n_records == 4000
    assert path.stat().st_size > 3_500_000 and peak < 1_000_000
