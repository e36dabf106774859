"""Indicators drawn and written: what is withheld is neither drawn nor on the page."""

from pathlib import Path

import pandas as pd
import pytest

import secondplan as sp
from secondplan.plots.style import new_figure

STORE = Path(__file__).parents[2] / "data" / "synthetic" / "store"


@pytest.fixture(scope="module")
def result():
    return sp.indicators(sp.read_plans(STORE), 2018, by="la_code")


def test_what_is_drawn_is_what_may_be_shown(result):
    axes = result.plot(ax=new_figure()[1], key="ended_up_to_3_months")
    shown = result.to_frame()
    shown = shown[shown["key"] == "ended_up_to_3_months"].set_index("la_code")["pct"]
    numbers = pd.to_numeric(shown, errors="coerce").dropna()
    assert [label.get_text() for label in axes.get_yticklabels()] == numbers.index.tolist()
    own = next(line for line in axes.get_lines() if len(line.get_xdata()) == len(numbers))
    assert list(own.get_xdata()) == numbers.tolist()
    assert axes.get_title("left") == "Ended: up to 3 months"
    with pytest.raises(ValueError, match=r"key must be one of .*, got 'length'"):
        result.plot(ax=new_figure()[1], key="length")


def test_the_page_stands_alone_and_gives_nothing_away(result, tmp_path):
    page = sp.write_indicators(tmp_path / "page.html", result).read_text(encoding="utf-8")
    assert "Open Government Licence v3.0" in page
    assert "<script" not in page
    exact = result.to_frame(disclosure=False)
    small = exact[exact["n"].between(1, 5)]
    assert len(small) > 20
    for row in small.itertuples():
        assert f">{row.la_code}</th><td>{row.indicator}</td><td>{row.n:.0f}</td>" not in page
    with pytest.raises(sp.OutputError, match="cannot be written"):
        sp.write_indicators(tmp_path / "no" / "page.html", result)


def test_few_groups_stand_side_by_side(tmp_path):
    result = sp.indicators(sp.read_plans(STORE), 2018, by="sex")
    page = sp.write_indicators(tmp_path / "page.html", result).read_text(encoding="utf-8")
    shown = result.to_frame()
    shown = shown[(shown["key"] == "second_plans") & (shown["sex"] != "all")]
    cells = [f"{row.n} ({row.pct:.1f} %)" if row.n != "c" else "c" for row in shown.itertuples()]
    expected = ">Second or subsequent plans, by dates</th>" + "".join(
        f'<td class="number">{cell}</td>' for cell in cells
    )
    assert expected in page


def test_a_single_share_is_drawn():
    axes = sp.indicators(sp.read_plans(STORE), 2018).plot(ax=new_figure()[1], key="second_plans")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Second or subsequent plans, by dates"]


def test_nothing_to_draw_is_said():
    few = sp.indicators(sp.simulate(n_children=20, random_state=1), period=("2018-03-01", "2018-03-05"))
    with pytest.raises(ValueError, match="nothing to draw"):
        few.plot(ax=new_figure()[1])
