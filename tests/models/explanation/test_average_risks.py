"""Average risks by the value of a column, and their bands."""

import numpy as np
import pytest

from secondplan import load_model, partial_dependence

from ..all_models import X, Y

SOME = X[:30]


@pytest.mark.parametrize("name", ["CauseSpecificCox", "BoostedHazard", "AalenJohansen by stratum"])
def test_it_is_the_average_of_rows_that_all_have_the_value(name, fitted):
    model = fitted[name]
    column, values = ("category", ["NEG", "PHY"]) if "Aalen" in name else ("age", [3.0, 12.0])
    eligible = np.linspace(100, 900, len(SOME))
    found = partial_dependence(model, SOME, column, [91, 400], values=values, eligible_days=eligible)
    expected = [
        model.predict_cumulative_incidence(SOME.assign(**{column: value}), [91, 400], eligible_days=eligible).mean(
            axis=0
        )
        for value in values
    ]
    table = found.table
    np.testing.assert_allclose(table["estimate"].to_numpy().reshape(2, 2), np.transpose(expected))
    assert table["time"].tolist() == [91, 91, 400, 400] and table["value"].tolist() == values * 2
    assert found.reference is None and found.held == "average over 30 rows, the others as they are"


def test_it_has_a_band_where_the_model_has_intervals(fitted, tmp_path):
    found = partial_dependence(fitted["CauseSpecificCox"], X, "age", 365, values=[3, 12], max_rows=50, level=0.9)
    assert (
        found.table["lower"].lt(found.table["estimate"]).all()
        and found.table["upper"].gt(found.table["estimate"]).all()
    )
    assert "average over 50 rows" in found.held
    model = fitted["FineGray"]
    loaded = load_model(model.save(tmp_path / "fine_gray"))
    bounds = [partial_dependence(m, SOME, "age", 365, values=[5]).table[["lower", "upper"]] for m in (model, loaded)]
    np.testing.assert_allclose(*bounds)
    alone = partial_dependence(model, X[:1], "age", 365, values=[X["age"][0]]).table
    np.testing.assert_allclose(
        alone[["lower", "upper"]].to_numpy(), model.predict_cumulative_incidence_interval(X[:1], [365])[0]
    )
    for name in ("BoostedHazard", "CauseSpecificCox product limit, strata"):
        column = "category" if "strata" in name else "age"
        found = partial_dependence(fitted[name], SOME, column, 365)
        assert found.table["lower"].isna().all()
        assert f"average risk of {column}; " in repr(found) and "n_bootstrap=" in repr(found)


def test_families_are_drawn_where_it_is_asked_for(fitted):
    model = fitted["CauseSpecificCox"]
    options = {"y": Y, "cluster": np.arange(len(X)) // 2, "random_state": 1}
    found = partial_dependence(model, X, "age", 365, values=[5], max_rows=20, n_bootstrap=40, **options).table.iloc[0]
    plain = partial_dependence(model, X, "age", 365, values=[5], max_rows=20).table.iloc[0]
    assert found["estimate"] == plain["estimate"]
    assert found["upper"] - found["lower"] == pytest.approx(plain["upper"] - plain["lower"], rel=0.35)
    again = [
        partial_dependence(model, SOME, "age", values=[5], n_bootstrap=2, **options | {"y": Y[:30], "cluster": None})
        for _ in range(2)
    ]
    assert again[0].table.equals(again[1].table)
    with pytest.raises(ValueError, match="n_bootstrap needs y"):
        partial_dependence(model, X, "age", 365, n_bootstrap=5)


def test_what_cannot_be_averaged_is_refused(fitted):
    model = fitted["CauseSpecificCox"]
    with pytest.raises(ValueError, match="'length' is no column that the model uses"):
        partial_dependence(model, X, "length")
    with pytest.raises(ValueError, match="event 3 is not modelled"):
        partial_dependence(model, X, "age", event=3)
    with pytest.raises(ValueError, match="X has no row"):
        partial_dependence(model, X[:0], "age")
