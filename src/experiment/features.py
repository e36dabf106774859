"""Which features each model of an experiment gets, where the data cannot give all that the experiment names.

A CIN census holds no families, no workers and nothing on who attended reviews. What an experiment does then is a
setting of its file, ``missing_features``: refuse the data, or drop those features and say so wherever results stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import InputError

if TYPE_CHECKING:
    from .file import Experiment, ModelSpec


@dataclass(frozen=True)
class ModelFeatures:
    """The features of one model.

    Attributes
    ----------
    columns : tuple of str
        Columns of the cohort for the encoder; those that a parameter names (strata, offset) are not among them.
    encoder : dict
        Settings of the encoder, without splines and interactions of dropped features.
    dropped : tuple of str
        Features that the experiment names and the data cannot give.
    """

    columns: tuple[str, ...]
    encoder: dict[str, Any]
    dropped: tuple[str, ...]


def choose_features(
    spec: ModelSpec,
    experiment: Experiment,
    *,
    present: list[str],
    missing: tuple[str, ...],
    naming: tuple[str, ...] = (),
) -> ModelFeatures:
    """The features that a model asks for, of those that the data have.

    Parameters
    ----------
    spec : ModelSpec
    experiment : Experiment
    present, missing : names
        Features of the cohort, and those that its data cannot give.
    naming : tuple of str
        Parameters of the model that name columns: ``strata``, ``offset``.

    Returns
    -------
    ModelFeatures

    Raises
    ------
    InputError
        A name is no feature at all; or the data cannot give one and the experiment refuses that, or its strata or
        offset need it; or no feature is left.
    """
    asked = spec.features if spec.features is not None else experiment.features
    asked = present if asked is None else asked
    named = [spec.params[parameter] for parameter in naming if spec.params.get(parameter) is not None]
    needed = [str(name) for names in named for name in ([names] if isinstance(names, str) else list(names))]
    where = f"{experiment.name}: {spec.name}"
    unknown = [name for name in dict.fromkeys([*asked, *needed]) if name not in present and name not in missing]
    if unknown:
        raise InputError(f"{where}: features that the cohort does not have: {', '.join(unknown)}")
    lost = [name for name in needed if name in missing]
    if lost:
        raise InputError(f"{where}: its strata or offset need what the data cannot give: {', '.join(lost)}")
    dropped = tuple(name for name in asked if name in missing)
    if dropped and experiment.missing_features == "refuse":
        raise InputError(
            f"{where}: features that the data cannot give: {', '.join(dropped)} "
            "(missing_features: drop in the experiment file leaves them out)"
        )
    columns = tuple(name for name in asked if name not in dropped and name not in needed)
    if dropped and not columns:
        raise InputError(f"{where}: the data can give none of its features: {', '.join(dropped)}")
    return ModelFeatures(columns, _without({**experiment.encoder, **spec.encoder}, dropped), dropped)


def _without(encoder: dict[str, Any], dropped: tuple[str, ...]) -> dict[str, Any]:
    """The encoder's settings without those of dropped features; malformed ones are left to the encoder."""
    settings = dict(encoder)
    if isinstance(splines := settings.get("splines"), dict):
        settings["splines"] = {name: knots for name, knots in splines.items() if name not in dropped}
    if isinstance(pairs := settings.get("interactions"), list):
        settings["interactions"] = [
            pair for pair in pairs if not (isinstance(pair, list) and any(name in dropped for name in pair))
        ]
    return settings
