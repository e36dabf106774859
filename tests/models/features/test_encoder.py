import json
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from secondplan.models.features.encoder import FeatureEncoder
from secondplan.models.features.natural_spline import place_knots, spline_basis

MIXED = pd.DataFrame(
    {
        "age": [3.0, 15.5, 0.0, 9.0],
        "n_reviews": pd.array([2, 5, 1, 4], dtype="Int16"),
        "disabled": pd.array([True, False, False, True], dtype="boolean"),
        "unborn": [False, True, False, False],
        "category": pd.array(["NEG", "EMO", "NEG", "SAB"], dtype="string"),
        "band": pd.Categorical(["mid", "low", "mid", "high"], categories=["low", "mid", "high", "never"], ordered=True),
    }
)


def missing_at(frame, column, rows):
    changed = frame.copy()
    changed[column] = changed[column].mask(np.isin(np.arange(len(frame)), rows))
    return changed


def test_design_by_hand():
    encoder = FeatureEncoder().fit(MIXED)
    assert list(encoder.get_feature_names_out()) == [
        "age",
        "n_reviews",
        "disabled",
        "unborn",
        "category[NEG]",
        "category[SAB]",
        "band[mid]",
        "band[high]",
    ]
    expected = [
        [3.0, 2, 1, 0, 1, 0, 1, 0],
        [15.5, 5, 0, 1, 0, 0, 0, 0],
        [0.0, 1, 0, 0, 1, 0, 1, 0],
        [9.0, 4, 1, 0, 0, 1, 0, 1],
    ]
    np.testing.assert_array_equal(encoder.design(MIXED), expected)
    assert encoder.groups_ == {
        "age": [0],
        "n_reviews": [1],
        "disabled": [2],
        "unborn": [3],
        "category": [4, 5],
        "band": [6, 7],
    }
    assert encoder.reference_ == {
        "age": 6.0,
        "n_reviews": 3.0,
        "disabled": False,
        "unborn": False,
        "category": "NEG",
        "band": "mid",
    }
    assert encoder.dropped_ == []


def test_reference_values_can_be_put_into_the_frame_and_encoded():
    encoder = FeatureEncoder().fit(MIXED)
    for name, value in encoder.reference_.items():
        changed = MIXED.astype({"n_reviews": "Float64"}).copy()
        changed[name] = value
        assert encoder.design(changed).shape == (4, 8)


def test_design_does_not_depend_on_order_of_rows_or_columns_or_on_dtype():
    encoder = FeatureEncoder().fit(MIXED)
    design = encoder.design(MIXED)
    np.testing.assert_array_equal(encoder.design(MIXED.iloc[::-1]), design[::-1])
    np.testing.assert_array_equal(encoder.design(MIXED[MIXED.columns[::-1]]), design)
    as_objects = MIXED.astype(object)
    np.testing.assert_array_equal(encoder.design(as_objects), design)
    np.testing.assert_array_equal(
        FeatureEncoder().fit(as_objects.drop(columns="band")).design(as_objects.drop(columns="band")), design[:, :6]
    )
    other = MIXED.astype({"category": "category", "disabled": float, "n_reviews": "float32", "band": "string"})
    np.testing.assert_array_equal(encoder.design(other), design)


def test_levels_that_are_numbers_keep_their_order():
    frame = pd.DataFrame({"wave": pd.Categorical([10, 2, 2, 10, 1]), "x": [1.0, 2, 3, 4, 5]})
    encoder = FeatureEncoder().fit(frame)
    assert list(encoder.get_feature_names_out()) == ["wave[2]", "wave[10]", "x"]
    np.testing.assert_array_equal(encoder.design(frame.astype({"wave": "string"})), encoder.design(frame))


def test_numeric_frame_passes_as_it_is():
    values = np.arange(12.0).reshape(4, 3) ** 2
    encoder = FeatureEncoder().fit(values)
    assert list(encoder.get_feature_names_out()) == ["x0", "x1", "x2"]
    np.testing.assert_array_equal(encoder.design(values), values)
    assert encoder.design(values.astype(np.float32)).dtype == float
    assert encoder.design(np.asfortranarray(values)).flags.c_contiguous


@pytest.mark.parametrize("wrap", [lambda values: values, lambda values: pd.DataFrame(values, columns=["x0", "x1"])])
@pytest.mark.parametrize("rows", [[0], [0, 2, 3]])
def test_missing_number_is_an_error_that_names_column_and_rows(wrap, rows):
    values = np.arange(10.0).reshape(5, 2)
    encoder = FeatureEncoder().fit(wrap(values))
    values[rows, 1] = np.nan
    with pytest.raises(ValueError, match=rf"column x1: missing in {len(rows)} of 5 rows.*numeric_missing=\"median\""):
        FeatureEncoder().fit(wrap(values))
    with pytest.raises(ValueError, match=rf"column x1: missing in {len(rows)} of 5 rows"):
        encoder.design(wrap(values))


def test_infinity_is_an_error_even_with_imputation():
    frame = MIXED.assign(age=[1.0, np.inf, -np.inf, 2.0])
    for encoder in (FeatureEncoder(), FeatureEncoder(numeric_missing="median")):
        with pytest.raises(ValueError, match="column age: infinite in 2 of 4 rows"):
            encoder.fit(frame)
        with pytest.raises(ValueError, match="column age: infinite in 2 of 4 rows"):
            encoder.fit(MIXED).design(frame)


def test_median_imputation_with_indicator_only_where_training_missed_some():
    train = pd.DataFrame({"a": [1.0, np.nan, 3.0, 9.0], "b": [1.0, 2.0, 3.0, 4.0]})
    encoder = FeatureEncoder(numeric_missing="median").fit(train)
    assert list(encoder.get_feature_names_out()) == ["a", "a[missing]", "b"]
    np.testing.assert_array_equal(encoder.design(train), [[1, 0, 1], [3, 1, 2], [3, 0, 3], [9, 0, 4]])
    new = pd.DataFrame({"a": [np.nan], "b": [np.nan]})
    np.testing.assert_array_equal(encoder.design(new), [[3, 1, 2.5]])


def test_missing_category_and_boolean_as_a_level():
    train = missing_at(missing_at(MIXED, "category", [1]), "disabled", [0, 2])
    with pytest.raises(ValueError, match=r'column disabled: missing in 2 of 4 rows.*categorical_missing="level"'):
        FeatureEncoder().fit(train)
    with pytest.raises(ValueError, match="column category: missing in 1 of 4 rows"):
        FeatureEncoder().fit(train.drop(columns="disabled"))
    encoder = FeatureEncoder(categorical_missing="level").fit(train[["disabled", "category"]])
    assert list(encoder.get_feature_names_out()) == [
        "disabled",
        "disabled[missing]",
        "category[SAB]",
        "category[missing]",
    ]
    np.testing.assert_array_equal(
        encoder.design(train[["disabled", "category"]]), [[0, 1, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0], [1, 0, 1, 0]]
    )


def test_missing_level_that_training_did_not_have_counts_as_unseen():
    new = missing_at(missing_at(MIXED, "category", [0]), "disabled", [0])
    encoder = FeatureEncoder(categorical_missing="level").fit(MIXED)
    with pytest.raises(ValueError, match="column disabled: a level that training did not have in 1 of 4 rows"):
        encoder.design(new)
    encoder = FeatureEncoder(categorical_missing="level", unseen="reference").fit(MIXED)
    np.testing.assert_array_equal(encoder.design(new)[0, 2:6], [0, 0, 0, 0])


@pytest.mark.parametrize("dtype", ["string", "category", object])
def test_unseen_level(dtype):
    new = MIXED.assign(category=pd.Series(["NEG", "PHY", "EMO", "OTHER"], dtype=dtype))
    with pytest.raises(
        ValueError, match="column category: a level that training did not have in 2 of 4 rows"
    ) as caught:
        FeatureEncoder().fit(MIXED).design(new)
    assert "PHY" not in str(caught.value)
    design = FeatureEncoder(unseen="reference").fit(MIXED).design(new)
    np.testing.assert_array_equal(design[:, 4:6], [[1, 0], [0, 0], [0, 0], [0, 0]])


def test_declared_level_without_rows_counts_as_unseen():
    new = MIXED.assign(band=pd.Categorical(["never"] * 4, categories=MIXED["band"].cat.categories, ordered=True))
    with pytest.raises(ValueError, match="column band: a level that training did not have in 4 of 4 rows"):
        FeatureEncoder().fit(MIXED).design(new)


def test_absent_and_unknown_columns_are_named():
    encoder = FeatureEncoder(drop=["unborn"]).fit(MIXED)
    with pytest.raises(ValueError, match="X lacks columns that training had: age, band"):
        encoder.design(MIXED.drop(columns=["age", "band"]))
    with pytest.raises(ValueError, match="X has columns that training did not have: risk"):
        encoder.design(MIXED.assign(risk=1.0))
    assert encoder.design(MIXED.drop(columns="unborn")).shape == encoder.design(MIXED).shape == (4, 7)


def test_another_kind_than_in_training_is_an_error():
    encoder = FeatureEncoder().fit(MIXED)
    for name, column, kind in [
        ("age", ["1", "2", "3", "4"], "numeric"),
        ("age", pd.Categorical([1, 2, 3, 4]), "numeric"),
        ("age", pd.date_range("2018-01-01", periods=4), "numeric"),
        ("age", pd.Series([1.0, "two", 3.0, 4.0], dtype=object), "numeric"),
        ("unborn", [0.0, 1.0, 2.0, 1.0], "neither true nor false in 1 of 4"),
    ]:
        with pytest.raises(ValueError, match=f"column {name}: .*{kind}") as caught:
            encoder.design(MIXED.assign(**{name: column}))
        assert "two" not in str(caught.value) and caught.value.__cause__ is None


def test_dates_are_no_features():
    with pytest.raises(ValueError, match="column day: features are numbers, booleans or categories, not datetime64"):
        FeatureEncoder().fit(pd.DataFrame({"day": pd.date_range("2018-01-01", periods=3)}))


def test_identifiers_are_refused():
    frame = pd.DataFrame({"child_id": [f"C{number}" for number in range(30)], "x": np.arange(30.0)})
    with pytest.raises(ValueError, match="column child_id: 30 levels in 30 rows; it looks like an identifier"):
        FeatureEncoder().fit(frame)
    frame["child_id"] = frame["child_id"].shift(1).fillna("C28")
    assert FeatureEncoder().fit(frame).design(frame).shape == (30, 29)
    with pytest.raises(ValueError, match="column child_id: 29 levels in 30 rows"):
        FeatureEncoder(max_levels=20).fit(frame)


def test_constant_columns_have_no_feature():
    frame = MIXED.assign(
        one=1.0,
        yes=True,
        only=pd.Categorical(["a"] * 4, categories=["a", "b"]),
        none=pd.Series([None] * 4, dtype=object),
    )
    encoder = FeatureEncoder(categorical_missing="level").fit(frame)
    assert encoder.dropped_ == ["one", "yes", "only", "none"]
    np.testing.assert_array_equal(encoder.design(frame), FeatureEncoder().fit(MIXED).design(MIXED))
    assert encoder.groups_["one"] == [] and encoder.reference_["one"] == 1.0
    values = np.column_stack([np.full(2000, 7.0), np.r_[np.zeros(1999), 1.0]])
    assert FeatureEncoder().fit(values).dropped_ == ["x0"]


def test_constant_but_for_missing_keeps_the_indicator():
    frame = pd.DataFrame({"a": [2.0, np.nan, 2.0], "b": [np.nan] * 3})
    encoder = FeatureEncoder(numeric_missing="median").fit(frame)
    assert list(encoder.get_feature_names_out()) == ["a[missing]"]
    np.testing.assert_array_equal(encoder.design(frame), [[0], [1], [0]])
    assert encoder.dropped_ == ["b"] and encoder.reference_ == {"a": 2.0, "b": None}


def test_all_constant_gives_no_columns():
    encoder = FeatureEncoder().fit(np.ones((5, 2)))
    assert encoder.design(np.zeros((3, 2))).shape == (3, 0)


def test_splines():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"age": rng.uniform(0, 18, 50), "x": rng.normal(size=50)})
    encoder = FeatureEncoder(splines={"age": 3}).fit(frame)
    assert list(encoder.get_feature_names_out()) == ["age[spline 1]", "age[spline 2]", "age[spline 3]", "x"]
    knots = place_knots(frame["age"].to_numpy(), 3)
    new = pd.DataFrame({"age": [-1.0, 5.0, 30.0], "x": 0.0})
    np.testing.assert_array_equal(encoder.design(new)[:, :3], spline_basis(new["age"].to_numpy(), knots))
    assert encoder.groups_ == {"age": [0, 1, 2], "x": [3]}


def test_spline_of_an_imputed_column_has_knots_from_values_that_were_there():
    frame = pd.DataFrame({"age": [*np.arange(20.0), np.nan, np.nan]})
    encoder = FeatureEncoder(splines={"age": 2}, numeric_missing="median").fit(frame)
    expected = spline_basis(np.array([9.5]), place_knots(np.arange(20.0), 2))
    np.testing.assert_array_equal(encoder.design(frame)[-1:], np.column_stack([expected, [1.0]]))


def test_splines_that_cannot_be():
    with pytest.raises(ValueError, match="column category: a spline needs a numeric column, this one is categorical"):
        FeatureEncoder(splines={"category": 3}).fit(MIXED)
    with pytest.raises(ValueError, match="column age: the quantiles that would be knots coincide"):
        FeatureEncoder(splines={"age": 4}).fit(pd.DataFrame({"age": np.repeat([1.0, 2.0], 20)}))


def test_interactions_by_hand():
    frame = MIXED[["age", "unborn", "category"]]
    encoder = FeatureEncoder(interactions=[("age", "category"), ("unborn", "category")]).fit(frame)
    assert list(encoder.get_feature_names_out()) == [
        "age",
        "unborn",
        "category[NEG]",
        "category[SAB]",
        "age:category[NEG]",
        "age:category[SAB]",
    ]
    np.testing.assert_array_equal(encoder.design(frame)[:, 4:], [[3, 0], [0, 0], [0, 0], [0, 9]])
    assert encoder.groups_ == {"age": [0, 4, 5], "unborn": [1], "category": [2, 3, 4, 5]}
    assert encoder.dropped_ == ["unborn:category[NEG]", "unborn:category[SAB]"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"splines": {"agee": 3}}, "splines names columns that X does not have: agee"),
        ({"drop": ["agee"]}, "drop names columns that X does not have: agee"),
        ({"interactions": [("age", "b")]}, "interactions names columns that X does not have: b"),
        ({"drop": ["age"], "splines": {"age": 3}}, "splines names columns that X does not have: age"),
        ({"unseen": "ignore"}, "unseen must be one of error, reference"),
        ({"numeric_missing": "mean"}, "numeric_missing must be one of error, median"),
        ({"drop": "age"}, "drop must be lists of columns"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        FeatureEncoder(**options).fit(MIXED)


def test_odd_frames():
    with pytest.raises(ValueError, match="several columns of the same name"):
        FeatureEncoder().fit(pd.DataFrame(np.eye(2), columns=["a", "a"]))
    with pytest.raises(ValueError, match="column names of X must be text"):
        FeatureEncoder().fit(pd.DataFrame(np.eye(2)))
    with pytest.raises(ValueError, match="two dimensions, got 1"):
        FeatureEncoder().fit(np.arange(3.0))


def test_no_rows_to_predict():
    encoder = FeatureEncoder(splines={"age": 2}).fit(MIXED)
    assert encoder.design(MIXED.iloc[:0]).shape == (0, 9)


def test_state_is_json_and_restores_the_encoder():
    train = missing_at(MIXED, "category", [3])
    encoder = FeatureEncoder(categorical_missing="level", splines={"age": 2}, interactions=[("age", "disabled")]).fit(
        train
    )
    restored = clone(encoder).from_state(json.loads(json.dumps(encoder.state(), allow_nan=False)))
    np.testing.assert_array_equal(restored.design(train), encoder.design(train))
    for attribute in ("groups_", "reference_", "dropped_", "n_features_in_"):
        assert getattr(restored, attribute) == getattr(encoder, attribute)
    assert list(restored.get_feature_names_out()) == list(encoder.get_feature_names_out())


def test_fit_copy_leaves_the_encoder_as_it_is():
    encoder = FeatureEncoder(unseen="reference")
    fitted = encoder.fit_copy(MIXED)
    assert not hasattr(encoder, "columns_") and fitted.unseen == "reference"


def test_works_in_a_pipeline_and_gives_a_frame_with_the_index():
    frame = MIXED.set_axis([10, 20, 30, 40])
    encoded = FeatureEncoder().fit_transform(frame)
    assert list(encoded.index) == [10, 20, 30, 40]
    assert make_pipeline(FeatureEncoder(), LinearRegression()).fit(frame, [1.0, 2, 3, 4]).predict(frame).shape == (4,)


def test_a_million_rows_take_little_time():
    values = np.random.default_rng(0).normal(size=(1_000_000, 5))
    start = time.perf_counter()
    FeatureEncoder().fit(values).design(values)
    seconds = time.perf_counter() - start
    assert seconds < 2.0  # about 0.05 s on an idle core


def test_chosen_columns_are_the_features_and_others_are_ignored():
    frame = pd.DataFrame({"age": [1.0, 7.0, 3.0], "note": ["a", "b", "c"], "sex": ["F", "M", "F"]})
    encoder = FeatureEncoder(columns=["sex", "age"]).fit(frame)
    assert list(encoder.get_feature_names_out()) == ["sex[M]", "age"]
    np.testing.assert_array_equal(encoder.design(frame.assign(more=1)), encoder.design(frame[["age", "sex"]]))
    with pytest.raises(ValueError, match="columns names columns that X does not have: height"):
        FeatureEncoder(columns=["height"]).fit(frame)
