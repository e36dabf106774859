"""Damaged CIN census files: an `InputError` or an answer in which every plan is accounted for, and nothing else."""

import os
import random
import re
import tracemalloc
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

import pytest

from secondplan.errors import EmptyCohortError, InputError
from secondplan.plans import build_cohort, check_plans, read_cin_census
from secondplan.plans.readers.cin_census.xml import parse_census_file

SAMPLE = (Path(__file__).parent / "samples" / "cin_2018.xml").read_bytes()
# Mutations of each kind; SECONDPLAN_FUZZ_ROUNDS=1000 for a long run.
ROUNDS = int(os.environ.get("SECONDPLAN_FUZZ_ROUNDS", "6"))
TAGS = re.compile(rb"</?\w+/?>")
VALUES = re.compile(rb">([^<>\s][^<>]*)<")
ODD_VALUES = [
    *(b"NULL", b"N/A", b"", b" ", b"0", b"-1", b"10", b"1e9", b"43000", b"99999", b"2017-02-30", b"31/12/2017"),
    *(b"0001-01-01", b"9999-12-31", b"2017-02-14T00:00:00", b"No Trace", b"M", b"aWBRI", b"&amp;", b"\xc3\xa9" * 50),
    *(
        b"\xd9\xa3\xd9\xa3\xd9\xa3",
        b"x" * 5000,
        b";;;",
        b"NONE;LD",
        b"&#0;",
        b"&#1;",
        b"]]>",
        b"<a/>",
        b"<![CDATA[<b>]]>",
    ),
]


def flip_bytes(data, rng):
    damaged = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
    return bytes(damaged)


def cut(data, rng):
    return data[: rng.randrange(len(data))]


def drop_tag(data, rng):
    tag = rng.choice(list(TAGS.finditer(data)))
    return data[: tag.start()] + data[tag.end() :]


def inner_names(data):
    """Names of the elements inside the root that have no attributes and are closed."""
    opened = set(re.findall(rb"<(\w+)>", data)) & set(re.findall(rb"</(\w+)>", data))
    return sorted(opened - {b"Message"}) or [b"Header"]


def any_element(name, data, rng):
    found = list(re.finditer(rb"<%s>.*?</%s>" % (name, name), data, re.DOTALL))
    return rng.choice(found or list(re.finditer(rb"(?s).*", data))[:1])


def drop_element(data, rng):
    name = rng.choice(inner_names(data))
    element = any_element(name, data, rng)
    return data[: element.start()] + data[element.end() :]


def repeat_element(data, rng):
    name = rng.choice(inner_names(data))
    element = any_element(name, data, rng)
    return data[: element.end()] + element[0] + data[element.end() :]


def move_element(data, rng):
    name = rng.choice(inner_names(data))
    element = any_element(name, data, rng)
    rest = data[: element.start()] + data[element.end() :]
    place = rng.choice(list(TAGS.finditer(rest))).end()
    return rest[:place] + element[0] + rest[place:]


def rename_tag(data, rng):
    names = sorted(set(re.findall(rb"<(\w+)>", data)))
    old, new = rng.choice(names), rng.choice([*names, b"Unknown", b"ns:Child"])
    return data.replace(b"<%s>" % old, b"<%s>" % new).replace(b"</%s>" % old, b"</%s>" % new)


def swap_values(data, rng):
    first, second = sorted(rng.sample(list(VALUES.finditer(data)), 2), key=lambda found: found.start())
    return b"".join(
        [data[: first.start(1)], second[1], data[first.end(1) : second.start(1)], first[1], data[second.end(1) :]]
    )


def put_odd_value(data, rng):
    for _ in range(rng.randint(1, 4)):
        value = rng.choice(list(VALUES.finditer(data)))
        data = data[: value.start(1)] + rng.choice(ODD_VALUES) + data[value.end(1) :]
    return data


MUTATIONS = [
    *(flip_bytes, cut, drop_tag, drop_element, repeat_element, move_element, rename_tag, swap_values, put_odd_value),
]


def count_plans(data):
    """The number of plan blocks by another parser; None where it does not read the file."""
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    return sum(element.tag.rpartition("}")[2].lower() == "childprotectionplans" for element in root.iter())


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
def test_damage_is_an_input_error_or_accounted_for(mutate, tmp_path):
    rng = random.Random(mutate.__name__)
    path = tmp_path / "return.xml"
    n_read = 0
    for _ in range(ROUNDS):
        data = mutate(SAMPLE, rng)
        path.write_bytes(data)
        try:
            plans, report = read_cin_census(path)
        except InputError as error:
            assert "\n" not in str(error) and "return.xml" in str(error)
            continue
        n_read += 1
        counts = report.counts.loc["plans"]
        expected = count_plans(data)
        assert expected is None or counts["read"] == expected
        assert counts["kept"] + counts["repaired"] == len(plans.plans)
        check_plans(plans)
    assert n_read or mutate in (cut, drop_tag, flip_bytes)


def test_damage_upon_damage(tmp_path):
    rng = random.Random(2018)
    path = tmp_path / "return.xml"
    n_read = 0
    for _ in range(2 * ROUNDS):
        data = SAMPLE
        for mutate in rng.choices(MUTATIONS[3:], k=4):
            data = mutate(data, rng)
        path.write_bytes(data)
        try:
            plans, quality = read_cin_census(path)
        except InputError as error:
            assert "\n" not in str(error)
            continue
        n_read += 1
        counts = quality.counts.loc["plans"]
        assert counts["read"] == counts[["kept", "repaired", "merged", "rejected"]].sum()
        assert len(plans.plans) == counts["kept"] + counts["repaired"]
        with suppress(EmptyCohortError):
            assert build_cohort(plans).y["duration"].ge(0).all()
    assert n_read > ROUNDS / 4, "most of the damage must leave something to read"


@pytest.mark.slow
def test_memory_does_not_grow_with_the_xml(tmp_path):
    head, _, tail = SAMPLE.partition(b"        <CINPlanDates>")
    filler = (
        b"<CINPlanDates><CINPlanStartDate>2017-11-22</CINPlanStartDate><Note>nothing of use</Note></CINPlanDates>\n"
    )
    path = tmp_path / "large.xml"
    path.write_bytes(head + filler * (19_000_000 // len(filler)) + b"        <CINPlanDates>" + tail)
    tracemalloc.start()
    try:
        census = parse_census_file(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(census.rows["plans"]) == 2
    assert peak < 5_000_000
