import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.errors import InputError
from secondplan.report import drift_page


def test_it_answers_in_words_numbers_and_one_code(watched, report):
    assert report.status in ("quiet", "inputs", "outcomes")
    assert report.exit_code == {"quiet": 0, "outcomes": 11, "inputs": 12}[report.status]
    assert report.n_plans == len(watched.new)
    assert repr(report).count("\n") == len(report.sentences)
    inputs = report.inputs.assign(alarm=report.inputs["column"] == "age_at_end", finding="older")
    words = replace(report, inputs=inputs).sentences
    assert f"{report.windows[0]} (earlier): older." in words and f"{report.windows[-1]}: older." in words
    tree = json.loads(report.to_json())
    assert tree["status"] == report.status
    assert {row["column"] for row in tree["inputs"]} == {column.name for column in watched.profile.columns}


def test_a_training_cohort_gives_what_the_saved_profile_gives(watched, report):
    bare = sp.monitor(watched.model, watched.plans, training=watched.training)
    pd.testing.assert_frame_equal(bare.inputs, report.inputs)


def test_without_either_it_says_what_to_do(watched):
    model = sp.CoxPH(encoder=sp.FeatureEncoder(columns=["age_at_end"]))
    model.fit(watched.training.X, watched.training.y)
    with pytest.raises(InputError, match="give training="):
        sp.monitor(model, watched.plans)


def test_a_model_of_some_columns_is_watched_on_whole_cohorts(watched, report):
    few = watched.training.X[["age_at_end", "plan_length_days"]]
    model = sp.CoxPH().fit(few, watched.training.y)  # it knows no other column, and would refuse them
    found = sp.monitor(model, watched.plans, training=watched.training, as_of="2016-06-30")
    assert set(found.inputs["column"]) == {*few, "predicted risk"}


def test_days_and_plans_that_cannot_be_watched_are_refused(watched):
    with pytest.raises(InputError, match="as_of must not be before 2016-03-31"):
        sp.monitor(watched.model, watched.plans, as_of="2015-01-01")
    with pytest.raises(TypeError, match="plans must be Plans, as read_plans and simulate give them; got str"):
        sp.monitor(watched.model, "a/folder")


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_plans_that_cannot_be_scored_break_the_contract_and_count_nowhere_else(watched, share):
    factors = watched.plans.assessments["factors"]
    lost = (watched.plans.assessments["start_date"] > "2016-01-01") & (np.arange(len(factors)) % 10 < 10 * share)
    plans = replace(watched.plans, assessments=watched.plans.assessments.assign(factors=factors.mask(lost)))
    found = sp.monitor(watched.model, plans)
    assert found.status == "contract" and "rejects" in found.contract["rule"].tolist()
    assert found.outcomes.by_quarter["n"].sum() < found.n_plans


def test_nobody_new_is_too_few(watched):
    report = sp.monitor(watched.model, watched.plans, as_of="2016-03-31")
    assert (report.status, report.exit_code, report.n_plans) == ("too few", 13, 0)
    assert "too few" in drift_page(report).to_html()


def test_the_page_names_nobody_and_no_small_count(watched, report):
    page = drift_page(report).to_html()
    assert not any(child in page for child in watched.new.keys["child_id"].head(500))
    assert "share who have returned so far" in page
    assert re.search(r"expected second plans a month", page)


def test_nights_with_many_rejects_or_another_model_break_the_contract(watched, report, tmp_path):
    counts = {"read": 100, "scored": 80, "rejected": 20}
    manifest = {"counts": counts, "codes": {"bad_days": 20}, "job": {"model_digest": report.model_digest}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    found = sp.monitor(watched.model, watched.plans, nights=[tmp_path])
    assert (found.status, found.contract["rule"].tolist()) == ("contract", ["rejects"])
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {"job": {"model_digest": "other"}}))
    assert "model" in sp.monitor(watched.model, watched.plans, nights=[tmp_path]).contract["rule"].tolist()
    with pytest.raises(InputError, match="finished scoring run"):
        sp.monitor(watched.model, watched.plans, nights=[tmp_path / "absent"])


@pytest.mark.parametrize("name", ["false_alarms_per_year", "outcome_false_alarm", "max_reject_share"])
def test_rates_that_are_none_are_refused(watched, name):
    with pytest.raises(InputError, match=name):
        sp.monitor(watched.model, watched.plans, **{name: 0.0})


def test_the_command_ends_with_the_code_of_what_it_found(watched, report, tmp_path, monkeypatch, capsys):
    from secondplan.cli.main import main

    watched.plans.write(tmp_path / "plans")
    watched.model.save(tmp_path / "model")
    command = ["secondplan", "monitor", str(tmp_path / "plans"), "--model", str(tmp_path / "model")]
    monkeypatch.setattr(
        "sys.argv", [*command, "--json", str(tmp_path / "drift.json"), "--html", str(tmp_path / "a.html")]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == report.exit_code
    assert report.sentences[0] in capsys.readouterr().out
    assert json.loads((tmp_path / "drift.json").read_text()) == report.to_plain()
    assert (tmp_path / "a.html").read_text(encoding="utf-8").startswith("<!")


def test_it_does_not_depend_on_the_order_of_rows_or_on_a_reload(watched, report, tmp_path):
    tables = {name: table.sample(frac=1, random_state=1) for name, table in watched.plans.tables.items()}
    found = sp.monitor(sp.load_model(watched.model.save(tmp_path / "model")), replace(watched.plans, **tables))
    assert found.to_json() == report.to_json()


def test_no_count_of_one_to_five_children_is_stated(watched, report):
    tree = json.loads(sp.monitor(watched.model, watched.plans, as_of="2016-05-20").to_json())
    for found in (tree, json.loads(report.to_json())):
        counts = [row[name] for row in found["outcomes"]["by_quarter"] for name in ("n", "observed")]
        counts += [row["n"] for row in found["inputs"]] + [found["n_plans"], found["n_training"]]
        assert not [count for count in counts if count is not None and 0 < count < 6]
