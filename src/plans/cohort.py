"""The cohort: children whose plan ended, what was known on that day, and what came next.

What counts as a second plan is decided in :mod:`~secondplan.plans.sequence`, what ends follow-up in
:mod:`~secondplan.plans.follow_up`, who is under observation, and from when, here.

**Who is left out.** Nobody is in the cohort who was not at risk of a second plan from the day the plan ended: not a
child in care on that day, nor one who had died, been adopted or left under special guardianship, nor an adult.

**Plans that ended before the extract begins.** Such a plan is often on record only because the child came back: a
census lists the plans that were open in the year, so that an older plan is seen through a newer one. To follow these
children would select on the outcome; they are left out. Where an authority's extract lists old plans whatever happened
later, the children are under observation from its first day on, and have delayed entry. ``"auto"`` tells the two apart
by the records themselves: where at least half of an authority's old plans have no later plan, it lists them regardless
(in England about one child in five has a later plan; where only a later plan brings up an old one, all have). Where
the listing depends on something else that foretells a second plan, such as a case still open, say ``"exclude"``.

**First plans.** A child whose first plan on record reports earlier plans has had them before the extract begins, or
elsewhere: it is not a first plan. Where nothing is reported, first means first on record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ..given_dates import given_date, given_dates
from ..parameter_checks import require_choice
from ..small_counts import count_words
from .codes import UNKNOWN_AUTHORITY
from .families import clusters
from .features import case_features
from .flow import Exclusion, NeverRows, apply_exclusions, require_rows
from .follow_up import EVENT_NAMES, add_follow_up, eligible_days, outcomes
from .index_plans import (
    CARE_CHOICES,
    KEY_COLUMNS,
    held_elsewhere,
    not_at_risk,
    not_first,
    own_periods,
    take_rows,
    with_families,
)
from .provenance import SYNTHETIC, source_kinds
from .snapshot import Snapshot, take_snapshot

if TYPE_CHECKING:
    from .store import Plans

INDEX_CHOICES = ("first", "every")
OWN_TABLE = "a table"  # the kind of source of ``Cohort.of_table``
BEFORE_EXTRACT_CHOICES = ("auto", "delayed_entry", "exclude")
SHARE_WITHOUT_LATER_PLAN = 0.5


@dataclass(frozen=True, repr=False)
class Cohort:
    """Children whose index plan ended, one row each, aligned by position.

    Attributes
    ----------
    X : DataFrame, n rows
        Case features known on the day the plan ended; see :func:`~secondplan.plans.features.case_features`.
    y : DataFrame, n rows
        ``entry``, ``duration`` (float, days from the plan's end), ``event`` (0 censored, 1 second plan, 2 entered care,
        3 left otherwise, 4 eighteenth birthday).
    keys : DataFrame, n rows
        ``child_id, plan_id, family_id, la_code, index_end``. For linking results back; never a feature.
    eligible_days : Series of float, n rows
        Days from the plan's end to the 18th birthday; infinite where no birth date is known.
    flow : DataFrame
        ``step, n_left_out, n_remaining, reason``: who was left out, and why.
    care : {"competing", "ignore"}
    as_of : Timestamp
        The day up to which anything was known.
    missing_features : tuple of str
        Features that the extract cannot give.
    notes : tuple of str
        What limits the analysis, for a reader.
    sources : tuple of str
        Kinds of sources that the extract names: ``synthetic``, ``CIN census``; without names of files.
    """

    X: pd.DataFrame
    y: pd.DataFrame
    keys: pd.DataFrame
    eligible_days: pd.Series
    flow: pd.DataFrame
    care: str
    as_of: pd.Timestamp
    missing_features: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def __len__(self) -> int:
        """The number of index plans."""
        return len(self.X)

    @classmethod
    def of_table(
        cls,
        X: Any,
        y: Any,
        *,
        cluster: Any = None,
        eligible_days: Any = None,
        index_end: Any = None,
        la_code: Any = None,
    ) -> Cohort:
        """A cohort of a table that is no plan store, for what takes a cohort: comparisons, permutations, tables.

        Parameters
        ----------
        X : DataFrame or ndarray, n rows
            Features.
        y : DataFrame or anything that ``check_outcome`` takes, n rows
            ``duration, event`` and, where observation begins late, ``entry``; 1 is the event that is asked about.
        cluster : array, shape (n,), optional
            Rows that share a value, such as the family, are not independent.
        eligible_days : array, shape (n,), optional
            Days to the 18th birthday, or to what else ends the time at risk for certain.
        index_end : array of dates, shape (n,), optional
            The day from which each row is followed: needed by :class:`~secondplan.TemporalSplit`.
        la_code : array, shape (n,), optional
            The place of each row: needed by :class:`~secondplan.LeaveOneAuthorityOut`.

        Raises
        ------
        ValueError
            Lengths differ, or outcomes break a rule of :func:`~secondplan.check_outcome`.

        Examples
        --------
        >>> Cohort.of_table([[3.0], [7.0]], {"duration": [20, 400], "event": [1, 0]}, cluster=["a", "b"])
        Cohort of 2 rows of a table; censored: fewer than 6; event 1: fewer than 6
        """
        # Here, as who reads plans needs no scikit-learn.
        from ..models.features.encoder import as_frame
        from ..models.inputs.cluster_levels import check_cluster
        from ..models.inputs.labels import refuse_other_order
        from ..models.inputs.outcome import check_outcome

        refuse_other_order(X=X, y=y, cluster=cluster, eligible_days=eligible_days, index_end=index_end, la_code=la_code)
        frame = as_frame(X).reset_index(drop=True)
        outcome = check_outcome(y, n_rows=len(frame))
        for name, value in {"cluster": cluster, "index_end": index_end, "la_code": la_code}.items():
            if value is not None and len(value) != len(frame):
                raise ValueError(f"{name} has {len(value)} rows, X has {len(frame)}")
        check_cluster(cluster, len(frame))
        row = pd.Series(np.arange(len(frame))).astype(str)
        unknown = np.full(len(row), "NaT", "datetime64[us]")
        ends = pd.Series(unknown if index_end is None else given_dates(np.asarray(index_end), "index_end"))
        keys = pd.DataFrame(
            {
                "child_id": row,
                "plan_id": row,
                "family_id": None if cluster is None else pd.Series(np.asarray(cluster)).astype(str),
                "la_code": UNKNOWN_AUTHORITY if la_code is None else pd.Series(np.asarray(la_code)).astype(str),
                "index_end": ends,
            }
        )
        return cls(
            X=frame,
            y=outcome.to_frame()[["entry", "duration", "event"]],
            keys=keys,
            eligible_days=pd.Series(np.broadcast_to(np.inf if eligible_days is None else eligible_days, len(frame))),
            flow=pd.DataFrame(
                {"step": ["rows of the table"], "n_left_out": [0], "n_remaining": [len(frame)], "reason": [""]}
            ),
            care="competing",
            as_of=(ends + pd.to_timedelta(outcome.duration, unit="D")).max(),
            sources=(OWN_TABLE,),
        )

    @property
    def cluster(self) -> pd.Series:
        """What shares a value is not independent: the authority and family, or the child where that is unknown."""
        return clusters(self.keys)

    def take(self, rows: Any) -> Cohort:
        """The cohort of ``rows`` (positions or a boolean mask); ``flow`` stays that of the whole."""
        X, y, keys, days = take_rows(rows, self.X, self.y, self.keys, self.eligible_days)
        return replace(self, X=X, y=y, keys=keys, eligible_days=days)

    @property
    def is_synthetic(self) -> bool:
        """Whether some of these children were made by a simulator: nothing learned from them holds for real ones."""
        return SYNTHETIC in self.sources

    def __repr__(self) -> str:
        """Counts only: no record of a child."""
        counts = self.y["event"].value_counts().sort_index()
        own = OWN_TABLE in self.sources
        names = {} if own else EVENT_NAMES
        what = "rows of a table" if own else f"ended plans as of {self.as_of:%Y-%m-%d}"
        words = (names.get(code, f"event {code}" if code else "censored") for code in counts.index)
        listed = "; ".join(f"{word}: {count_words(count)}" for word, count in zip(words, counts, strict=True))
        return f"Cohort of {len(self):,} {what}; {listed}"

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{note}</p>" for note in self.notes)
        return f"<p>{self!r}</p>{self.flow.to_html(index=False)}{notes}"


def build_cohort(
    plans: Plans,
    *,
    index: Literal["first", "every"] = "first",
    as_of: Any = None,
    washout_days: int = 0,
    care: Literal["competing", "ignore"] = "competing",
    before_extract: Literal["auto", "delayed_entry", "exclude"] = "auto",
) -> Cohort:
    """Ended plans, the features known on the day each ended, and what came next.

    Parameters
    ----------
    plans : Plans
    index : {"first", "every"}
        Whose end is time 0: the child's first plan, or each ended plan in turn (for repeated events: a child then has
        several rows, and a row's follow-up ends where the next plan begins). There is no "last": whether a plan is the
        last is known only from what follows it.
    as_of : date, optional
        As though the extract had been made on that day: nothing later is used. By default each authority's last
        extract date, which also stands where ``as_of`` is later.
    washout_days : int
        A plan that starts fewer than so many days after the end of the one before continues it.
    care : {"competing", "ignore"}
        With ``"competing"`` entering care is event 2 and children in care when the plan ended are left out. With
        ``"ignore"`` care plays no part, as in the official figure for second plans.
    before_extract : {"auto", "delayed_entry", "exclude"}
        What becomes of plans that ended before the extract begins; see the module's description.

    Returns
    -------
    Cohort
        Rows in the order of authority, child and plan start.

    Raises
    ------
    EmptyCohortError
        Nobody is left; the message names the step that left out most.
    InputError
        Authorities with plans have no extract date and ``as_of`` is not given.
    ValueError
        An option is not one of those listed, or ``washout_days`` is negative.

    Examples
    --------
    >>> from secondplan import simulate
    >>> cohort = build_cohort(simulate(n_children=60))
    >>> list(cohort.y)
    ['entry', 'duration', 'event']
    >>> int(cohort.flow["n_remaining"].iloc[-1]) == len(cohort)
    True
    """
    require_choice("index", index, INDEX_CHOICES)
    require_choice("care", care, CARE_CHOICES)
    require_choice("before_extract", before_extract, BEFORE_EXTRACT_CHOICES)
    if washout_days < 0:
        raise ValueError(f"washout_days must not be negative, got {washout_days}")
    snapshot = take_snapshot(plans, None if as_of is None else given_date(as_of, "as_of"))
    periods, period_of_plan, elsewhere = own_periods(snapshot, washout_days)
    candidates = periods[periods["position"] == 0] if index == "first" else periods
    ended = candidates[candidates["end_date"].notna()]
    rows = add_follow_up(ended.assign(index_end=ended["end_date"], period=ended.index), snapshot)
    y = outcomes(rows, care=care)

    if index == "first":
        n_elsewhere = elsewhere.loc[~elsewhere["child"].isin(periods["child"]), "child"].nunique()
    else:
        n_elsewhere = len(elsewhere)
    kept, flow = apply_exclusions(
        len(rows),
        "children on a plan" if index == "first" else "periods on a plan",
        [
            *([not_first(rows)] if index == "first" else []),
            *_not_observed(rows, before_extract),
            *not_at_risk(rows, care),
            Exclusion(
                "follow-up over before observation began",
                "the outcome came before the extract's first day",
                ((y["entry"] > 0) & (y["entry"] >= y["duration"])).to_numpy(),
            ),
        ],
        before=[
            held_elsewhere(n_elsewhere),
            NeverRows("plan not ended", "it was open, or its end not known", len(candidates) - len(ended)),
        ],
    )
    require_rows(flow, "can be analysed")

    rows = with_families(rows[kept].reset_index(drop=True), snapshot)
    y = y[kept].reset_index(drop=True)
    X, missing = case_features(rows, snapshot, period_of_plan)
    return Cohort(
        X=X,
        y=y,
        keys=rows[KEY_COLUMNS].copy(),
        eligible_days=eligible_days(rows),
        flow=flow,
        care=care,
        as_of=snapshot.as_of,
        missing_features=missing,
        notes=_notes(snapshot, y, care, index),
        sources=source_kinds(plans.extract["source"]),
    )


def _not_observed(rows: pd.DataFrame, before_extract: str) -> list[Exclusion]:
    late = rows["index_end"] < rows["span_first"]
    if before_extract == "delayed_entry":
        unlisted = np.zeros(len(rows), dtype=bool)
    elif before_extract == "exclude":
        unlisted = late.to_numpy()
    else:
        visible = late & ~(rows["next_start"] < rows["span_first"])
        without_later = rows["next_start"].isna()[visible].groupby(rows["la_code"][visible]).mean()
        lists_all = without_later.index[without_later >= SHARE_WITHOUT_LATER_PLAN]
        unlisted = (late & ~rows["la_code"].isin(lists_all)).to_numpy()
    return [
        Exclusion(
            "ended before the extract begins",
            "on record only through what came later; to follow them would select on the outcome",
            unlisted,
        ),
        Exclusion(
            "ended outside the extract",
            "no extract covers the time after the plan's end",
            rows["span_last"].isna().to_numpy(),
        ),
    ]


def _notes(snapshot: Snapshot, y: pd.DataFrame, care: str, index: str) -> tuple[str, ...]:
    notes = []
    if care == "competing" and snapshot.care_episodes.empty:
        notes.append("There are no care episodes in the data: children who entered care count as still at risk.")
    if index == "first" and snapshot.plans["previous_plans_reported"].isna().all():
        notes.append("No plan reports the number of earlier ones: first plan means first on record.")
    n_late = int((y["entry"] > 0).sum())
    if n_late:
        notes.append(f"{n_late} children come under observation only after their plan ended (delayed entry).")
    return tuple(notes)
