"""The site: ``make docs``. Notebooks are run, the reference is made from docstrings, a broken reference is an error."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

from secondplan import __version__  # noqa: E402

project = "secondplan"
author = "The secondplan developers"
copyright = "The secondplan developers, MIT licence"
release = version = __version__

# The root of the repository is read, so that notebooks stay where they are.
language = "en-GB"
root_doc = "docs/index"
include_patterns = ["docs/**", "notebooks/*.ipynb", "benchmarks/results/*.md"]
exclude_patterns = ["docs/_build", "docs/_ext", "docs/_templates"]
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_design",
    "mathml",
    "api_pages",
    "gallery",
]
source_suffix = {
    ".rst": "restructuredtext",
    ".md": "myst-nb",
    ".ipynb": "myst-nb",
}  # stubs of the reference are the first kind

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off" if os.environ.get("SECONDPLAN_DOCS_QUICK") else "cache"
nb_execution_cache_path = str(ROOT / "docs" / "_build" / "notebooks")
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True
os.environ["SECONDPLAN_PROGRESS"] = "off"  # of the notebooks' kernels
nb_ipywidgets_js = {}  # progress bars are left out: pages load nothing from elsewhere
nb_mime_priority_overrides = [("*", "application/vnd.jupyter.widget-view+json", None)]

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
nitpicky = True
nitpick_ignore_regex = [
    # Types as numpydoc writes them are words for a reader, and members of libraries that no inventory is read of.
    (r"py:(class|obj)", r"(?!secondplan).*"),
    (r"py:(func|meth|mod|data|attr|exc)", r"(?!secondplan).*"),
]

templates_path = ["docs/_templates"]
html_theme = "pydata_sphinx_theme"
html_title = "secondplan"
html_static_path = ["_static"]
html_extra_path = ["_root"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_math_renderer = "mathml"
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "navbar_align": "left",
    "show_prev_next": True,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
# The left column lists the pages of a section; where there are none the page has its width.
WITHOUT_A_SECTION = ("index", "start", "questions", "coming_from", "command_line", "methods", "formats", "decisions")
html_sidebars = {page: [] for page in (*(f"docs/{name}" for name in WITHOUT_A_SECTION), "genindex", "search")}
