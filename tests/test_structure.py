"""How the package is built: what import-linter cannot say."""

import ast
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import secondplan.models
from secondplan.models.registry import MODELS

SOURCE = Path(secondplan.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
PACKAGES = sorted(path.parent for path in SOURCE.rglob("__init__.py"))


def dotted(path: Path) -> str:
    parts = ("secondplan", *path.relative_to(SOURCE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path, *, of_types: bool = False) -> list[tuple[str, str]]:
    """Module and name of each relative import of a file; those for type checkers only where asked for."""
    tree = parsed(path)
    for_types = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    package = ("secondplan", *path.parent.relative_to(SOURCE).parts)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level and (of_types or id(node) not in for_types):
            base = package[: len(package) - node.level + 1]
            module = ".".join((*base, node.module) if node.module else base)
            found += [(module, alias.name) for alias in node.names]
    return found


@pytest.mark.parametrize("folder", PACKAGES, ids=lambda folder: folder.name)
def test_no_module_is_hidden_by_a_name_beside_it(folder):
    package = import_module(dotted(folder / "__init__.py"))
    inside = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    public = set(getattr(package, "__all__", ())) & inside
    hidden = {name for name in public if not isinstance(getattr(package, name), ModuleType)}
    assert not hidden, f"{sorted(hidden)}: give the module another name"


def test_no_file_imports_a_private_name_of_another():
    private = [
        f"{dotted(path)}: {module}.{name}"
        for path in FILES
        for module, name in imports(path, of_types=True)
        if name.startswith("_") and not name.startswith("__")
    ]
    assert private == []


def test_rooms_are_entered_by_their_doors():
    """A folder whose ``__init__`` says what others use is entered there and nowhere else."""
    doors = {}
    for folder in PACKAGES:
        text = ast.get_docstring(parsed(folder / "__init__.py")) or ""
        if "Others use" in text:
            doors[dotted(folder / "__init__.py")] = set(re.findall(r"``(\w+)``", text.split("Others use")[1]))
    used: dict[str, set[str]] = {room: set() for room in doors}
    for path in FILES:
        own = dotted(path.parent / "__init__.py")
        for module, name in imports(path, of_types=True):
            for target in (module, f"{module}.{name}"):
                room, _, file = target.rpartition(".")
                if room in doors and room != own:
                    used[room].add(file)
    for room, home in (home.rsplit(".", 1) for home in MODELS.values()):
        used.get(f"secondplan.models.{room}", set()).add(home)
    wrong = {room: sorted(used[room] - door) for room, door in doors.items() if used[room] - door}
    assert len(doors) > 15
    assert not wrong, "used by others, but not named in the room's __init__"
    assert used == doors, "named in a room's __init__, but used by nobody outside"


def test_no_circle_of_files_but_of_types():
    """Late imports inside functions count: a file that needs another to work stands above it."""
    names = {dotted(path) for path in FILES}
    needs = {
        dotted(path): {
            target
            for module, name in imports(path)
            for target in (f"{module}.{name}", module)
            if target in names and not (SOURCE / Path(*target.split(".")[1:]) / "__init__.py").exists()
        }
        for path in FILES
    }
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way[way.index(name) :], name))
        if name not in done:
            for target in sorted(needs[name]):
                visit(target, (*way, name))
            done.add(name)

    for name in sorted(needs):
        visit(name, ())


def test_type_checkers_see_the_names_that_load_late():
    """``models/__init__`` imports for type checkers what ``models/registry`` and its own list name."""
    file = SOURCE / "models" / "__init__.py"
    seen = set(imports(file, of_types=True)) - set(imports(file))
    assert {name for _, name in seen} == set(secondplan.models.__all__)
    assert {f"{module}.{name}" for module, name in seen} >= {
        f"secondplan.models.{module}.{name}" for name, module in MODELS.items()
    }


def test_no_file_is_over_450_lines():
    long = {dotted(path): n for path in FILES if (n := len(path.read_text(encoding="utf-8").splitlines())) > 450}
    assert not long


def length_without_docstring(function: ast.FunctionDef) -> int:
    """Lines of a function from its name to its end, its docstring not counted."""
    doc = function.body[0] if ast.get_docstring(function, clean=False) is not None else None
    return function.end_lineno - function.lineno + 1 - (doc.end_lineno - doc.lineno + 1 if doc else 0)


def test_no_function_is_over_75_lines_without_its_docstring():
    long = {
        f"{dotted(path)}.{node.name}": n
        for path in FILES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (n := length_without_docstring(node)) > 75
    }
    assert not long


def test_no_attribute_has_a_setter():
    """Fitted attributes are set in ``fit``, or given to a saved model by ``restore``."""
    assert [dotted(path) for path in FILES if ".setter\n" in path.read_text(encoding="utf-8")] == []
