"""The experiment file: YAML that says which data, cohort, features, models and validation; read and checked here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ..errors import InputError
from ..files.yaml_file import load_checked
from ..models.registry import MODELS
from .data import DataSpec, Spec
from .validation import Day, ValidationSpec

ModelType = Literal[*MODELS]  # type: ignore[valid-type]

# The type of a model that is made of others.
STACK = "StackedIncidence"
NAME = r"^[A-Za-z0-9][A-Za-z0-9 _.-]*$"
# Names of models become names of folders in the MLflow store.
NAME_OF_MODEL = r"^[^/\\\x00-\x1f\x7f]+$"
# Nobody has a plan after the 18th birthday.
LONGEST_DAYS = 18 * 366


class CohortSpec(Spec):
    """The parameters of ``build_cohort``."""

    index: Literal["first", "every"] = "first"
    as_of: Day | None = None
    washout_days: Annotated[int, Field(ge=0)] = 0
    care: Literal["competing", "ignore"] = "competing"


class TuneSpec(Spec):
    """A search for parameters, within the training rows of each part of the validation, in folds by family.

    All combinations of ``grid``, or ``n_iter`` of them drawn at random.
    """

    grid: Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)]
    n_iter: Annotated[int, Field(ge=1)] | None = None
    n_splits: Annotated[int, Field(ge=2)] = 5
    seed: Annotated[int, Field(ge=0)] = 0


class ModelSpec(Spec):
    """One model: its class, its parameters and, where they differ from the experiment's, its features and encoder.

    ``StackedIncidence`` is made of ``models``: names of others in the file, or models described in their place.
    """

    name: Annotated[str, Field(max_length=80, pattern=NAME_OF_MODEL)]
    type: ModelType
    params: dict[str, Any] = Field(default_factory=dict)
    tune: TuneSpec | None = None
    features: Annotated[list[str], Field(min_length=1)] | None = None
    encoder: dict[str, Any] = Field(default_factory=dict)
    models: list[ModelSpec | str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _only_a_stack_has_models(self) -> ModelSpec:
        if bool(self.models) != (self.type == STACK):
            raise ValueError(f"models belong to type {STACK}, and it needs them")
        if self.models and (self.features is not None or self.encoder):
            raise ValueError(f"a {STACK} has no features and encoder but those of its models")
        return self


class EffectSpec(Spec):
    """The parameters of ``effect_study``, which is asked of the whole data; nothing of it feeds a score."""

    adjust: Annotated[list[str], Field(min_length=1)] | None = None
    bands: dict[str, Annotated[list[str], Field(min_length=1)]] | None = None
    times: list[Annotated[int, Field(gt=0, le=LONGEST_DAYS)]] = Field(default_factory=lambda: [365, 730], min_length=1)
    reference: str | None = None
    not_before_months: list[Annotated[int, Field(gt=0, le=24)]] = Field(default_factory=lambda: [3, 6])
    end_by_months: list[Annotated[int, Field(gt=0, le=60)]] = Field(default_factory=lambda: [12])
    trial_times: list[Annotated[int, Field(gt=0, le=LONGEST_DAYS)]] = Field(
        default_factory=lambda: [365, 730, 1095], min_length=1
    )
    yardsticks: dict[str, Annotated[list[str], Field(min_length=1)]] | None = None


class ChampionSpec(Spec):
    """The registered name whose alias ``champion`` the best model gets, and the gates that it must pass."""

    model_name: Annotated[str, Field(pattern=NAME)] = "secondplan"
    gates: dict[str, Any] = Field(default_factory=dict)


class Experiment(Spec):
    """What an experiment file says."""

    name: Annotated[str, Field(pattern=NAME)]
    description: str = ""
    data: DataSpec
    cohort: CohortSpec = CohortSpec()
    features: Annotated[list[str], Field(min_length=1)] | None = None
    missing_features: Literal["refuse", "drop"] = "refuse"
    encoder: dict[str, Any] = Field(default_factory=dict)
    validation: ValidationSpec = ValidationSpec()
    horizons: list[Annotated[int, Field(gt=0, le=LONGEST_DAYS)]] = Field(
        default_factory=lambda: [91, 182, 365, 730], min_length=1
    )
    models: Annotated[list[ModelSpec], Field(min_length=1)]
    effect: EffectSpec | None = None
    champion: ChampionSpec | None = ChampionSpec()
    council: Path | None = None

    @model_validator(mode="after")
    def _names_are_unique(self) -> Experiment:
        names = [model.name for model in self.models]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"two models are named {repeated[0]}")
        for model in self.models:
            for part in model.models:
                if isinstance(part, str) and (part not in names or part == model.name):
                    raise ValueError(f"{model.name}: {part} is not the name of another model")
        return self

    def parts_of(self, model: ModelSpec) -> list[ModelSpec]:
        """The models that a stack is made of."""
        named = {spec.name: spec for spec in self.models}
        return [named[part] if isinstance(part, str) else part for part in model.models]


def load_experiment(path: str | Path) -> Experiment:
    """Read and check an experiment file.

    Parameters
    ----------
    path : str or Path
        A YAML file; ``compare_models`` alone names the one that ships with the package.

    Returns
    -------
    Experiment

    Raises
    ------
    InputError
        The file is missing, is not YAML, or breaks a rule: the message names the file, the place and the rule.
    """
    file = _experiment_file(path)
    experiment = load_checked(file, Experiment, "an experiment is a mapping with name, data and models")
    return _with_files_beside(experiment, file.parent)


def with_plans(experiment: Experiment, plans: str | Path) -> Experiment:
    """The same experiment on the plan store ``plans``."""
    return experiment.model_copy(update={"data": DataSpec(plans=Path(plans))})


def _experiment_file(path: str | Path) -> Path:
    file = Path(path)
    if not file.exists() and file.suffix == "" and file.name == str(path):
        from importlib.resources import files

        shipped = Path(str(files("secondplan.experiments"))) / f"{file.name}.yaml"
        if shipped.is_file():
            return shipped
    if not file.is_file():
        raise InputError(f"{file}: no such experiment file")
    return file


def _with_files_beside(experiment: Experiment, folder: Path) -> Experiment:
    """Paths of the plan stores and the council's file are relative to the experiment's; absolute ones stay."""
    update: dict[str, Any] = {"data": experiment.data.beside(folder)}
    if experiment.council is not None:
        update["council"] = folder / experiment.council
    if experiment.validation.data is not None:
        other = experiment.validation.data.beside(folder)
        update["validation"] = experiment.validation.model_copy(update={"data": other})
    return experiment.model_copy(update=update)
