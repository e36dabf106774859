"""What a look at drift found: tables, a chart, sentences, one word for the scheduler."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from .outcomes import Outcomes

# In the order in which they apply, with the exit code of the command.
STATUS = {"contract": 10, "outcomes": 11, "inputs": 12, "too few": 13, "quiet": 0}
MEANING = {
    "contract": "new plans do not look as plans must: mend the data before you trust the scores",
    "outcomes": "second plans do not come as often as the model expects",
    "inputs": "the children whose plans ended lately differ from those of training",
    "too few": "too few plans ended since training to say anything",
    "quiet": "in the latest plans nothing that chance does not explain",
}


@dataclass(frozen=True)
class DriftReport:
    """Whether a model still fits what comes in.

    Attributes
    ----------
    model_digest : str
    since, as_of : Timestamp
        Plans that ended after ``since`` are looked at, with what is known of them by ``as_of``.
    n_plans, n_training : int
    inputs : DataFrame
        Each column of each window of months against training: ``window, n, column, moved, moved_by_chance, higher,
        lower, upper, p_value, p_adjusted, alarm, finding, smallest_seen``.
    contract : DataFrame
        ``window, column, rule, finding``: what plans must look like and do not.
    outcomes : Outcomes
    power : DataFrame
        ``hazard_ratio, months, within_a_year``: how long a council of this size waits for a signal.
    false_alarms_per_year : float
        How often windows give an alarm of inputs though nothing has changed.
    outcome_false_alarm : float
        The chance that the chart of outcomes signals in the whole period though nothing has changed.
    """

    model_digest: str
    since: pd.Timestamp
    as_of: pd.Timestamp
    n_plans: int
    n_training: int
    inputs: pd.DataFrame = field(repr=False)
    contract: pd.DataFrame = field(repr=False)
    outcomes: Outcomes = field(repr=False)
    power: pd.DataFrame = field(repr=False)
    false_alarms_per_year: float
    outcome_false_alarm: float

    @property
    def windows(self) -> list[str]:
        """The windows that could be tested, in order of time."""
        return list(dict.fromkeys(self.inputs["window"]))

    @property
    def status(self) -> str:
        """``contract``, ``outcomes``, ``inputs``, ``too few`` or ``quiet``: the first that applies.

        Contract and inputs are judged by the latest window, and by every night that was given; earlier windows are in
        the tables.
        """
        latest = self.windows[-1] if self.windows else None
        if (~self.contract["window"].isin(self.windows) | (self.contract["window"] == latest)).any():
            return "contract"
        if self.outcomes.has_signal:
            return "outcomes"
        if latest is None:
            return "too few"
        is_latest = self.inputs["window"] == latest
        return "inputs" if self.inputs.loc[is_latest, "alarm"].any() else "quiet"

    @property
    def exit_code(self) -> int:
        """That of the command: 0 quiet, 10 contract, 11 outcomes, 12 inputs, 13 too few."""
        return STATUS[self.status]

    @property
    def sentences(self) -> list[str]:
        """The findings in words, the gravest first."""
        lines = [f"{self.status}: {MEANING[self.status]}."]
        when = {window: f"{window} (earlier)" for window in self.windows[:-1]}
        lines += [
            f"{when.get(row.window, row.window)}, {row.column or 'all plans'}: {row.finding}."
            for row in self.contract.itertuples()
        ]
        lines += self._outcome_lines()
        alarms = self.inputs[self.inputs["alarm"]]
        lines += [f"{when.get(row.window, row.window)}: {row.finding}." for row in alarms.itertuples()]
        lines.append(
            f"When nothing has changed, inputs give an alarm about {self.false_alarms_per_year:g} times a year (Rao "
            "and Scott's chi-squared, Holm over the columns of a window), and the chart of second plans signals in the "
            f"whole period with a chance of {100 * self.outcome_false_alarm:g} %."
        )
        return [*lines, *self._power_lines()]

    def _outcome_lines(self) -> list[str]:
        lines = []
        chart = self.outcomes.cusum
        if chart is not None and chart.first_signal is not None:
            lines.append(
                f"The chart of second plans reached its limit in {chart.first_signal:%B %Y}: they come faster than the "
                "model expects."
            )
        observed = self.outcomes.by_quarter["share_shown"].dropna()
        if len(observed):
            lines.append(
                f"{self.outcomes.expected:.1f} second plans were expected by now. Of the plans of the latest quarter "
                f"{100 * observed.iloc[-1]:.0f} % of the risk can have shown, of the earliest "
                f"{100 * observed.iloc[0]:.0f} %."
            )
        return lines

    def _power_lines(self) -> list[str]:
        lines = []
        for row in self.power.itertuples():
            within = f"{100 * row.within_a_year:.0f} % within a year"
            months = "more than ten years" if np.isinf(row.months) else f"{row.months:.0f} months"
            lines.append(
                f"At {self.outcomes.expected_per_month:.1f} expected second plans a month, {row.hazard_ratio:g} times "
                f"as many take {months} to signal (median; {within})."
            )
        return lines

    def to_plain(self) -> dict[str, Any]:
        """As ``drift.json`` holds it: aggregates, small counts withheld, missing numbers as null."""
        chart = self.outcomes.cusum
        signal = None if chart is None else chart.first_signal
        tree = {
            "status": self.status,
            "exit_code": self.exit_code,
            "model_digest": self.model_digest,
            "since": f"{self.since:%Y-%m-%d}",
            "as_of": f"{self.as_of:%Y-%m-%d}",
            "n_plans": self.n_plans if self.n_plans > 5 or self.n_plans == 0 else None,
            "n_training": self.n_training,
            "false_alarms_per_year": self.false_alarms_per_year,
            "outcome_false_alarm": self.outcome_false_alarm,
            "sentences": self.sentences,
            "contract": self.contract.to_dict("records"),
            "inputs": self.inputs.to_dict("records"),
            "outcomes": {
                "expected": self.outcomes.expected,
                "expected_per_month": self.outcomes.expected_per_month,
                "by_quarter": self.outcomes.by_quarter.to_dict("records"),
                "first_signal": None if signal is None else f"{signal:%Y-%m-%d}",
                "chart_limit": None if chart is None else chart.limit,
                "chart_false_alarm": None if chart is None else chart.false_alarm_rate,
            },
            "power": self.power.to_dict("records"),
        }
        return _without_nan(tree)

    def to_json(self) -> str:
        """:meth:`to_plain` as text."""
        return json.dumps(self.to_plain(), indent=1, allow_nan=False) + "\n"

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the chart of second plans; see :func:`secondplan.plots.plot_cusum`."""
        if self.outcomes.cusum is None:
            raise ValueError("no second plan is expected yet: there is no chart")
        return self.outcomes.cusum.plot(ax=ax, **options)

    def __repr__(self) -> str:
        """The sentences."""
        title = f"DriftReport, plans that ended from {self.since:%Y-%m-%d} to {self.as_of:%Y-%m-%d}"
        return "\n".join([title, *self.sentences])

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(line)}</li>" for line in self.sentences)
        alarms = self.inputs[self.inputs["alarm"]]
        shown = alarms[["window", "n", "column", "moved", "p_adjusted", "finding"]].round(3)
        table = shown.to_html(border=0, index=False) if len(alarms) else ""
        return f"<ul>{items}</ul>{table}{self.outcomes.by_quarter.round(2).to_html(border=0, index=False)}"


def _without_nan(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _without_nan(part) for name, part in tree.items()}
    if isinstance(tree, list):
        return [_without_nan(part) for part in tree]
    if isinstance(tree, np.generic):
        tree = tree.item()
    if isinstance(tree, float):
        return None if not np.isfinite(tree) else float(f"{tree:.6g}")
    return tree
