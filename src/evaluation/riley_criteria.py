r"""How many children a prediction model of second plans needs, before any are fitted.

With P the number of coefficients, S the shrinkage that is accepted and :math:`R^2` the model's expected Cox-Snell share
of explained variation, a sample of

.. math:: n = \frac{P}{(S - 1) \ln(1 - R^2 / S)}

is large enough that coefficients need to be shrunk by no more than :math:`1 - S`. The same formula with the shrinkage
:math:`R^2 / (R^2 + 0.05 R^2_{max})` keeps the optimism of Nagelkerke's :math:`R^2` below 0.05. A third number makes the
overall risk at the horizon known to within 0.05.

Source: Riley et al. (2019), Statistics in Medicine 38:1276, sections 3 to 5; R package pmsampsize.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from ..models.metrics.calibration_estimate import Z_95
from ..parameter_checks import shown

# Accepted optimism of Nagelkerke's share of explained variation, and half-width of the interval of the overall risk.
OPTIMISM = 0.05
MARGIN = 0.05
# What Riley et al. (2020), BMJ 368:m441, advise to expect where nothing is known.
NAGELKERKE = 0.15


@dataclass(frozen=True)
class SampleSize:
    """Children and second plans that a model needs; what :func:`sample_size` returns.

    Attributes
    ----------
    n_children : int
        The largest of the three numbers in ``table``.
    n_events : int
        Second plans expected among them.
    events_per_feature : float
    table : DataFrame
        Per criterion (``shrinkage``, ``optimism``, ``overall risk``): ``n_children``, ``n_events``,
        ``events_per_feature``, and ``shrinkage``, what coefficients would be multiplied by at that number.
    cox_snell, max_cox_snell : float
        Share of explained variation that was assumed, and the largest possible at this rate.
    n_features : int
    """

    n_children: int
    n_events: int
    events_per_feature: float
    table: pd.DataFrame
    cox_snell: float
    max_cox_snell: float
    n_features: int

    def __repr__(self) -> str:
        return (
            f"{self.n_children:,} children with {self.n_events:,} second plans "
            f"({self.events_per_feature:.1f} per coefficient) for {self.n_features} coefficients\n"
            f"{self.table.to_string(float_format='{:.3g}'.format)}"
        )


def sample_size(
    rate: float,
    years: float,
    n_features: int,
    *,
    cox_snell: float | None = None,
    nagelkerke: float | None = None,
    follow_up: float | None = None,
    shrinkage: float = 0.9,
) -> SampleSize:
    """Number of children, and of second plans among them, that a model of ``n_features`` coefficients needs.

    Parameters
    ----------
    rate : float
        Second plans per child and year of follow-up; other ends of follow-up count as censoring.
    years : float
        Horizon at which risks are stated, in years.
    n_features : int
        Coefficients of the second-plan equation: a category of k levels has k - 1, a spline its degrees of freedom.
    cox_snell, nagelkerke : float, optional
        Share of explained variation to be expected, in one of two scales; give one at most. Without either,
        Nagelkerke's is taken as 0.15, as is advised where no earlier model is known.
    follow_up : float, optional
        Mean follow-up of a child in years; ``years`` unless given.
    shrinkage : float
        By what coefficients may have to be multiplied, between 0 and 1.

    Returns
    -------
    SampleSize

    Raises
    ------
    ValueError
        A number is out of range, both shares are given, or the share is not possible at this rate.

    Examples
    --------
    >>> sample_size(rate=0.065, years=2, n_features=25, cox_snell=0.051, follow_up=2.07).n_children
    4286
    """
    follow_up = years if follow_up is None else follow_up
    for name, value in {"rate": rate, "years": years, "n_features": n_features, "follow_up": follow_up}.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be a number above 0, got {shown(value)}")
    if int(n_features) != n_features:
        raise ValueError(f"n_features must be a whole number, got {shown(n_features)}")
    if not 0.0 < shrinkage < 1.0:
        raise ValueError(f"shrinkage must lie between 0 and 1, got {shown(shrinkage)}")
    if rate * follow_up >= 1:
        raise ValueError(
            f"rate x follow_up must be below 1 second plan per child, got {rate * follow_up:g}: rate is per child and "
            "year (0.05 is 5 of 100 children in a year), follow_up and years are in years"
        )
    largest = _max_cox_snell(rate * follow_up)
    share = _share(cox_snell, nagelkerke, largest, shrinkage)
    by_criterion = {
        "shrinkage": _for_shrinkage(n_features, share, shrinkage),
        "optimism": _for_shrinkage(n_features, share, share / (share + OPTIMISM * largest)),
        "overall risk": _for_overall_risk(rate, years, follow_up),
    }
    per_child = rate * follow_up
    table = pd.DataFrame({"n_children": by_criterion}).rename_axis("criterion")
    table["n_events"] = [math.ceil(n * per_child) for n in table["n_children"]]
    table["events_per_feature"] = table["n_children"] * per_child / n_features
    table["shrinkage"] = [expected_shrinkage(n, n_features, share) for n in table["n_children"]]
    needed = int(table["n_children"].max())
    return SampleSize(
        n_children=needed,
        n_events=math.ceil(needed * per_child),
        events_per_feature=needed * per_child / n_features,
        table=table,
        cox_snell=share,
        max_cox_snell=largest,
        n_features=int(n_features),
    )


def expected_shrinkage(n_children: int, n_features: int, cox_snell: float) -> float:
    """By what the coefficients of a model fitted to ``n_children`` are expected to have to be multiplied.

    The solution S of the formula of :func:`sample_size` for a given n, which rises with n.
    """
    low, high = cox_snell, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _needed(n_features, cox_snell, middle) <= n_children else (low, middle)
    return low


def _share(cox_snell: float | None, nagelkerke: float | None, largest: float, shrinkage: float) -> float:
    """The Cox-Snell share, from either scale."""
    if cox_snell is not None and nagelkerke is not None:
        raise ValueError("give cox_snell or nagelkerke, not both")
    if cox_snell is None:
        nagelkerke = NAGELKERKE if nagelkerke is None else nagelkerke
        if not 0.0 < nagelkerke < 1.0:
            raise ValueError(f"nagelkerke must lie between 0 and 1, got {shown(nagelkerke)}")
        cox_snell = nagelkerke * largest
    if not 0.0 < cox_snell < largest:
        raise ValueError(
            f"cox_snell must lie between 0 and {largest:.3g}, the largest possible at this rate, got {shown(cox_snell)}"
        )
    if cox_snell >= shrinkage:
        raise ValueError(f"cox_snell must be below shrinkage ({shrinkage:g}), got {shown(cox_snell)}")
    return cox_snell


def _max_cox_snell(events_per_child: float) -> float:
    """Cox-Snell's share of a perfect model, of exponential times in units of the mean follow-up."""
    exponent = 2.0 * (events_per_child * math.log(events_per_child) - events_per_child)
    return -math.expm1(exponent)


def _needed(n_features: int, cox_snell: float, shrinkage: float) -> float:
    return n_features / ((shrinkage - 1.0) * math.log1p(-cox_snell / shrinkage))


def _for_shrinkage(n_features: int, cox_snell: float, shrinkage: float) -> int:
    return math.ceil(_needed(n_features, cox_snell, shrinkage))


def _for_overall_risk(rate: float, years: float, follow_up: float) -> int:
    """Children with whom both bounds of the overall risk at the horizon lie within ``MARGIN`` of it."""
    risk = -math.expm1(-rate * years)

    def is_precise(n: int) -> bool:
        error = Z_95 * math.sqrt(rate / (n * follow_up))
        bounds = (-math.expm1(-max(rate + sign * error, 0.0) * years) for sign in (-1.0, 1.0))
        return all(abs(bound - risk) <= MARGIN for bound in bounds)

    enough = 1
    while not is_precise(enough):
        enough *= 2
    too_few = enough // 2
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        enough, too_few = (middle, too_few) if is_precise(middle) else (enough, middle)
    return enough
