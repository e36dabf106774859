"""What a fitted model is asked about itself: how many coefficients it has, and what a search within it chose."""

from __future__ import annotations

from typing import Any


def coefficients_of(model: Any) -> int | None:
    """Coefficients of the fitted model's equation for second plans; None for a penalised model, trees, or without any.

    Of a model that has an equation for each event, those of event 1.
    """
    table: Any = getattr(model, "summary_", None)
    penalty: Any = getattr(model, "alpha_", getattr(model, "alpha", 0.0))
    if table is None or penalty:
        return None
    if "event" in table.index.names:
        table = table.xs(1, level="event")
    elif "event" in table.columns:
        table = table.loc[table["event"] == 1]
    return len(table)


def chosen_by(model: Any) -> dict[str, Any]:
    """Parameters that a fitted search, or cross-validation within a model, chose; empty where there was none."""
    if hasattr(model, "best_params_"):
        return dict(model.best_params_)
    select = str(getattr(model, "select", ""))
    chosen = getattr(model, f"{select}_", None) if select else None
    return {} if chosen is None else {select: float(chosen)}
