"""Differences of restricted mean times between groups: days free of events, or days lost to one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtr, ndtri

from ...parameter_checks import check_event, shown
from ..curves.confidence import check_interval
from ..curves.nonparametric import aalen_johansen, kaplan_meier
from ..curves.tables import as_html, as_text
from ..inputs.other_spellings import explains_other_calls
from .result import grouped_rows


@dataclass(frozen=True)
class RestrictedMeanDifference:
    """Mean times of G groups until a day, and their differences from one of them.

    Attributes
    ----------
    until : float
        The day.
    event_of_interest : int or None
        Days lost to this event; None for days free of any.
    statistic, p_value, df : float, float, int
        Chi-squared test that all groups have the same mean time.
    means : DataFrame
        One row per group: n_rows, estimate, std_error, lower, upper (days).
    differences : DataFrame
        One row per other group, indexed by (group, reference): difference (group less reference), std_error, lower,
        upper, z, p (two-sided).
    covariance : ndarray, shape (G, G)
        Of the means; between groups it is 0 unless clusters reach over groups.
    """

    until: float
    event_of_interest: int | None
    statistic: float
    p_value: float
    df: int
    means: pd.DataFrame
    differences: pd.DataFrame
    covariance: np.ndarray

    def __iter__(self) -> Iterator[float]:
        """As :class:`.result.GroupTest`: the statistic, its p value and its degrees of freedom."""
        return iter((self.statistic, self.p_value, self.df))

    def _title(self) -> str:
        what = "free of events" if self.event_of_interest is None else f"lost to event {self.event_of_interest}"
        p_value = "p < 0.0001" if self.p_value < 1e-4 else f"p = {self.p_value:.4f}"
        return f"Mean days {what} until day {self.until:g}: chi-squared {self.statistic:.3f}, {self.df} df, {p_value}"

    def __repr__(self) -> str:
        return f"{as_text(self._title(), self.means.round(3))}\n\n{self.differences.round(4).to_string()}"

    def _repr_html_(self) -> str:
        return as_html(self._title(), self.means.round(3)) + self.differences.round(4).to_html()


@explains_other_calls
def restricted_mean_difference(
    duration: Any,
    event: Any,
    group: Any,
    *,
    until: float,
    event_of_interest: int | None = None,
    reference: Any = None,
    entry: Any = None,
    sample_weight: Any = None,
    cluster: Any = None,
    level: float = 0.95,
) -> RestrictedMeanDifference:
    r"""Differences between groups of the mean time free of events, or of the mean time lost to one, until a day.

    .. math:: \int_0^\tau S_g(t)\,dt - \int_0^\tau S_r(t)\,dt, \qquad
        \int_0^\tau F_{gk}(t)\,dt - \int_0^\tau F_{rk}(t)\,dt.

    A difference in days needs no proportional hazards, and says how much rather than how likely.

    Parameters
    ----------
    duration, event, entry : array, shape (n_rows,)
        As in :func:`.outcome.check_outcome`; a row is at risk on ``(entry, duration]``.
    group : array, shape (n_rows,)
        Two values or more; not missing.
    until : float
        Last day :math:`\tau`, no later than the follow-up of each group.
    event_of_interest : int, optional
        Time lost to this event, the others competing; by default time free of any event.
    reference : optional
        The group from which the others are subtracted; by default the first.
    sample_weight : array, shape (n_rows,), optional
        Case weights, not negative.
    cluster : array, shape (n_rows,), optional
        Rows that share a value are not independent, in one group or in several.
    level : float
        Coverage of the intervals.

    Returns
    -------
    RestrictedMeanDifference
        With ``means``, ``differences`` and the test of all groups.

    Raises
    ------
    ValueError
        One group only, an unknown reference or event, a day not above 0, or see :func:`.outcome.check_outcome`.

    Notes
    -----
    Means and errors are those of :meth:`.results.StepCurve.restricted_mean_time` (Greenwood's: R's ``survfit``
    with ``rmean``, and ``rmst2`` of survRM2) and of :meth:`.results.IncidenceCurve.restricted_mean_time_lost`.

    References
    ----------
    Royston and Parmar (2013), BMC Medical Research Methodology 13:152; Andersen (2013), Statistics in Medicine 32:5278.

    Examples
    --------
    >>> found = restricted_mean_difference([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 0, 1], list("aaabbb"), until=4)
    >>> found.differences["difference"].round(3).tolist(), found.df
    ([2.0], 1)
    """
    check_interval(level, "plain")
    if isinstance(until, bool) or not isinstance(until, int | float | np.number) or not 0 < until < np.inf:
        raise ValueError(f"until must be one day above 0, got {shown(until)}")
    if event_of_interest is not None:
        check_event(event_of_interest, "event_of_interest")
    rows = grouped_rows(duration, event, group, entry=entry, sample_weight=sample_weight, cluster=cluster)
    if reference is not None and reference not in rows.groups:
        raise ValueError("reference is none of the groups")
    outcome = rows.outcome.to_frame()
    given = {"entry": outcome["entry"], "sample_weight": rows.weight, "strata": rows.group, "cluster": rows.cluster}
    if event_of_interest is None:
        curves = kaplan_meier(outcome["duration"], outcome["event"], **given)
        means = curves.restricted_mean_time(until, level=level)
    else:
        curves = aalen_johansen(outcome["duration"], outcome["event"], **given)
        means = curves.restricted_mean_time_lost(until, event_of_interest, level=level)
    table = means.set_axis(pd.Index(rows.groups, name="group"))
    covariance = np.diag(table["std_error"].to_numpy() ** 2)
    if rows.cluster is not None:
        influence = np.zeros((rows.cluster.max() + 1, len(rows.groups)))
        for code, curve in enumerate(curves.curves.values()):
            events = curve.rows.counts.events
            kinds = np.array([event_of_interest in (None, kind) for kind in events], dtype=bool)
            own = curve.rows.area_influence(kinds, float(until))
            influence[:, code] = np.bincount(rows.cluster[rows.group == code], own, minlength=len(influence))
        covariance = influence.T @ influence
    place = 0 if reference is None else rows.groups.index(reference)
    others = [code for code in range(len(rows.groups)) if code != place]
    contrast = np.zeros((len(others), len(rows.groups)))
    contrast[np.arange(len(others)), others], contrast[:, place] = 1.0, -1.0
    difference, form = contrast @ table["estimate"].to_numpy(), contrast @ covariance @ contrast.T
    statistic, df = _wald(difference, form)
    table.insert(0, "n_rows", np.bincount(rows.group))
    return RestrictedMeanDifference(
        until=float(until),
        event_of_interest=event_of_interest,
        statistic=statistic,
        p_value=float(chdtrc(df, statistic)) if df else 1.0,
        df=df,
        means=table,
        differences=_differences(
            difference, np.sqrt(np.diag(form)), [rows.groups[code] for code in others], rows.groups[place], level
        ),
        covariance=covariance,
    )


def _differences(
    difference: np.ndarray, error: np.ndarray, groups: list[Any], reference: Any, level: float
) -> pd.DataFrame:
    z = np.divide(difference, error, out=np.zeros_like(difference), where=error != 0)
    half = ndtri(0.5 + level / 2.0) * error
    columns = {"difference": difference, "std_error": error, "lower": difference - half, "upper": difference + half}
    index = pd.MultiIndex.from_tuples([(group, reference) for group in groups], names=["group", "reference"])
    return pd.DataFrame(columns | {"z": z, "p": 2.0 * ndtr(-np.abs(z))}, index=index)


def _wald(difference: np.ndarray, covariance: np.ndarray) -> tuple[float, int]:
    """Chi-squared statistic of all differences being 0, and its degrees of freedom; NaN where one is not known."""
    if not np.isfinite(difference).all():
        return float("nan"), len(difference)
    df = int(np.linalg.matrix_rank(covariance, hermitian=True))
    return float(difference @ np.linalg.pinv(covariance, hermitian=True) @ difference), df
