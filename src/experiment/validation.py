"""How the models of an experiment are tested: what a file may say, and the design that it means."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ..given_dates import given_date
from .data import DataSpec, Spec

if TYPE_CHECKING:
    from ..plans import Cohort

Day = Annotated[date, BeforeValidator(lambda value: given_date(value, "it").date())]
# What may stand beside each kind.
KEYS = {
    "family_folds": ("n_splits", "n_repeats", "seed"),
    "in_time": ("cut_date", "cut_dates"),
    "authorities": ("min_events",),
    "bootstrap": ("n_draws", "seed"),
    "other_data": ("data",),
}


class ValidationSpec(Spec):
    """Folds by family, cuts in time, authorities left out, a bootstrap of optimism, or data of another source."""

    kind: Literal["family_folds", "in_time", "authorities", "bootstrap", "other_data"] = "family_folds"
    n_splits: Annotated[int, Field(ge=2)] = 5
    n_repeats: Annotated[int, Field(ge=1)] = 1
    seed: Annotated[int, Field(ge=0)] = 0
    cut_date: Day | None = None
    cut_dates: Annotated[list[Day], Field(min_length=1)] | None = None
    min_events: Annotated[int, Field(ge=1)] = 10
    n_draws: Annotated[int, Field(ge=2)] = 200
    data: DataSpec | None = None

    @model_validator(mode="after")
    def _keys_of_the_kind(self) -> ValidationSpec:
        if self.kind == "in_time" and (self.cut_date is None) == (self.cut_dates is None):
            raise ValueError("cut_date (or several cut_dates) belongs to kind in_time, and in_time needs it")
        if self.kind == "other_data" and self.data is None:
            raise ValueError("other_data needs data: where the children come from who are tested")
        for key in sorted(self.model_fields_set - {"kind", *KEYS[self.kind]}):
            kinds = " or ".join(kind for kind, own in KEYS.items() if key in own)
            raise ValueError(f"{key} belongs to kind {kinds}, not to {self.kind}")
        return self

    def settings(self) -> dict[str, Any]:
        """The kind and what belongs to it, for a record."""
        shown: dict[str, Any] = {"validation": self.kind}
        for key in KEYS[self.kind]:
            value = getattr(self, key)
            if key == "data" or value is None:
                continue
            shown[key] = ", ".join(map(str, value)) if isinstance(value, list) else value
        return shown

    def design(self, other: Cohort | None = None) -> Any:
        """What ``compare_models`` takes as ``folds``; ``other`` is the cohort of ``data``."""
        from .. import evaluation

        if self.kind == "in_time":
            return evaluation.TemporalSplit(self.cut_dates or self.cut_date)
        if self.kind == "authorities":
            return evaluation.LeaveOneAuthorityOut(self.min_events)
        if self.kind == "bootstrap":
            return evaluation.BootstrapOptimism(self.n_draws, self.seed)
        if other is not None:
            return evaluation.OtherCohort(other)
        return evaluation.FamilyKFold(self.n_splits, self.n_repeats, self.seed)
