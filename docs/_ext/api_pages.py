"""The pages of the reference, one per topic, from the names that ``import secondplan as sp`` gives."""

from importlib import import_module
from pathlib import Path

from sphinx.application import Sphinx

FOLDER = Path(__file__).resolve().parents[1] / "reference"
TOPICS = {
    "data": ("Data: reading, checking, cohorts, indicators", ("plans", "plans.indicators")),
    "models": ("Models, curves and tests", ("models", "models.external.model")),
    "metrics": ("Metrics", ("models.metrics",)),
    "monitoring": ("Watching authorities and months", ("models.monitoring",)),
    "evaluation": ("Comparing models", ("evaluation",)),
    "effects": ("Effects of plan length", ("effects",)),
    "scoring": ("Scores and drift", ("scoring", "scoring.drift")),
    "experiments": ("Experiments, reports and MLflow", ("experiment.file", "experiment.run", "report", "tracking")),
    "synthetic": ("Synthetic data and its truth", ("synthetic",)),
    "plots": ("Plots", ("plots",)),
    "errors": ("Errors", ("errors",)),
}


def _write(app: Sphinx) -> None:
    import secondplan

    homes = secondplan._HOMES
    named = {home for _, own in TOPICS.values() for home in own}
    left = sorted(set(homes) - named)
    if left:
        raise ValueError(f"docs/_ext/api_pages.py: no topic has {', '.join(left)}")
    for page, (title, own) in TOPICS.items():
        names = sorted({name for home in own for name in homes.get(home, ())}, key=str.lower)
        listed = "\n".join(f"   secondplan.{name}" for name in names)
        table = f".. autosummary::\n   :toctree: generated\n   :nosignatures:\n\n{listed}\n"
        text = f"{title}\n{'=' * len(title)}\n\n{table}"
        file = FOLDER / f"{page}.rst"
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8", newline="\n")


def _resolve(app: Sphinx, env, node, shown):
    """A link to the public name of what is named by its module; plain words for what has no page of its own."""
    target = node["reftarget"].removeprefix("~").lstrip(".")
    name = target.rsplit(".", 1)[-1]
    page = f"secondplan.{name}"
    domain = env.get_domain("py")
    if page in domain.objects:
        found = domain.resolve_xref(env, node["refdoc"], app.builder, "obj", page, node, shown)
        return found
    return shown if _exists(target, node.get("py:module"), node.get("py:class")) else None


def _exists(target: str, module: str | None, owner: str | None) -> bool:
    """Whether a name of the package can be imported, as it is or within what the docstring belongs to."""
    for start in (target, f"{module}.{target}", f"{module}.{owner}.{target}", f"secondplan.{target}"):
        parts = start.split(".")
        if parts[0] != "secondplan":
            continue
        for cut in range(len(parts), 0, -1):
            try:
                found = import_module(".".join(parts[:cut]))
            except ImportError:
                continue
            try:
                for part in parts[cut:]:
                    found = getattr(found, part)
            except AttributeError:
                break
            return True
    return False


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before anything is read."""
    app.connect("config-inited", lambda app, config: _write(app))
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
