import pandas as pd
import pytest

from secondplan.synthetic import simulate_with_truth


@pytest.fixture(scope="session")
def england():
    """Fifty thousand children in 125 authorities, with the truth."""
    return simulate_with_truth("england-2018", n_children=50_000, random_state=11)


@pytest.fixture(scope="session")
def told_by_census():
    """The children as yearly censuses tell of them: births and deaths after the last one that lists a child are not."""

    def children(plans):
        closed = plans.cin_episodes.fillna({"closure_date": plans.extract["extract_date"].max()})
        last = closed.groupby(["la_code", "child_id"])["closure_date"].max()
        table = plans.children
        listed = last.reindex(pd.MultiIndex.from_frame(table[["la_code", "child_id"]])).reset_index(drop=True)
        year_end = pd.to_datetime({"year": listed.dt.year + (listed.dt.month > 3), "month": 3, "day": 31})
        is_unborn = table["date_of_birth"] > year_end
        return table.assign(
            sex=table["sex"].mask(is_unborn, "0"),
            date_of_birth=table["date_of_birth"].mask(is_unborn),
            date_of_death=table["date_of_death"].mask(table["date_of_death"] > year_end),
        )

    return children
