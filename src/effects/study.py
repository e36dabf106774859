"""One study of plan length: the naive picture, and what each way to adjust makes of it, side by side.

Three estimates are from the plan's end, of the DfE bands of length: the model's risk averaged over all children
(standardised), children weighted to be alike (weighted), and both at once (doubly robust). The fourth, an emulated
trial, begins when the plan starts, and asks about strategies: a child whose plan is to end late must first stay on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..caller_warnings import lines_of, warn, without_repeats
from ..models.cause_specific.model import CauseSpecificCox
from ..models.cox.model import CoxPH
from ..models.features.encoder import FeatureEncoder
from ..models.inputs.outcome import check_outcome
from ..parameter_checks import shown
from ..plans.cohort import build_cohort
from ..plans.disclosure import withheld_in_parts
from ..plans.strategies import Strategy
from ..progress import track
from .doubly_robust import doubly_robust_risk
from .known_features import known_at_start
from .length_weights import LengthWeights, plan_length_weights
from .levels import FOLLOW_FROM_LENGTH, joined_levels
from .result import ESTIMATES, EffectResult
from .sensitivity import TippingPoint, tipping_point
from .standardised import standardised_risk
from .trial.emulated_trial import DEFAULT_STRATEGIES, EmulatedTrial, emulate_trial
from .weighted import weighted_risk

if TYPE_CHECKING:
    from ..plans.cohort import Cohort
    from ..plans.store import Plans

BAND = "plan_length_band"
AGE_AT_START = "age_at_start"
USUAL_LENGTH = "over 6 months to under 1 year"
# It brings plans to their end, and goes with what comes after it.
PROGRESS = "latest_progress"
YARDSTICKS = {
    "the progress at the last review": (PROGRESS,),
    "domestic abuse and neglect": ("factor_domestic_abuse", "factor_neglect"),
    "earlier referrals": ("n_previous_referrals", "n_previous_episodes"),
}
DAYS_OF_A_YEAR = 365.25
NOISE = 0.05
WITHOUT = "without "
UNADJUSTED = "unadjusted"
NAIVE = "risk of a second plan among children with each level, as they are"
ALIKE = "Children whose plans were of different lengths are alike in all else that bears on a second plan."
EIGHTEENTH_BIRTHDAY = 4
EVENTS_PER_COLUMN = 10


@dataclass(frozen=True, repr=False)
class EffectStudy:
    """What :func:`effect_study` found.

    Attributes
    ----------
    estimates : dict of str to EffectResult
        From the plan's end, by method: ``unadjusted``, ``standardised``, ``weighted`` and, where nobody has delayed
        entry, ``doubly robust``.
    trial : EmulatedTrial or None
        From the plan's start; None where no strategy was asked for.
    tipping : TippingPoint
        Of the standardised difference.
    weights : LengthWeights
        With balance and overlap of the bands.
    adjusted_for : tuple of str
    left_out : tuple of str
        Columns asked for that the data cannot give, or of which all children of some length have one value.
    warnings : tuple of str
        What was warned of while it was estimated, such as children who all but never have some length.
    """

    estimates: dict[str, EffectResult]
    trial: EmulatedTrial | None
    tipping: TippingPoint
    weights: LengthWeights = field(repr=False)
    adjusted_for: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=(), repr=False)

    @property
    def table(self) -> pd.DataFrame:
        """Risks: method, level, time (days after the plan's end), estimate, std_error, lower, upper.

        An unadjusted risk with its error is a count: that of 1 to 5 second plans, and what would give it away, is NaN.
        """
        return self._stacked({name: result.table for name, result in self.estimates.items()})

    @property
    def differences(self) -> pd.DataFrame:
        """Differences of risks from the reference level: method, level, reference, time, estimate, ..., p_value.

        NaN as in ``table``.
        """
        return self._stacked({name: result.difference() for name, result in self.estimates.items()})

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What must hold for the adjusted estimates to be effects, each once."""
        adjusted = [result for name, result in self.estimates.items() if name != UNADJUSTED]
        results = [*adjusted, *([self.trial.risk] if self.trial is not None else [])]
        said = [line for result in results for line in result.assumptions]
        held = _held(self.adjusted_for)
        if held:
            names = ", ".join(held).replace("_", " ")
            said.append(
                f"From the plan's end, what follows from length too is held as it was: {names}. What length does "
                "through it is not counted."
            )
        if PROGRESS not in self.adjusted_for:
            said.append(
                "The progress that reviews find is not adjusted for, though it decides which plans end: it must say "
                "nothing of second plans beyond the other columns."
            )
        return tuple(dict.fromkeys(said))

    @property
    def words(self) -> tuple[str, ...]:
        """The finding of each method at the last day, in a sentence each."""
        lines = []
        differences = self.differences
        for name, rows in differences[differences["time"] == differences["time"].max()].groupby("method", sort=False):
            row = rows.iloc[0]
            lines.append(f"{name[:1].upper()}{name[1:]}: {_compared(row, row['level'], row['reference'], 'end')}")
        if self.trial is not None:
            rows = self.trial.risk.difference()
            for _, row in rows[rows["time"] == rows["time"].max()].iterrows():
                lines.append(f"Emulated trial: {_compared(row, row['strategy'], row['reference'], 'start')}")
        return tuple(lines)

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Differences from the reference level by method; see :func:`secondplan.plots.plot_effect_methods`."""
        from ..plots import plot_effect_methods

        return plot_effect_methods(self.differences, ax=ax, **options)

    def __repr__(self) -> str:
        """The findings in words, and what they rest on."""
        return "\n".join([*self.words, f"Adjusted for: {', '.join(self.adjusted_for)}.", self.tipping.words])

    def _repr_html_(self) -> str:
        found = "".join(f"<li>{escape(line)}</li>" for line in self.words)
        assumed = "".join(f"<li>{escape(line)}</li>" for line in self.assumptions)
        table = self.differences.round(4).to_html(index=False, border=0)
        warned = "".join(f"<li>{escape(line)}</li>" for line in self.warnings)
        table += f"<p>Warned of:</p><ul>{warned}</ul>" if warned else ""
        return f"<ul>{found}</ul>{table}<p>These are effects if:</p><ul>{assumed}</ul>{self.tipping._repr_html_()}"

    def _stacked(self, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
        stacked = pd.concat(tables, names=["method"]).reset_index(level=0).reset_index(drop=True)
        naive = self.estimates[UNADJUSTED]
        assert naive.counts is not None
        few = np.column_stack([withheld_in_parts(day) for day in naive.counts.T])
        day = pd.Index(naive.times).get_indexer(stacked["time"])
        of = [pd.Index(naive.levels).get_indexer(stacked[name]) for name in ("level", "reference") if name in stacked]
        hidden = stacked["method"].eq(UNADJUSTED) & np.any([few[level, day] for level in of], axis=0)
        numbers = [name for name in (*ESTIMATES, "p_value") if name in stacked]
        stacked.loc[hidden, numbers] = np.nan
        return stacked


def effect_study(
    plans: Plans,
    *,
    cohort: Cohort | None = None,
    adjust: Sequence[str] | None = None,
    bands: Mapping[str, Sequence[str]] | None = None,
    times: Sequence[float] = (365, 730),
    reference: str | None = None,
    strategies: Sequence[Strategy] | None = DEFAULT_STRATEGIES,
    trial_times: Sequence[int] = (365, 730, 1095),
    yardsticks: Mapping[str, Sequence[str]] | None = None,
) -> EffectStudy:
    """Estimate the effect of plan length on second plans in four ways, beside the naive difference.

    Parameters
    ----------
    plans : Plans
    cohort : Cohort, optional
        By default that of ``build_cohort``.
    adjust : list of str, optional
        Columns of the cohort, and ``age_at_start``, that may move both length and second plans and were known when it
        was decided to end the plan. By default the child's age, sex, ethnicity and disability, the first category,
        earlier referrals and episodes, the factors of assessment, and progress at the last review where it is recorded.
        What a longer plan would have changed of them (progress) is held as it was.
    bands : mapping of str to list of str, optional
        Neighbouring bands of length that count as one, where some have too few children:
        ``{"1 year and over": ["1 to under 2 years", "2 years and over"]}``.
    times : sequence of float
        Days after the plan's end.
    reference : str, optional
        The band against which differences are; by default over 6 months to under 1 year.
    strategies : sequence of NotBefore and EndBy, or None
        Of the emulated trial; None leaves it out.
    trial_times : sequence of int
        Days after the plan's start.
    yardsticks : mapping of str to list of str, optional
        Features that are left out together, to see by how much they move the difference; by default domestic abuse with
        neglect, and earlier referrals.

    Returns
    -------
    EffectStudy

    Raises
    ------
    ValueError
        A name in ``adjust`` is no column, ``bands`` cannot be joined, ``reference`` is no band of the data, or
        ``yardsticks`` names what is not adjusted for.

    Notes
    -----
    See :func:`standardised_risk`, :func:`weighted_risk`, :func:`doubly_robust_risk` and :func:`emulate_trial` for
    estimands, variances and sources. The 18th birthday: in standardised risks each child's own, as its plan ended.

    Examples
    --------
    >>> import secondplan as sp
    >>> plans = sp.simulate(n_children=2500, random_state=1)
    >>> study = sp.effect_study(plans, adjust=["disabled", "factor_neglect"], strategies=None, times=[365])
    >>> list(study.estimates)[:3]
    ['unadjusted', 'standardised', 'weighted']
    """
    with without_repeats() as warned:
        cohort = _followed(build_cohort(plans) if cohort is None else cohort)
        X, names, left_out = _features(cohort, adjust, bands)
        band = X[BAND]
        if reference is None:
            usual = next((new for new, joined in (bands or {}).items() if USUAL_LENGTH in joined), USUAL_LENGTH)
            reference = usual if usual in set(band) else str(band.value_counts().idxmax())
        if reference not in set(band):
            raise ValueError(
                f"reference must be one of {', '.join(map(str, band.cat.categories))}; got {shown(reference)}"
            )
        asked: dict[str, Any] = {"times": list(times), "reference": reference}
        cluster = cohort.cluster.reset_index(drop=True)
        y, days = cohort.y.reset_index(drop=True), cohort.eligible_days.to_numpy()
        levels: dict[str, Any] = {"treatment": BAND, "levels": [str(level) for level in band.cat.categories]}

        def standardised(columns: Sequence[str]) -> EffectResult:
            model = _model(X[[BAND, *columns]], y).fit(X, y, cluster=cluster)
            return standardised_risk(
                model, X, hold=_held(columns), eligible_days=days, cluster=cluster, **levels, **asked
            )

        weights = plan_length_weights(X[names], band, encoder=_encoder(names))
        careful = {"errors": "leave_one_out", **asked}  # few children of some level a column, in most stores
        known: dict[str, Any] = {"y": y, "treatment": band, "cluster": cluster}
        steps: dict[str, Callable[[], EffectResult]] = {
            UNADJUSTED: partial(weighted_risk, weights=np.ones(len(X)), **known, **asked),
            "standardised": partial(standardised, names),
            "weighted": partial(weighted_risk, weights=weights, **known, **careful),
        }
        if not (y["entry"] > 0).any():  # it is not known with delayed entry
            columns = [BAND, *names]
            censoring = CoxPH(event=0, encoder=_encoder(columns))
            held = _held(names)
            given = {"treatment": BAND, "cluster": cluster, "eligible_days": days, "hold": held, "censoring": censoring}
            steps["doubly robust"] = partial(
                doubly_robust_risk, _model(X[columns], y), weights, X[columns], y, **given, **careful
            )
        for name, left in _yardsticks(yardsticks, names).items():
            steps[WITHOUT + name] = partial(standardised, [column for column in names if column not in left])
        found = {name: step() for name, step in track(steps.items(), "Estimating the effect", total=len(steps))}
        found[UNADJUSTED] = replace(found[UNADJUSTED], estimand=NAIVE, assumptions=(ALIKE,))
        estimates = {name: result for name, result in found.items() if not name.startswith(WITHOUT)}
        smaller = {name.removeprefix(WITHOUT): result for name, result in found.items() if name.startswith(WITHOUT)}
        trial = None
        if strategies:
            trial = emulate_trial(plans, strategies, times=tuple(trial_times), as_of=cohort.as_of)
        tipping = tipping_point(estimates["standardised"], smaller, reference=reference)
    return EffectStudy(estimates, trial, tipping, weights, tuple(names), left_out, lines_of(warned))


def _followed(cohort: Cohort) -> Cohort:
    """The cohort without those who were gone on the day the plan ended, of whom no outcome could be seen."""
    gone = check_outcome(cohort.y).never_followed
    return cohort.take(np.flatnonzero(~gone)) if gone.any() else cohort


def _features(
    cohort: Cohort, adjust: Sequence[str] | None, bands: Mapping[str, Sequence[str]] | None
) -> tuple[pd.DataFrame, list[str], tuple[str, ...]]:
    """The rows with their band and what is adjusted for; columns of one value, or that the data lack, are left out."""
    X = cohort.X.reset_index(drop=True)
    X = X.assign(**{AGE_AT_START: X["age_at_end"] - X["plan_length_days"] / DAYS_OF_A_YEAR})
    X[BAND] = joined_levels(X[BAND], bands or {}, "bands").cat.remove_unused_categories()
    if adjust is None:
        progress = [PROGRESS] if PROGRESS in X.columns else []
        names = [AGE_AT_START, *known_at_start(X.columns), *progress]
    else:
        names = list(adjust)
        unknown = [name for name in names if name not in X.columns]
        if unknown:
            raise ValueError(f"adjust must name columns of the cohort or {AGE_AT_START}, got {', '.join(unknown)}")
    for name in names:
        if isinstance(X[name].dtype, pd.CategoricalDtype):
            X[name] = _without_rare_levels(X[name], X[BAND])
    left_out = tuple(name for name in names if name in cohort.missing_features or X[name].nunique(dropna=True) < 2)
    apart = tuple(name for name in names if name not in left_out and _parts_a_band(X[name], X[BAND]))
    if apart:
        warn(
            f"not adjusted for, as all children of some length have one value of it: {', '.join(apart)}; no weights "
            "make lengths alike in it, but bands=... can join that length to its neighbour"
        )
        left_out += apart
    return X, [name for name in names if name not in left_out], left_out


def _held(columns: Sequence[str]) -> list[str]:
    """What is adjusted for although it follows from length: it stays as it was."""
    return [column for column in columns if column in FOLLOW_FROM_LENGTH]


def _without_rare_levels(column: pd.Series, band: pd.Series) -> pd.Series:
    """Levels that no child of some band has count as the most frequent one: weights cannot make bands alike in them."""
    counts = pd.crosstab(column, band)
    rare = set(counts.index[(counts == 0).any(axis=1)])
    return column.mask(column.isin(rare), column.value_counts().idxmax()).cat.remove_unused_categories()


def _parts_a_band(column: pd.Series, band: pd.Series) -> bool:
    """Whether all children of some band have the least of its values, or the largest."""
    if not pd.api.types.is_numeric_dtype(column):
        return False
    values = column.astype("Float64")
    ends = values.groupby(band, observed=True).agg(["min", "max"])
    is_one = ends["min"].eq(ends["max"]) & ends["min"].isin([values.min(), values.max()])
    return bool(is_one.any())


def _encoder(columns: Sequence[str]) -> FeatureEncoder:
    return FeatureEncoder(columns=list(columns), numeric_missing="median", categorical_missing="level")


def _model(X: pd.DataFrame, y: pd.DataFrame) -> CauseSpecificCox:
    """A model of every event; one that is too rare to carry all columns, or a band, has the child's age only."""
    counts = pd.crosstab(X[BAND], y["event"])
    known_end = EIGHTEENTH_BIRTHDAY if EIGHTEENTH_BIRTHDAY in counts else None
    few = [column for column in X.columns if column == AGE_AT_START]
    of_rare = {
        int(event): few
        for event in counts.columns.difference([0, 1, known_end])
        if counts[event].sum() < EVENTS_PER_COLUMN * len(X.columns) or (counts[event] == 0).any()
    }
    return CauseSpecificCox(
        encoder=_encoder(list(X.columns)), known_end_event=known_end, columns_by_event=of_rare or None
    )


def _yardsticks(asked: Mapping[str, Sequence[str]] | None, names: Sequence[str]) -> dict[str, list[str]]:
    if asked is None:
        found = {name: [column for column in columns if column in names] for name, columns in YARDSTICKS.items()}
        return {name: columns for name, columns in found.items() if columns}
    for name, columns in asked.items():
        foreign = [column for column in columns if column not in names]
        if foreign:
            raise ValueError(f"yardsticks: {name} names what is not adjusted for: {', '.join(foreign)}")
    return {name: list(columns) for name, columns in asked.items()}


def _compared(row: pd.Series, level: str, reference: str, since: str) -> str:
    """One difference in words."""
    compared = f"{level} against {reference}, {row['time']:g} days after the plan's {since}"
    size, low, high = (100 * row[name] for name in ("estimate", "lower", "upper"))
    if np.isnan(size):
        return f"{compared}: not shown, as it is not known or would reveal a number of 1 to 5 children."
    said = "beyond noise" if row["p_value"] < NOISE else "no more than noise"
    return f"{compared}: {size:+.1f} percentage points ({low:+.1f} to {high:+.1f}), {said}."
