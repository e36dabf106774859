"""The model card: what a model is, what it was fitted on, how good it is and what it must not be used for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .html import Section, note, page, paragraph, table

if TYPE_CHECKING:
    from ..evaluation import Comparison
    from ..models.estimator.base import IncidenceModel
    from ..plans import Cohort

NOT_FOR = (
    "Not for a decision about one child: a risk says how often something happened to children like these. Not for "
    "other authorities or years than those it was fitted on without checking its calibration there. Not for the "
    "effect of changing a plan's length: a hazard ratio describes an association."
)


def model_card(name: str, model: IncidenceModel, cohort: Cohort, comparison: Comparison) -> str:
    """A self-contained HTML page about one fitted model.

    Parameters
    ----------
    name : str
        Its name in the comparison.
    model : IncidenceModel
        Fitted on ``cohort``.
    cohort : Cohort
    comparison : Comparison

    Returns
    -------
    str
        The page; it holds aggregates only.
    """
    events = cohort.y["event"]
    sections = [
        Section(
            "What it is",
            paragraph(_first_line(model))
            + table(_parameters(model), caption="Parameters")
            + table(pd.DataFrame({"feature": model.feature_names_out_}), caption="Columns of its design matrix"),
        ),
        Section(
            "What it was fitted on",
            paragraph(
                f"{len(cohort):,} ended plans, their children seen until {cohort.as_of:%d %B %Y}; "
                f"{(events == 1).sum():,} were followed by a second plan, {(events == 2).sum():,} by care first."
            )
            + "".join(paragraph(text) for text in cohort.notes),
        ),
        Section("How good it is", table(measures(comparison, name), caption="On children it was not fitted on")),
        Section("What it is not for", note(NOT_FOR)),
    ]
    return page(f"Model card: {name}", "A model of the time to a second child protection plan", sections)


def measures(comparison: Comparison, name: str) -> pd.DataFrame:
    """The measures of one model, one per row, with what each means."""
    row = comparison.table.loc[name]
    rows = [(MEANING.get(measure, measure), float(value)) for measure, value in row.items() if _is_number(value)]
    return pd.DataFrame(rows, columns=["measure", "value"])


MEANING = {
    "brier_365": "Brier score at 365 days (lower is better)",
    "brier_730": "Brier score at 730 days (lower is better)",
    "ipa_730": "index of prediction accuracy at 730 days (0: no better than the average risk)",
    "auc_365": "AUC at 365 days (0.5: no discrimination)",
    "auc_730": "AUC at 730 days (0.5: no discrimination)",
    "ici_730": "mean distance of predicted from observed risk at 730 days",
    "c_index": "concordance (0.5: no discrimination)",
    "calibration_slope_730": "calibration slope at 730 days (1: risks neither too extreme nor too flat)",
    "fit_seconds": "seconds to fit, mean of the folds",
}


def _first_line(model: IncidenceModel) -> str:
    return f"{type(model).__name__}: {(type(model).__doc__ or '').strip().splitlines()[0]}"


def _parameters(model: IncidenceModel) -> pd.DataFrame:
    given = {name: value for name, value in model.get_params(deep=False).items() if name != "encoder"}
    return pd.DataFrame({"parameter": list(given), "value": [str(value) for value in given.values()]})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
