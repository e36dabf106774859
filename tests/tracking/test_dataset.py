import hashlib
import hmac

import numpy as np
import pandas as pd
import pytest

from secondplan.tracking import dataset
from secondplan.tracking.dataset import cohort_digest, column_kinds, table_digest

TABLE = pd.DataFrame({"b": [1.0, np.nan], "a": ["x", 'y"'], "d": pd.to_datetime(["2018-03-31", None])})
CANONICAL = '["a", "b", "d"]"tx","n1.0","d2018-03-31"\n"ty""","",""\n'


def test_the_canonical_text_by_hand():
    assert table_digest(TABLE) == hashlib.sha256(CANONICAL.encode()).hexdigest()


def test_a_key_makes_it_another_digest(monkeypatch):
    monkeypatch.setenv("SECONDPLAN_DIGEST_KEY", "key")
    assert table_digest(TABLE) == hmac.new(b"key", CANONICAL.encode(), "sha256").hexdigest()


@pytest.mark.parametrize(
    "other",
    [
        TABLE[["d", "a", "b"]],
        TABLE.astype({"b": "Float64", "a": "string"}),
        TABLE.astype({"a": "category"}),
        TABLE.assign(d=TABLE["d"].astype("datetime64[s]")),
        TABLE.assign(b=pd.array([1, None], dtype="Int16")),
    ],
)
def test_storage_does_not_matter(other):
    assert table_digest(other) == table_digest(TABLE)


@pytest.mark.parametrize(
    "change", [{"b": [1.0, 0.0]}, {"a": ["x", ""]}, {"a": ["1.0", 'y"']}, {"d": TABLE["d"].iloc[0]}]
)
def test_every_value_matters(change):
    assert table_digest(TABLE.assign(**change)) != table_digest(TABLE)


def test_missing_is_not_empty_text():
    assert table_digest(pd.DataFrame({"a": [""]})) != table_digest(
        pd.DataFrame({"a": pd.array([None], dtype="string")})
    )


def test_rows_in_any_order_give_one_digest(cohort):
    order = np.random.default_rng(0).permutation(len(cohort))
    parts = {name: getattr(cohort, name).iloc[order].reset_index(drop=True) for name in ("X", "y", "keys")}
    other = type(cohort)(**parts, eligible_days=cohort.eligible_days.iloc[order], flow=cohort.flow)
    assert cohort_digest(other) == cohort_digest(cohort)
    assert len(cohort_digest(cohort)) == 64


def test_it_covers_every_row_beyond_a_chunk(monkeypatch, cohort):
    whole = cohort_digest(cohort)
    monkeypatch.setattr(dataset, "ROWS_PER_CHUNK", 7)
    assert cohort_digest(cohort) == whole
    cohort_changed = type(cohort)(
        cohort.X, cohort.y.assign(event=cohort.y["event"].where(cohort.y.index < 119, 9)), cohort.keys,
        cohort.eligible_days, cohort.flow,
    )  # fmt: skip
    assert cohort_digest(cohort_changed) != whole


def test_kinds_of_columns(cohort):
    assert column_kinds(cohort.X) == {
        "plan_length_days": "double",
        "sex": "string",
        "disabled": "boolean",
        "not_a_feature_of_the_model": "double",
    }
