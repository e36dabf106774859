"""The command line: one clear line and the documented exit code for every kind of bad input, and the way through."""

import errno
import io
import json
import os
import re
import subprocess
import sys
import warnings

import pandas as pd
import pytest

import secondplan as sp
from secondplan.caller_warnings import warn
from secondplan.cli import main as cli
from secondplan.demo import write_synthetic
from secondplan.synthetic import scenario
from secondplan.synthetic.calibration_search.calibrate import Calibration


@pytest.fixture
def run(monkeypatch, capsys):
    """Call the command line; return exit code, stdout, stderr."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["secondplan", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        captured = capsys.readouterr()
        return stopped.value.code or 0, captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small synthetic store, its census files, and a bundle."""
    folder = tmp_path_factory.mktemp("made")
    plans = sp.simulate("england-2018", n_children=1500, random_state=3)
    plans.write(folder / "plans")
    sp.write_cin_census(plans, folder / "census", years=[2017, 2018])
    cohort = sp.build_cohort(plans)
    encoder = sp.FeatureEncoder(columns=["plan_length_days", "age_at_end"])
    sp.CauseSpecificCox(known_end_event=4, encoder=encoder).fit(cohort.X, cohort.y).save(folder / "bundle")
    return folder


def one_line(err):
    lines = err.strip().splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("secondplan: ")
    assert "Traceback" not in err
    return lines[0]


def test_the_version(run):
    code, out, err = run("--version")
    assert (code, out, err) == (0, f"secondplan {sp.__version__}\n", "")
    as_module = subprocess.run([sys.executable, "-m", "secondplan", "--version"], capture_output=True, text=True)
    assert (as_module.returncode, as_module.stdout) == (0, out)


def census(folder, name, text):
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_help_names_the_exit_codes(run):
    code, out, _ = run("--help")
    assert code == 0
    assert "Exit codes" in out


def test_wrong_command_is_usage(run):
    assert run("scores")[0] == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("empty.xml", ""),
        ("text.xml", "these are not the plans"),
        ("cut.xml", "<Message><Children><Child><ChildIdentifiers><LAchildID>A1</LAchildID>"),
        ("wrong.xml", "<Recipe><Egg/></Recipe>"),
    ],
)
def test_unreadable_census_files_are_one_line_and_code_3(run, tmp_path, name, text):
    code, _, err = run("read", "cin-census", census(tmp_path, name, text), "--out", tmp_path / "out")
    assert code == 3
    assert name in one_line(err)
    assert not (tmp_path / "out").exists(), "nothing half-written"


def test_missing_census_file_is_code_3(run, tmp_path):
    code, _, err = run("read", "cin-census", tmp_path / "none.xml", "--out", tmp_path / "out")
    assert code == 3
    assert "none.xml" in one_line(err)


def test_census_is_read_checked_and_accounted_for(run, made, tmp_path):
    code, out, err = run("read", "cin-census", made / "census", "--out", tmp_path / "store")
    assert code == 0, err
    assert str(tmp_path / "store") in out
    assert json.loads((tmp_path / "store" / "quality.json").read_text())
    code, out, err = run("check", tmp_path / "store", "--json", tmp_path / "check.json")
    assert code == 0, err
    assert "plans" in out
    assert json.loads((tmp_path / "check.json").read_text())["counts"]["plans"]["read"] > 0
    code, _, err = run("check", tmp_path / "store", "--json", tmp_path / "check.json")
    assert code == 4
    assert "check.json" in one_line(err)
    code, out, err = run("check", tmp_path / "store", "--html", tmp_path / "check.html", "--json", tmp_path / "2.json")
    assert code == 0, err
    assert "What reading repaired or left out" in (tmp_path / "check.html").read_text(encoding="utf-8")
    assert "places" not in json.loads((tmp_path / "2.json").read_text())
    run("check", tmp_path / "store", "--json", tmp_path / "exact.json", "--exact")
    assert "places" in json.loads((tmp_path / "exact.json").read_text())
    code, _, err = run("check", tmp_path / "store", "--html", tmp_path / "check.html")
    assert code == 4 and "check.html" in one_line(err)
    (tmp_path / "store" / "quality.json").write_text("{")
    code, _, err = run("check", tmp_path / "store", "--html", tmp_path / "other.html")
    assert code == 3 and "quality.json" in one_line(err)
    assert not (tmp_path / "other.html").exists()


def test_year_is_taken_where_the_file_has_none(run, tmp_path):
    child = "<Child><ChildIdentifiers><LAchildID>A1</LAchildID></ChildIdentifiers></Child>"
    text = f"<Message><Children>{child}</Children></Message>"
    file = census(tmp_path, "bare.xml", text)
    code, _, err = run("read", "cin-census", file, "--out", tmp_path / "store")
    assert code == 3
    assert "--year" in one_line(err)
    options = ("--year", "2018", "--la-code", "330")
    assert run("read", "cin-census", file, "--out", tmp_path / "store", *options)[0] == 7
    extract = sp.read_plans(tmp_path / "store").extract.iloc[0]
    assert (extract["la_code"], str(extract["extract_date"].date())) == ("330", "2018-03-31")


def test_census_alone_gives_a_report_a_model_and_scores(run, made, tmp_path):
    """With the shipped experiment's setting, features that a census cannot give are left out, not an error."""
    sp.write_cin_census(sp.read_plans(made / "plans"), tmp_path / "census")
    assert run("read", "cin-census", tmp_path / "census", "--out", tmp_path / "store")[0] == 0
    experiment = tmp_path / "small.yaml"
    experiment.write_text(
        "{name: small, data: {synthetic: {}}, features: [plan_length_days, n_siblings_on_plan], missing_features: drop,"
        " validation: {n_splits: 2}, models: [{name: Cox, type: CauseSpecificCox, params: {known_end_event: 4}}]}"
    )
    wanted = ("--plans", tmp_path / "store")
    code, out, err = run("report", *wanted, "--out", tmp_path / "r.html", "--experiment", experiment)
    assert code == 0, err
    assert "left out, which the data cannot give: n_siblings_on_plan" in out
    store = ("--store", f"sqlite:///{tmp_path / 'mlflow.db'}")
    code, out, err = run("experiment", "run", experiment, *wanted, *store)
    assert code == 0, err
    tracked = re.search(r"runs:/\w+/model|models:/secondplan/1", out).group()
    scoring = ("--input", tmp_path / "store", "--output", tmp_path / "scores")
    code, out, err = run("score", "--model", tracked, *scoring, *store)
    assert code == 0, err
    assert "cases scored" in out


def test_simulated_plans_come_in_the_formats_asked_for(run, tmp_path):
    out = tmp_path / "made"
    code, _, err = run(
        "simulate", "--children", 60, "--no-census", "--format", "dfe-api", "--format", "fax", "--out", out
    )
    assert (code, out.exists()) == (3, False)
    assert "unknown format fax" in err
    code, _, _ = run(
        "simulate", "--children", 60, "--no-census", "--format", "dfe-api", "--format", "ssd", "--out", out
    )
    assert code == 0
    assert {path.name for path in (out / "formats").iterdir()} == {"dfe_api", "ssd"}
    (payload,) = (out / "formats" / "dfe_api").iterdir()
    code, _, _ = run("read", "dfe-api", payload, "--la-code", payload.stem, "--out", tmp_path / "store")
    assert code == 0
    assert len(sp.read_plans(tmp_path / "store").plans) == len(sp.read_plans(out / "plans").plans)


def test_a_model_that_needs_what_a_census_lacks_says_so_in_one_line(run, made, tmp_path):
    cohort = sp.build_cohort(sp.read_plans(made / "plans"))
    encoder = sp.FeatureEncoder(columns=["plan_length_days", "n_siblings_on_plan"], numeric_missing="median")
    sp.CauseSpecificCox(known_end_event=4, encoder=encoder).fit(cohort.X, cohort.y).save(tmp_path / "bundle")
    assert run("read", "cin-census", made / "census", "--out", tmp_path / "store")[0] == 0
    scoring = ("--input", tmp_path / "store", "--output", tmp_path / "scores")
    code, _, err = run("score", "--model", tmp_path / "bundle", *scoring)
    assert code == 3
    assert "cannot give features that the model was fitted on: n_siblings_on_plan;" in one_line(err)


def test_busy_output_folder_is_code_4(run, made, tmp_path):
    (tmp_path / "busy").mkdir()
    (tmp_path / "busy" / "letter.txt").write_text("keep me")
    code, _, err = run("read", "cin-census", made / "census", "--out", tmp_path / "busy")
    assert code == 4
    assert "busy" in one_line(err)
    code, _, err = run("score", "--model", made / "bundle", "--input", made / "plans", "--output", tmp_path / "busy")
    assert code == 4
    one_line(err)
    code, _, err = run("simulate", "--out", tmp_path / "busy", "--children", 10)
    assert code == 4
    one_line(err)
    code, _, err = run("demo", "--output", tmp_path / "busy")
    assert code == 4
    one_line(err)
    assert [path.name for path in (tmp_path / "busy").iterdir()] == ["letter.txt"]


def test_store_that_is_none_is_code_3(run, made, tmp_path):
    for folder in (tmp_path / "none", made / "census"):
        code, _, err = run("check", folder)
        assert code == 3
        one_line(err)


def test_unknown_model_is_code_5(run, made, tmp_path):
    code, _, err = run("score", "--model", tmp_path / "none", "--input", made / "plans", "--output", tmp_path / "out")
    assert code == 5
    one_line(err)


def test_unknown_scenario_is_code_3(run, tmp_path):
    code, _, err = run("simulate", "--scenario", "atlantis", "--out", tmp_path / "out")
    assert code == 3
    assert "england-2018" in one_line(err)


def test_scenario_that_is_not_calibrated_is_code_3(run, tmp_path):
    code, _, err = run("simulate", "--scenario", "birmingham-no-change", "--calibrate", "--out", tmp_path / "out")
    assert code == 3
    assert "those that are: birmingham, england-2018" in one_line(err)


@pytest.mark.parametrize(("change", "said"), [({}, "ended at the stored"), ({"care_rate": 0.5}, "other values")])
def test_calibration_says_whether_it_ends_where_it_did(run, tmp_path, monkeypatch, change, said):
    stored = scenario("england-2018")
    values = {"second_plan_rate": stored.second_plan_rate, "care_rate": stored.care_rate} | change
    done = Calibration(stored.replace(**change), values, pd.DataFrame())
    monkeypatch.setattr("secondplan.synthetic.calibration_search.calibrate.calibrate", lambda start: done)
    out = tmp_path / "out"
    code, text, _ = run("simulate", "--calibrate", "--children", 30, "--out", out, "--no-census")
    assert code == 0
    assert said in text
    assert sp.read_plans(out / "plans").metadata["scenario"]["parameters"]["care_rate"]["value"] == values["care_rate"]
    figures = pd.read_csv(out / "calibration.csv")
    assert {"target", "simulated", "error"} < set(figures.columns)
    assert (figures["moment"] == "second_share").sum() == 1


def test_wrong_columns_are_code_3(run, made, tmp_path):
    pd.DataFrame({"name": ["x"]}).to_csv(tmp_path / "cases.csv", index=False)
    code, _, err = run(
        "score", "--model", made / "bundle", "--input", tmp_path / "cases.csv", "--output", tmp_path / "o"
    )
    assert code == 3
    assert "child_id" in one_line(err)


def test_no_plans_is_code_7(run, tmp_path):
    text = (
        "<Message><Header><CollectionDetails><Year>2018</Year><ReferenceDate>2018-03-31</ReferenceDate></CollectionDetails>"
        "<Source><LEA>330</LEA></Source></Header><Children><Child><ChildIdentifiers><LAchildID>A1</LAchildID>"
        "<PersonBirthDate>2010-01-01</PersonBirthDate><GenderCurrent>1</GenderCurrent></ChildIdentifiers></Child>"
        "</Children></Message>"
    )
    code, _, err = run("read", "cin-census", census(tmp_path, "none.xml", text), "--out", tmp_path / "store")
    assert code == 7 and one_line(err).endswith("no plan is kept: the source holds no child protection plan")
    code, _, err = run("report", "--plans", tmp_path / "store", "--out", tmp_path / "report.html")
    assert code == 7
    assert "no child protection plans" in one_line(err)


def test_scores_account_for_every_case(run, made, tmp_path):
    out_folder = tmp_path / "scores"
    code, out, err = run("score", "--model", made / "bundle", "--input", made / "plans", "--output", out_folder)
    assert code == 0, err
    scores = pd.concat(pd.read_parquet(part) for part in sorted((out_folder / "scores").glob("*.parquet")))
    assert {"risk_730", "band", "reason_1", "flags", "model_digest"} <= set(scores.columns)
    assert "scored" in out


def test_unexpected_errors_are_one_line_without_their_text(run, monkeypatch, made):
    def explode(*_):
        raise RuntimeError("child 12345 born 2012-02-03")

    monkeypatch.setattr("secondplan.plans.read_plans", explode)
    code, _, err = run("check", made / "plans")
    assert code == 1
    assert "12345" not in err
    assert "RuntimeError" in one_line(err)


@pytest.mark.parametrize("words", [("zzz",), ("score",), ("score", "--as-of", "soon"), ("simulate", "--seed", "-1")])
def test_wrong_words_are_one_line_and_code_2(run, words):
    code, _, err = run(*words)
    assert code == 2
    assert "--help" in one_line(err)


def test_an_interrupted_command_says_so(run, monkeypatch, made):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("secondplan.plans.read_plans", interrupt)
    code, _, err = run("check", made / "plans")
    assert code == 130
    assert one_line(err) == "secondplan: interrupted"


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, 4), (errno.EACCES, 3)])
def test_what_the_system_refuses_is_one_line_with_the_file(run, monkeypatch, made, number, code):
    def refuse(*_):
        raise OSError(number, "refused by the system", "some/file")

    monkeypatch.setattr("secondplan.plans.read_plans", refuse)
    found, _, err = run("check", made / "plans")
    assert found == code
    assert one_line(err) == "secondplan: some/file: refused by the system"


def test_warnings_are_one_line_and_those_of_libraries_without_their_text(run, monkeypatch, made):
    def give_warnings(*_):
        warn("ours")
        warnings.warn_explicit("child 12345", UserWarning, pd.__file__, 1)
        raise sp.InputError("stop")

    monkeypatch.setattr("secondplan.plans.read_plans", give_warnings)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        _, _, err = run("check", made / "plans")
    assert err.splitlines() == [
        "secondplan: warning: ours",
        "secondplan: warning: UserWarning (raised by a library)",
        "secondplan: stop",
    ]


@pytest.mark.parametrize("out", ["file/report.html", "none/report.html", "x" * 300])
def test_a_report_that_cannot_be_written_is_refused_before_the_work(run, made, tmp_path, out):
    (tmp_path / "file").touch()
    code, _, err = run("report", "--plans", made / "plans", "--out", tmp_path / out, "--experiment", "none")
    assert code == 4
    assert "cannot be written" in one_line(err)


def test_demo_refuses_bad_places_before_the_work(run, tmp_path):
    (tmp_path / "file").touch()
    for words in (
        ("--output", tmp_path / "file/demo", "--store", f"sqlite:///{tmp_path / 'm.db'}"),
        ("--output", tmp_path / "demo", "--store", f"sqlite:///{tmp_path / 'demo/m.db'}"),
        ("--output", tmp_path / "file", "--store", f"sqlite:///{tmp_path / 'm.db'}"),
    ):
        code, out, err = run("demo", *words)
        assert code == 4
        assert "Simulating" not in out
        one_line(err)
    assert not (tmp_path / "demo").exists()
    code, out, err = run("demo", "--output", tmp_path / "demo", "--store", "postgres://user:secret@host/x")
    assert code == 3
    assert "secret" not in one_line(err)


def test_a_stopped_simulation_leaves_nothing(monkeypatch, tmp_path):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("secondplan.synthetic.write_cin_census", stop)
    with pytest.raises(KeyboardInterrupt):
        write_synthetic(tmp_path / "out", scenario_name="england-2018", n_children=50, random_state=0)
    assert not list(tmp_path.iterdir())


def test_whether_a_file_can_be_read_is_not_a_matter_of_usage(run, monkeypatch, made, tmp_path):
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    assert run("check", made / "plans")[0] == 0
    scores = ("--model", made / "bundle", "--input", made / "plans", "--output", tmp_path / "scores")
    assert run("score", *scores)[0] == 0


def test_indicators_are_printed_and_written(run, made, tmp_path):
    files = {kind: tmp_path / f"indicators.{kind}" for kind in ("csv", "json", "html")}
    options = [word for kind, file in files.items() for word in (f"--{kind}", file)]
    code, out, _ = run("indicators", made / "plans", "--year-ending", 2018, "--by", "category", *options)
    assert code == 0
    assert "1 April 2017 to 31 March 2018" in out
    plans = sp.read_plans(made / "plans")
    shown = sp.indicators(plans, 2018, by="category").to_frame()
    written = pd.read_csv(files["csv"], dtype=str)
    assert written["n"].fillna("").tolist() == shown["n"].astype("string").fillna("").tolist()
    page = json.loads(files["json"].read_text(encoding="utf-8"))
    assert len(page["indicators"]) == len(shown)
    assert page["notes"]
    assert "Second or subsequent" in files["html"].read_text(encoding="utf-8")
    assert run("indicators", made / "plans", "--csv", files["csv"])[0] == 4
    _, out, _ = run("indicators", made / "plans", "--from", "2017-04-01", "--to", "2018-03-31", "--exact")
    assert f" {sp.indicators(plans, 2018).value('plans_started'):.0f} " in out.replace(".0 ", " ")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--by", "colour"], 2),
        (["--from", "2018-01-01"], 2),
        (["--unit", "weeks"], 2),
        (["--year-ending", "2018", "--from", "2018-01-01", "--to", "2018-02-01"], 2),
        (["--year-ending", "2031"], 7),
    ],
)
def test_indicators_that_cannot_be_counted_are_one_line(run, made, words, code):
    found, _, err = run("indicators", made / "plans", *words)
    assert found == code
    one_line(err)


def test_annex_a_is_read_from_a_folder(run, tmp_path):
    headings = "Child Unique ID,Date of Birth,Child Protection Plan Start Date,Child Protection Plan End Date"
    (tmp_path / "List 7.csv").write_text(f"{headings}\n1,01/05/2010,14/02/2017,05/01/2018\n", encoding="utf-8")
    options = ("--la-code", "330", "--extract-date", "2018-03-31", "--out", tmp_path / "store")
    code, out, err = run("read", "annex-a", tmp_path / "List 7.csv", *options)
    assert code == 0, err
    assert "Plans: 1; children: 1." in out
    assert json.loads((tmp_path / "store" / "quality.json").read_text())["source"] == "Annex A"
    lines = f"{headings}\n#REF!,01/05/2010,14/02/2017,\n2,01/05/2010,soon,\n#REF!,01/05/2010,15/02/2017,\n"
    (tmp_path / "List 7.csv").write_text(lines, encoding="utf-8")
    code, out, err = run("read", "annex-a", tmp_path / "List 7.csv", *options[:-1], tmp_path / "nobody")
    assert code == 7 and "no-plan-kept" in out
    assert one_line(err).endswith("of 3 read, all were left out (by child-id-missing 2, date-unreadable 1)")
    assert sp.read_plans(tmp_path / "nobody").plans.empty
    code, _, err = run("read", "annex-a", tmp_path / "none.xlsx", "--out", tmp_path / "other")
    assert code == 3 and "none.xlsx" in one_line(err)


def test_authorities_that_others_took_over_from(run, tmp_path):
    (tmp_path / "plans.csv").write_text("la_code,child_id,start_date\n836,1,2018-06-01\n928,2,2019-06-01\n")
    options = ("--successor", "known", "--successor", "928=941", "--out", tmp_path / "store")
    assert run("read", "tables", tmp_path / "plans.csv", *options)[0] == 0
    assert sp.read_plans(tmp_path / "store").plans["la_code"].tolist() == ["839", "941"]
    code, _, err = run("read", "tables", tmp_path / "plans.csv", "--successor", "928", "--out", tmp_path / "other")
    assert code == 3 and "OLD=NEW" in one_line(err)


def test_tables_are_read_with_a_map_of_their_columns(run, tmp_path):
    code, template, _ = run("read", "tables", "--template")
    assert code == 0 and "start_date: start_date" in template
    (tmp_path / "cp.csv").write_text("Person,From\n1,2017-02-14\n", encoding="utf-8")
    text = "tables: {plans: {columns: {child_id: Person, start_date: From}}}"
    (tmp_path / "map.yaml").write_text(text, encoding="utf-8")
    options = ("--columns", tmp_path / "map.yaml", "--la-code", "330", "--out", tmp_path / "store")
    code, out, err = run("read", "tables", tmp_path / "cp.csv", *options)
    assert code == 0, err
    assert "Plans: 1; children: 1." in out
    code, _, err = run("read", "tables", tmp_path / "cp.csv")
    assert code == 2 and "--out" in one_line(err)


def test_ssd_is_read_from_a_folder_and_from_a_database(run, two_authorities, tmp_path, monkeypatch):
    sp.write_ssd(two_authorities, tmp_path / "ssd", la_code="508")
    options = ["--la-code", "508", "--first-date", "2012-04-01", "--extract-date", "2018-03-31"]
    code, out, _ = run("read", "ssd", tmp_path / "ssd", *options, "--out", tmp_path / "store")
    assert code == 0 and "Plans: " in out
    read = sp.read_plans(tmp_path / "store")
    assert read.extract["first_date"].tolist() == [pd.Timestamp("2012-04-01")]
    address = f"sqlite:///{tmp_path / 'ssd.db'}"
    sp.write_ssd(two_authorities, address, la_code="508")
    # An address may hold a password: it can be left in the environment.
    monkeypatch.setenv("SECONDPLAN_SSD", address)
    code, _, _ = run("read", "ssd", *options, "--out", tmp_path / "other")
    assert code == 0
    assert sp.read_plans(tmp_path / "other").plans.equals(read.plans)


def test_dfe_api_payloads_are_read(run, two_authorities, tmp_path):
    file = sp.write_dfe_api(two_authorities, tmp_path / "children.jsonl", lines=True, la_code="508")
    code, out, _ = run("read", "dfe-api", file, "--la-code", "508", "--out", tmp_path / "store")
    assert code == 0 and "first-date-assumed" in out
    assert len(sp.read_plans(tmp_path / "store").plans) == (two_authorities.plans["la_code"] == "508").sum()


@pytest.mark.parametrize(
    "source", ["postgresql+psycopg://user:s3cret-word@127.0.0.1:1/hdm", "nosuch://user:s3cret-word@host/hdm", "nowhere"]
)
def test_ssd_that_cannot_be_read_is_one_line_without_the_password(run, tmp_path, source):
    code, out, err = run("read", "ssd", source, "--out", tmp_path / "store")
    assert code == 3 and "s3cret-word" not in one_line(err) + out
    assert not (tmp_path / "store").exists()


def test_a_census_is_read_with_periods_in_care(run, made, tmp_path):
    child = sp.read_plans(made / "plans").children
    code = sorted(child["la_code"])[0]
    own = child.loc[child["la_code"] == code, "child_id"].iloc[0]
    files = sorted((made / "census").glob(f"*_{code}_*.xml"))
    (tmp_path / "episodes.csv").write_text(
        f"CHILD,DECOM,LS,DEC\n{own},01/02/2018,C2,\nx,01/02/2018,C2,\n", encoding="utf-8"
    )
    options = ("--care", tmp_path / "episodes.csv", "--out", tmp_path / "store")
    run_code, out, err = run("read", "cin-census", *files, *options)
    assert run_code == 0, err
    counts = json.loads((tmp_path / "store" / "quality.json").read_text())["counts"]["care_episodes"]
    assert (counts["read"], counts["rejected"]) in {(2, 1), (2, 2)}
    assert "Quality of CIN census and SSDA903" in out


def test_a_council_writes_its_answers_and_a_card_needs_a_model(run, tmp_path):
    file = tmp_path / "council.yaml"
    code, out, _ = run("council-template", "--out", file)
    assert code == 0 and str(file) in out and not any(sp.read_council(file).model_dump().values())
    code, _, err = run("council-template", "--out", file)
    assert code == 4 and "exists already" in err
    store = f"sqlite:///{tmp_path / 'none.db'}"
    code, _, err = run("card", "models:/none@champion", "--out", tmp_path / "card.html", "--store", store)
    assert code == 3 and err.count("\n") == 1


def test_a_letter_that_the_encoding_of_the_output_lacks_is_no_error(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="cp1252"))  # as in a file on Windows
    monkeypatch.setattr(cli, "app", lambda **_: sys.stdout.write("Ynys Môn, Ŵ") and sys.stdout.flush())
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0 and written.getvalue().decode("cp1252").split() == ["Ynys", "Môn,", "?"]
