"""The demo does the main job and leaves a whole folder, or none."""

import json

import pandas as pd
import pytest

import secondplan as sp
from secondplan.demo import run_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    said = []
    out = run_demo(folder / "demo", n_children=2500, store=f"sqlite:///{folder / 'mlflow.db'}", say=said.append)
    return out, "\n".join(said)


def test_everything_that_is_named_at_the_end_exists(demo):
    out, said = demo
    for name in ("report.html", "model_card.html", "scores", "champion", "plans", "truth", "census"):
        assert str(out / name) in said
        assert (out / name).exists()
    assert all((out / f"{page}.{way}").exists() for page in ("report", "model_card") for way in ("md", "json"))
    assert "Next: open" in said


def test_the_census_files_hold_the_plans_of_the_store(demo):
    out, _ = demo
    census, quality = sp.read_cin_census(out / "census")
    assert quality.counts.loc["plans", "rejected"] == 0
    store = sp.read_plans(out / "plans")
    keys = ["la_code", "child_id", "start_date", "end_date"]
    left, right = (p.plans[keys].sort_values(keys, ignore_index=True) for p in (census, store))
    pd.testing.assert_frame_equal(left, right)


@pytest.mark.filterwarnings("ignore::secondplan.models.FollowUpWarning")
def test_every_open_case_is_scored_by_the_champion_that_was_saved(demo):
    out, _ = demo
    manifest = json.loads((out / "scores" / "manifest.json").read_text())
    scores = pd.read_csv(out / "scores" / "scores.csv", dtype=str)
    cases = sp.open_cases(sp.read_plans(out / "plans"))
    assert len(scores) == len(cases.X) == manifest["counts"]["scored"]
    again = sp.score(sp.load_model(out / "champion"), cases)
    assert scores["risk_730"].astype(float).to_numpy() == pytest.approx(
        again["risk_730"].to_numpy(), abs=1e-6, nan_ok=True
    )
    assert scores["band"].fillna("").tolist() == again["band"].fillna("").tolist()


def test_an_earlier_demo_is_replaced_and_anything_else_is_not(demo, tmp_path):
    out, _ = demo
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep")
    with pytest.raises(sp.OutputError, match="something else than an earlier demo"):
        run_demo(tmp_path / "mine", n_children=2500, store="sqlite:///unused.db", say=print)
    assert (out / ".secondplan-demo").exists()
