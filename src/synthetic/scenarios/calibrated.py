"""Scenarios from their stated values and the calibrated ones of ``calibration/parameters.json``."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from .definition import Scenario

PACKAGE = __package__.rpartition(".")[0]
FOLDER = "calibration"
PARAMETERS = "parameters.json"


def build_scenario(
    name: str, description: str, values: dict[str, tuple[Any, str, str]], *, calibrated: bool = True
) -> Scenario:
    """The scenario with the stored result of its calibration, where there is one.

    Parameters
    ----------
    name, description : str
    values : dict of str to (value, mark, source or reason)
        The value of a calibrated parameter is where its calibration starts.
    calibrated : bool
        False leaves it there.
    """
    scenario = Scenario(
        name=name,
        description=description,
        provenance={parameter: (mark, source) for parameter, (_, mark, source) in values.items()},
        **{parameter: value for parameter, (value, _, _) in values.items()},
    )
    return with_values(scenario, calibrated_values(name)) if calibrated else scenario


def with_values(scenario: Scenario, values: dict[str, Any]) -> Scenario:
    """The scenario with other values under the same marks."""
    tuples = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return scenario.replace(**tuples, provenance=scenario.provenance)


def calibrated_values(name: str) -> dict[str, Any]:
    """What the calibration of a scenario ended with, by parameter; nothing for one that is not calibrated."""
    return _stored().get(name, {})


def forget_stored() -> None:
    """Read the file anew the next time: it has been written since."""
    _stored.cache_clear()


@cache
def _stored() -> dict[str, dict[str, Any]]:
    return json.loads(files(PACKAGE).joinpath(FOLDER, PARAMETERS).read_text(encoding="utf-8"))
