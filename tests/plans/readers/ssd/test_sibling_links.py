"""Siblings by family and by mother; worked by hand."""

import pandas as pd
import pytest

from secondplan.plans.families import LARGEST_FAMILY
from secondplan.plans.readers.ssd.sibling_links import link_siblings


def groups(*pairs):
    return pd.DataFrame(pairs, columns=["person", "group"], dtype="string")


def linked(persons, families=(), mothers=()):
    found = link_siblings(pd.Series(list(persons)), groups(*families), groups(*mothers))
    return found.fillna("").tolist()


@pytest.mark.parametrize(
    ("families", "mothers", "expected"),
    [
        ([], [], ["", "", "", ""]),
        ([("a", "F2"), ("b", "F2")], [], ["F2", "F2", "", ""]),
        # A half-sibling links two families: all three are one, under the least name.
        ([("a", "F2"), ("b", "F2"), ("b", "F1"), ("c", "F1")], [], ["F1", "F1", "F1", ""]),
        ([], [("c", "m"), ("d", "m")], ["", "", "mother m", "mother m"]),
        ([("a", "Z"), ("c", "Z")], [("c", "m"), ("d", "m")], ["Z", "", "Z", "Z"]),
        # Persons without a name, groups without a name, and persons nobody asked for link nobody.
        ([("a", None), (None, "F1"), ("x", "F1"), ("b", "F1")], [], ["", "F1", "", ""]),
    ],
)
def test_who_is_linked(families, mothers, expected):
    assert linked("abcd", families, mothers) == expected


def test_a_family_of_all_is_a_placeholder():
    persons = [f"p{n}" for n in range(LARGEST_FAMILY + 1)]
    everybody = [(person, "UNKNOWN") for person in persons]
    assert set(linked(persons, everybody)) == {""}
    # It does not join the families of those who are in it either.
    assert linked(persons, [*everybody, ("p0", "F1"), ("p1", "F1"), ("p2", "F2")])[:3] == ["F1", "F1", "F2"]


def test_the_order_of_rows_does_not_matter():
    families = [("a", "F3"), ("b", "F3"), ("b", "F1"), ("c", "F1"), ("d", "F2")]
    assert linked("abcd", families) == linked("abcd", families[::-1])
