"""What several commands take, and the width of what they print."""

from pathlib import Path
from shutil import get_terminal_size
from typing import Annotated

import typer

Out = Annotated[
    Path, typer.Option("--out", help="The folder to write; it must not exist yet or be empty.", readable=False)
]


def terminal_width() -> int:
    """Columns of the terminal, within what reads well; 100 where there is none."""
    return min(max(get_terminal_size((100, 24)).columns, 60), 110)
