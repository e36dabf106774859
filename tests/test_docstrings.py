"""Docstrings are specifications: their examples run, and what a public name takes and gives is written down."""

import ast
import builtins
import doctest
import importlib
import inspect
import pkgutil
import re

import matplotlib.pyplot
import pytest

import secondplan as sp

matplotlib.use("Agg")
MODULES = sorted(module.name for module in pkgutil.walk_packages(sp.__path__, "secondplan."))
PUBLIC = {name: getattr(sp, name) for name in sp.__all__ if not name.startswith("__")}
OPTIONS = doctest.NORMALIZE_WHITESPACE
# A docstring may refer to another one for what is taken.
ELSEWHERE = re.compile(r"(\b[Aa]s( in| of)?|those of) :(meth|func|class):`")
# Their examples would need files, a server or a figure.
WITHOUT_EXAMPLE = {
    *("load_experiment", "load_tracked_model", "log_drift", "promote", "read_council", "run_experiment", "score_batch"),
    "tracked_model_card",
    *(
        "plot_balance",
        "plot_calibration",
        "plot_coefficients",
        "plot_coefficients_over_time",
        "plot_comparison",
        "plot_contributions",
        "plot_hazard",
        "plot_hazard_ratio",
        "plot_importance",
        "plot_incidence",
        "plot_levels",
        "plot_policy",
        "plot_strategies",
        "plot_trial_balance",
        "plot_trial_weights",
        "plot_overlap",
    ),
    *(
        "plot_effect",
        "plot_penalty_cv",
        "plot_penalty_path",
        "plot_risk",
        "plot_risk_distribution",
        "write_indicators",
        "write_report",
    ),
    *("write_annex_a", "write_cin_census", "write_tables", "write_ssda903"),
}


def sections(docstring):
    """Text of each numpydoc section by its title, '' for what comes before the first."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.cleandoc(docstring) + "\n", flags=re.MULTILINE)
    return {"": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


def documented(text):
    """Names of the entries of a section: ``a, b : type`` names two."""
    lines = re.findall(r"^([*\w][\w*, ]*?) *(?::.*)?$", text, flags=re.MULTILINE)
    return {name.strip(" *") for line in lines for name in line.split(",")}


def taken(function):
    """Parameters of a function, without those that stand for whatever is passed on."""
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return {p.name for p in parameters if p.kind not in variable and p.name not in ("self", "cls")}


def undocumented(function, docstring):
    """Parameters, and ``Returns``, that a docstring leaves out."""
    found = sections(docstring or "")
    named = documented(found.get("Parameters", "")) | documented(found.get("Attributes", ""))
    missing = set() if ELSEWHERE.search(docstring) else taken(function) - named
    if (
        inspect.isclass(function)
        or inspect.signature(function).return_annotation in (None, "None")
        or (ELSEWHERE.search(docstring))
    ):
        return missing
    return missing if "Returns" in found else missing | {"Returns"}


def methods(cls):
    """Public methods that the package gives a class, by name."""
    for name, value in inspect.getmembers(cls, callable):
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("secondplan"):
            yield name, value


@pytest.mark.parametrize("name", ["secondplan", *MODULES])
def test_examples_run(name):
    module = importlib.import_module(name)
    # The names of a late namespace have their examples run where they are written.
    finder = doctest.DocTestFinder(recurse=not hasattr(module, "__getattr__"))
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    matplotlib.pyplot.close("all")  # whatever ran before: matplotlib warns of more than twenty
    for examples in finder.find(module, name):
        runner.run(examples)
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_say_what_they_take_and_give(name):
    value = PUBLIC[name]
    assert sections(value.__doc__)[""].strip()
    if not (inspect.isclass(value) and issubclass(value, Exception)):
        assert not undocumented(value, value.__doc__)


@pytest.mark.parametrize("name", [name for name, value in PUBLIC.items() if inspect.isclass(value)])
def test_methods_say_what_they_take(name):
    for method, function in methods(PUBLIC[name]):
        docstring = function.__doc__ or ""
        assert docstring.strip(), method
        # One line can say what one or two parameters are.
        left = undocumented(function, docstring) - {"Returns"} if len(taken(function)) > 2 else set()
        assert not {parameter for parameter in left if f"``{parameter}``" not in docstring}, method


def names_without_a_home(docstring, known):
    """Names that the examples of a docstring use and neither make nor import."""
    tree = ast.parse("\n".join(example.source for example in doctest.DocTestParser().get_examples(docstring)))
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    made = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    made |= {n.asname or n.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.alias)}
    made |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    return read - made - known - set(dir(builtins)), made


def test_examples_need_only_the_import_that_their_page_shows():
    left = {}
    for name, value in PUBLIC.items():
        left[name], made = names_without_a_home(value.__doc__, {name})
        for method, function in methods(value) if inspect.isclass(value) else ():
            left[f"{name}.{method}"], _ = names_without_a_home(function.__doc__ or "", {name} | made)
    given = {"score_spark": {"model", "spark"}}  # a session of Spark cannot be made in an example
    assert {name: missing for name, missing in left.items() if missing} == given


def test_examples_are_given():
    functions = {name for name, value in PUBLIC.items() if inspect.isfunction(value) or hasattr(value, "fit")}
    without = {name for name in functions if ">>>" not in PUBLIC[name].__doc__}
    assert without == WITHOUT_EXAMPLE
