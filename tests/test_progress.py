"""Progress bars are for those who watch."""

import pytest
import rich.console

from secondplan.progress import track


@pytest.mark.parametrize(("setting", "is_shown"), [("on", True), ("off", False)])
def test_a_bar_is_shown_on_a_terminal_unless_it_is_switched_off(setting, is_shown, monkeypatch, capsys):
    monkeypatch.setenv("SECONDPLAN_PROGRESS", setting)
    monkeypatch.setattr(rich.console.Console, "is_terminal", property(lambda console: True))
    assert list(track([1, 2], "Fitting models")) == [1, 2]
    assert ("Fitting models" in capsys.readouterr().err) == is_shown
