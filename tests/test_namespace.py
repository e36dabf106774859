"""``import secondplan as sp`` reaches everything public, and loads nothing heavy."""

import subprocess
import sys

import pytest

import secondplan as sp


@pytest.mark.parametrize("name", [name for name in sp.__all__ if not name.startswith("__")])
def test_public_names_exist_and_are_documented(name):
    value = getattr(sp, name)
    assert (value.__doc__ or "").strip(), f"{name} has no docstring"
    assert name in dir(sp)


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'second_plan'"):
        sp.second_plan  # noqa: B018


def test_import_loads_nothing_heavy():
    heavy = {"numba", "mlflow", "matplotlib", "lifelines", "sklearn"}
    code = f"import sys, secondplan; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
