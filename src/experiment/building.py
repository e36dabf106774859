"""The models that an experiment file describes, not fitted, each limited to its features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InputError
from .features import choose_features
from .file import Experiment, ModelSpec

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel
    from ..plans import Cohort


def build_models(experiment: Experiment, cohort: Cohort) -> tuple[dict[str, IncidenceModel], tuple[str, ...]]:
    """The models by name, and the features that the experiment names and the data cannot give.

    Raises
    ------
    InputError
        A model has features or parameters that do not exist, or needs features that the data cannot give.
    """
    dropped: set[str] = set()
    models = {spec.name: _model(spec, experiment, cohort, dropped) for spec in experiment.models}
    return models, tuple(name for name in cohort.missing_features if name in dropped)


def _model(spec: ModelSpec, experiment: Experiment, cohort: Cohort, dropped: set[str]) -> IncidenceModel:
    """The unfitted model of a specification; features that it goes without are added to ``dropped``."""
    from .. import models

    kind = getattr(models, spec.type)
    try:
        if spec.models:
            parts = {part.name: _model(part, experiment, cohort, dropped) for part in experiment.parts_of(spec)}
            return kind(models=parts, **spec.params)
        chosen = choose_features(
            spec,
            experiment,
            present=list(cohort.X.columns),
            missing=cohort.missing_features,
            naming=tuple(kind._column_parameters),
        )
        dropped.update(chosen.dropped)
        return kind(**spec.params, encoder=models.FeatureEncoder(columns=list(chosen.columns), **chosen.encoder))
    except TypeError as error:
        raise InputError(f"{experiment.name}: {spec.name}: {error}") from None
