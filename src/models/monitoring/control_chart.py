"""Control charts of shares by month: has something changed since a baseline?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ...parameter_checks import require_choice, shown
from ...renamed_parameters import renamed_parameters
from .counts import check_counts, index_of
from .overdispersion import METHODS, binomial_error, share_standard_deviation

SIDES = ("both", "above", "below")


@dataclass(frozen=True)
class PChart:
    """Shares by month with a centre and control limits.

    Attributes
    ----------
    table : DataFrame
        One row per month: ``count``, ``n``, ``share``, ``centre``, ``lower``, ``upper``, ``is_baseline``, ``signal``
        (``"above"``, ``"below"``, ``"run above"``, ``"run below"`` or empty; months of the baseline give none).
    centre : float
    method : {None, "laney", "multiplicative", "additive"}
    sigmas : float
    run : int, optional
    side : {"both", "above", "below"}
    """

    table: pd.DataFrame = field(repr=False)
    centre: float
    method: str | None
    sigmas: float
    run: int | None
    side: str = "both"

    @property
    def first_signal(self) -> Any:
        """The label of the first month with a signal; None where there is none."""
        found = self.table.index[self.table["signal"] != ""]
        return found[0] if len(found) else None

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the chart; see :func:`secondplan.plots.plot_p_chart`."""
        from ...plots import plot_p_chart

        return plot_p_chart(self, ax=ax, **options)

    @renamed_parameters(rng="random_state")
    def false_alarm_rate(self, *, n_simulations: int = 2000, random_state: Any = 0) -> dict[str, float]:
        """How often a chart like this one signals in its months after the baseline although nothing has changed.

        Counts are drawn anew for every month, the baseline's too, with the chart's own denominators, centre and spread
        (beta-binomial, months independent), and the whole procedure is done on them: the rate holds the error of
        estimating centre and limits from a baseline of that length.

        Parameters
        ----------
        n_simulations : int
        random_state : Generator or int

        Returns
        -------
        dict
            ``rate`` of charts with a signal, and its Monte Carlo ``std_error``.
        """
        n = self.table["n"].to_numpy()
        is_baseline = self.table["is_baseline"].to_numpy()
        deviation = (self.table["upper_unclipped"] - self.centre).to_numpy() / self.sigmas
        counts = beta_binomial(self.centre, n, deviation, n_simulations, np.random.default_rng(random_state))
        centre, deviations = _chart(counts, n, is_baseline, self.method)
        signal = _signals(counts / n, centre, deviations * self.sigmas, is_baseline, self.run, self.side)
        rate = float((signal != 0).any(axis=-1).mean())
        return {"rate": rate, "std_error": float(np.sqrt(rate * (1 - rate) / n_simulations))}

    def _repr_html_(self) -> str:
        return self.table.drop(columns="upper_unclipped").round(3).to_html(border=0)


def p_chart(
    count: Any,
    n: Any,
    *,
    labels: Any = None,
    baseline: Any = None,
    method: str | None = "multiplicative",
    sigmas: float = 3.0,
    run: int | None = 8,
    side: str = "both",
) -> PChart:
    r"""Chart the share of each month against limits that a baseline gives.

    The centre is the baseline's share of all its cases. Limits are ``sigmas`` standard deviations away: binomial ones
    (``method=None``), or widened because months differ by more than chance when nothing is wrong (siblings leave plans
    together): ``"multiplicative"`` multiplies them by the root of the mean square of the baseline's z-scores,
    ``"laney"`` by their mean moving range over 1.128 (the p' chart; a baseline of few months gives it more false
    alarms), ``"additive"`` adds a variance between months. A month signals when its share lies outside, or when it ends
    ``run`` or more months in a row on one side of the centre.

    Parameters
    ----------
    count, n : array of int, shape (m,)
        Cases and denominators by month, in order; months with a denominator of 0 are left out.
    labels : array, shape (m,), optional
        The months; by default the index of ``count``.
    baseline : int, optional
        Number of first months that set centre and limits and are not watched; by default all months do both.
    method : {"multiplicative", "laney", "additive", None}
    sigmas : float
    run : int, optional
        None: only the limits signal.
    side : {"both", "above", "below"}
        Which changes signal.

    Returns
    -------
    PChart

    Raises
    ------
    ValueError
        Counts are not within their denominators; the baseline has fewer than two months, or all or none of its cases.

    References
    ----------
    Laney (2002), Quality Engineering 14:531; Spiegelhalter (2005), Quality and Safety in Health Care 14:347; the rule
    of eight is one of Western Electric's (1956).

    Examples
    --------
    >>> chart = p_chart([20, 26, 22, 25, 24, 45], [100] * 6, baseline=5)
    >>> chart.table["signal"].iloc[-1]
    'above'
    """
    require_choice("method", method, (None, *METHODS))
    require_choice("side", side, SIDES)
    if not sigmas > 0 or (run is not None and run < 2):
        raise ValueError(f"sigmas must be above 0 and run 2 or more, got {shown(sigmas)} and {shown(run)}")
    counts, sizes = check_counts(count, n)
    index = index_of(count, labels, counts.size, "labels")
    length = counts.size if baseline is None else int(baseline)
    if not 0 < length <= counts.size:
        raise ValueError(f"baseline must be a number of months between 2 and {counts.size}, got {shown(baseline)}")
    is_baseline = np.arange(counts.size) < length
    has_size = sizes > 0
    counts, sizes, index, is_baseline = counts[has_size], sizes[has_size], index[has_size], is_baseline[has_size]
    if is_baseline.sum() < 2 or not 0 < counts[is_baseline].sum() < sizes[is_baseline].sum():
        raise ValueError("the baseline needs two months or more, with some cases and some without")
    centre, deviation = _chart(counts, sizes, is_baseline, method)
    share = counts / sizes
    watched = np.zeros_like(is_baseline) if baseline is None else is_baseline
    signal = _signals(share, centre, deviation * sigmas, watched, run, side)
    table = pd.DataFrame({"count": counts, "n": sizes, "share": share, "centre": float(centre[0])}, index=index)
    table["lower"] = np.clip(centre - sigmas * deviation, 0.0, 1.0)
    table["upper"] = np.clip(centre + sigmas * deviation, 0.0, 1.0)
    table["is_baseline"] = is_baseline
    table["signal"] = np.array(["", "above", "below", "run above", "run below"], dtype=object)[signal]
    table["upper_unclipped"] = centre + sigmas * deviation
    return PChart(table, float(centre[0]), method, float(sigmas), run, side)


def beta_binomial(
    share: float, n: np.ndarray, deviation: np.ndarray, n_draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Counts whose shares have mean ``share`` and standard deviation ``deviation``, shape (n_draws, m).

    Where the deviation is the binomial's or less, the counts are binomial.
    """
    excess = deviation**2 / binomial_error(share, n) ** 2 - 1.0
    correlation = np.clip(excess / np.maximum(n - 1.0, 1.0), 1e-9, 0.999)
    concentration = 1.0 / correlation - 1.0
    drawn = rng.beta(share * concentration, (1 - share) * concentration, size=(n_draws, n.size))
    return rng.binomial(n.astype(int), drawn).astype(float)


def _chart(
    counts: np.ndarray, n: np.ndarray, is_baseline: np.ndarray, method: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Centre, shape (..., 1), and standard deviation of every month's share, shape (..., m)."""
    own_n = n[is_baseline]
    centre = counts[..., is_baseline].sum(axis=-1, keepdims=True) / own_n.sum()
    error = binomial_error(centre, own_n)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(error > 0, (counts[..., is_baseline] / own_n - centre) / error, 0.0)
        deviation = share_standard_deviation(centre, n, z, error, method, 0.0)
    return centre, np.nan_to_num(deviation)


def _signals(
    share: np.ndarray, centre: np.ndarray, width: np.ndarray, is_quiet: np.ndarray, run: int | None, side: str
) -> np.ndarray:
    """0 none, 1 above, 2 below, 3 and 4 the end of a run above or below; shape (..., m)."""
    watched = {"both": (1, 2, 3, 4), "above": (1, 3), "below": (2, 4)}[side]
    signal = np.where(share > centre + width, 1, np.where(share < centre - width, 2, 0))
    if run is not None:
        for code, is_beyond in ((3, share > centre), (4, share < centre)):
            length = np.zeros(share.shape[:-1], dtype=int)
            for month in range(share.shape[-1]):
                length = np.where(is_beyond[..., month], length + 1, 0)
                # A run that began in the baseline has not happened since it.
                if is_quiet[month]:
                    length = np.zeros_like(length)
                ends = (length >= run) & (signal[..., month] == 0)
                signal[..., month] = np.where(ends, code, signal[..., month])
    return np.where(is_quiet | ~np.isin(signal, watched), 0, signal)
