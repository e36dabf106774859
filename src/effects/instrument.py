r"""An authority's habit of ending plans early or late, as an instrument for the length of its children's plans.

If a habit moves the length of plans and nothing else that brings children back, risks differ between authorities of
early and late habit only by what length does. The habit of a child's authority is the mean length (or share) over all
its other families, so that no child's own length is in it. With Z the habit, D the length, W what is adjusted for, and
pseudo-values Y of the cumulative incidence, the effect per unit of D is

.. math:: \hat\beta = \hat\gamma_Y / \hat\gamma_D

of the coefficients of Z in least squares of Y and of D on Z and W. Its interval is that of Anderson and Rubin: it
holds however weak the instrument is, and may be without end. Errors are by authority: it is authorities that are
sampled, not children.

References
----------
Kjaersgaard and Parner (2016), *Instrumental variable method for time-to-event data using a pseudo-observation
approach*, Biometrics 72; Brookhart and Schneeweiss (2007), International Journal of Biostatistics 3, on preference as
instrument; Anderson and Rubin (1949), Annals of Mathematical Statistics 20; Staiger and Stock (1997), Econometrica 65,
for the F of 10.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from ..models.features.encoder import FeatureEncoder
from ..models.metrics.pseudo_observations import pseudo_values
from ..models.numerics.partialled import PartialledRegressor, ratio_interval
from ..parameter_checks import shown
from .known_features import known_at_start

if TYPE_CHECKING:
    from ..plans.cohort import Cohort

LEVEL = 0.95
WEAK = 10.0
LEAST_AUTHORITIES = 10


@dataclass(frozen=True)
class InstrumentalEffect:
    """What :func:`authority_instrument` found.

    Attributes
    ----------
    table : DataFrame
        Per ``time``: ``estimate`` (change of the risk per unit of the treatment), ``lower``, ``upper`` (infinite where
        the data set no end, both where they say nothing; NaN where they exclude a middle part only), ``unadjusted``:
        the coefficient of the treatment itself by least squares, with the same adjustment, for comparison.
    first_stage : Series
        ``coefficient`` of habit, ``std_error``, ``F``; below 10 the instrument is weak.
    balance : DataFrame
        Per measured feature: by how many standard deviations it differs per standard deviation of the habit, with
        ``lower``, ``upper``: features that go with the habit cast doubt on what is not measured.
    n_children, n_authorities : int
    assumptions : tuple of str
    """

    table: pd.DataFrame = field(repr=False)
    first_stage: pd.Series
    balance: pd.DataFrame = field(repr=False)
    n_children: int
    n_authorities: int
    assumptions: tuple[str, ...] = field(repr=False)

    @property
    def words(self) -> str:
        """Strength, balance and finding in a few sentences."""
        strength = self.first_stage["F"]
        lines = [f"{self.n_children:,} children in {self.n_authorities:,} authorities."]
        weak = f" (below {WEAK:g}: weak, only the interval can be trusted)" if strength < WEAK else ""
        lines.append(f"The habit moves the treatment with F = {strength:.1f}{weak}.")
        apart = self.balance.index[(self.balance["lower"] > 0) | (self.balance["upper"] < 0)]
        by_chance = (1 - LEVEL) * len(self.balance)
        lines.append(
            f"{len(apart)} of {len(self.balance)} measured features go with the habit beyond noise "
            f"({by_chance:.0f} would by chance)."
        )
        last = self.table.iloc[-1]
        size, *bounds = (100 * last[name] for name in ("estimate", "lower", "upper"))
        said = "beyond noise" if last["lower"] > 0 or last["upper"] < 0 else "no more than noise"
        interval = f"{bounds[0]:.2f} to {bounds[1]:.2f}"
        lines.append(
            f"Risk by day {self.table.index[-1]:g}, per unit: {size:+.2f} percentage points ({interval}): {said}."
        )
        return " ".join(lines)

    def __repr__(self) -> str:
        """Words and table."""
        return f"{self.words}\n{self.table.round(5).to_string()}"

    def _repr_html_(self) -> str:
        listed = "".join(f"<li>{line}</li>" for line in self.assumptions)
        tables = self.table.round(5).to_html(border=0) + self.balance.round(3).to_html(border=0)
        return f"<p>{self.words}</p>{tables}<p>It is the effect if:</p><ul>{listed}</ul>"


def authority_instrument(
    cohort: Cohort, treatment: Any, times: Any, *, adjust: Any = None, event: int = 1
) -> InstrumentalEffect:
    """Effect of a treatment on the risk of an event, with the habit of the child's authority as instrument.

    Parameters
    ----------
    cohort : Cohort
        Of 10 or more authorities. Rows with delayed entry are left out.
    treatment : array, shape (n,)
        Such as ``cohort.X["plan_length_days"] / 30.4`` (months), or
        ``cohort.X["plan_length_days"] <= 91`` (ended early).
    times : array, shape (n_times,)
        Days.
    adjust : list of str, optional
        Columns of ``cohort.X`` known before the plan's length was: not reviews, nor age at its end. By default the
        child's sex, ethnicity, disability, first category and the factors of assessment.
    event : int

    Returns
    -------
    InstrumentalEffect

    Raises
    ------
    ValueError
        Fewer than 10 authorities, or no two habits.

    Examples
    --------
    >>> import secondplan as sp
    >>> cohort = sp.build_cohort(sp.simulate(n_children=6000, random_state=1))
    >>> found = sp.authority_instrument(cohort, cohort.X["plan_length_days"] <= 91, [365, 730])
    >>> list(found.table.index)
    [365.0, 730.0]
    """
    names = known_at_start(cohort.X.columns) if adjust is None else list(adjust)
    unknown = [name for name in names if name not in cohort.X.columns]
    if unknown:
        raise ValueError(f"adjust must name columns of the cohort, got {', '.join(unknown)}")
    treated = np.asarray(treatment, dtype=float)
    if treated.shape != (len(cohort),) or not np.isfinite(treated).all():
        raise ValueError(f"treatment must have {len(cohort)} finite values, one per child, got shape {treated.shape}")
    kept = np.flatnonzero(cohort.y["entry"].to_numpy() <= 0) if "entry" in cohort.y else np.arange(len(cohort))
    authority = pd.factorize(cohort.keys["la_code"].iloc[kept])[0]
    n_authorities = int(authority.max()) + 1 if kept.size else 0
    if n_authorities < LEAST_AUTHORITIES:
        raise ValueError(f"needs {LEAST_AUTHORITIES} or more authorities, got {shown(n_authorities)}")
    habit = _habit(treated[kept], authority, pd.factorize(cohort.cluster.iloc[kept])[0])
    usable = np.isfinite(habit)
    kept, authority, habit = kept[usable], authority[usable], habit[usable]
    encoder = FeatureEncoder(columns=names, numeric_missing="median", categorical_missing="level")
    features = encoder.fit_transform(cohort.X.iloc[kept]) if names else pd.DataFrame(index=range(kept.size))
    stage = PartialledRegressor(habit, features.to_numpy(), authority)
    if stage.variance < 1e-12:
        raise ValueError("the habit is the same in all authorities, or follows from what is adjusted for")
    days = np.atleast_1d(np.asarray(times, dtype=float))
    outcome = cohort.y.iloc[kept].reset_index(drop=True)
    y = pseudo_values(outcome, days, event=event)
    length = treated[kept]
    to_length, of_length = stage.slope(length)
    records = []
    own = PartialledRegressor(length, features.to_numpy(), authority)
    for k in range(days.size):
        to_risk, of_risk = stage.slope(y[:, k])
        bounds = ratio_interval(to_risk, to_length, of_risk, of_length, LEVEL)
        records.append((to_risk / to_length, *bounds, own.slope(y[:, k])[0]))
    error = float(np.sqrt(of_length @ of_length))
    index = pd.Index(days, name="time")
    return InstrumentalEffect(
        pd.DataFrame(records, index, ["estimate", "lower", "upper", "unadjusted"]),
        pd.Series({"coefficient": to_length, "std_error": error, "F": (to_length / error) ** 2}),
        _balance(habit, features, authority),
        int(kept.size),
        n_authorities,
        (
            "An authority's habit brings children back only through the length of their plans.",
            "Children of authorities of early and of late habit are alike in what was not measured.",
            "A later habit lengthens no child's plan less than an earlier one would (no defiers): the effect is of "
            "those children whose plans a habit moves.",
            "Children are censored regardless of what would have become of them.",
        ),
    )


def _habit(treated: np.ndarray, authority: np.ndarray, family: np.ndarray) -> np.ndarray:
    """Mean treatment of all other families of the authority; NaN where there is none."""
    total, count = np.bincount(authority, treated), np.bincount(authority)
    own_total, own_count = np.bincount(family, treated), np.bincount(family)
    left = count[authority] - own_count[family]
    out = np.full(treated.size, np.nan)
    return np.divide(total[authority] - own_total[family], left, out=out, where=left > 0)


def _balance(habit: np.ndarray, features: pd.DataFrame, authority: np.ndarray) -> pd.DataFrame:
    stage = PartialledRegressor(habit, np.empty((habit.size, 0)), authority)
    quantile = float(stdtrit(int(authority.max()), 0.5 + LEVEL / 2.0))
    records = []
    for name in features:
        slope, moved = stage.slope(features[name].to_numpy())
        scale = np.std(habit) / features[name].std()
        error = float(np.sqrt(moved @ moved))
        records.append(np.array([slope, slope - quantile * error, slope + quantile * error]) * scale)
    return pd.DataFrame(records, features.columns, ["difference", "lower", "upper"])
