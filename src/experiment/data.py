"""Where the plans of an experiment come from, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from ..plans import Plans


class Spec(BaseModel):
    """A part of an experiment file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SyntheticSpec(Spec):
    """Plans to be simulated."""

    scenario: str = "england-2018"
    n_children: Annotated[int, Field(ge=1)] = 12_000
    seed: int = 0


class DataSpec(Spec):
    """Where the plans come from: simulated, or a plan store (a path relative to the experiment file)."""

    synthetic: SyntheticSpec | None = None
    plans: Path | None = None

    @model_validator(mode="after")
    def _one_source(self) -> DataSpec:
        if (self.synthetic is None) == (self.plans is None):
            raise ValueError("give either synthetic or plans")
        return self

    def beside(self, folder: Path) -> DataSpec:
        """The same, with a plan store that is named relative to ``folder``."""
        return self if self.plans is None else self.model_copy(update={"plans": folder / self.plans})


def read_data(data: DataSpec) -> tuple[Plans, str]:
    """The plans, and what to call them."""
    if data.plans is not None:
        from ..plans import read_plans

        plans = read_plans(data.plans)
        return plans, _kinds_of_sources(plans.extract["source"])
    from ..synthetic import simulate

    assert data.synthetic is not None
    spec = data.synthetic
    try:
        plans = simulate(spec.scenario, n_children=spec.n_children, random_state=spec.seed)
    except ValueError as error:
        raise InputError(f"data.synthetic: {error}") from None
    return plans, f"synthetic {spec.scenario}, {spec.n_children} children, seed {spec.seed}"


def _kinds_of_sources(sources: pd.Series) -> str:
    """Kinds of sources and numbers of files: their names may name a person or a machine, and there may be hundreds."""
    kinds = sources.dropna().drop_duplicates().str.partition(":")
    names = []
    for kind, group in kinds.groupby(0):
        is_scenario = kind == "synthetic"
        counted = f"{len(group)} file{'s' if len(group) > 1 else ''}"
        names += [f"{kind}, {counted}"] if not is_scenario else [f"{kind}:{name}" for name in sorted(group[2])]
    return "; ".join(names) or "plan store"
