"""A fitted model in words: rows, events, ratios with their intervals, and what to call next."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from ...small_counts import count_words

# Coefficients that are shown: of several events together.
MOST_SHOWN, LEAST_OF_AN_EVENT = 20, 5
STYLE = "margin:0.4em 0"


@dataclass(frozen=True)
class Description:
    """What is said of a model: lines above its table, the table of ratios (or None), lines below it."""

    above: list[str]
    table: pd.DataFrame | None
    below: list[str]

    def as_text(self) -> str:
        """For consoles."""
        table = [] if self.table is None else [self.table.to_string()]
        return "\n".join([*self.above, *table, *self.below])

    def as_html(self) -> str:
        """For notebooks."""
        table = "" if self.table is None else self.table.to_html(border=0)
        above, below = (
            "".join(f'<p style="{STYLE}">{escape(line)}</p>' for line in part) for part in (self.above, self.below)
        )
        return f"<div>{above}{table}{below}</div>"


def describe(model: Any) -> Description:
    """The description of a fitted model."""
    counts = {code: n for code, n in model.event_counts_.items() if code}
    parts = [f"{model.n_rows_:,} rows", *(f"{count_words(n)} with event {code}" for code, n in counts.items())]
    above = [", ".join([*parts, f"{count_words(model.event_counts_.get(0, 0))} censored"])]
    summary = getattr(model, "summary_", None)
    table = None
    weights = getattr(model, "weights_", None)
    if weights is not None:  # of the models that it is made of
        table = pd.DataFrame({"weight": [f"{weight:.3f}" for weight in weights["weight"]]}, index=weights.index)
    if summary is None or summary.empty:
        above.append(f"risk of event 1 by day {model.horizon:g} in training: {_percent(model.average_risk_)}")
    else:
        table, n_left = ratio_table(summary, model.ratio_name)
        if n_left:
            above.append(f"{len(table)} of {len(summary)} coefficients (all: model.summary_)")
    never = [f"never saved, registered or made champion: {model.why_never_saved}"] if model.why_never_saved else []
    return Description(above, table, [*never, f"next: {', '.join(next_calls(model, summary))}"])


def ratio_table(summary: pd.DataFrame, name: str) -> tuple[pd.DataFrame, int]:
    """The first ratios of a ``summary_`` with intervals and p values, as text, and how many coefficients are left."""
    head = summary
    if len(summary) > MOST_SHOWN:
        if summary.index.nlevels == 1:
            head = summary.head(MOST_SHOWN)
        else:
            n_events = summary.index.get_level_values(0).nunique()
            head = summary.groupby(level=0, sort=False).head(max(MOST_SHOWN // n_events, LEAST_OF_AN_EVENT))
    ratio = name.rpartition(" ratio")[0].split()[-1] + "_ratio"
    rows = pd.DataFrame({"estimate": head[ratio], "lower": head["lower"], "upper": head["upper"]})
    bounds = [f"{ratio}_lower", f"{ratio}_upper"]
    if all(bound in head for bound in bounds):
        rows[["lower", "upper"]] = head[bounds]
    else:
        with np.errstate(over="ignore"):  # a coefficient without a finite estimate
            rows[["lower", "upper"]] = np.exp(rows[["lower", "upper"]])
    # Held at 0 by a penalty, or by other columns: an interval of no width would say that nothing is uncertain.
    is_held = (head["coef"] == 0) & (head["se"] == 0)
    shown = {
        name: [_figure(value) for value in rows["estimate"]],
        "95 % interval": [
            "held at 1" if held else f"{_figure(low)} to {_figure(high)}"
            for low, high, held in zip(rows["lower"], rows["upper"], is_held, strict=True)
        ],
        "p": [_p_value(value) for value in head["p"].mask(is_held)],
    }
    return pd.DataFrame(shown, index=head.index), len(summary) - len(head)


def next_calls(model: Any, summary: pd.DataFrame | None) -> list[str]:
    """What can be called of this model, the most wanted first."""
    calls = [] if summary is None or summary.empty else ["model.summary_", "sp.plot_coefficients(model)"]
    if hasattr(model, "lambda_min_"):
        calls.append("model.plot()")
    calls += [f"model.predict_risk_table(X, {days_to_ask(model)})", "model.plot_risk(X[:1])"]
    columns = list(model.feature_names_in_)
    if columns:
        calls.append(f'model.plot_effect("{columns[0]}")')
    if hasattr(model, "test_proportional_hazards"):
        calls.append("model.test_proportional_hazards()")
    return calls if model.why_never_saved else [*calls, "model.save(path)"]


def days_to_ask(model: Any) -> list[int | float]:
    """Two days of predictions that training was followed to: half the horizon and the horizon, or that of follow-up."""
    last = min(model.horizon, float(np.max(model.follow_up_)))
    days = [last / 2, last]
    return [int(day) for day in days] if last >= 2 else days


def _percent(share: float) -> str:
    return "not known (training was not followed to it)" if pd.isna(share) else f"{100 * share:.1f} %"


def _figure(value: float) -> str:
    """A ratio to three digits or so, without an exponent where it can be read."""
    if pd.isna(value):
        return "-"
    return f"{value:.3g}" if value >= 100 or value < 0.01 else f"{value:.3f}"


def _p_value(value: float) -> str:
    return "-" if pd.isna(value) else "< 0.0001" if value < 1e-4 else f"{value:.4f}"
