from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from secondplan.plans.features.child import ETHNICITY_GROUP_TYPE, SEX_TYPE
from secondplan.plans.group_words import children_of, group_labels


class Children(SimpleNamespace):
    def __len__(self):
        return len(self.X)


@pytest.fixture(scope="module")
def children():
    return Children(
        X=pd.DataFrame(
            {
                "sex": pd.Categorical(["2", "1", "0"], dtype=SEX_TYPE),
                "age_at_end": [0.0, 4.99, np.nan],
                "ethnicity_group": pd.Categorical(["Unknown", "White", "Black"], dtype=ETHNICITY_GROUP_TYPE),
                "disabled": pd.array([True, False, None], dtype="boolean"),
                "initial_category": ["NEG", "EMO", "NEG"],
            }
        ),
        keys=pd.DataFrame({"la_code": pd.array(["838", "835", "599"], dtype="string")}),
    )


def test_codes_are_words_in_reading_order(children):
    labels = group_labels(children, None)
    assert {name: list(found) for name, found in labels.items()} == {
        "sex": ["Female", "Male", "Not recorded or unborn"],
        "age": ["under 1", "1 to 4", "not recorded"],
        "ethnicity group": ["Unknown", "White", "Black"],
        "disability": ["Disabled", "Not disabled", "not recorded"],
        "category of abuse": ["Neglect", "Emotional abuse", "Neglect"],
        "authority": ["Dorset", "Dorset (to 2019)", "599"],  # two authorities, one after the other
    }
    assert list(labels["sex"].categories) == ["Male", "Female", "Not recorded or unborn"]
    assert list(labels["disability"].categories) == ["Not disabled", "Disabled", "not recorded"]


def test_own_labels_and_other_columns(children):
    assert list(group_labels(children, {"team": np.array([2, 1, 2])})["team"]) == ["2", "1", "2"]
    assert list(group_labels(children, ["disabled"])) == ["disability"]


@pytest.mark.parametrize(
    ("characteristic", "group", "words"),
    [
        ("sex", "Male", "Male children"),
        ("age", "1 to 4", "Children aged 1 to 4"),
        ("ethnicity group", "Unknown", "Children whose ethnicity group is unknown"),
        ("disability", "not recorded", "Children whose disability is not recorded"),
        ("disability", "Not disabled", "Children without a recorded disability"),
        ("plan length", "up to 3 months", "Children whose plan lasted up to 3 months"),
        ("authority", "Birmingham", "Children of Birmingham"),
        ("authority", "599", "Children of authority 599"),
        ("team", "North", "Children with team North"),
    ],
)
def test_a_sentence_begins_with_the_children(characteristic, group, words):
    assert children_of(characteristic, group) == words
