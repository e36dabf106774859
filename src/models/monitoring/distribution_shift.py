r"""Whether a column of new rows is distributed as in a reference sample, when rows come in clusters.

Both are counted in the same bins. With shares :math:`p_b` in the reference sample (:math:`n_0` rows), counts
:math:`c_b` of :math:`n` new rows and a design effect :math:`\bar\delta`, the first-order corrected chi-squared of Rao
and Scott is

.. math:: X^2 = \frac{1}{\delta / n + \delta_0 / n_0} \sum_b \frac{(c_b / n - p_b)^2}{p_b}

on bins less one degrees of freedom, where :math:`\delta` and :math:`\delta_0` are the mean design effects of the shares
of both. Where bins have an order, the mean rank of the new rows is tested too, which finds a shift with far fewer rows.

Rows of a cluster that are alike to the degree :math:`\rho` have the design effect :math:`1 + (m - 1) \rho`, with m the
mean size of the cluster of a row. :math:`\rho` is learnt from the reference sample: of all rows of a cluster, and of
those that also share a period, whichever is larger. Siblings whose plans end in one month are more alike than others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri

# Below this many rows expected in a bin it is joined with its neighbour: chi-squared would be too far from its limit.
LEAST_EXPECTED = 5.0
Z_95 = float(ndtri(0.975))


@dataclass(frozen=True)
class BinnedSample:
    """A column of a reference sample, counted in bins, with how alike rows of a cluster are.

    Attributes
    ----------
    counts : ndarray of int, shape (n_bins,)
    is_ordered : bool
        Whether bins have an order (numbers), so that ranks mean something. The last bin may be that of missing
        values, which has none: ``has_missing``.
    has_missing : bool
    likeness, rank_likeness : float
        Intra-cluster correlation of the shares (that which gives Rao and Scott's mean design effect) and of the ranks,
        the latter NaN where bins have no order.
    design_effect, rank_design_effect : float
        Of the reference sample itself.
    cluster_size : float
        Mean size of the cluster of a row among those of its period: sum of squared sizes by number of rows.
    """

    counts: np.ndarray
    is_ordered: bool
    has_missing: bool
    likeness: float
    rank_likeness: float
    design_effect: float
    rank_design_effect: float
    cluster_size: float

    @property
    def shares(self) -> np.ndarray:
        """Share of each bin, shape (n_bins,)."""
        return self.counts / self.counts.sum()


@dataclass(frozen=True)
class ShiftTest:
    """How the new rows differ from the reference sample.

    Attributes
    ----------
    n : int
        New rows.
    p_value : float
        Of the column: where its bins have an order, twice the smaller of the test of shares and the test of ranks.
        NaN where nothing can be tested (no rows, or one bin).
    moved : float
        Share of new rows that would have to be in another bin for both distributions to be the same, 0 to 1: half the
        sum of the absolute differences of shares. It is above 0 by chance, more so with few rows.
    moved_by_chance : float
        What is expected of ``moved`` without any difference.
    rank_shift : float
        Probability that a new row is above a reference row, less 0.5; NaN where bins have no order.
    rank_lower, rank_upper : float
        Its 95 % interval.
    """

    n: int
    p_value: float
    moved: float
    moved_by_chance: float
    rank_shift: float
    rank_lower: float
    rank_upper: float


def binned_sample(
    bins: np.ndarray,
    n_bins: int,
    *,
    is_ordered: bool,
    has_missing: bool,
    cluster: np.ndarray,
    period: np.ndarray | None = None,
) -> BinnedSample:
    """Count a reference sample.

    Parameters
    ----------
    bins : ndarray of int, shape (n,)
        The bin of each row, 0 to ``n_bins`` - 1; the last is that of missing values where ``has_missing``.
    n_bins : int
    is_ordered, has_missing : bool
    cluster : ndarray of int, shape (n,)
        Codes from 0 on.
    period : ndarray of int, shape (n,), optional
        Codes from 0 on: new rows are tested a period at a time.
    """
    counts = np.bincount(bins, minlength=n_bins)
    scores = _centred_ranks(bins, counts, n_bins - has_missing) if is_ordered else None
    whole = _alike(bins, counts, scores, cluster)
    parts = whole
    if period is not None:
        pair = cluster.astype(np.int64) * (int(period.max(initial=0)) + 1) + period
        parts = _alike(bins, counts, scores, np.unique(pair, return_inverse=True)[1])
    return BinnedSample(
        counts,
        is_ordered,
        has_missing,
        max(whole.shares, parts.shares),
        max(whole.ranks, parts.ranks) if is_ordered else float("nan"),
        1.0 + (whole.size - 1.0) * whole.shares,
        1.0 + (whole.size - 1.0) * whole.ranks,
        parts.size,
    )


def shift_test(reference: BinnedSample, counts: np.ndarray, *, cluster_size: float | None = None) -> ShiftTest:
    """Test whether new rows, counted in the bins of ``reference``, are distributed as it is.

    Parameters
    ----------
    reference : BinnedSample
    counts : ndarray of int, shape (n_bins,)
    cluster_size : float, optional
        Mean size of the cluster of a new row (sum of squared sizes by number of rows); that of the reference if not
        given.

    References
    ----------
    Rao and Scott (1984), Annals of Statistics 12:46; Bross (1958), Biometrics 14:18, on ranks of bins.

    Examples
    --------
    >>> sample = binned_sample(
    ...     np.repeat([0, 1, 2], 100), 3, is_ordered=True, has_missing=False, cluster=np.arange(300)
    ... )
    >>> shift_test(sample, np.array([50, 0, 0])).p_value < 1e-6
    True
    >>> shift_test(sample, np.array([17, 16, 17])).p_value
    1.0
    """
    n, n_0 = int(counts.sum()), int(reference.counts.sum())
    size = reference.cluster_size if cluster_size is None else cluster_size
    if n == 0 or np.count_nonzero(reference.counts) < 2:
        return ShiftTest(n, *(float("nan"),) * 6)
    shares = reference.shares
    design_effect = max(1.0 + (size - 1.0) * reference.likeness, 1.0)
    variance = design_effect / n + reference.design_effect / n_0
    moved = float(np.abs(counts / n - shares).sum() / 2.0)
    by_chance = float(np.sqrt(shares * (1.0 - shares) * variance).sum() / np.sqrt(2.0 * np.pi))
    p_shares = _p_of_shares(reference, counts, design_effect, variance)
    if not reference.is_ordered:
        return ShiftTest(n, p_shares, moved, by_chance, *(float("nan"),) * 3)
    shift, error = _rank_shift(reference, counts, size)
    p_ranks = 2.0 * float(ndtr(-abs(shift) / error)) if error > 0.0 else float("nan")
    p_value = min(1.0, 2.0 * float(np.nanmin([p_shares, p_ranks, 1.0])))
    return ShiftTest(n, p_value, moved, by_chance, shift, shift - Z_95 * error, shift + Z_95 * error)


def smallest_shift(reference: BinnedSample, n: int, cluster_size: float, level: float, power: float = 0.8) -> float:
    """The change that ``n`` new rows would find with a stated power, by a test at ``level``.

    Parameters
    ----------
    reference : BinnedSample
    n : int
    cluster_size : float
        Mean size of the cluster of a new row.
    level, power : float

    Returns
    -------
    float
        Where bins have an order, the distance of the mean rank from 0.5; else the change in the share of the most
        frequent bin. NaN without rows.
    """
    n_0 = int(reference.counts.sum())
    if n == 0 or n_0 == 0:
        return float("nan")
    if reference.is_ordered:
        # Two tests share the level, see ShiftTest.
        likeness, before, variance, level = reference.rank_likeness, reference.rank_design_effect, 1 / 12, level / 2
    else:
        share = float(reference.shares.max())
        likeness, before, variance = reference.likeness, reference.design_effect, share * (1.0 - share)
    error = np.sqrt(variance * (max(1.0 + (cluster_size - 1.0) * likeness, 1.0) / n + before / n_0))
    return float((ndtri(1.0 - level / 2.0) + ndtri(power)) * error)


def _p_of_shares(reference: BinnedSample, counts: np.ndarray, design_effect: float, variance: float) -> float:
    n = counts.sum()
    expected, seen = _joined(n * reference.shares, counts, design_effect, reference.is_ordered)
    if expected.size < 2:
        return float("nan")
    statistic = ((seen - expected) ** 2 / expected).sum() / n / variance
    return float(chdtrc(expected.size - 1, statistic))


def _joined(
    expected: np.ndarray, counts: np.ndarray, design_effect: float, is_ordered: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Bins in which enough rows are expected; others are joined, neighbours where bins have an order."""
    order = np.arange(expected.size) if is_ordered else np.argsort(expected, kind="stable")
    least = LEAST_EXPECTED * design_effect
    sums: list[list[float]] = []
    for share, count in zip(expected[order], counts[order], strict=True):
        if sums and sums[-1][0] < least:
            sums[-1][0] += share
            sums[-1][1] += count
        else:
            sums.append([share, count])
    if len(sums) > 1 and sums[-1][0] < least:
        share, count = sums.pop()
        sums[-1][0] += share
        sums[-1][1] += count
    joined = np.array(sums)
    return joined[:, 0], joined[:, 1]


def _ridits(counts: np.ndarray) -> np.ndarray:
    """Share of the sample below each bin, and half of those in it."""
    total = max(int(counts.sum()), 1)
    return (np.cumsum(counts) - counts / 2.0) / total


def _rank_shift(reference: BinnedSample, counts: np.ndarray, size: float) -> tuple[float, float]:
    """Mean rank of the new rows less 0.5, and its standard error without a difference."""
    end = counts.size - reference.has_missing
    before, after = reference.counts[:end], counts[:end]
    n, n_0 = after.sum(), before.sum()
    if n == 0 or n_0 == 0:
        return float("nan"), float("nan")
    ridits = _ridits(before)
    variance = float(before @ (ridits - 0.5) ** 2 / n_0)
    design_effect = max(1.0 + (size - 1.0) * reference.rank_likeness, 1.0)
    error = np.sqrt(variance * (design_effect / n + reference.rank_design_effect / n_0))
    return float(after @ ridits / n - 0.5), float(error)


class _Alike(NamedTuple):
    """Intra-cluster correlations of shares and ranks, and the mean size of the cluster of a row."""

    shares: float
    ranks: float
    size: float


def _alike(bins: np.ndarray, counts: np.ndarray, scores: np.ndarray | None, cluster: np.ndarray) -> _Alike:
    sizes = np.bincount(cluster).astype(float)
    size = float(sizes @ sizes) / max(bins.size, 1)
    filled = np.flatnonzero(counts)
    if filled.size < 2 or size <= 1.0:
        return _Alike(0.0, 0.0, max(size, 1.0))
    total = 0.0
    for b in filled:
        residual = np.bincount(cluster, weights=bins == b, minlength=sizes.size) - sizes * (counts[b] / bins.size)
        total += float(residual @ residual) / counts[b]
    ranks = 0.0
    if scores is not None and (variance := float(scores @ scores)) > 0.0:
        sums = np.bincount(cluster, weights=scores)
        ranks = _correlation(float(sums @ sums) / variance, size)
    return _Alike(_correlation(total / (filled.size - 1), size), ranks, size)


def _correlation(design_effect: float, size: float) -> float:
    # Above 1 where what is counted goes with the size of the cluster, as the number of siblings does.
    return max((design_effect - 1.0) / (size - 1.0), 0.0)


def _centred_ranks(bins: np.ndarray, counts: np.ndarray, n_ordered: int) -> np.ndarray:
    """The rank of each row less 0.5, 0 for missing values, shape (n,)."""
    ridits = np.append(_ridits(counts[:n_ordered]), np.full(counts.size - n_ordered, 0.5))
    return ridits[bins] - 0.5
