"""``import secondplan as sp`` reaches everything public, and loads nothing heavy."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import secondplan as sp
from secondplan.names_elsewhere import FUNCTIONS

ROOT = Path(__file__).parents[1]
VERSIONED = ("pyproject.toml", "CITATION.cff", "CHANGELOG.md")


@pytest.mark.parametrize("name", [name for name in sp.__all__ if not name.startswith("__")])
def test_public_names_exist_and_are_documented(name):
    value = getattr(sp, name)
    assert (value.__doc__ or "").strip(), f"{name} has no docstring"
    assert name in dir(sp)


def test_the_version_is_one_everywhere():
    said = {
        file: (ROOT / file).read_text(encoding="utf-8") for file in ("pyproject.toml", "CITATION.cff", "CHANGELOG.md")
    }
    assert sp.__version__ == tomllib.loads(said["pyproject.toml"])["project"]["version"]
    assert f"\nversion: {sp.__version__}\n" in said["CITATION.cff"]
    assert f"\n## {sp.__version__}" in said["CHANGELOG.md"]


def test_what_continuous_integration_makes_can_be_made():
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    asked = re.findall(r"run: make (\S+)", workflow.replace("${{ matrix.bound }}", "oldest"))
    targets = re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1].split()
    assert len(asked) > 5 and set(asked) <= set(targets)


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'second_plan'"):
        sp.second_plan  # noqa: B018


def test_names_of_other_packages_say_what_is_here():
    assert set(FUNCTIONS.values()) <= set(sp.__all__) and not set(FUNCTIONS) & set(sp.__all__)
    with pytest.raises(AttributeError, match=r"no attribute 'KaplanMeierFitter'; here it is kaplan_meier$"):
        sp.KaplanMeierFitter  # noqa: B018


def test_import_loads_nothing_heavy():
    heavy = {"numba", "mlflow", "matplotlib", "lifelines", "sklearn"}
    code = f"import sys, secondplan; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_results_load_matplotlib_only_to_draw():
    code = (
        "import sys, secondplan as sp\n"
        "curve = sp.kaplan_meier([2, 3, 5], [1, 0, 1])\n"
        "assert 'matplotlib' not in sys.modules\n"
        "assert curve.plot().get_xlabel() == 'days'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_curves_and_tests_of_groups_load_neither_scikit_learn_nor_numba():
    code = (
        "import sys, secondplan as sp\n"
        "rows = [2, 3, 3, 5], [1, 2, 0, 1]\n"
        "sp.kaplan_meier(*rows).at([3]), sp.nelson_aalen(*rows).at([3])\n"
        "sp.logrank_test(*rows, [0, 1, 0, 1]), sp.gray_test(*rows, [0, 1, 0, 1])\n"
        "assert not {'numba', 'sklearn', 'scipy.stats'} & set(sys.modules)\n"
        "sp.aalen_johansen(*rows).at([3])\n"
        "assert not {'sklearn', 'scipy.stats'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_first_fits_load_no_more_of_other_libraries_than_scikit_learn_has_loaded():
    # scikit-learn's base loads scipy.stats, which takes longer than the fit does; nothing of ours needs it.
    code = (
        "import sys, numpy as np, pandas as pd, sklearn.base\n"
        "for name in ('scipy.stats', 'statsmodels', 'lifelines', 'matplotlib', 'mlflow', 'pandera', 'pydantic'):\n"
        "    sys.modules[name] = None  # to import it is an error from here on\n"
        "import secondplan as sp\n"
        "rng = np.random.default_rng(0)\n"
        "X = pd.DataFrame({'age': rng.normal(size=60), 'sex': rng.choice(['f', 'm'], 60)})\n"
        "y = pd.DataFrame({'duration': rng.integers(1, 30, 60), 'event': rng.integers(0, 3, 60)})\n"
        "for model in (sp.CoxPH(), sp.CauseSpecificCox(), sp.FineGray(), sp.ParametricAFT(), sp.RoystonParmar()):\n"
        "    model.fit(X, y).predict_cumulative_incidence_interval(X, [9.0])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
