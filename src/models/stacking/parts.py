"""The models that a stack is made of: which it takes, and the encoder that each gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.base import clone

from ..estimator.base import IncidenceModel
from ..estimator.design import special_columns
from ..features.columns import NUMERIC
from ..features.encoder import FeatureEncoder

# What an encoder does with values that cannot enter as they are: the same for all models of a stack, so that rows are
# either fit for all or for none.
RULES = ("numeric_missing", "categorical_missing", "unseen", "max_levels")


def checked_models(models: Any) -> dict[str, IncidenceModel]:
    """The models by name.

    Raises
    ------
    ValueError
        There are none, a name would clash with a parameter, or one is no model or has what a stack does not take.
    """
    if not isinstance(models, Mapping) or not models:
        raise ValueError('models: a mapping of name to model is needed, such as {"Cox": CauseSpecificCox(), ...}')
    for name, model in models.items():
        if not isinstance(name, str) or "__" in name or name in ("models", "times", "n_folds", "random_state"):
            raise ValueError(f"models: {name!r} cannot be the name of a model: it is text, not that of a parameter")
        if not isinstance(model, IncidenceModel):
            raise ValueError(f"models: {name} is a {type(model).__name__}, not a model of this package")
        for parameter in type(model)._column_parameters:
            columns = getattr(model, parameter)
            if columns is not None and (parameter == "offset" or not isinstance(columns, str)):
                raise ValueError(f"models: {name} has {parameter}; a stack takes strata of one column, and no offset")
    return dict(models)


def part_models(models: Any, encoder: FeatureEncoder | None, rules: Mapping[str, Any]) -> dict[str, IncidenceModel]:
    """Copies of the models, not fitted, each with its encoder under the rules of the stack's, and no known end."""
    parts = {}
    for name, model in checked_models(models).items():
        part = clone(model)
        own = part.encoder if part.encoder is not None else (FeatureEncoder() if encoder is None else clone(encoder))
        own.set_params(**rules)
        used = _special(part)
        if own.columns is not None:
            own.set_params(columns=[column for column in own.columns if column not in used])
        part.set_params(encoder=own)
        if hasattr(part, "known_end_event"):
            part.set_params(known_end_event=None)
        parts[name] = part
    return parts


def encoder_of_all(models: Any, encoder: FeatureEncoder | None) -> FeatureEncoder:
    """An encoder, not fitted, of all columns that the models use."""
    checked = checked_models(models)
    own = [model.encoder for model in checked.values() if model.encoder is not None]
    made = FeatureEncoder() if encoder is None else clone(encoder)
    if encoder is None:
        defaults = FeatureEncoder().get_params()
        asked = {rule: value for rule in RULES for item in own if (value := getattr(item, rule)) != defaults[rule]}
        made.set_params(**asked)
    columns: list[str] = []
    for model in checked.values():
        used = model.encoder if model.encoder is not None else encoder
        if used is None or used.columns is None:
            return made.set_params(columns=None)
        columns += [*used.columns, *_special(model)]
    return made.set_params(columns=list(dict.fromkeys(columns)), splines=None, interactions=None)


def rules_of(encoder: FeatureEncoder) -> dict[str, Any]:
    """What an encoder does with values that cannot enter as they are."""
    return {rule: getattr(encoder, rule) for rule in RULES}


def shared_known_end(models: Mapping[str, IncidenceModel]) -> int | None:
    """The end whose date is known, where models have one.

    Raises
    ------
    ValueError
        They have different ones.
    """
    given = (getattr(model, "known_end_event", None) for model in models.values())
    found = list(dict.fromkeys(event for event in given if event is not None))
    if len(found) > 1:
        raise ValueError(f"known_end_event differs between the models: {', '.join(map(str, found))}")
    return found[0] if found else None


def check_strata(parts: Mapping[str, IncidenceModel], encoder: FeatureEncoder) -> None:
    """Refuse strata of which the fitted ``encoder`` of a stack cannot say whether new rows have one that was fitted.

    Raises
    ------
    ValueError
        They are numbers, or levels that training did not have count as others while a model has no place for them.
    """
    for name, part in parts.items():
        column = getattr(part, "strata", None)
        if column is None:
            continue
        if encoder.columns_[column].kind == NUMERIC:
            raise ValueError(
                f"models: {name} has strata of numbers; make a category of them: X[{column!r}].astype(str)"
            )
        if encoder.unseen != "error" and getattr(part, "unseen", "error") == "error":
            raise ValueError(
                f"models: {name} has strata: the encoder of its stack must have unseen='error', got {encoder.unseen!r}"
            )


def _special(model: IncidenceModel) -> list[str]:
    """Columns that parameters of the model name."""
    return [str(column) for columns in special_columns(model).values() for column in columns]
