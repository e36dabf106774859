"""Reading a page that was logged with a model."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ..errors import ModelNotFoundError
from .flavour import resolve_model_id
from .store import Store, mlflow_edge, open_store


def tracked_page(uri: str, name: str, *, store: str | Store | None = None) -> str:
    """The text of a page in the run that made a tracked model.

    Parameters
    ----------
    uri : str
        ``models:/NAME@champion``, ``models:/NAME/3`` or ``runs:/<run id>/model``.
    name : str
        ``"model_card.json"``.
    store : str or Store, optional

    Raises
    ------
    ModelNotFoundError
        There is no such model, or its run has no such page.
    """
    opened = open_store(store, create=False)
    model_id = resolve_model_id(uri, opened)
    with mlflow_edge(f"{uri}: its run has no {name}; compare again", ModelNotFoundError):
        client = opened.client
        run_id = client.get_logged_model(model_id).source_run_id
        with tempfile.TemporaryDirectory() as folder:
            return Path(client.download_artifacts(str(run_id), name, folder)).read_text(encoding="utf-8")
