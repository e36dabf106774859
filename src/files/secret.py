"""Secrets from the environment or from a file that only their owner reads, never from the command line."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..errors import InputError

# Of an address with a password in it, before the host or among its parameters.
_WITH_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]*@|(?:[?&;]|%3B)\s*(?:password|passwd|pwd)(?:=|%3D)", re.IGNORECASE)
LARGEST_SECRET = 4096


def holds_password(text: object) -> bool:
    """Whether a text looks like an address with a password in it."""
    return isinstance(text, str) and _WITH_PASSWORD.search(text) is not None


def read_secret(name: str, file: str | Path | None = None, *, error: type[Exception] = InputError) -> str | None:
    """The secret in ``file``, in the environment variable ``name``, or in the file that ``<name>_FILE`` names.

    Parameters
    ----------
    name : str
    file : str or Path, optional
        Goes before the environment.
    error : type
        Of a file that cannot be read, is empty, or is no text of one line.
    """
    if file is None:
        if os.environ.get(name):
            return os.environ[name]
        file = os.environ.get(f"{name}_FILE") or None
    if file is None:
        return None
    path = Path(file)
    try:
        if not path.is_file():
            raise error(f"{path}: is no file with a secret in it")
        with path.open("rb") as stream:
            content = stream.read(LARGEST_SECRET + 1)
    except OSError as reason:
        raise error(f"{path}: cannot be read ({reason.strerror or type(reason).__name__})") from None
    try:
        text = content.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        text = ""
    if not text or "\n" in text or "\0" in text or len(content) > LARGEST_SECRET:
        raise error(f"{path}: must hold a secret and nothing else, on one line of UTF-8 text")
    return text
