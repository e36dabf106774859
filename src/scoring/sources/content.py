"""What holds rows: a file, or a copy without a name of what can be read only once."""

from __future__ import annotations

import hashlib
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from ...errors import InputError, cannot_be_written

READ_BYTES = 1 << 20


@dataclass(frozen=True)
class Content:
    """Bytes that can be read again.

    Attributes
    ----------
    name : Path or str
        What it is called in messages.
    copy : binary file or None
        Of what came on standard input or from a database; None where ``name`` is a file.
    """

    name: Path | str
    copy: IO[bytes] | None = None

    @property
    def is_packed(self) -> bool:
        """Whether it is a file packed by gzip."""
        return isinstance(self.name, Path) and self.name.suffix == ".gz"

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """The bytes from their begin."""
        if self.copy is not None:
            self.copy.seek(0)
            yield self.copy
            return
        with Path(self.name).open("rb") as stream:
            yield stream


def copied(blocks: Iterable[bytes], name: str) -> tuple[Content, str, int]:
    """A copy of blocks of bytes, its SHA-256, and the number of line ends in it.

    The copy is a temporary file without a name: the system removes it when the process ends in any way, so that no
    child's data stay behind.
    """
    digest, lines = hashlib.sha256(), 0
    try:
        copy = cast(IO[bytes], tempfile.TemporaryFile())  # noqa: SIM115 (it lives as long as its content)
        content = Content(name, copy)
        weakref.finalize(content, copy.close)
        for block in blocks:
            digest.update(block)
            lines += block.count(b"\n")
            copy.write(block)
        copy.flush()
    except OSError as error:
        raise cannot_be_written(f"{name}: its copy in {tempfile.gettempdir()}", error) from None
    return content, digest.hexdigest(), lines


def digest_of(contents: Sequence[Content]) -> tuple[str, int]:
    """SHA-256 over names and bytes of files, and the number of line ends in them."""
    digest, lines = hashlib.sha256(), 0
    for content in contents:
        try:
            if len(contents) > 1:
                path = Path(content.name)
                digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
            with content.opened() as stream:
                while block := stream.read(READ_BYTES):
                    digest.update(block)
                    lines += block.count(b"\n")
        except OSError as error:
            raise InputError(f"{content.name}: cannot be read ({error.strerror or type(error).__name__})") from None
    return digest.hexdigest(), lines
