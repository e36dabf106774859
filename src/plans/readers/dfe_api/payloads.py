"""What payloads leave behind when each corrects those before it.

A record is known by its child and the identifier that the source gives it; where it has none, or one payload uses one
for several first days, by its first day. Of several versions of a record a given value wins over a missing one and a
later over an earlier one, so that a version which holds little more than the identifier keeps the rest. A closing date
counts as taken back only where a later version says null.

A version marked to be deleted takes back the versions before it: of a child with all that belongs to it, of an episode
with its parts, or of one record. What comes after it stands.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ...codes import without_decimals
from ...dates import NO_DATE, read_date, to_text
from ...quality import KEPT, REJECTED, REPAIRED, FindingLog
from ..records.records import KEYS
from ..records.stacking import stack_rows
from .rows import CLOSINGS, MARKS

_OWNER = "owner"
_NAME = "name"
_MOST_CHILDREN = 2**32
_DETAILS = ("date_of_birth", "expected_date_of_birth", "sex", "ethnicity", "disabilities")


def current_records(
    versions: Mapping[str, pd.DataFrame], log: FindingLog, beside: FindingLog
) -> dict[str, pd.DataFrame]:
    """The records as the last payload leaves them.

    Parameters
    ----------
    versions : mapping of table to DataFrame
        As in `ApiRows`, with ``file`` in the order in which payloads were made.
    log : FindingLog
        Gets findings about records that stand.
    beside : FindingLog
        Gets a finding for each version that is no record of its own: deleted, or merged into another.

    Returns
    -------
    dict of str to DataFrame
        One row for each record: the place of its first version, and the table's columns. Of children all versions that
        were not deleted.
    """
    placed = {table: _placed(table, frame) for table, frame in versions.items()}
    placed = {table: _with_named_episodes(frame, placed["cin_episodes"]) for table, frame in placed.items()}
    children = placed["children"]
    deleted = children.loc[children["is_purged"] == True]  # noqa: E712  ("details" is no deletion of the child)
    children_gone = deleted.groupby(_OWNER)["at"].max()
    episodes = placed["cin_episodes"]
    episodes_gone = episodes.loc[episodes["is_purged"].astype(bool)].groupby([_OWNER, "episode"])["at"].max()
    return {
        table: _standing(table, _remaining(table, frame, children_gone, episodes_gone, beside), log, beside)
        for table, frame in placed.items()
    }


def _placed(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The versions, with whose they are (``owner``), which record (``name``), and when among all (``at``)."""
    number = pd.Series([f"#{place}" for place in range(len(frame))], index=frame.index, dtype=object)
    owner = frame["child_id"].map(without_decimals, na_action="ignore").astype(object).fillna(number)
    days = [name for name in KEYS[table] if name not in ("la_code", "child_id")]
    at = frame["file"] * _MOST_CHILDREN + frame["at"]
    if not days:
        return frame.assign(**{_OWNER: owner, _NAME: "", "at": at})
    told = frame[days].apply(_as_told)
    by_day = pd.Series("", index=frame.index, dtype=object)
    for day in days:
        by_day = by_day + "@" + told[day].fillna("").astype(object)
    by_day = by_day.where(told.notna().all(axis=1), number)
    given = frame[["record_id", "file"]].assign(**{_OWNER: owner, "day": told[days[0]]})
    n_days = given.groupby([_OWNER, "record_id", "file"])["day"].transform("nunique")
    is_name = n_days.groupby([owner, frame["record_id"]]).transform("max") <= 1
    name = frame["record_id"].where(is_name.fillna(False).astype(bool), by_day)
    # A version without a name is one of the only record that has one and began on its day.
    is_named = frame["record_id"].notna() & (name != by_day)
    named = pd.DataFrame({_OWNER: owner, "day": by_day, _NAME: name})[is_named].drop_duplicates()
    named = named[~named.duplicated([_OWNER, "day"], keep=False)].set_index([_OWNER, "day"])[_NAME]
    adopted = named.reindex(pd.MultiIndex.from_arrays([owner, by_day])).set_axis(frame.index)
    name = name.where(frame["record_id"].notna(), adopted.fillna(by_day))
    return frame.assign(**{_OWNER: owner, _NAME: name, "at": at})


def _as_told(column: pd.Series) -> pd.Series:
    """Dates in one form; what is no date as it is."""
    days = {text: read_date(text)[0] for text in column.dropna().unique()}
    return column.map({text: text if day == NO_DATE else to_text(day) for text, day in days.items()}).astype(object)


def _with_named_episodes(frame: pd.DataFrame, episodes: pd.DataFrame) -> pd.DataFrame:
    """The versions whose episode is known by its day only, with the name of that episode where it has one."""
    is_unnamed = frame["episode"].str.startswith("@").eq(True)
    if not is_unnamed.any():
        return frame
    names = episodes.drop_duplicates([_OWNER, "episode"]).set_index([_OWNER, "episode"])[_NAME]
    found = names.reindex(pd.MultiIndex.from_frame(frame.loc[is_unnamed, [_OWNER, "episode"]]))
    named = frame["episode"].copy()
    named[is_unnamed] = found.set_axis(named[is_unnamed].index).fillna(named[is_unnamed])
    return frame.assign(episode=named)


def _remaining(
    table: str, frame: pd.DataFrame, children_gone: pd.Series, episodes_gone: pd.Series, beside: FindingLog
) -> pd.DataFrame:
    """The versions that are not deleted, nor taken back by a later one that is."""
    is_purged = (frame["is_purged"] == True).to_numpy(dtype=bool)  # noqa: E712
    gone = [frame[_OWNER].map(children_gone).to_numpy(dtype=float)]
    if table != "children":
        gone.append(episodes_gone.reindex(pd.MultiIndex.from_frame(frame[[_OWNER, "episode"]])).to_numpy(dtype=float))
        own = frame[is_purged].groupby([_OWNER, _NAME])["at"].max()
        gone.append(own.reindex(pd.MultiIndex.from_frame(frame[[_OWNER, _NAME]])).to_numpy(dtype=float))
    is_taken_back = (np.nan_to_num(np.array(gone), nan=-1.0) > frame["at"].to_numpy()).any(axis=0) & ~is_purged
    known = frame[~is_purged].groupby([_OWNER, _NAME])["at"].min()
    first = known.reindex(pd.MultiIndex.from_frame(frame[[_OWNER, _NAME]])).to_numpy(dtype=float)
    is_unmatched = is_purged & ~(first < frame["at"].to_numpy())
    beside.add_rows("record-withdrawn", table, REJECTED, frame[is_taken_back | (is_purged & ~is_unmatched)])
    beside.add_rows("purge-unmatched", table, REJECTED, frame[is_unmatched])
    return frame[~(is_purged | is_taken_back)]


def _standing(table: str, frame: pd.DataFrame, log: FindingLog, beside: FindingLog) -> pd.DataFrame:
    """One row for each record, its versions joined."""
    if frame.empty:
        return frame.drop(columns=[*MARKS, _OWNER, _NAME])
    if table == "children":
        frame = _without_deleted_details(frame, log)
        return frame.drop(columns=[*MARKS, _OWNER, _NAME])
    closing = CLOSINGS.get(table)
    rows = frame.assign(extract=frame["file"])
    if closing:
        rows["is_closing_unusable"] = rows[closing].isna() & ~rows["says_open"].astype(bool)
    rows = rows.drop(columns=[name for name in MARKS if name != "record_id"]).reset_index(drop=True)
    reopened = "plan-reopened" if table == "plans" else None
    records = stack_rows(rows, table, [_OWNER, _NAME], beside, closing=closing, reopened=reopened)
    first_day = next(name for name in KEYS[table] if name not in ("la_code", "child_id", "worker_id"))
    if table == "plans":
        n_days = rows.groupby([_OWNER, _NAME], sort=False)[first_day].nunique().to_numpy()
        log.add_rows("start-corrected", table, REPAIRED, records[n_days > 1], column=first_day)
    if table == "cin_episodes":
        was_closed = rows.groupby([_OWNER, _NAME], sort=False)[closing].count().to_numpy() > 0
        records["closure_reason"] = records["closure_reason"].mask(was_closed & records[closing].isna(), None)
    is_unmatched = records[first_day].isna() & records["record_id"].notna()
    log.add_rows("update-unmatched", table, KEPT, records[is_unmatched])
    return records[[name for name in frame if name not in (*MARKS, _OWNER, _NAME)]]


def _without_deleted_details(children: pd.DataFrame, log: FindingLog) -> pd.DataFrame:
    """The versions of children without the details that a later one deletes."""
    deleted = children[children["is_purged"] == "details"].groupby(_OWNER)["at"].max()
    is_deleted = children[_OWNER].map(deleted) > children["at"]
    if not is_deleted.any():
        return children
    log.add_rows("details-withdrawn", "children", REPAIRED, children[is_deleted])
    return children.assign(**{name: children[name].mask(is_deleted, None) for name in _DETAILS})
