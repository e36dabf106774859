import re

import numpy as np
import pandas as pd
import pytest

from secondplan.scoring import score
from secondplan.scoring.reasons import feature_groups, reasons
from secondplan.scoring.words import in_words

POINTS = re.compile(r": ([+-]\d+\.\d) points$")


def explain(model, X):
    never, none = np.full(len(X), np.inf), np.zeros(len(X))
    risk = model.predict_cumulative_incidence(X, [730])[:, 0]
    asked, _ = model.rows_asked(X, np.full((len(X), 1), 730.0), eligible_days=never, elapsed=none)
    return np.array(reasons(model, X, asked, risk, 1).to_pylist()).reshape(3, -1).T


def test_changes_by_hand(model, model_data):
    """Each reason is the change of risk when one feature has its typical value, largest first."""
    X = model_data[0].iloc[:40].reset_index(drop=True)
    found = explain(model, X)
    risk = model.predict(X)
    for row in range(len(X)):
        changes = {}
        for name, typical in model.encoder_.reference_.items():
            other = X.iloc[[row]].copy()
            other[name] = pd.Series([typical], index=other.index, dtype=X[name].dtype)
            change = risk[row] - model.predict(other)[0]
            if abs(change) >= 0.0005:
                changes[in_words(name, X.loc[row, name])] = change
        ordered = sorted(changes.items(), key=lambda pair: -abs(pair[1]))[:3]
        expected = [f"{words}: {100 * change:+.1f} points" for words, change in ordered]
        assert [text for text in found[row] if text] == expected


def test_reasons_come_in_order_of_size_and_read_as_words(model, cases):
    table = score(model, cases)
    text = table["reason_1"]
    assert text.str.contains("plan length").any()
    assert text.str.contains("domestic abuse recorded").any()
    sizes = [[_size(reason) for reason in row] for row in table[["reason_1", "reason_2", "reason_3"]].to_numpy()]
    assert np.all(np.diff(np.nan_to_num(sizes), axis=1) <= 0.051)


def test_a_typical_case_has_no_reason(model):
    typical = pd.DataFrame({name: [value] for name, value in model.encoder_.reference_.items()})
    typical["latest_category"] = typical["latest_category"].astype("string")
    assert (explain(model, typical) == "").all()


def test_features_that_state_one_fact_move_together():
    columns = ["plan_length_band", "sex", "initial_category", "plan_length_days", "category_changed"]
    assert feature_groups(columns) == {
        "plan_length_days": ["plan_length_days", "plan_length_band"],
        "initial_category": ["initial_category", "category_changed"],
        "sex": ["sex"],
    }


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("plan_length_days", 62.0, "plan length 62 days"),
        ("plan_length_days", 1.0, "plan length 1 day"),
        ("age_at_end", 0.4, "age under 1 year"),
        ("age_at_end", 7.9, "age 7 years"),
        ("age_at_end", np.nan, "age not recorded"),
        ("sex", "2", "girl"),
        ("latest_category", "NEG", "latest category neglect"),
        ("category_changed", 0.0, "category unchanged"),
        ("n_late_reviews", 1.0, "1 late review"),
        ("share_reviews_not_quorate", 0.5, "50 % of reviews not quorate"),
        ("factor_domestic_abuse", 1.0, "domestic abuse recorded"),
        ("factor_drugs", False, "no drugs recorded"),
        ("la_code", "330", "authority 330"),
        ("ethnicity_group", None, "ethnic group not recorded"),
        ("my_flag", True, "my flag yes"),
        ("=my_column", "@x", "my column @x"),
    ],
)
def test_words(name, value, words):
    assert in_words(name, value) == words


def _size(reason: str) -> float:
    found = POINTS.search(reason)
    return abs(float(found.group(1))) if found else np.nan
