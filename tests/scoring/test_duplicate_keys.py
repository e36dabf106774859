import pandas as pd

from secondplan.scoring.duplicate_keys import SeenKeys


def keys(*pairs):
    return pd.DataFrame(pairs, columns=["child_id", "plan_id"], dtype="string")


def test_only_later_rows_with_the_same_keys_came_before():
    seen = SeenKeys()
    assert seen.add(keys(("a", "1"), ("b", "1"), ("a", "1"))).tolist() == [False, False, True]
    assert seen.add(keys(("a", "2"), ("b", "1"), ("b", "2"))).tolist() == [False, True, False]


def test_keys_are_remembered_when_runs_are_merged():
    seen = SeenKeys()
    for chunk in range(40):
        assert not seen.add(keys(*((f"c{chunk}-{i}", "p") for i in range(5)))).any()
    assert seen.add(keys(*((f"c{chunk}-3", "p") for chunk in range(40)))).all()


def test_the_same_child_in_two_authorities_is_two_children():
    seen = SeenKeys()
    both = pd.DataFrame({"child_id": ["a", "a"], "plan_id": ["1", "1"], "la_code": ["330", "331"]}, dtype="string")
    assert not seen.add(both).any()
