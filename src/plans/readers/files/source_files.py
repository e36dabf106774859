"""Which files a reader is to read: files and folders that a user names, each once, with short names for reports."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ....errors import InputError

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


def find_files(paths: Paths, suffixes: Sequence[str], kind: str) -> list[Path]:
    """The files that ``paths`` mean, each once: files as named, and of folders those that end on one of ``suffixes``.

    Parameters
    ----------
    paths : path, or iterable of paths
        A folder is searched with its subfolders; hidden files, and Excel's lock files, are left alone.
    suffixes : sequence of str
        In small letters, with the dot.
    kind : str
        What is looked for, for messages.

    Raises
    ------
    InputError
        A path does not exist, a folder holds no such file, or no path is given.
    """
    given = [Path(paths)] if isinstance(paths, str | os.PathLike) else [Path(path) for path in paths]
    if not given:
        raise InputError(f"no {kind} is given")
    files: list[Path] = []
    for path in given:
        if path.is_dir():
            found = [file for file in _files_below(path) if file.suffix.lower() in suffixes]
            if not found:
                raise InputError(f"{path}: holds no {' or '.join(suffixes)} file")
            files += found
        elif path.is_file():
            files.append(path)
        elif path.exists():
            raise InputError(f"{path}: is neither a file nor a folder")
        else:
            raise InputError(f"{path}: does not exist")
    return list({file.resolve(): file for file in files}.values())


def short_names(files: Sequence[Path]) -> list[str]:
    """Names for reports: file names, with as much of the path as tells them apart."""
    names = [file.name for file in files]
    return [
        name if names.count(name) == 1 else str(Path(*file.resolve().parts[-3:])).replace(os.sep, "/")
        for name, file in zip(names, files, strict=True)
    ]


def _files_below(folder: Path) -> list[Path]:
    # Systems leave hidden files beside each file of a folder that was copied.
    return [
        file
        for file in sorted(folder.rglob("*"))
        if not any(part[0] == "." for part in file.relative_to(folder).parts)
        and not file.name.startswith("~$")
        and file.is_file()
    ]
