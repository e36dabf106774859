"""The experiment file: YAML that says which data, cohort, features, models and validation; read and checked here."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ..errors import InputError
from ..files.yaml_file import load_checked
from ..given_dates import given_date
from ..models.registry import MODELS

ModelType = Literal[*MODELS]  # type: ignore[valid-type]

# The type of a model that is made of others.
STACK = "StackedIncidence"
NAME = r"^[A-Za-z0-9][A-Za-z0-9 _.-]*$"
# Names of models become names of folders in the MLflow store.
NAME_OF_MODEL = r"^[^/\\\x00-\x1f\x7f]+$"
# Nobody has a plan after the 18th birthday.
LONGEST_DAYS = 18 * 366
Day = Annotated[date, BeforeValidator(lambda value: given_date(value, "it").date())]


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SyntheticSpec(_Spec):
    """Plans to be simulated."""

    scenario: str = "england-2018"
    n_children: Annotated[int, Field(ge=1)] = 12_000
    seed: int = 0


class DataSpec(_Spec):
    """Where the plans come from: simulated, or a plan store (a path relative to the experiment file)."""

    synthetic: SyntheticSpec | None = None
    plans: Path | None = None

    @model_validator(mode="after")
    def _one_source(self) -> DataSpec:
        if (self.synthetic is None) == (self.plans is None):
            raise ValueError("give either synthetic or plans")
        return self


class CohortSpec(_Spec):
    """The parameters of ``build_cohort``."""

    index: Literal["first", "every"] = "first"
    as_of: Day | None = None
    washout_days: Annotated[int, Field(ge=0)] = 0
    care: Literal["competing", "ignore"] = "competing"


class ValidationSpec(_Spec):
    """Folds by family, or training before a date and testing after it."""

    kind: Literal["family_folds", "in_time"] = "family_folds"
    n_splits: Annotated[int, Field(ge=2)] = 5
    seed: Annotated[int, Field(ge=0)] = 0
    cut_date: Day | None = None

    @model_validator(mode="after")
    def _cut_date_where_needed(self) -> ValidationSpec:
        if (self.kind == "in_time") != (self.cut_date is not None):
            raise ValueError("cut_date belongs to kind in_time, and in_time needs it")
        return self


class ModelSpec(_Spec):
    """One model: its class, its parameters and, where they differ from the experiment's, its features and encoder.

    ``StackedIncidence`` is made of ``models``: names of others in the file, or models described in their place.
    """

    name: Annotated[str, Field(max_length=80, pattern=NAME_OF_MODEL)]
    type: ModelType
    params: dict[str, Any] = {}
    features: Annotated[list[str], Field(min_length=1)] | None = None
    encoder: dict[str, Any] = {}
    models: list[ModelSpec | str] = []

    @model_validator(mode="after")
    def _only_a_stack_has_models(self) -> ModelSpec:
        if bool(self.models) != (self.type == STACK):
            raise ValueError(f"models belong to type {STACK}, and it needs them")
        if self.models and (self.features is not None or self.encoder):
            raise ValueError(f"a {STACK} has no features and encoder but those of its models")
        return self


class ChampionSpec(_Spec):
    """The registered name whose alias ``champion`` the best model gets, and the gates that it must pass."""

    model_name: Annotated[str, Field(pattern=NAME)] = "secondplan"
    gates: dict[str, Any] = {}


class Experiment(_Spec):
    """What an experiment file says."""

    name: Annotated[str, Field(pattern=NAME)]
    description: str = ""
    data: DataSpec
    cohort: CohortSpec = CohortSpec()
    features: Annotated[list[str], Field(min_length=1)] | None = None
    missing_features: Literal["refuse", "drop"] = "refuse"
    encoder: dict[str, Any] = {}
    validation: ValidationSpec = ValidationSpec()
    horizons: Annotated[list[Annotated[int, Field(gt=0, le=LONGEST_DAYS)]], Field(min_length=1)] = [91, 182, 365, 730]
    models: Annotated[list[ModelSpec], Field(min_length=1)]
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
    """Paths of the plan store and the council's file are relative to the experiment's; absolute ones stay."""
    if experiment.council is not None:
        experiment = experiment.model_copy(update={"council": folder / experiment.council})
    if experiment.data.plans is None:
        return experiment
    data = experiment.data.model_copy(update={"plans": folder / experiment.data.plans})
    return experiment.model_copy(update={"data": data})
