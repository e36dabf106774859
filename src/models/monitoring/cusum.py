r"""Risk-adjusted CUSUM charts of events in calendar time.

Between the model's hazard and one :math:`\rho` times as high, the log likelihood ratio of what was seen over a stretch
of time is :math:`O \log\rho - (\rho - 1) E`. The chart holds the largest such ratio over all stretches that end now,
and 0 if none is positive:

.. math:: C(c) = \max\{0,\; C(c-) - (\rho - 1)\, dE(c)\} + \log\rho \; dO(c)

It signals when it reaches a limit. The limit is chosen by simulation, so that a chart over the same expected events
signals with a stated probability although the hazard has not changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ...renamed_parameters import renamed_parameters
from .observed_expected import ObservedExpected, overdispersion_of

# How far ahead the wait for a signal is looked at.
MONTHS_AHEAD = 120


@dataclass(frozen=True)
class RiskAdjustedCusum:
    """The path of a CUSUM chart, its limit, and how often it would signal without a change.

    Attributes
    ----------
    days : DataFrame
        Index day; ``observed``, ``expected``, ``excess`` (observed less expected so far), ``cusum``.
    hazard_ratio : float
        The change that the chart is tuned to.
    limit : float
    false_alarm_rate, false_alarm_std_error : float
        Probability of a signal within the period when nothing has changed, from simulations other than those that set
        the limit, and its Monte Carlo error.
    n_simulations : int
    """

    days: pd.DataFrame = field(repr=False)
    hazard_ratio: float
    limit: float
    false_alarm_rate: float
    false_alarm_std_error: float
    n_simulations: int

    @property
    def first_signal(self) -> pd.Timestamp | None:
        """The first day on which the chart is at its limit or beyond; None where it never is."""
        found = self.days.index[self.days["cusum"] >= self.limit]
        return found[0] if len(found) else None

    def to_frame(self) -> pd.DataFrame:
        """By month: ``observed``, ``expected``, ``excess`` and ``cusum`` on its last day, ``signal``."""
        month = self.days.index.to_period("M").to_timestamp()
        grouped = self.days.groupby(month)
        frame = grouped[["observed", "expected"]].sum().join(grouped[["excess", "cusum"]].last()).rename_axis("month")
        return frame.assign(signal=(self.days["cusum"] >= self.limit).groupby(month).any())

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the chart; see :func:`secondplan.plots.plot_cusum`."""
        from ...plots import plot_cusum

        return plot_cusum(self, ax=ax, **options)

    def _repr_html_(self) -> str:
        return self.to_frame().round(2).to_html(border=0)


@renamed_parameters(rng="random_state")
def risk_adjusted_cusum(
    observed_expected: ObservedExpected,
    *,
    hazard_ratio: float = 1.5,
    false_alarm: float = 0.05,
    limit: float | None = None,
    baseline_events: float | None = None,
    n_simulations: int = 2000,
    random_state: Any = 0,
) -> RiskAdjustedCusum:
    """Watch whether events come faster (or slower) than a fitted model expects.

    Without a change, events are simulated from the model's expected numbers, day by day, in batches of the sizes of the
    data's clusters: events of a family are not independent, and would otherwise give more false alarms than stated.
    What the model itself may have wrong, fitted on a finite number of events, goes in as a factor of the expected
    numbers.

    Parameters
    ----------
    observed_expected : ObservedExpected
        What :func:`~secondplan.models.monitoring.expected_events` gave.
    hazard_ratio : float
        The change to detect soonest: above 1 for more events, below 1 for fewer.
    false_alarm : float
        Probability of a signal within the period when nothing has changed; sets the limit.
    limit : float, optional
        A limit of one's own; its false-alarm rate is simulated.
    baseline_events : float, optional
        Number of events that the model was fitted on; None: the model is taken as exact.
    n_simulations : int
        Simulated charts that set the limit, and as many that measure the false-alarm rate.
    random_state : Generator or int

    Returns
    -------
    RiskAdjustedCusum

    Raises
    ------
    ValueError
        ``hazard_ratio`` is 1 or not positive, ``false_alarm`` not between 0 and 1, nothing is expected.

    References
    ----------
    Steiner, Cook, Farewell and Treasure (2000), Biostatistics 1:441; Biswas and Kalbfleisch (2008), Statistics in
    Medicine 27:3382; Gandy, Kvaløy, Bottle and Zhou (2010), Biometrika 97:375; on errors of the model, Jones and
    Steiner (2012), Statistics in Medicine 31:1889.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from secondplan.models.monitoring import ObservedExpected
    >>> dates = pd.date_range("2017-01-01", periods=100)
    >>> days = pd.DataFrame({"observed": [0.0, 1.0] * 50, "expected": 0.2}, index=dates)
    >>> chart = risk_adjusted_cusum(ObservedExpected(days, np.ones(50, dtype=int)), hazard_ratio=2.0)
    >>> chart.first_signal is not None
    True
    """
    if not (np.isfinite(hazard_ratio) and hazard_ratio > 0 and hazard_ratio != 1):
        raise ValueError(f"hazard_ratio must be positive and not 1, got {hazard_ratio!r}")
    if not 0 < false_alarm < 1:
        raise ValueError(f"false_alarm must lie between 0 and 1, got {false_alarm!r}")
    expected = observed_expected.days["expected"].to_numpy(dtype=float)
    observed = observed_expected.days["observed"].to_numpy(dtype=float)
    if not expected.sum() > 0:
        raise ValueError("the model expects no events in the period: there is nothing to watch against")
    generator = np.random.default_rng(random_state)
    simulate = (expected, observed_expected.batches, hazard_ratio, baseline_events, n_simulations)
    if limit is None:
        limit = float(np.quantile(_highest(*simulate, generator), 1.0 - false_alarm))
    rate = float((_highest(*simulate, generator) >= limit).mean())
    days = observed_expected.days[["observed", "expected"]].assign(
        excess=np.cumsum(observed - expected), cusum=cusum_path(observed, expected, hazard_ratio)
    )
    error = float(np.sqrt(rate * (1 - rate) / n_simulations))
    return RiskAdjustedCusum(days, float(hazard_ratio), float(limit), rate, error, n_simulations)


def cusum_path(observed: np.ndarray, expected: np.ndarray, hazard_ratio: float) -> np.ndarray:
    """The chart after each day, of the shape of ``observed``; days run along the last axis.

    The day's expected events are taken off first: events come at its end.
    """
    up, down = np.log(hazard_ratio), hazard_ratio - 1.0
    value = np.zeros(observed.shape[:-1])
    path = np.empty(observed.shape)
    for day in range(observed.shape[-1]):
        # For a ratio below 1 it is events that lower the chart, and their absence that raises it.
        if hazard_ratio > 1:
            value = np.maximum(value - down * expected[..., day], 0.0) + up * observed[..., day]
        else:
            value = np.maximum(value - down * expected[..., day] + up * observed[..., day], 0.0)
        path[..., day] = value
    return path


def months_to_signal(
    expected: float,
    *,
    ratios: Sequence[float] = (1.25, 1.5, 2.0),
    hazard_ratio: float = 1.5,
    false_alarm: float = 0.05,
    batches: np.ndarray | None = None,
    n_simulations: int = 2000,
    random_state: Any = 0,
) -> pd.DataFrame:
    """How long a chart would wait for a signal, from the day of a change on.

    Parameters
    ----------
    expected : float
        Events expected in a month, as long as nothing changes.
    ratios : sequence of float
        How many times as many events come after the change.
    hazard_ratio : float
        The change that the chart is tuned to.
    false_alarm : float
        The chance of a signal within two years although nothing has changed; sets the limit.
    batches : ndarray of int, optional
        Sizes of the batches in which events come; one by one if not given.
    n_simulations : int
    random_state : Generator or int

    Returns
    -------
    DataFrame
        ``hazard_ratio``, ``months`` (median; infinite where fewer than half have signalled after ten years) and
        ``within_a_year`` (share).
    """
    rng = np.random.default_rng(random_state)
    sizes = np.ones(1, dtype=int) if batches is None else batches
    monthly = np.full(MONTHS_AHEAD, expected)
    quiet = cusum_path(simulate_events(monthly[:24], sizes, None, n_simulations, rng), monthly[:24], hazard_ratio)
    limit = float(np.quantile(quiet.max(axis=-1), 1.0 - false_alarm))
    rows = []
    for ratio in ratios:
        events = simulate_events(monthly * ratio, sizes, None, n_simulations, rng)
        is_reached = cusum_path(events, monthly, hazard_ratio) >= limit
        months = np.where(is_reached.any(axis=1), is_reached.argmax(axis=1) + 1.0, np.inf)
        rows.append((ratio, float(np.median(months)), float((months <= 12).mean())))
    return pd.DataFrame(rows, columns=["hazard_ratio", "months", "within_a_year"])


def simulate_events(
    expected: np.ndarray,
    batches: np.ndarray,
    baseline_events: float | None,
    n_simulations: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Events by simulation and day, with the expected means and in batches of the given sizes."""
    sizes = batches if batches.size else np.ones(1, dtype=int)
    factor = np.ones(n_simulations)
    if baseline_events is not None:
        variance = overdispersion_of(sizes) / baseline_events
        factor = rng.lognormal(-variance / 2, np.sqrt(variance), n_simulations)
    n_batches = rng.poisson(factor[:, None] * expected / sizes.mean())
    if sizes.max() == 1:
        return n_batches.astype(float)
    place = np.repeat(np.arange(n_batches.size), n_batches.ravel())
    drawn = rng.choice(sizes, place.size)
    return np.bincount(place, weights=drawn, minlength=n_batches.size).reshape(n_batches.shape)


def _highest(
    expected: np.ndarray,
    batches: np.ndarray,
    hazard_ratio: float,
    baseline_events: float | None,
    n_simulations: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """The highest value of each simulated chart."""
    events = simulate_events(expected, batches, baseline_events, n_simulations, rng)
    return cusum_path(events, expected, hazard_ratio).max(axis=-1)
