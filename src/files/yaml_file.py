"""YAML files that a user writes: read without running anything, checked against a model, faults in one line."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import InputError

Spec = TypeVar("Spec", bound=BaseModel)


def load_checked(file: Path, model: type[Spec], shape: str, *, as_text: bool = False) -> Spec:
    """Read a YAML file and check it.

    Parameters
    ----------
    file : Path
    model : type
        The pydantic model that says what the file may hold.
    shape : str
        What the file is, in words, for the message where it is no mapping.
    as_text : bool
        Take every value as the text that stands there: codes such as ``010`` and words such as ``no`` keep their form.

    Raises
    ------
    InputError
        The file is missing, is not YAML, or breaks a rule: the message names the file, the place and the rule.
    """
    try:
        import yaml
    except ImportError:
        raise InputError(f"{file}: reading YAML needs PyYAML: pip install 'secondplan[io]'") from None
    try:
        # Neither loader makes anything but plain data.
        content = yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader if as_text else yaml.SafeLoader)
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{file}: cannot be read as text") from None
    except (ValueError, RecursionError):
        raise InputError(f"{file}: holds an impossible date or number, or is nested too deeply") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise InputError(f"{file}: not YAML{'' if mark is None else f', see line {mark.line + 1}'}") from None
    if not isinstance(content, dict):
        raise InputError(f"{file}: {shape}")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        rule = first["msg"].removeprefix("Value error, ")
        raise InputError(f"{file}: {place}: {rule}" if place else f"{file}: {rule}") from None
