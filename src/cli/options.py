"""What several commands take, and the width of what they print."""

import os
from datetime import datetime
from pathlib import Path
from shutil import get_terminal_size
from typing import Annotated, Any

import typer

from ..errors import OutputError, cannot_be_written

Out = Annotated[
    Path, typer.Option("--out", help="The folder to write; it must not exist yet or be empty.", readable=False)
]


def _day(text: str) -> datetime:
    from ..given_dates import given_date

    try:
        return given_date(text, "it").to_pydatetime()
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def day_option(*names: str, help: str) -> Any:
    """An option that holds a date."""
    return typer.Option(*names, parser=_day, metavar="DATE", help=help)


DEFAULT_STORE = "sqlite:///mlflow.db"
Store = Annotated[str, typer.Option("--store", help="Address of the MLflow store.")]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        help="Holds the key with which the model must be signed; or SECONDPLAN_BUNDLE_KEY does.",
        readable=False,
    ),
]
ModelDigest = Annotated[
    str | None, typer.Option("--model-digest", help="Take this model only: its 64 hexadecimal digits.")
]
AsOf = Annotated[datetime | None, day_option("--as-of", help="As things stood on this day.")]


def terminal_width() -> int:
    """Columns of the terminal, within what reads well; 100 where there is none."""
    return min(max(get_terminal_size((100, 24)).columns, 60), 110)


def refuse_unwritable(file: Path) -> None:
    """Before the long work that ends in ``file``."""
    try:
        if file.exists():
            raise OutputError(f"{file}: exists already")
    except OSError as error:
        raise cannot_be_written(file, error) from None
    folder = file.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise OutputError(f"{file}: cannot be written (its folder does not exist or is not yours to write)")
