"""Funnel plots: which units differ from the others by more than their size explains."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom, norm

from .counts import check_counts, index_of
from .overdispersion import additive_variance, binomial_error, multiplicative_factor

FUNNEL_METHODS = ("multiplicative", "additive")
LEVELS = (0.95, 0.998)


@dataclass(frozen=True)
class Funnel:
    """Shares of units against their size, with control limits around a target.

    Attributes
    ----------
    table : DataFrame
        One row per unit: ``count``, ``n``, ``share``, ``z`` (over the overdispersed standard deviation), ``p_value``
        (two-sided; exact mid-p binomial without overdispersion), and ``position`` (``"inside"``, ``"above 95 %"``,
        ``"below 99.8 %"``, ...).
    target : float
    overdispersion : {None, "multiplicative", "additive"}
    factor : float
        The multiplicative factor phi; 1 without.
    between_variance : float
        The additive variance tau squared; 0 without.
    levels : tuple of float
    """

    table: pd.DataFrame = field(repr=False)
    target: float
    overdispersion: str | None
    factor: float
    between_variance: float
    levels: tuple[float, ...]

    def limits(self, n: Any) -> pd.DataFrame:
        """Control limits for units of size ``n``.

        Parameters
        ----------
        n : array, shape (m,)

        Returns
        -------
        DataFrame
            Index ``n``; columns ``lower_95``, ``upper_95``, ``lower_99.8``, ...
        """
        sizes = np.asarray(n, dtype=float)
        columns = {}
        for level in self.levels:
            for side, p in (("lower", 0.5 - level / 2), ("upper", 0.5 + level / 2)):
                columns[f"{side}_{_percent(level)}"] = self._limit(sizes, p)
        return pd.DataFrame(columns, index=pd.Index(sizes, name="n"))

    def to_frame(self) -> pd.DataFrame:
        """The units with the limits for their size."""
        return self.table.join(self.limits(self.table["n"]).set_axis(self.table.index))

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the funnel; see :func:`secondplan.plots.plot_funnel`."""
        from ...plots import plot_funnel

        return plot_funnel(self, ax=ax, **options)

    def _limit(self, sizes: np.ndarray, p: float) -> np.ndarray:
        if self.overdispersion is None:
            return exact_limit(self.target, sizes, p)
        error = np.sqrt(self.factor * binomial_error(self.target, sizes) ** 2 + self.between_variance)
        return np.clip(self.target + norm.ppf(p) * error, 0.0, 1.0)

    def _repr_html_(self) -> str:
        return self.to_frame().round(3).to_html(border=0)


def funnel(
    count: Any,
    n: Any,
    *,
    labels: Any = None,
    target: float | None = None,
    overdispersion: str | None = "additive",
    winsorise: float = 0.1,
    levels: tuple[float, ...] = LEVELS,
) -> Funnel:
    r"""Compare shares of many units with a target, allowing for their size and, on demand, for overdispersion.

    Without overdispersion the limits are exact binomial ones, interpolated between whole counts so that they are smooth
    in n. With it they are :math:`\theta \pm z_p \sqrt{\phi\, \theta (1 - \theta) / n}` (multiplicative) or
    :math:`\theta \pm z_p \sqrt{\theta (1 - \theta) / n + \tau^2}` (additive: units have true shares of their own).

    Parameters
    ----------
    count, n : array of int, shape (m,)
        Cases and denominators of the units; units with a denominator of 0 are left out.
    labels : array, shape (m,), optional
        Names of the units; by default the index of ``count``.
    target : float, optional
        By default the share of all units together.
    overdispersion : {"additive", "multiplicative", None}
    winsorise : float
        Share of z-scores at either end that is set to the quantile there before overdispersion is estimated, so that
        outlying units do not widen the limits that should show them.
    levels : tuple of float
        Of the limits: 0.95 and 0.998 stand for two and three standard deviations.

    Returns
    -------
    Funnel

    Raises
    ------
    ValueError
        Counts are not within their denominators, or fewer than two units have a denominator.

    References
    ----------
    Spiegelhalter (2005), *Funnel plots for comparing institutional performance*, Statistics in Medicine 24:1185
    (appendix A.1.1 for the exact limits); Spiegelhalter et al. (2012), JRSS A 175:1 for overdispersion.

    Examples
    --------
    >>> chart = funnel([40, 22, 95], [200, 110, 250], labels=["a", "b", "c"], overdispersion=None)
    >>> chart.table["position"].tolist()
    ['below 95 %', 'inside', 'above 99.8 %']
    """
    if overdispersion is not None and overdispersion not in FUNNEL_METHODS:
        raise ValueError(f"overdispersion must be None or one of {', '.join(FUNNEL_METHODS)}; got {overdispersion!r}")
    if not 0.0 <= winsorise < 0.5:
        raise ValueError(f"winsorise must lie between 0 and 0.5, got {winsorise}")
    counts, sizes = check_counts(count, n)
    index = index_of(count, labels, counts.size, "labels")
    has_size = sizes > 0
    counts, sizes, index = counts[has_size], sizes[has_size], index[has_size]
    if counts.size < 2:
        raise ValueError("a funnel needs two units or more with a denominator")
    theta = counts.sum() / sizes.sum() if target is None else float(target)
    if not 0.0 < theta < 1.0:
        raise ValueError(f"the target must lie between 0 and 1, got {theta:g}")
    error = binomial_error(theta, sizes)
    z = (counts / sizes - theta) / error
    factor = float(multiplicative_factor(z, winsorise)) if overdispersion == "multiplicative" else 1.0
    between = float(additive_variance(z, error, winsorise)) if overdispersion == "additive" else 0.0
    z_spread = z * error / np.sqrt(factor * error**2 + between)
    p = 2 * norm.sf(np.abs(z_spread)) if overdispersion else _mid_p(counts, sizes, theta)
    table = pd.DataFrame(
        {"count": counts, "n": sizes, "share": counts / sizes, "z": z_spread, "p_value": p}, index=index
    )
    made = Funnel(table, theta, overdispersion, factor, between, tuple(sorted(levels)))
    return Funnel(table.assign(position=_position(made)), theta, overdispersion, factor, between, made.levels)


def exact_limit(target: float, n: np.ndarray, p: float) -> np.ndarray:
    """The share of ``n`` below which a binomial share at ``target`` lies with probability ``p``, interpolated.

    With r the smallest count whose distribution function F(r) exceeds p, the limit is (r - a) / n with
    a = (F(r) - p) / (F(r) - F(r - 1)).
    """
    r = binom.ppf(p, n, target)
    r = np.where(binom.cdf(r, n, target) > p, r, r + 1)
    above, mass = binom.cdf(r, n, target), binom.pmf(r, n, target)
    return np.clip((r - (above - p) / mass) / n, 0.0, 1.0)


def _mid_p(count: np.ndarray, n: np.ndarray, target: float) -> np.ndarray:
    half = 0.5 * binom.pmf(count, n, target)
    tail = np.minimum(binom.cdf(count, n, target), binom.sf(count - 1, n, target)) - half
    return np.clip(2 * tail, 0.0, 1.0)


def _position(made: Funnel) -> list[str]:
    limits = made.limits(made.table["n"])
    share = made.table["share"].to_numpy()
    position = np.full(share.size, "inside", dtype=object)
    for level in made.levels:
        name = _percent(level)
        position[share > limits[f"upper_{name}"].to_numpy()] = f"above {name} %"
        position[share < limits[f"lower_{name}"].to_numpy()] = f"below {name} %"
    return position.tolist()


def _percent(level: float) -> str:
    return f"{100 * level:g}"
