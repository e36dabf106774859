"""Damaged SSD folders: an `InputError` or an answer in which every row is accounted for, and nothing else."""

import csv
import io
import os
import random

import pytest

from secondplan.errors import InputError
from secondplan.plans import read_ssd
from secondplan.synthetic import write_ssd

# Folders of each kind, most with dozens of faults; SECONDPLAN_FUZZ_ROUNDS=50 for a long run.
ROUNDS = int(os.environ.get("SECONDPLAN_FUZZ_ROUNDS", "1"))
GIVEN = {"la_code": "508", "extract_date": "2018-03-31"}
N_ROWS = 12
ODD_VALUES = [
    *(
        "NULL",
        "N/A",
        "",
        " ",
        "0",
        "-1",
        "1e9",
        "43000",
        "99999",
        "2017-02-30",
        "31/12/2017",
        "0001-01-01",
        "9999-12-31",
    ),
    *("2017-02-14T00:00:00", "infinity", "No Trace", "SSD_PH", "M", "aWBRI", "é" * 50, "٣٣٣", "x" * 5000, ";;;", "{}"),
    *('["1A"', '{"1A": {"2B": []}}', "[[[[", "null", "[null, 1, true]", "=1+1", "\x00", "\u2028", "Y,N", '"', "NaN"),
]
COUNTED = {
    "ssd_cp_plans": "plans",
    "ssd_person": "children",
    "ssd_cp_reviews": "reviews",
    "ssd_cla_episodes": "care_episodes",
    "ssd_family": "ssd_family",
    "ssd_disability": "ssd_disability",
    "ssd_assessment_factors": "ssd_assessment_factors",
}


@pytest.fixture(scope="module")
def tables(two_authorities, tmp_path_factory):
    """The first rows of each table of a small extract, as cells."""
    folder = tmp_path_factory.mktemp("ssd")
    names = write_ssd(two_authorities, folder, system="eclipse", la_code="508")
    read = {}
    for name in names:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            read[name] = list(csv.reader(stream))[: N_ROWS + 1]
    return read


def put_odd_values(tables, rng):
    for _ in range(rng.randint(1, 60)):
        rows = rng.choice(list(tables.values()))
        row = rng.choice(rows[1:])
        row[rng.randrange(len(row))] = rng.choice(ODD_VALUES)


def rename_or_repeat_a_column(tables, rng):
    header = rng.choice(list(tables.values()))[0]
    header[rng.randrange(len(header))] = rng.choice([*header, "unknown", "", "cppl_person_id"])


def drop_a_column(tables, rng):
    rows = rng.choice(list(tables.values()))
    place = rng.randrange(len(rows[0]))
    for row in rows:
        del row[place : place + 1]


def cut_or_stretch_a_row(tables, rng):
    for rows in rng.sample(list(tables.values()), 6):
        row = rng.choice(rows[1:])
        if rng.random() < 0.5:
            del row[rng.randrange(len(row)) :]
        else:
            row.insert(rng.randrange(len(row) + 1), rng.choice(ODD_VALUES))


def repeat_rows(tables, rng):
    rows = rng.choice(list(tables.values()))
    rows.extend([list(rng.choice(rows)) for _ in range(3)])


def drop_a_table(tables, rng):
    del tables[rng.choice([name for name in tables if name != "ssd_cp_plans"])]


def swap_cells(tables, rng):
    for _ in range(rng.randint(1, 30)):
        first, second = (rng.choice(rng.choice(list(tables.values()))[1:]) for _ in range(2))
        if first and second:
            one, other = rng.randrange(len(first)), rng.randrange(len(second))
            first[one], second[other] = second[other], first[one]


def mix_tables(tables, rng):
    first, second = rng.sample(list(tables), 2)
    tables[first], tables[second] = tables[second], tables[first]


def damage_bytes(data, rng):
    damaged = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(damaged))
        kind = rng.random()
        if kind < 0.6:
            damaged[place] = rng.randrange(256)
        elif kind < 0.8:
            damaged[place:place] = rng.choice([b'"', b"\n", b"\r", b",", b"\x00", b"\xff"])
        else:
            del damaged[place : place + rng.randint(1, 50)]
    return bytes(damaged)


CHANGES = [
    *(put_odd_values, rename_or_repeat_a_column, drop_a_column, cut_or_stretch_a_row, repeat_rows, drop_a_table),
    *(swap_cells, mix_tables),
]


def written(rows):
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue().encode("utf-8", "replace")


def save(folder, files):
    for old in folder.iterdir():
        old.unlink()
    for name, data in files.items():
        (folder / f"{name}.csv").write_bytes(data)


def read_and_check(folder):
    """The counts of an answer that is consistent; None where the input is refused in one line."""
    try:
        plans, report = read_ssd(folder, **GIVEN)
    except InputError as error:
        assert "\n" not in str(error) and str(error)
        return None
    counts = report.counts
    assert (counts["read"] == counts[["kept", "repaired", "merged", "rejected"]].sum(axis=1)).all()
    assert counts.loc["plans", ["kept", "repaired"]].sum() == len(plans.plans)
    return counts


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_changed_tables_are_refused_or_accounted_for(tables, change, tmp_path):
    rng = random.Random(change.__name__)
    for _ in range(ROUNDS):
        changed = {name: [list(row) for row in rows] for name, rows in tables.items()}
        change(changed, rng)
        save(tmp_path, {name: written(rows) for name, rows in changed.items()})
        counts = read_and_check(tmp_path)
        if change in (drop_a_column, rename_or_repeat_a_column, mix_tables):
            # A table may no longer be known by its columns.
            continue
        assert counts is not None
        for name in COUNTED.keys() & changed.keys():
            n_rows = sum(any(cell.strip("\x00 ") for cell in row) for row in changed[name][1:])
            assert counts.loc[COUNTED[name], "read"] == n_rows, name


def test_damaged_bytes_are_refused_or_accounted_for(tables, tmp_path):
    rng = random.Random(2018)
    n_read = 0
    for _ in range(2 * ROUNDS):
        files = {name: written(rows) for name, rows in tables.items()}
        for name in rng.sample(list(files), 3):
            files[name] = damage_bytes(files[name], rng)
        save(tmp_path, files)
        n_read += read_and_check(tmp_path) is not None
    assert n_read


def test_change_upon_change(tables, tmp_path):
    rng, n_read = random.Random(7), 0
    for _ in range(2 * ROUNDS):
        changed = {name: [list(row) for row in rows] for name, rows in tables.items()}
        for change in rng.choices(CHANGES[:-1], k=3):
            if len(changed) > 2 and all(len(rows) > 1 and all(rows[1:]) for rows in changed.values()):
                change(changed, rng)
        save(tmp_path, {name: written(rows) for name, rows in changed.items()})
        n_read += read_and_check(tmp_path) is not None
    assert n_read
