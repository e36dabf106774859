"""A test that groups do not differ: its result, and the quadratic form that it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.linalg.lapack import dpotrf, dtrtri
from scipy.special import chdtrc

from ...caller_warnings import warn
from ..curves.tables import as_html, as_text
from ..inputs.at_risk import rows_at_risk
from ..inputs.cluster_levels import codes_within
from ..inputs.labels import label_codes, refuse_other_order
from ..inputs.outcome import Outcome, outcome_from_arrays

SINGULAR = 1e-10


@dataclass(frozen=True)
class GroupTest:
    """Result of a test of G groups.

    Attributes
    ----------
    name : str
    statistic : float
        Chi-squared, with ``df`` degrees of freedom if the groups do not differ.
    p_value : float
    df : int
        Usually G - 1; less where a group was never at risk at an event.
    groups : list
        Labels of the groups, in order.
    n_rows : ndarray of int, shape (G,)
    observed, expected : ndarray, shape (G,)
        Sums over the days of events, weighted as the test weights them, of events in the group and of those to be
        expected if the groups did not differ.
    covariance : ndarray, shape (G, G)
        Of ``observed - expected``.
    """

    name: str
    statistic: float
    p_value: float
    df: int
    groups: list[Any]
    n_rows: np.ndarray
    observed: np.ndarray
    expected: np.ndarray
    covariance: np.ndarray

    def __iter__(self) -> Iterator[float]:
        """The statistic, its p value and its degrees of freedom: ``statistic, p_value, df = gray_test(...)``."""
        return iter((self.statistic, self.p_value, self.df))

    def to_frame(self) -> pd.DataFrame:
        """One row per group: n_rows, observed, expected."""
        columns = {"n_rows": self.n_rows, "observed": self.observed, "expected": self.expected}
        return pd.DataFrame(columns, index=pd.Index(self.groups, name="group"))

    def _shown(self) -> tuple[str, pd.DataFrame]:
        p_value = "p < 0.0001" if self.p_value < 1e-4 else f"p = {self.p_value:.4f}"
        title = f"{self.name}: chi-squared {self.statistic:.3f}, {self.df} df, {p_value}"
        return title, self.to_frame().round(3)

    def __repr__(self) -> str:
        return as_text(*self._shown())

    def _repr_html_(self) -> str:
        return as_html(*self._shown())


@dataclass(frozen=True)
class GroupedRows:
    """Checked rows of positive weight: outcome, weight, codes of group, stratum and cluster (n,), labels of groups."""

    outcome: Outcome
    weight: np.ndarray
    group: np.ndarray
    stratum: np.ndarray
    groups: list[Any]
    cluster: np.ndarray | None = None


def grouped_rows(
    duration: Any,
    event: Any,
    group: Any,
    *,
    entry: Any = None,
    strata: Any = None,
    sample_weight: Any = None,
    cluster: Any = None,
) -> GroupedRows:
    """Check what a test is given and leave out rows of weight 0; ValueError unless there are two groups or more."""
    rows_of_pandas = {"entry": entry, "strata": strata, "sample_weight": sample_weight, "cluster": cluster}
    refuse_other_order(duration=duration, event=event, group=group, **rows_of_pandas)
    given = outcome_from_arrays(duration, event, entry)
    groups, group_code = label_codes(group, len(given), "group")
    stratum = np.zeros(len(given), dtype=np.int64)
    if strata is not None:
        stratum = label_codes(strata, len(given), "strata")[1]
    at_risk = rows_at_risk(given, sample_weight, cluster)
    outcome, weight = at_risk.outcome, at_risk.weight
    group_code, stratum = at_risk.of_given(group_code), at_risk.of_given(stratum)
    rows = np.ones(len(outcome), dtype=bool) if weight is None else weight > 0
    weights = np.ones(len(outcome)) if weight is None else weight
    present, group_code = np.unique(group_code[rows], return_inverse=True)
    if present.size < 2:
        raise ValueError(f"group has {present.size} value in the rows of positive weight; a test needs two or more")
    stratum = np.unique(stratum[rows], return_inverse=True)[1]
    labels, clusters = [groups[code] for code in present], codes_within(at_risk.cluster, rows)
    return GroupedRows(outcome.take(rows), weights[rows], group_code, stratum, labels, clusters)


def group_test(
    name: str, rows: GroupedRows, observed: np.ndarray, expected: np.ndarray, covariance: np.ndarray
) -> GroupTest:
    """The test of ``observed - expected`` being 0; groups without expected events are left out of it."""
    n_groups = len(rows.groups)
    used = np.flatnonzero(expected > 0)[1:]
    score, form = (observed - expected)[used], covariance[np.ix_(used, used)]
    scale = np.sqrt(np.maximum(np.diag(form), 0.0))
    # Groups without variance of their own, or a multiple of others', say nothing more: the rank is that of the scaled.
    scale[scale == 0] = 1.0
    statistic, df = _quadratic_form(score / scale, form / np.outer(scale, scale))
    if df == 0:
        warn(f"{name}: no event at which two groups were at risk, so the test says nothing")
    return GroupTest(
        name=name,
        statistic=statistic,
        p_value=float(chdtrc(df, statistic)) if df else 1.0,
        df=df,
        groups=rows.groups,
        n_rows=np.bincount(rows.group, minlength=n_groups),
        observed=observed,
        expected=expected,
        covariance=covariance,
    )


def _quadratic_form(score: np.ndarray, covariance: np.ndarray) -> tuple[float, int]:
    """The score's squared length by its covariance, without directions of next to no variance, and how many remain."""
    factor, trouble = dpotrf(covariance, lower=True)
    if trouble == 0 and score.size:
        root, _ = dtrtri(factor, lower=True)
        # The trace of the inverse bounds what the least variance could be: with many groups far sooner than finding it.
        if np.einsum("ij,ij->", root, root) * SINGULAR < 1.0:
            return float(np.square(root @ score).sum()), score.size
    size, vectors = np.linalg.eigh(covariance)
    kept = size > SINGULAR
    parts = (vectors.T @ score)[kept]
    return float((parts**2 / size[kept]).sum()), int(kept.sum())
