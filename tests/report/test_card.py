"""The card of a model: every item and field once, gaps shown, three formats that agree, nobody in it."""

import datetime
import json
import re
from html import unescape
from pathlib import Path

import pytest

from secondplan.errors import InputError
from secondplan.evaluation import FamilyKFold, compare_models
from secondplan.models import CauseSpecificCox, FeatureEncoder
from secondplan.plans import build_cohort
from secondplan.report import Council, council_template, model_card, read_council
from secondplan.report.card import card_of
from secondplan.report.card_facts import CardFacts
from secondplan.synthetic import simulate
from secondplan.tracking.privacy import refuse_identifiers

NAME = "cause-specific Cox"
FEATURES = ["plan_length_days", "age_at_end", "n_previous_episodes"]
# Collins et al. (2024), table 2: items and the number of their parts.
PARTS = {3: 3, 5: 2, 6: 3, 8: 3, 9: 3, 12: 7, 18: 6, 20: 3, 23: 2, 27: 3}


@pytest.fixture(scope="module")
def plans():
    return simulate("england-2018", n_children=2500, random_state=0)


@pytest.fixture(scope="module")
def compared(plans):
    cohort = build_cohort(plans)
    model = CauseSpecificCox(known_end_event=4, encoder=FeatureEncoder(columns=FEATURES, numeric_missing="median"))
    comparison = compare_models({NAME: model}, cohort, folds=FamilyKFold(n_splits=2))
    return comparison.models[NAME].fit(cohort.X, cohort.y, cluster=cohort.cluster), cohort, comparison


@pytest.fixture(scope="module")
def card(compared):
    return model_card(NAME, *compared, data_name="synthetic england-2018", seed=4, made_on=datetime.date(2026, 3, 1))


@pytest.fixture(scope="module")
def facts(card):
    return CardFacts.model_validate(json.loads(card.to_json())["facts"]["card"])


def answers(document, section):
    blocks = next(part["blocks"] for part in json.loads(document.to_json())["sections"] if part["title"] == section)
    return [answer for block in blocks if block["kind"] == "answers" for answer in block["answers"]]


def test_each_of_the_27_items_is_there_once_and_answered_or_told_why(card):
    found = answers(card, "TRIPOD+AI: the 27 items")
    expected = [
        f"{item}{part}" for item in range(1, 28) for part in ("abcdefg"[: PARTS[item]] if item in PARTS else [""])
    ]
    assert [answer["number"] for answer in found] == expected
    for answer in found:
        assert answer["topic"] and len(answer["text"]) > 10
        assert answer["text"].startswith("Not answered: ") != answer["is_answered"]


def test_both_tiers_of_the_transparency_record_are_there_once(card):
    numbers = [answer["number"] for answer in answers(card, "Algorithmic transparency record")]
    sizes = {"1.": 4, "2.1.": 9, "2.2.": 5, "2.3.": 6, "2.4.1.": 4, "2.4.2.": 9, "2.4.3.": 11, "2.5.": 2}
    assert len(set(numbers)) == len(numbers) == sum(sizes.values())
    for start, size in sizes.items():
        assert sum(number.startswith(start) for number in numbers) == size


def test_what_the_council_does_not_state_is_shown_as_a_gap(facts, tmp_path):
    file = tmp_path / "council.yaml"
    filled = council_template().replace("\nteam:", "\nteam: |\n  Performance\n  and Analysis")
    file.write_text(filled.replace("\nfunding:", "\nfunding: 010"), encoding="utf-8")
    made = card_of(facts, file)
    record = {answer["number"]: answer for answer in answers(made, "Algorithmic transparency record")}
    assert record["2.1.2"]["text"] == "Performance and Analysis" and record["2.1.2"]["is_answered"]
    assert record["2.1.3"]["text"] == "Not stated by the council." and not record["2.1.3"]["is_answered"]
    items = {answer["number"]: answer["text"] for answer in answers(made, "TRIPOD+AI: the 27 items")}
    assert (items["18a"], items["17"]) == ("010", "Not answered: not stated by the council.")
    assert len(read_council(file).gaps) == len(Council.model_fields) - 2
    assert "not stated by the council" in made.to_html()


def test_a_field_that_does_not_exist_is_refused_by_name(tmp_path):
    file = tmp_path / "council.yaml"
    file.write_text("teem: Performance\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"council.yaml: teem: Extra inputs"):
        read_council(file)
    file.write_text("team: [a, b]\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"council.yaml: team: Input should be a valid string"):
        read_council(file)


def test_the_template_is_an_empty_council(tmp_path):
    file = tmp_path / "council.yaml"
    file.write_text(council_template(), encoding="utf-8")
    assert read_council(file) == Council()
    page = (Path(__file__).parents[2] / "docs" / "model_card.md").read_text(encoding="utf-8")
    example = tmp_path / "example.yaml"
    example.write_text(page.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    assert len(read_council(example).gaps) == len(Council.model_fields) - 4


def test_three_formats_say_the_same(card, texts_of):
    page = unescape(re.sub(r"<style>.*?</style>", "", card.to_html(), flags=re.DOTALL))
    words = card.to_markdown().replace("\\", "")
    for text in texts_of(json.loads(card.to_json())):
        if text not in ("True", "False"):
            assert text in page and " ".join(text.split()) in words, text


def test_the_facts_are_those_measured_and_come_back_from_json(card, facts, compared):
    assert card_of(facts).to_html() == card.to_html()
    row = compared[2].table.loc[NAME]
    assert facts.measures["auc_730"] == row["auc_730"] and facts.measures["auc_730_lower"] == row["auc_730_lower"]
    assert (facts.seed, facts.made_on, facts.features) == ("4", "2026-03-01", FEATURES)
    assert len(facts.data_sha256) == 64 and facts.package.startswith("secondplan ")


def test_synthetic_data_are_said_first_and_real_data_are_not_called_so(card, facts):
    assert card.to_html().index("not for use on children") < card.to_html().index("<h1>")
    real = card_of(facts.model_copy(update={"is_synthetic": False, "sources": ["CIN census"]}))
    assert real.warning == () and "The records are of real children." in real.to_markdown()
    unknown = card_of(facts.model_copy(update={"is_synthetic": False, "sources": []}))
    assert "The data do not say where they come from." in unknown.to_markdown()


def test_nobody_is_in_a_card(card, compared, plans):
    births = {f"{day:%Y-%m-%d}" for day in plans.children["date_of_birth"].dropna()}
    births -= {f"{day:%Y-%m-%d}" for name in ("first_date", "extract_date") for day in plans.extract[name]}
    texts = {"html": card.to_html(), "md": card.to_markdown(), "json": card.to_json()}
    refuse_identifiers(texts, compared[1])
    for name, text in texts.items():
        assert not births.intersection(re.findall(r"\d{4}-\d\d-\d\d", text)), name
