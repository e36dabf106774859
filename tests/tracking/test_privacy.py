import pandas as pd
import pytest

from secondplan.errors import OutputError
from secondplan.tracking.privacy import publishable_table, refuse_identifiers


def test_small_counts_and_what_comes_from_them_are_withheld():
    table = pd.DataFrame({"group": ["a", "b", "c"], "n": [100, 5, 0], "rate": [0.1, 0.2, 0.0]})
    shown = publishable_table(table, "groups")
    # The count of a is withheld as the next smallest: b would follow from the total.
    assert shown["n"].tolist() == ["c", "c", 0]
    assert shown["rate"].tolist() == ["c", "c", 0.0]
    assert shown["group"].tolist() == ["a", "b", "c"]


def test_two_small_counts_hide_each_other():
    table = pd.DataFrame({"n_events": [3, 4, 50]})
    assert publishable_table(table, "t")["n_events"].tolist() == ["c", "c", 50]


def test_tables_without_counts_stay():
    table = pd.DataFrame({"model": ["a"], "brier_730": [0.05], "fold": [3]})
    assert publishable_table(table, "t") is table


@pytest.mark.parametrize("column", ["child_id", "PLAN_ID", "family_id", "date_of_birth"])
def test_rows_of_children_are_refused(column):
    with pytest.raises(OutputError, match="never logged"):
        publishable_table(pd.DataFrame({column: ["x"]}), "t")
    with pytest.raises(OutputError, match="never logged"):
        publishable_table(pd.DataFrame({"n": [10]}, index=pd.Index(["x"], name=column)), "t")


def test_long_tables_are_refused():
    with pytest.raises(OutputError, match="only aggregates"):
        publishable_table(pd.DataFrame({"x": range(6000)}), "t")


def test_identifiers_in_pages_are_found_but_not_shown(cohort):
    refuse_identifiers({"report.html": "<p>120 children, 0.000123 of CHILDKEY</p>"}, cohort)
    for text in ("<td>CHILDKEY00007</td>", "PLANKEY00001,", 'x="FAMILYKEY00003"'):
        with pytest.raises(OutputError, match=r"report.html: holds 1 identifiers") as error:
            refuse_identifiers({"report.html": text}, cohort)
        assert "KEY0" not in str(error.value)


def test_a_count_does_not_follow_from_the_total_of_its_model_and_day():
    # One is withheld in each day, and the sum over the tenths is the number of second plans by that day.
    table = pd.DataFrame(
        {"model": "m", "day": [365] * 3 + [730] * 3, "n_events": [3, 30, 12, 4, 8, 40], "observed": 0.1}
    )
    shown = publishable_table(table, "calibration")
    assert shown["n_events"].tolist() == ["c", 30, "c", "c", "c", 40]
    assert shown["observed"].tolist() == ["c", 0.1, "c", "c", "c", 0.1]
    assert shown["day"].tolist() == table["day"].tolist()
