"""The gates that a champion must pass: enough second plans, better than no features beyond noise, and calibrated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..errors import GateError, InputError
from ..plans.group_words import CHARACTERISTICS
from ..small_counts import count_words, is_small

if TYPE_CHECKING:
    from .evidence import Evidence, PresentChampion, SubgroupRatios

COMPARED = "second plans compared"
SLOPE = "calibration_slope_730"
RATIO = "observed_expected_730"
WORST_GAP = "subgroup_worst_gap_730"
CHAMPION_DAY = 730


class Gates(BaseModel):
    """What a model must show in a comparison to become the champion.

    Attributes
    ----------
    reference : str
        Name of the model without features that the champion must beat.
    better_brier_at : tuple of int
        Days at which its Brier score must be lower than the reference's beyond noise: the upper bound of the paired
        difference (95 %) is below 0.
    least_events : int
        Second plans among the children compared.
    events_per_coefficient : float
        Second plans for each coefficient of the equation for second plans; not asked of penalised models and trees.
    slope_bounds, slope_interval : tuple of float
        Between which the calibration slope at 730 days, and its 95 % interval, must lie.
    ratio_bounds, ratio_interval : tuple of float
        Likewise for observed over expected second plans at 730 days.
    champion_margin : float
        By how much of the Brier score at 730 days a model with fewer coefficients may at most be worse than the present
        champion (the upper bound of the paired difference).
    subgroups : tuple of str
        What children are grouped by, of ``sex, age_band, ethnicity_group, disabled, initial_category, plan_length_band,
        la_code``; what the data do not hold is left out.
    subgroup_bounds : tuple of float
        No group may have observed over expected second plans at 730 days outside of these where its difference to the
        other children is not explained by chance (at 5 %, corrected for the number of groups).
    accepted_subgroups : dict of str to str
        Groups that may, such as ``"ethnicity group: Black"``, and why; the model's description states them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: str = "AalenJohansen"
    better_brier_at: tuple[int, ...] = Field(default=(730,), min_length=1)
    least_events: int = Field(default=100, ge=1)
    events_per_coefficient: float = Field(default=10.0, ge=0)
    slope_bounds: tuple[float, float] = (0.8, 1.25)
    slope_interval: tuple[float, float] = (0.5, 2.0)
    ratio_bounds: tuple[float, float] = (0.8, 1.25)
    ratio_interval: tuple[float, float] = (0.5, 2.0)
    champion_margin: float = Field(default=0.0005, ge=0)
    subgroups: tuple[str, ...] = tuple(CHARACTERISTICS)
    subgroup_bounds: tuple[float, float] = (0.8, 1.25)
    accepted_subgroups: dict[str, str] = {}

    @model_validator(mode="after")
    def _bounds_hold_one(self) -> Gates:
        for name in ("slope_bounds", "slope_interval", "ratio_bounds", "ratio_interval", "subgroup_bounds"):
            lower, upper = getattr(self, name)
            if not 0 < lower < 1 < upper:
                raise ValueError(f"{name} must lie around 1, got {(lower, upper)}")
        unknown = [name for name in self.subgroups if name not in CHARACTERISTICS]
        if unknown:
            raise ValueError(f"subgroups must be of {', '.join(CHARACTERISTICS)}; got {unknown[0]!r}")
        for name, reason in self.accepted_subgroups.items():
            if not reason.strip():
                raise ValueError(f"accepted_subgroups: {name!r} needs a reason")
        return self


@dataclass(frozen=True)
class Gate:
    """One gate: its name, what was measured, what is required, whether it holds, and why it may do without (or "")."""

    name: str
    value: float | None
    required: str
    passed: bool
    accepted: str = ""

    @property
    def is_few(self) -> bool:
        """Whether the value is a number of second plans that is not shown."""
        return self.name == COMPARED and self.value is not None and bool(is_small([self.value])[0])

    @property
    def shown(self) -> str:
        """The value for a reader."""
        if self.is_few:
            return count_words(int(self.value or 0))
        return "not measured" if self.value is None else f"{self.value:.5g}"


@dataclass(frozen=True)
class GateReport:
    """How a model did at the gates.

    Attributes
    ----------
    model : str
        Its name in the comparison.
    gates : tuple of Gate
    """

    model: str
    gates: tuple[Gate, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether every gate holds; without any gate none does."""
        return bool(self.gates) and all(gate.passed for gate in self.gates)

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for each gate that does not hold."""
        failed = (gate for gate in self.gates if not gate.passed)
        return tuple(f"{gate.name} {gate.shown}, required {gate.required}" for gate in failed)

    @property
    def accepted(self) -> tuple[str, ...]:
        """One line for each gap that was accepted by name, with the reason; for the model's description."""
        accepted = (gate for gate in self.gates if gate.accepted)
        return tuple(f"Accepted by name: {gate.name} {gate.shown} ({gate.accepted})" for gate in accepted)

    @property
    def table(self) -> pd.DataFrame:
        """One row per gate: ``gate``, ``value``, ``required``, ``passed``."""
        rows = [(gate.name, None if gate.is_few else gate.value, gate.required, gate.passed) for gate in self.gates]
        return pd.DataFrame(rows, columns=["gate", "value", "required", "passed"])

    def require(self) -> None:
        """Raise :class:`~secondplan.errors.GateError`, one line with every failing gate, unless all hold."""
        if not self.passed:
            raise GateError(f"{self.model} does not pass the gates: {'; '.join(self.failures) or 'none was measured'}")

    def _repr_html_(self) -> str:
        verdict = "passes" if self.passed else "does not pass"
        return f"<p>{escape(self.model)}: {verdict}</p>{self.table.to_html(index=False)}"


def read_gates(settings: Gates | dict[str, Any] | None) -> Gates:
    """Gates from the settings of an experiment file; the defaults where there are none.

    Raises
    ------
    InputError
        A setting is unknown or out of range.
    """
    if isinstance(settings, Gates):
        return settings
    try:
        return Gates.model_validate(settings or {})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "gates"
        raise InputError(f"gates: {place}: {first['msg'].removeprefix('Value error, ')}") from None


def check_gates(evidence: Evidence) -> GateReport:
    """Hold what was measured of a model against the gates; what was not measured fails its gate."""
    rules, measures = evidence.rules, evidence.measures
    gates = [_at_least(COMPARED, evidence.n_events, rules.least_events)]
    if evidence.why_never_saved:
        gates.insert(0, Gate("saved model", None, f"a model that can be saved; {evidence.why_never_saved}", False))
    if evidence.n_coefficients:
        per_coefficient = evidence.n_events / evidence.n_coefficients
        gates.append(_at_least("second plans per coefficient", per_coefficient, rules.events_per_coefficient))
    for days in rules.better_brier_at:
        name = difference_name(days)
        gates.append(_below_zero(f"{name}_upper", measures, rules.reference))
    for name, bounds, interval in (
        (SLOPE, rules.slope_bounds, rules.slope_interval),
        (RATIO, rules.ratio_bounds, rules.ratio_interval),
    ):
        value, lower, upper = (measures.get(f"{name}{part}") for part in ("", "_lower", "_upper"))
        is_near = value is not None and bounds[0] <= value <= bounds[1]
        gates.append(Gate(name, value, f"between {bounds[0]:g} and {bounds[1]:g}", is_near))
        gates.append(_at_least(f"{name}_lower", lower, interval[0]))
        is_below = upper is not None and upper <= interval[1]
        gates.append(Gate(f"{name}_upper", upper, f"at most {interval[1]:g}", is_below))
    gates += _subgroups(evidence.subgroups, rules)
    if evidence.champion is not None:
        gates.append(_against_champion(evidence.champion, rules.champion_margin))
    return GateReport(evidence.model, tuple(gates))


def difference_name(days: float) -> str:
    """What the difference of the Brier score to the model without features is called."""
    return f"difference_to_null_{days:g}"


def _at_least(name: str, value: float | None, bound: float) -> Gate:
    return Gate(name, value, f"at least {bound:g}", value is not None and value >= bound)


def _below_zero(name: str, measures: Mapping[str, float], reference: str) -> Gate:
    value = measures.get(name)
    return Gate(name, value, f"below 0, so that it beats {reference} beyond noise", value is not None and value < 0)


def _subgroups(found: SubgroupRatios | None, rules: Gates) -> list[Gate]:
    """A gate for each group outside the bounds that chance does not explain; one for all if there is none."""
    low, high = rules.subgroup_bounds
    required = f"no group outside {low:g} to {high:g} that chance does not explain"
    if found is None:
        return [Gate(WORST_GAP, None, required, False)]
    outside = [group for group in found.groups if group.is_found and not low <= group.ratio <= high]
    if not outside:
        n_within = sum(group.lower >= low and group.upper <= high for group in found.groups)
        n_open = len(found.groups) - n_within + found.n_too_few
        said = f"; within these are {n_within} groups, of {n_open} the data are too few to say"
        return [Gate(WORST_GAP, found.worst_gap, required + said, True)]
    gates = []
    for group in outside:
        reason = rules.accepted_subgroups.get(group.name, "")
        asked = (
            f"between {low:g} and {high:g}: its gap to the others is not explained by chance (95 % interval "
            f"{group.lower:.2f} to {group.upper:.2f}); or accepted by this name, with a reason, in accepted_subgroups"
        )
        gates.append(Gate(f"{RATIO} of {group.name}", group.ratio, asked, bool(reason), reason))
    return gates


def _against_champion(champion: PresentChampion, margin: float) -> Gate:
    name = f"difference_to_champion_{CHAMPION_DAY}_upper"
    if champion.is_refresh:
        return Gate(name, champion.upper, f"nothing: it refreshes {champion.uri}", True)
    if champion.not_refitted:
        required = f"a comparison with {champion.uri}, which could not be fitted again: {champion.not_refitted}"
        return Gate(name, None, required, False)
    upper = champion.upper
    if champion.is_simpler:
        required = f"at most {margin:g}, as it is simpler than {champion.uri}"
        return Gate(name, upper, required, upper is not None and upper <= margin)
    return Gate(name, upper, f"below 0, so that it beats {champion.uri} beyond noise", upper is not None and upper < 0)
