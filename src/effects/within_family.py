"""Siblings whose plans ended apart: the same parents and home, another length of plan.

What siblings share (parents, neighbourhood, what led to the plans) cannot confound a comparison within the family. What
differs between them can, and a family tells something only where its children had different lengths and one of them
returned, which makes the comparison of few and special families.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from ..models.cox.model import CoxPH
from ..models.features.encoder import as_frame
from ..models.inputs.outcome import check_outcome
from ..parameter_checks import shown

LEVEL = 0.95
LEAST_FAMILIES = 10


@dataclass(frozen=True)
class WithinFamily:
    """Hazard ratios within families beside those over all children.

    Attributes
    ----------
    table : DataFrame
        Per feature: ``within`` and ``overall`` hazard ratios, each with ``_lower`` and ``_upper``; ``ratio`` of the two
        with ``ratio_lower``, ``ratio_upper`` and ``p_value``: how far confounding by what siblings share goes.
    n_families : int
        With children that differ in some feature, of whom one or more had the event.
    n_children : int
        In these families.
    n_events : int
    """

    table: pd.DataFrame = field(repr=False)
    n_families: int
    n_children: int
    n_events: int

    @property
    def words(self) -> str:
        """Whether the comparison within families tells another story."""
        differs = self.table.index[self.table["p_value"] < 1.0 - LEVEL]
        said = (
            f"{', '.join(differs)}: within families beyond noise from overall"
            if len(differs)
            else "within families not distinguishable from overall"
        )
        counts = f"{self.n_families:,} families with {self.n_children:,} children and {self.n_events:,} events"
        return f"{counts} inform: {said}."

    def __repr__(self) -> str:
        """Words and table."""
        return f"{self.words}\n{self.table.round(3).to_string()}"

    def _repr_html_(self) -> str:
        return f"<p>{self.words}</p>{self.table.round(3).to_html(border=0)}"


def within_family_effect(X: Any, y: Any, family: Any, *, event: int = 1) -> WithinFamily:
    r"""Compare siblings: a Cox model with a baseline hazard for each family, beside one with a single baseline.

    Parameters
    ----------
    X : DataFrame or array, n rows
        Plan length and what differs between siblings, such as ``cohort.X[["plan_length_days", "age_at_end"]]``.
    y : DataFrame, n rows
        ``entry`` (optional), ``duration``, ``event``.
    family : array, shape (n,)
        Such as ``cohort.cluster``; children without a family are families of their own, and tell nothing within.
    event : int

    Returns
    -------
    WithinFamily

    Raises
    ------
    ValueError
        Fewer than 10 families have children that differ, of whom one had the event.

    Notes
    -----
    The interval of the ratio of hazard ratios is by the sums, over families, of what each row moves both coefficients
    (dfbeta), as they come from the same children. Children of a family are compared while both are at risk.

    References
    ----------
    Holt and Prentice (1974), *Survival analyses in twin studies and matched pair experiments*, Biometrika 61; Frisell
    et al. (2012), Epidemiology 23, on what siblings' comparisons do and do not remove.

    Examples
    --------
    >>> import secondplan as sp
    >>> cohort = sp.build_cohort(sp.simulate(n_children=4000, random_state=1))
    >>> found = sp.within_family_effect(cohort.X[["plan_length_days"]], cohort.y, cohort.cluster)
    >>> found.n_families > 10
    True
    """
    frame, outcome = as_frame(X), check_outcome(y)
    group = pd.factorize(np.asarray(family))[0]
    if group.size != len(frame):
        raise ValueError(f"family must have {len(frame)} values, one per child, got {group.size}")
    had = outcome.event == event
    tells = pd.Series(had).groupby(group).transform("any").to_numpy() & _differs(frame, group)
    n_families = int(np.unique(group[tells]).size)
    if n_families < LEAST_FAMILIES:
        raise ValueError(
            f"needs {LEAST_FAMILIES} or more families whose children differ and of whom one had event {event}, "
            f"got {shown(n_families)}"
        )
    named = frame.assign(_family=group)
    within = CoxPH(event=event, strata="_family").fit(
        named[tells].reset_index(drop=True), outcome.take(tells), cluster=group[tells]
    )
    overall = CoxPH(event=event).fit(frame, outcome, cluster=group)
    names = list(overall.feature_names_out_)
    of_within = _by_family(within, names, group[tells], group.max() + 1)
    of_overall = _by_family(overall, names, group, group.max() + 1)
    coef = {"within": within.summary_["coef"].reindex(names), "overall": overall.summary_["coef"].reindex(names)}
    columns: dict[str, Any] = {}
    for label, sums in (("within", of_within), ("overall", of_overall)):
        columns |= _ratios(label, coef[label].to_numpy(), np.sqrt((sums**2).sum(axis=0)))
    error = np.sqrt(((of_within - of_overall) ** 2).sum(axis=0))
    difference = (coef["within"] - coef["overall"]).to_numpy()
    columns |= _ratios("ratio", difference, error)
    columns["p_value"] = 2.0 * ndtr(-np.abs(difference / error))
    table = pd.DataFrame(columns, index=pd.Index(names, name="feature"))
    return WithinFamily(table, n_families, int(tells.sum()), int(had[tells].sum()))


def _differs(frame: pd.DataFrame, group: np.ndarray) -> np.ndarray:
    """Whether a child's family has children with different values in some column."""
    counts = frame.groupby(group).transform("nunique", dropna=False)
    return (counts > 1).any(axis=1).to_numpy()


def _by_family(model: CoxPH, names: list[str], group: np.ndarray, n_families: int) -> np.ndarray:
    """By how much each family moves the coefficients, shape (n_families, p); 0 of one that is not in the fit."""
    moved = pd.DataFrame(model.residuals("dfbeta", collapse=group))[names]
    return moved.reindex(range(n_families), fill_value=0.0).to_numpy()


def _ratios(label: str, coef: np.ndarray, error: np.ndarray) -> dict[str, np.ndarray]:
    half = ndtri(0.5 + LEVEL / 2.0) * error
    return {label: np.exp(coef), f"{label}_lower": np.exp(coef - half), f"{label}_upper": np.exp(coef + half)}
