import pyarrow as pa

from secondplan.scoring.duplicate_keys import SeenKeys


def keys(*pairs):
    return {
        name: pa.array(values) for name, values in zip(("child_id", "plan_id"), zip(*pairs, strict=True), strict=True)
    }


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
    both = keys(("a", "1"), ("a", "1")) | {"la_code": pa.array(["330", "331"])}
    assert not seen.add(both).any()
