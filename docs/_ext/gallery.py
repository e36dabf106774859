"""Cards of the gallery, a picture each; and what pictures of notebooks say to those who do not see them."""

from binascii import a2b_base64
from contextlib import suppress
from hashlib import sha256
from pathlib import Path, PurePosixPath

import nbformat
from docutils import nodes
from jupyter_cache import get_cache
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Cards(nodes.Element):
    """Where the cards of a page go, once all pages are read."""


class Gallery(SphinxDirective):
    """The title of a page beside this one, and a card for each of its sections."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """A place for the cards."""
        page = PurePosixPath(self.env.docname).with_name(self.arguments[0])
        return [Cards(page=str(page))]


def _say(app: Sphinx, doctree: nodes.document) -> None:
    """Give pictures of an executed page the words that were kept with them, by the digest that names their files."""
    run = Path(app.outdir).parent / "jupyter_execute" / f"{app.env.docname}.ipynb"
    if not run.exists():
        return
    with suppress(KeyError):  # pages that are not run
        # From the cache: a page that was run in an earlier build is written without its outputs.
        _, page = get_cache(app.config.nb_execution_cache_path).merge_match_into_notebook(nbformat.read(run, 4))
        _say_of(page, doctree)


def _say_of(page: nbformat.NotebookNode, doctree: nodes.document) -> None:
    words = {}
    for cell in page["cells"]:
        for output in cell.get("outputs", []):
            said = output.get("metadata", {}).get("image/png", {}).get("alt")
            if said:
                words[sha256(a2b_base64(output["data"]["image/png"])).hexdigest()] = said
    for image in doctree.findall(nodes.image):
        said = words.get(PurePosixPath(image["uri"]).stem)
        if said and not image.get("alt"):
            image["alt"] = said


def _fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Make the cards from the pages, now that these are read."""
    for place in list(doctree.findall(Cards)):
        page = place["page"]
        section = app.env.get_doctree(page).next_node(nodes.section)
        uri = app.builder.get_relative_uri(docname, page)
        heading = nodes.reference("", section.next_node(nodes.title).astext(), refuri=uri, internal=True)
        cards = nodes.container(classes=["gallery-cards"])
        cards.extend(_card(one, uri) for one in section.children if isinstance(one, nodes.section))
        place.replace_self([nodes.rubric("", "", heading, classes=["gallery-group"]), cards])


def _card(section: nodes.section, uri: str) -> nodes.Node:
    picture = section.next_node(nodes.image)  # none where pages are not run, as for `make links`
    pictures = [] if picture is None else [picture.deepcopy()]
    for one in pictures:
        one["loading"] = "lazy"
    name = section.next_node(nodes.title).astext()
    question = section.next_node(nodes.paragraph).astext().partition("?")[0] + "?"
    link = nodes.reference("", "", refuri=f"{uri}#{section['ids'][0]}", internal=True, classes=["gallery-card"])
    link += [*pictures, nodes.inline("", question, classes=["gallery-question"])]
    link += nodes.inline("", name, classes=["gallery-name"])
    return nodes.paragraph("", "", link)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_node(Cards)
    app.add_directive("gallery", Gallery)
    app.connect("doctree-read", _say)
    app.connect("doctree-resolved", _fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
