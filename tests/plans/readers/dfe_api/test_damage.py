"""Damaged payloads: an `InputError` or an answer in which every record is accounted for, and nothing else."""

import copy
import json
import os
import random

import pytest

from secondplan.errors import InputError
from secondplan.plans import read_dfe_api
from secondplan.synthetic import write_dfe_api

# Files of each kind, most with dozens of faults; SECONDPLAN_FUZZ_ROUNDS=50 for a long run.
ROUNDS = int(os.environ.get("SECONDPLAN_FUZZ_ROUNDS", "2"))
GIVEN = {"la_code": "508", "extract_date": "2018-03-31"}
N_CHILDREN = 8
ODD_VALUES = [
    *(None, True, 0, -1, 10**40, 1.5, float("nan"), float("inf"), "", " ", "NULL", "2017-02-30", "31/12/2017", "43000"),
    *("0001-01-01", "9999-12-31", "2017-02-14T00:00:00Z", "\ud800", "\x00", "é" * 50, "x" * 5000, "٣٣٣", ";;;"),
    *([], {}, [[]], [None], {"a": {"b": [1]}}, ["1A", 2, None, {}], [{}], "1A,2B"),
]


@pytest.fixture(scope="module")
def children(two_authorities, tmp_path_factory):
    path = tmp_path_factory.mktemp("api") / "children.json"
    write_dfe_api(two_authorities, path, la_code="508")
    return json.loads(path.read_text())[:N_CHILDREN]


def places(value, found=None):
    """Every container of a value with each of its keys."""
    found = [] if found is None else found
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        found.append((value, key))
        places(member, found)
    return found


def put_odd_values(children, rng):
    for _ in range(rng.randint(1, 40)):
        container, key = rng.choice(places(children))
        container[key] = copy.deepcopy(rng.choice(ODD_VALUES))


def drop_members(children, rng):
    for _ in range(rng.randint(1, 15)):
        container, key = rng.choice(places(children))
        del container[key]


def move_members(children, rng):
    for _ in range(rng.randint(1, 10)):
        container, key = rng.choice(places(children))
        value = copy.deepcopy(container[key])
        target, place = rng.choice(places(children))
        target[place] = value


def repeat_members(children, rng):
    container, key = rng.choice([(c, k) for c, k in places(children) if isinstance(c, list)])
    container.extend([copy.deepcopy(container[key])] * rng.randint(1, 3))


def rename_members(children, rng):
    for _ in range(rng.randint(1, 12)):
        named = [(c, k) for c, k in places(children) if isinstance(c, dict)]
        container, key = rng.choice(named)
        container[rng.choice([rng.choice(named)[1], "unknown", "PURGE", key.upper()])] = container.pop(key)


def purge_members(children, rng):
    for _ in range(rng.randint(1, 12)):
        container, _ = rng.choice([(c, k) for c, k in places(children) if isinstance(c, dict)])
        container["purge"] = rng.choice([True, "true", 1, "1", "Y", False, None, []])


CHANGES = [put_odd_values, drop_members, move_members, repeat_members, rename_members, purge_members]
FORMS = [
    lambda children: json.dumps(children),
    lambda children: json.dumps({"made": 1, "children": children}, indent=1),
    lambda children: "\n".join(map(json.dumps, children)),
]


def count_plans(children):
    """The number of elements of the arrays of plans inside episodes that can be reached."""
    n_plans = 0
    for child in children:
        for episode in _listed(child, "social_care_episodes"):
            n_plans += len(_listed(episode, "child_protection_plans"))
    return n_plans


def _listed(value, name):
    if not isinstance(value, dict):
        return []
    # The last of names that differ in case alone counts.
    found = [member for key, member in value.items() if key.lower() == name]
    member = found[-1] if found else None
    return [] if member is None else member if isinstance(member, list) else [member]


def read_and_check(path):
    try:
        plans, report = read_dfe_api(path, **GIVEN)
    except InputError as error:
        assert "\n" not in str(error) and path.name in str(error)
        return None
    counts = report.counts
    assert (counts["read"] == counts[["kept", "repaired", "merged", "rejected"]].sum(axis=1)).all()
    assert counts.loc["plans", ["kept", "repaired"]].sum() == len(plans.plans)
    return counts


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_changed_payloads_are_accounted_for(children, change, tmp_path):
    rng = random.Random(change.__name__)
    path = tmp_path / "children.json"
    for _ in range(ROUNDS):
        changed = copy.deepcopy(children)
        change(changed, rng)
        form = rng.choice(FORMS[:1] if any(not isinstance(child, dict) for child in changed) else FORMS)
        path.write_text(form(changed), encoding="utf-8")
        counts = read_and_check(path)
        assert counts is not None
        assert counts.loc["plans", "read"] == count_plans(changed)


def test_damaged_bytes_are_refused_or_accounted_for(children, tmp_path):
    rng = random.Random(2018)
    path = tmp_path / "children.json"
    n_read = 0
    for _ in range(6 * ROUNDS):
        data = bytearray(rng.choice(FORMS)(children).encode())
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(data))
            kind = rng.random()
            if kind < 0.5:
                data[place] = rng.choice(b'0129abz -:,"\xff\x00')
            elif kind < 0.8:
                data[place:place] = rng.choice([b'"', b"\n", b",", b"{", b"[", b"\\", b"\x00", b"\xff", b"9" * 50])
            elif kind < 0.9:
                del data[place : place + rng.randint(1, 60)]
            else:
                del data[place:]
        path.write_bytes(data or b" ")
        n_read += read_and_check(path) is not None
    assert n_read


def test_a_file_cut_anywhere_is_refused(children, tmp_path):
    path = tmp_path / "children.json"
    data = json.dumps(children).encode()
    rng = random.Random(3)
    for place in rng.sample(range(1, len(data) - 1), 4 * ROUNDS):
        path.write_bytes(data[:place])
        with pytest.raises(InputError, match=r"cut off|not JSON"):
            read_dfe_api(path, **GIVEN)
