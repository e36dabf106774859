"""What a comparison measured of a model, kept with the model: from it the gates are judged, and judged again."""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import GateError
from ..evaluation.subgroup_result import SIGNIFICANT
from ..evaluation.verdict import pair
from ..plans.group_words import recorded
from ..small_counts import SMALLEST_SHOWN, is_small
from .gates import CHAMPION_DAY, RATIO, SLOPE, Gates, difference_name

if TYPE_CHECKING:
    from ..evaluation import Comparison
    from ..models.estimator.base import IncidenceModel


class PresentChampion(BaseModel):
    """How a model compares with the champion of the day, which the comparison fitted again by its recorded recipe.

    Attributes
    ----------
    uri, digest : str
        ``models:/NAME/VERSION`` and the digest of its bundle.
    not_refitted : str
        Why the recipe could not be fitted again; empty where it was.
    is_refresh : bool
        The model is the champion's own recipe, on these data.
    difference, upper : float or None
        Brier score at 730 days less the champion's on the same children, and the upper bound of its 95 % interval.
    is_simpler : bool
        The model has fewer coefficients.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    uri: str
    digest: str
    not_refitted: str = ""
    is_refresh: bool = False
    difference: float | None = None
    upper: float | None = None
    is_simpler: bool = False


class GroupRatio(BaseModel):
    """Observed over expected second plans at 730 days of a group of children.

    Attributes
    ----------
    name : str
        ``"ethnicity group: Black"``.
    ratio, lower, upper : float
        With its 95 % interval.
    is_found : bool
        The difference to the other children is not explained by chance, after correction for the number of groups.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    ratio: float
    lower: float
    upper: float
    is_found: bool


class SubgroupRatios(BaseModel):
    """The groups that were compared with the other children; of ``n_too_few`` others nothing was measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    groups: tuple[GroupRatio, ...] = ()
    n_too_few: int = 0

    @property
    def worst_gap(self) -> float | None:
        """By what factor observed and expected differ in the group where they differ most; None without any."""
        return max((max(group.ratio, 1.0 / group.ratio) for group in self.groups), default=None)


class Evidence(BaseModel):
    """What a comparison measured of one model: kept with the model, so that its gates can be judged again.

    Attributes
    ----------
    model : str
        Its name in the comparison.
    model_digest : str
        Of its bundle, given when it is saved: a record that is kept with another model is not taken for its own.
    rules : Gates
    n_events : int
        Second plans among the children compared; 5 stands for 1 to 5.
    n_coefficients : int or None
        Of the equation for second plans; None for penalised models, trees and models without coefficients.
    measures : dict of str to float
        Calibration slope and observed over expected at 730 days with their bounds, and by day the difference of the
        Brier score to the reference's with the upper bound; what is not known is absent.
    champion : PresentChampion or None
        None where there was no champion.
    why_never_saved : str
        Why the model can never be saved, as one of another library; empty where it can.
    subgroups : SubgroupRatios or None
        None where they were not measured.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    model_digest: str = ""
    rules: Gates = Gates()
    n_events: int
    n_coefficients: int | None = None
    measures: dict[str, float] = {}
    champion: PresentChampion | None = None
    why_never_saved: str = ""
    subgroups: SubgroupRatios | None = None

    def to_json(self) -> str:
        """As text, for a file."""
        return self.model_dump_json(indent=1)

    @classmethod
    def from_json(cls, text: str) -> Evidence:
        """What :meth:`to_json` wrote.

        Raises
        ------
        GateError
            The text is not that.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            raise GateError("the model holds no readable record of a comparison; compare again") from None


def evidence_of(
    comparison: Comparison,
    name: str,
    *,
    rules: Gates | None = None,
    n_coefficients: int | None = None,
    champion: PresentChampion | None = None,
) -> Evidence:
    """What ``comparison`` measured of the model ``name``.

    Parameters
    ----------
    comparison : Comparison
    name : str
        A model of it.
    rules : Gates, optional
    n_coefficients : int, optional
        See :func:`~secondplan.evaluation.fitted_facts.coefficients_of`.
    champion : PresentChampion, optional
        Without its difference, which is looked up here.
    """
    rules = Gates() if rules is None else rules
    row = comparison.table.loc[name]
    known = {column: row.get(column) for stem in (SLOPE, RATIO) for column in (stem, f"{stem}_lower", f"{stem}_upper")}
    for days in rules.better_brier_at:
        found = pair(comparison.differences, name, rules.reference, days)
        if found is not None:
            known |= {difference_name(days): found["difference"], f"{difference_name(days)}_upper": found["upper"]}
    return Evidence(
        model=name,
        rules=rules,
        n_events=SMALLEST_SHOWN - 1 if is_small([comparison.n_events])[0] else comparison.n_events,
        n_coefficients=n_coefficients,
        measures={key: float(value) for key, value in known.items() if value is not None and isfinite(value)},
        champion=champion,
        why_never_saved=getattr(comparison.models.get(name), "why_never_saved", ""),
        subgroups=_subgroups(comparison, name, rules),
    )


def _subgroups(comparison: Comparison, name: str, rules: Gates) -> SubgroupRatios | None:
    if comparison.cohort is None:
        return None
    by = [column for column in recorded(comparison.cohort) if column in rules.subgroups]
    found = comparison.subgroups(by, model=name, metrics=["observed_expected"], times=[CHAMPION_DAY])
    groups = tuple(
        GroupRatio(
            name=f"{row.characteristic}: {row.group}",
            ratio=row.estimate,
            lower=row.lower,
            upper=row.upper,
            is_found=row.p_adjusted < SIGNIFICANT,
        )
        for row in found.findings.itertuples()
    )
    return SubgroupRatios(groups=groups, n_too_few=len(found.too_few))


def within_one_error(differences: pd.DataFrame, model: str, best: str) -> bool:
    """Whether a model's Brier score at 730 days is within one standard error of their difference of the best's."""
    found = pair(differences, model, best, CHAMPION_DAY)
    return found is not None and bool(abs(found["difference"]) <= found["std_error"])


def upper_difference(differences: pd.DataFrame, model: str, reference: str) -> dict[str, float | None]:
    """``difference`` and ``upper`` bound of the Brier scores at 730 days; None where not measured."""
    found = pair(differences, model, reference, CHAMPION_DAY)
    return {name: None if found is None else float(found[name]) for name in ("difference", "upper")}


def recipe_of(model: IncidenceModel) -> str:
    """Class and parameters of a model, fitted or not, as text that is the same for the same recipe."""
    found: dict[str, Any] = {"class": type(model).__name__}
    for key, value in model.get_params(deep=True).items():
        found[key] = type(value).__name__ if hasattr(value, "get_params") else value
    return json.dumps(found, sort_keys=True, default=repr)
