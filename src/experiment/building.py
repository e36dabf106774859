"""The models that an experiment file describes, not fitted, each limited to its features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .features import choose_features
from .file import Experiment, ModelSpec, TuneSpec

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel
    from ..plans import Cohort


def build_models(
    experiment: Experiment, cohort: Cohort, other: Cohort | None = None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The models, or searches over them, by name, and the features that are named and the data cannot give.

    ``other`` is the cohort that is tested, where it is not a part of ``cohort``: features must be in both.

    Raises
    ------
    InputError
        A model has features or parameters that do not exist, or needs features that the data cannot give.
    """
    dropped: set[str] = set()
    missing = tuple(dict.fromkeys([*cohort.missing_features, *(() if other is None else other.missing_features)]))
    present = [name for name in cohort.X.columns if name not in missing]
    models: dict[str, Any] = {}
    for spec in experiment.models:
        model = _model(spec, experiment, present, missing, dropped)
        models[spec.name] = model if spec.tune is None else _search(model, spec, spec.tune, experiment.name)
    return models, tuple(name for name in missing if name in dropped)


def _search(model: IncidenceModel, spec: ModelSpec, tune: TuneSpec, experiment: str) -> Any:
    from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

    from ..evaluation import FamilyKFold

    unknown = [name for name in tune.grid if name not in model.get_params()]
    if unknown:
        raise InputError(f"{experiment}: {spec.name}: tune: {spec.type} has no parameter {', '.join(unknown)}")
    folds = FamilyKFold(tune.n_splits, random_state=tune.seed)
    if tune.n_iter is None:
        return GridSearchCV(model, tune.grid, cv=folds)
    return RandomizedSearchCV(model, tune.grid, n_iter=tune.n_iter, cv=folds, random_state=tune.seed)


def _model(
    spec: ModelSpec, experiment: Experiment, present: list[str], missing: tuple[str, ...], dropped: set[str]
) -> IncidenceModel:
    """The unfitted model of a specification; features that it goes without are added to ``dropped``."""
    from .. import models

    kind = getattr(models, spec.type)
    try:
        if spec.models:
            members = experiment.parts_of(spec)
            tuned = [part.name for part in members if part.tune is not None]
            if tuned:
                raise InputError(f"{experiment.name}: {spec.name}: {', '.join(tuned)}: a stack takes no search")
            parts = {part.name: _model(part, experiment, present, missing, dropped) for part in members}
            return kind(models=parts, **spec.params)
        chosen = choose_features(
            spec,
            experiment,
            present=present,
            missing=missing,
            naming=tuple(kind._column_parameters),
        )
        dropped.update(chosen.dropped)
        return kind(**spec.params, encoder=models.FeatureEncoder(columns=list(chosen.columns), **chosen.encoder))
    except TypeError as error:
        raise InputError(f"{experiment.name}: {spec.name}: {error}") from None
