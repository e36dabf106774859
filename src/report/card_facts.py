"""What a model card is made of: what was measured and is known of a fitted model, as plain data without a child."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from ..evaluation.fitted_facts import coefficients_of
from ..plans.table_one import cohort_table
from ..tracking.dataset import cohort_digest
from ..version import __version__
from .blocks import cell_text
from .calibration import drawn_points
from .children import event_counts, rounded_steps, shown_count
from .column_words import effect_label, readable_units
from .groups import METRICS, shown_groups
from .measures import MEASURES

if TYPE_CHECKING:
    from ..evaluation import Comparison
    from ..models.estimator.base import IncidenceModel
    from ..plans import Cohort

# Places of what is drawn and kept of a calibration curve.
PLACES = 4
# Of a parameter, such as the models within a model.
LONGEST_VALUE = 300


class Rows(BaseModel):
    """A table as text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: list[str]
    rows: list[list[str]]

    def frame(self) -> pd.DataFrame:
        """As a frame of text."""
        return pd.DataFrame(self.rows, columns=self.columns)

    @classmethod
    def of(cls, frame: pd.DataFrame, places: int = 2) -> Rows:
        """A frame as text: numbers at ``places``, missing ones as a dash."""
        rows = [[cell_text(value, places) for value in row] for row in frame.itertuples(index=False, name=None)]
        return cls(columns=[str(name) for name in frame], rows=rows)


class CardFacts(BaseModel):
    """The facts of a card; ``model_card.json`` of a tracked model holds them under ``facts``.

    Attributes
    ----------
    model, kind, about : str
        Its name in the comparison, its class, and what that is.
    parameters : dict of str to str
    features, columns : list of str
        What the model is given, and the columns of its design matrix.
    n_coefficients : int or None
        Of the equation for second plans; None for trees, penalised models and models without coefficients.
    effects : Rows or None
        Hazard ratios of a second plan with intervals.
    is_synthetic : bool
    sources : list of str
        Kinds of sources; without names of files.
    data_name, data_sha256, package, made_on, as_of : str
    first_year, last_year : int
        In which the studied plans ended.
    n_authorities, n_children, n_families : int
    n_second_plans : str
        ``c`` where withheld.
    care : str
        Whether entering care competes with a second plan.
    ends, steps, children : Rows
        What came first; who was left out; features by second plan or none.
    missing_features, notes : list of str
        Of the cohort.
    design : str
        How the model was tested.
    remarks : list of str
        On the design and the size of the sample.
    seed : str
        Of the folds; empty where none is known.
    reference, verdict, own_verdict : str
    others : list of str
        The other models of the comparison.
    measures : dict of str to float or None
        ``ipa_730``, ``ipa_730_lower``, ... as in ``Comparison.table``.
    calibration : list of dict
        ``day, predicted, observed, lower, upper``, proportions; without groups of few second plans.
    group_findings : list of str
    groups : Rows
    groups_tested : int
        How many groups the p-values are corrected for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    kind: str
    about: str
    parameters: dict[str, str]
    features: list[str]
    columns: list[str]
    n_coefficients: int | None
    effects: Rows | None
    is_synthetic: bool
    sources: list[str]
    data_name: str
    data_sha256: str
    package: str
    made_on: str
    as_of: str
    first_year: int
    last_year: int
    n_authorities: int
    n_children: int
    n_families: int
    n_second_plans: str
    care: str
    ends: Rows
    steps: Rows
    children: Rows
    missing_features: list[str]
    notes: list[str]
    design: str
    remarks: list[str]
    seed: str
    reference: str
    verdict: str
    own_verdict: str
    others: list[str]
    measures: dict[str, float | None]
    calibration: list[dict[str, float | None]]
    group_findings: list[str]
    groups: Rows
    groups_tested: int


def card_facts(
    name: str,
    model: IncidenceModel,
    cohort: Cohort,
    comparison: Comparison,
    *,
    data_name: str = "",
    seed: int | None = None,
    made_on: date | None = None,
) -> CardFacts:
    """Gather the facts of a model that was fitted on ``cohort`` and compared as ``name``."""
    groups = comparison.subgroups(model=name, metrics=METRICS)
    row = comparison.table.loc[name]
    ended = cohort.keys["index_end"].dt.year
    return CardFacts(
        model=name,
        kind=type(model).__name__,
        about=(type(model).__doc__ or "").strip().splitlines()[0],
        parameters={k: _short(v) for k, v in model.get_params(deep=False).items() if k != "encoder"},
        features=[str(column) for column in model.encoder_.columns_],
        columns=[str(column) for column in getattr(model, "feature_names_out_", ())],
        n_coefficients=coefficients_of(model),
        effects=_effects(model, cohort),
        is_synthetic=cohort.is_synthetic,
        sources=list(cohort.sources),
        data_name=data_name,
        data_sha256=cohort_digest(cohort),
        package=f"secondplan {__version__}",
        made_on=f"{made_on or date.today():%Y-%m-%d}",
        as_of=f"{cohort.as_of:%Y-%m-%d}",
        first_year=int(ended.min()),
        last_year=int(ended.max()),
        n_authorities=int(cohort.keys["la_code"].nunique()),
        n_children=len(cohort),
        n_families=int(cohort.cluster.nunique()),
        n_second_plans=shown_count(int((cohort.y["event"] == 1).sum())),
        care=cohort.care,
        ends=Rows.of(event_counts(cohort)),
        steps=Rows.of(rounded_steps(cohort)),
        children=Rows.of(cohort_table(cohort)),
        missing_features=list(cohort.missing_features),
        notes=list(cohort.notes),
        design=comparison.design,
        remarks=list(comparison.remarks),
        seed="" if seed is None else str(seed),
        reference=comparison.reference,
        verdict=comparison.verdict,
        own_verdict=comparison.verdicts.get(name, "the average risk itself"),
        others=[str(other) for other in comparison.table.index if other not in (name, comparison.reference)],
        measures={str(k): _number(v) for k, v in row.items() if _stem(str(k)) in MEASURES},
        calibration=_calibration(comparison, name),
        group_findings=[f"{line.rstrip('.')}." for line in groups.summary],
        groups=Rows.of(shown_groups(groups)),
        groups_tested=groups.n_groups,
    )


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def _stem(column: str) -> str:
    return column.removesuffix("_lower").removesuffix("_upper")


def _effects(model: IncidenceModel, cohort: Cohort) -> Rows | None:
    summary: Any = getattr(model, "summary_", None)
    if summary is None or "hazard_ratio_lower" not in summary:
        return None
    own = summary.loc[1] if summary.index.nlevels > 1 else summary
    units = readable_units(cohort.X)
    rows = []
    for name, *ratios in own[["hazard_ratio", "hazard_ratio_lower", "hazard_ratio_upper"]].itertuples(name=None):
        unit = units.get(str(name))
        ratio, lower, upper = np.array(ratios) ** (unit or 1.0)
        rows.append([effect_label(str(name), unit), f"{ratio:.2f} ({lower:.2f} to {upper:.2f})"])
    return Rows(columns=["column", "hazard ratio"], rows=rows)


def _calibration(comparison: Comparison, name: str) -> list[dict[str, float | None]]:
    points = drawn_points(comparison, name)
    columns = ["day", "predicted", "observed", "lower", "upper"]
    return [{k: _number(round(float(v), PLACES)) for k, v in row.items()} for row in points[columns].to_dict("records")]


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
