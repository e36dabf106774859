"""The gates that a champion must pass: better than no features at all, and calibrated."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html import escape
from math import isfinite
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..errors import GateError, InputError

SLOPE = "calibration_slope_730"


class Gates(BaseModel):
    """What a model must show in a comparison to become the champion.

    Attributes
    ----------
    reference : str
        Name of the model without features that the champion must beat.
    better_brier_at : tuple of int
        Days at which its Brier score must be lower than the reference's (columns ``brier_<days>``).
    slope_bounds : tuple of float
        Bounds of the calibration slope at 730 days. A slope outside them passes only if its confidence interval is
        known (columns ``calibration_slope_730_lower`` and ``_upper``) and covers 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: str = "AalenJohansen"
    better_brier_at: tuple[int, ...] = Field(default=(365, 730), min_length=1)
    slope_bounds: tuple[float, float] = (0.8, 1.25)

    @model_validator(mode="after")
    def _bounds_hold_one(self) -> Gates:
        if not 0 < self.slope_bounds[0] < 1 < self.slope_bounds[1]:
            raise ValueError(f"slope_bounds must lie around 1, got {self.slope_bounds}")
        return self


@dataclass(frozen=True)
class Gate:
    """One gate: its name, what was measured, what is required, and whether it holds."""

    name: str
    value: float | None
    required: str
    passed: bool


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
        return tuple(f"{gate.name} {_number(gate.value)}, required {gate.required}" for gate in failed)

    @property
    def table(self) -> pd.DataFrame:
        """One row per gate: ``gate``, ``value``, ``required``, ``passed``."""
        rows = [(gate.name, gate.value, gate.required, gate.passed) for gate in self.gates]
        return pd.DataFrame(rows, columns=["gate", "value", "required", "passed"])

    def require(self) -> None:
        """Raise :class:`~secondplan.errors.GateError`, one line with every failing gate, unless all hold."""
        if not self.passed:
            raise GateError(f"{self.model} does not pass the gates: {'; '.join(self.failures) or 'none was measured'}")

    def to_json(self) -> str:
        """As text, for a tag."""
        rows = [[gate.name, gate.value, gate.required, gate.passed] for gate in self.gates]
        return json.dumps({"model": self.model, "gates": rows})

    @classmethod
    def from_json(cls, text: str) -> GateReport:
        """The report that :meth:`to_json` wrote.

        Raises
        ------
        GateError
            The text is not one.
        """
        try:
            content = json.loads(text)
            return cls(str(content["model"]), tuple(Gate(*row) for row in content["gates"]))
        except (ValueError, TypeError, KeyError):
            raise GateError("the store holds no readable gate report for this model") from None

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


def check_gates(table: pd.DataFrame, model: str, gates: Gates | dict[str, Any] | None = None) -> GateReport:
    """Hold a model against the gates.

    Parameters
    ----------
    table : DataFrame
        A comparison's table, indexed by model, with ``brier_<days>`` and ``calibration_slope_730``.
    model : str
        A row of it.
    gates : Gates or dict, optional

    Returns
    -------
    GateReport
        A measurement that is missing or not finite fails its gate.
    """
    rules = read_gates(gates)
    found = [_brier_gate(table, model, rules.reference, days) for days in rules.better_brier_at]
    return GateReport(model, (*found, _slope_gate(table, model, rules.slope_bounds)))


def _brier_gate(table: pd.DataFrame, model: str, reference: str, days: int) -> Gate:
    name = f"brier_{days}"
    value, bar = _cell(table, model, name), _cell(table, reference, name)
    if bar is None:
        known = (
            f"a day at which {reference} is measured"
            if reference in table.index
            else f"a comparison that holds {reference}"
        )
        return Gate(name, value, known, False)
    return Gate(name, value, f"below {bar:.5f} of {reference}", value is not None and value < bar)


def _slope_gate(table: pd.DataFrame, model: str, bounds: tuple[float, float]) -> Gate:
    value = _cell(table, model, SLOPE)
    lower, upper = _cell(table, model, f"{SLOPE}_lower"), _cell(table, model, f"{SLOPE}_upper")
    inside = value is not None and bounds[0] <= value <= bounds[1]
    covers_one = value is not None and lower is not None and upper is not None and lower <= 1.0 <= upper
    required = f"between {bounds[0]:g} and {bounds[1]:g}, or an interval that covers 1"
    return Gate(SLOPE, value, required, inside or covers_one)


def _cell(table: pd.DataFrame, model: str, column: str) -> float | None:
    if model not in table.index or column not in table.columns:
        return None
    value = float(table.loc[model, column])
    return value if isfinite(value) else None


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.5g}"
