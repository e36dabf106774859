"""How the command line ends: one line on stderr and an exit code, whatever went wrong, and warnings of one line."""

import errno
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import typer

from ..caller_warnings import is_own
from ..errors import InputError, OutputError

PACKAGE = Path(__file__).parents[1]
INTERRUPTED = 130
# The system has no room, or the disk cannot be written at all; Windows does not know quotas.
NO_ROOM = {errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC)}


def stop(message: str, code: int) -> NoReturn:
    """Print ``message`` as one line on stderr and exit with ``code``."""
    typer.echo(f"secondplan: {' '.join(message.split())}", err=True)
    sys.exit(code)


def stop_unexpected(error: Exception) -> NoReturn:
    """Stop for an error that is not one of the package's own: of the words typed, of the system, or of the program."""
    # Some versions of Typer carry click within themselves: its errors are known by what they can do, not by class.
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        context = getattr(error, "ctx", None)
        if type(error).__name__ == "NoArgsIsHelpError" and context is not None:
            typer.echo(context.get_help(), err=True)
            sys.exit(error.exit_code)
        command = "secondplan" if context is None else context.command_path
        stop(f"{error.format_message().rstrip('.')}; see: {command} --help", error.exit_code)
    if os.environ.get("SECONDPLAN_TRACEBACK"):
        raise error
    if isinstance(error, OSError) and isinstance(error.filename, str | bytes | os.PathLike):
        code = OutputError.exit_code if error.errno in NO_ROOM else InputError.exit_code
        stop(f"{os.fsdecode(error.filename)}: {error.strerror}", code)
    stop(f"{_where(error)}: {type(error).__name__} (an error of the program; SECONDPLAN_TRACEBACK=1 shows more)", 1)


def show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, file: Any = None, line: Any = None
) -> None:
    """One line; only the kind of a warning that a library gave, whose text may quote the data."""
    text = " ".join(str(message).split()) if is_own(message) else f"{category.__name__} (raised by a library)"
    typer.echo(f"secondplan: warning: {text}", err=True)


def _where(error: Exception) -> str:
    trace = error.__traceback__
    place = "secondplan"
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_relative_to(PACKAGE):
            place = f"{file.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
