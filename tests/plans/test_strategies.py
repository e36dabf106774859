import numpy as np
import pytest

import secondplan as sp


def test_months_are_days_of_a_year():
    assert [sp.NotBefore(months=months).days for months in (3, 6, 9, 12)] == [91, 182, 274, 365]
    assert sp.EndBy(months=np.int64(12)).days == 365


def test_names_are_words():
    names = [s.name for s in (sp.NaturalCourse(), sp.NotBefore(1), sp.NotBefore(4.5), sp.EndBy(months=12))]
    assert sp.EndBy(months=12, grace_days=14).name == "ending by 12 months and 14 days"
    assert names == ["natural course", "no ending before 1 month", "no ending before 4.5 months", "ending by 12 months"]


def test_equal_strategies_are_one():
    assert len({sp.NotBefore(3), sp.NotBefore(months=3), sp.EndBy(3), sp.NaturalCourse(), sp.NaturalCourse()}) == 3


@pytest.mark.parametrize("months", [0, -3, np.nan, np.inf, "3", None, True, 0.01, [3]])
def test_what_is_no_time_is_refused(months):
    with pytest.raises(ValueError, match="months must be a number"):
        sp.EndBy(months=months)


@pytest.mark.parametrize("grace_days", [-1, 1.5, True, None])
def test_what_is_no_grace_is_refused(grace_days):
    with pytest.raises(ValueError, match="grace_days must be a whole number of 0 or more"):
        sp.EndBy(months=12, grace_days=grace_days)
