"""Options from a TOML file, so that a scheduler's line is short. The command line and the environment go before it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files.secret import holds_password


def read_config(path: Path, commands: Mapping[str, Any]) -> dict[str, Any]:
    """What the file says for each command, its options by name with dashes or underscores.

    Parameters
    ----------
    path : Path
        A table per command, ``[score]`` or ``[read.cin-census]``, whose keys are the command's options.
    commands : mapping of str to click command

    Raises
    ------
    InputError
        The file cannot be read or is no TOML, names what does not exist, or holds a password.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not TOML (its text is not UTF-8)") from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line \d+", str(error))
        raise InputError(f"{path}: is not TOML ({place.group() if place else 'see its syntax'})") from None
    return _of_commands(path, content, commands, "")


def _of_commands(path: Path, content: Mapping[str, Any], commands: Mapping[str, Any], within: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, part in content.items():
        place = f"{within}{name}"
        if name not in commands:
            raise InputError(f"{path}: [{place}] is no command; expected one of {', '.join(sorted(commands))}")
        if not isinstance(part, dict):
            raise InputError(f"{path}: {place} must be a table of options, as [{place}]")
        inner = getattr(commands[name], "commands", None)
        found[name] = _of_options(path, part, commands[name], place) if inner is None else {}
        if inner is not None:
            found[name] = _of_commands(path, part, inner, f"{place}.")
    return found


def _of_options(path: Path, part: Mapping[str, Any], command: Any, place: str) -> dict[str, Any]:
    # By the name of its parameter, and by how it is written on the command line.
    names = {word.lstrip("-").replace("-", "_"): given.name for given in command.params for word in given.opts}
    options: dict[str, Any] = {}
    for key, value in part.items():
        name = names.get(key.replace("-", "_"))
        if name is None:
            raise InputError(f"{path}: [{place}] {key} is no option; expected one of {', '.join(sorted(names))}")
        if isinstance(value, dict):
            raise InputError(f"{path}: [{place}] {key} must be a value or a list of values, not a table")
        values = value if isinstance(value, list) else [value]
        if any(map(holds_password, values)):
            raise InputError(f"{path}: [{place}] {key} holds a password; give it in the environment")
        # Values as on the command line, which the option itself reads: a date of TOML as its text.
        texts = [one if isinstance(one, bool | int | float | str) else str(one) for one in values]
        options[name] = texts if isinstance(value, list) else texts[0]
    return options
