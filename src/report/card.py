"""The model card: what a model is, what it was fitted on, how good it is and what it must not be used for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .blocks import Section, note, paragraph, table
from .document import Document
from .measures import model_measures
from .warning import NOT_FOR, synthetic_warning

if TYPE_CHECKING:
    from ..evaluation import Comparison
    from ..models.estimator.base import IncidenceModel
    from ..plans import Cohort


def model_card(name: str, model: IncidenceModel, cohort: Cohort, comparison: Comparison) -> Document:
    """A document about one fitted model.

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
    Document
        It holds aggregates only.
    """
    events = cohort.y["event"]
    measures = pd.DataFrame(model_measures(comparison, name), columns=["measure", "value", "meaning"])
    sections = (
        Section(
            "What it is",
            (
                paragraph(_first_line(model)),
                table(_parameters(model), caption="Parameters"),
                table(pd.DataFrame({"feature": model.feature_names_out_}), caption="Columns of its design matrix"),
            ),
        ),
        Section(
            "What it was fitted on",
            (
                paragraph(
                    f"{len(cohort):,} ended plans, their children seen until {cohort.as_of:%d %B %Y}; "
                    f"{(events == 1).sum():,} were followed by a second plan, {(events == 2).sum():,} by care first."
                ),
                *map(paragraph, cohort.notes),
            ),
        ),
        Section("How good it is", (table(measures, caption="On children it was not fitted on", numbers=["value"]),)),
        Section("What it is not for", (note(NOT_FOR),)),
    )
    lead = "A model of the time to a second child protection plan"
    return Document(f"Model card: {name}", lead, sections, warning=synthetic_warning(cohort.sources))


def _first_line(model: IncidenceModel) -> str:
    return f"{type(model).__name__}: {(type(model).__doc__ or '').strip().splitlines()[0]}"


def _parameters(model: IncidenceModel) -> pd.DataFrame:
    given = {name: value for name, value in model.get_params(deep=False).items() if name != "encoder"}
    return pd.DataFrame({"parameter": list(given), "value": [str(value) for value in given.values()]})
