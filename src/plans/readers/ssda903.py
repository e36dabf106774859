"""Periods in care from the SSDA903 return, joined to plans of another source that has none (the CIN census).

The return's episodes file, or the ``EPISODE`` elements of its XML (:mod:`.ssda903_xml`), have a row for each change of
placement or legal status: ``CHILD``, ``DECOM`` (start), ``DEC`` (end), ``LS`` (legal status), ``RNE`` (reason for the
new episode), ``REC`` (why the episode ceased), and others that are not needed. Years are stacked: the last file that
holds an episode (child and start) tells whether it has ended; an open episode that another follows ends when that
begins. Episodes that follow each other are one period (:mod:`.records.care_periods`), but for one that starts new care
(``RNE`` S) unless the one before says that another begins at once (``REC`` X1). After X1 with nothing behind it care
goes on.

How care ceased tells of more: a death (``REC`` E2) is the child's date of death, where the plans have none; adoption
(E11, E12), special guardianship (E43 to E48) and care taken over by another authority (E3) close the child's episode of
need that is open on that day, with the census's closure reasons RC1, RC4 and RC5.

Episodes of an agreed series of short
breaks (``LS`` V3 and V4) are no periods in care, as in the official statistics. A period that began before the first
year starts with the episode that was open when that year began: earlier ones are in no file.

Children are matched by authority and identifier; the return holds children in care who never had a plan, so that many
rows may match nobody. Where a header file is read too, its dates of birth check the match.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ...errors import InputError
from ..calendar_months import dates_by_key
from ..quality import KEPT, NOTED, REJECTED, REPAIRED, FindingLog, QualityReport
from ..schema import column_names
from ..store import Plans
from .files.sheets import SUFFIXES, Headed, find_headings, read_sheets, words
from .files.source_files import Paths, find_files, short_names
from .records.cleaning import DATES, IDENTIFIERS, clean_texts, says_nothing
from .records.extracts import check_authority, latest_day
from .records.records import stack_table
from .ssda903_xml import is_xml, read_xml

SHORT_BREAKS = ("V3", "V4")
_EPISODES = {"child": "child_id", "decom": "start_date", "dec": "end_date", "ls": "legal_status"} | {
    **{"rne": "began", "rec": "ceased"}
}
_DIED, _GOES_ON, _NEW_CARE = "E2", "X1", "S"
_CLOSURES = {
    **dict.fromkeys(("E11", "E12"), "RC1"),
    **dict.fromkeys(("E43", "E44", "E45", "E46", "E47", "E48"), "RC4"),
    "E3": "RC5",
}
"""Why care ceased -> the census's reason for closing an episode of need."""
_HEADER = {"child": "child_id", "dob": "date_of_birth"}
_COVERED = pd.Timedelta(days=92)


def add_care_episodes(plans: Plans, paths: Paths, *, la_code: str | None = None) -> tuple[Plans, QualityReport]:
    """Join the periods in care of SSDA903 returns to plans.

    Parameters
    ----------
    plans : Plans
    paths : path, or iterable of paths
        Returns as XML, or episodes files (CSV or Excel), of one or many years, and header files; or folders. Other
        files of the return are passed over.
    la_code : str, optional
        The authority whose return it is; needed where the plans are of several.

    Returns
    -------
    plans : Plans
        With ``care_episodes`` of that authority in place of those that it had, and deaths and closures of episodes of
        need that the return tells of and the plans do not.
    report : QualityReport
        What became of every episode.

    Raises
    ------
    InputError
        A file is missing or cannot be read, none is an episodes file, or it is not clear whose return it is.

    Examples
    --------
    >>> from secondplan import read_cin_census
    >>> plans, _ = read_cin_census("returns/")                                 # doctest: +SKIP
    >>> plans, report = add_care_episodes(plans, "ssda903_episodes.csv")       # doctest: +SKIP
    """
    authority = _authority(plans, la_code)
    log = FindingLog()
    skipped: dict[str, int] = {}
    episodes, headers = _read_files(find_files(paths, (*SUFFIXES, ".xml"), "SSDA903 file"), log, skipped)
    known = plans.children[plans.children["la_code"] == authority].set_index("child_id")
    _check_births(headers, known, log)
    kept = _in_care(episodes.assign(la_code=authority), known, log)
    plans = _with_departures(plans, kept, authority, log)
    periods = stack_table("care_episodes", kept, log)[column_names("care_episodes")]
    _note_cover(plans, authority, episodes, log)
    n_rows, n_periods = {"care_episodes": len(episodes)}, {"care_episodes": len(periods)}
    report = QualityReport.of("SSDA903", n_rows, n_periods, log.to_frame(), skipped)
    others = plans.care_episodes[plans.care_episodes["la_code"] != authority]
    care = pd.concat([others, periods], ignore_index=True) if len(others) else periods
    return replace(plans, care_episodes=care), report


def _authority(plans: Plans, la_code: str | None) -> str:
    check_authority(la_code)
    found = sorted(plans.children["la_code"].unique())
    if la_code is None and len(found) != 1:
        raise InputError(f"the plans are of {len(found)} authorities; say whose SSDA903 return it is (la_code)")
    authority = la_code or str(found[0])
    if authority not in found:
        raise InputError(f"the plans hold no child of authority {authority}")
    return authority


def _read_files(files: list[Path], log: FindingLog, skipped: dict[str, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The episodes of all files, ordered by year, and the rows of header files."""
    episodes, headers = [], []
    for path, name in zip(files, short_names(files), strict=True):
        if is_xml(path):
            of_file, of_children = read_xml(path, name)
            log.files.append(name)
            if len(of_file):
                episodes.append(_entry(_of_return(of_file, _EPISODES, len(log.files) - 1), name))
            headers.append(_of_return(of_children, _HEADER, len(log.files) - 1))
            continue
        for sheet in read_sheets(path, name):
            headed = find_headings(sheet, lambda cell: words(cell) in {*_EPISODES, *_HEADER}, 2)
            has = set() if headed is None else {words(heading) for heading in headed.headings}
            if headed is not None and has >= {"child", "decom", "dec"}:
                log.files.append(sheet.place)
                rows = _rows(headed, _EPISODES, len(log.files) - 1)
                log.add_rows("row-ragged", "care_episodes", KEPT, rows[headed.is_ragged])
                episodes.append(_entry(rows, name))
            elif headed is not None and has >= {"child", "dob"} and "decom" not in has:
                log.files.append(sheet.place)
                headers.append(_rows(headed, _HEADER, len(log.files) - 1))
            elif sheet.rows:
                label = f"rows of other files ({sheet.place})"
                skipped[label] = skipped.get(label, 0) + len(sheet.rows)
    if not episodes:
        raise InputError(f"{files[0]}: is no episodes file of SSDA903, with headings CHILD, DECOM and DEC")
    episodes.sort(key=lambda entry: entry[:2])
    placed = [rows.assign(extract=number) for number, (_, _, rows) in enumerate(episodes)]
    empty = pd.DataFrame({"child_id": [], "date_of_birth": []}, dtype=object)
    return pd.concat(placed, ignore_index=True), pd.concat(headers, ignore_index=True) if headers else empty


def _rows(headed: Headed, names: dict[str, str], file: int) -> pd.DataFrame:
    places = {words(heading): place for place, heading in reversed(list(enumerate(headed.headings)))}
    rows = headed.to_frame({heading: places[heading] for heading in names if heading in places}, file)
    return _of_return(rows, names, file)


def _of_return(rows: pd.DataFrame, names: dict[str, str], file: int) -> pd.DataFrame:
    """The rows with the columns of ``names`` as they are called here; placeholders are missing from the start."""
    place = [name for name in ("row", "line") if name in rows]
    texts = {
        name: rows[heading].astype(object).mask(says_nothing(rows[heading]), None)
        if heading in rows
        else pd.Series(None, index=rows.index, dtype=object)
        for heading, name in names.items()
    }
    return pd.DataFrame({"file": file, **{name: rows[name].astype("int64") for name in place}, **texts})


def _entry(rows: pd.DataFrame, name: str) -> tuple[int, str, pd.DataFrame]:
    """The episodes of one file with what orders files: its last day and its name."""
    return latest_day([rows["start_date"], rows["end_date"]]) or 0, name, rows


def _in_care(episodes: pd.DataFrame, known: pd.DataFrame, log: FindingLog) -> pd.DataFrame:
    """The episodes of children who are in the data, without short breaks, closed where another follows."""
    for name in ("legal_status", "began", "ceased"):
        episodes[name] = episodes[name].map(lambda code: str(code).upper(), na_action="ignore").astype(object)
    is_break = episodes["legal_status"].isin(SHORT_BREAKS).to_numpy(dtype=bool)
    log.add_rows("short-break", "care_episodes", REJECTED, episodes[is_break])
    episodes = episodes[~is_break]
    child, _ = clean_texts(episodes["child_id"], IDENTIFIERS)
    is_other = (child.notna() & ~child.isin(known.index)).to_numpy(dtype=bool)
    log.add_rows("child-not-in-plans", "care_episodes", REJECTED, episodes[is_other])
    if len(episodes) and is_other[child.notna().to_numpy()].all():
        log.add("no-child-matched", "care_episodes", NOTED)
    start, _ = clean_texts(episodes["start_date"], DATES)
    keys = pd.DataFrame({"child": child, "start": start})[~is_other].dropna()
    told = _closed_by_next(_as_last_told(episodes[~is_other], keys), keys, log)
    # A later return leaves out what had ended: it must not be taken for one that tells of the whole period.
    return told.assign(extract=0)


def _as_last_told(episodes: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """Every copy of an episode with the end, or none, that the last file gives, and the reasons."""
    last = keys.reset_index().groupby(["child", "start"])["index"].transform("last")
    told = episodes.copy()
    for name in ("end_date", "began", "ceased"):
        told.loc[keys.index, name] = episodes[name].reindex(last).to_numpy(dtype=object)
    return told


def _closed_by_next(episodes: pd.DataFrame, keys: pd.DataFrame, log: FindingLog) -> pd.DataFrame:
    """Open episodes that another follows end when it begins; and which start new care (``begins_anew``).

    Where the last episode ceased as another begins at once, care goes on: it has no end.
    """
    starts = keys.drop_duplicates().sort_values(["child", "start"], kind="stable")
    goes_on = episodes["ceased"].reindex(starts.index).eq(_GOES_ON)
    is_new = episodes["began"].reindex(starts.index).eq(_NEW_CARE)
    by_child = starts["child"]
    starts = starts.assign(
        next=starts.groupby("child")["start"].shift(-1),
        begins_anew=is_new & ~goes_on.groupby(by_child).shift(fill_value=False),
        goes_on=goes_on,
    )
    around = keys.merge(starts, on=["child", "start"], how="left").set_axis(keys.index).reindex(episodes.index)
    # An end that cannot be read, or stands for none, is no end either.
    end, problems = clean_texts(episodes["end_date"], DATES)
    is_unread = (problems == "date-unreadable") & around["next"].notna()
    log.add_rows("date-unreadable", "care_episodes", REPAIRED, episodes[is_unread], column="end_date")
    is_left_open = end.isna() & around["next"].notna()
    log.add_rows("episode-left-open", "care_episodes", REPAIRED, episodes[is_left_open], column="end_date")
    is_last = around["goes_on"].eq(True) & around["next"].isna() & episodes["end_date"].notna()
    log.add_rows("care-goes-on", "care_episodes", REPAIRED, episodes[is_last], column="end_date")
    ends = episodes["end_date"].where(~is_left_open, around["next"].dt.strftime("%Y-%m-%d")).mask(is_last, None)
    begins_anew = around["begins_anew"].eq(True).to_numpy(dtype=bool)
    return episodes.assign(end_date=ends.astype(object).where(ends.notna(), None), begins_anew=begins_anew)


def _with_departures(plans: Plans, episodes: pd.DataFrame, authority: str, log: FindingLog) -> Plans:
    """The plans with the deaths, adoptions, special guardianships and transfers that end care and that they lack."""
    ended = episodes.assign(
        child_id=clean_texts(episodes["child_id"], IDENTIFIERS)[0].astype(object),
        on=clean_texts(episodes["end_date"], DATES)[0],
    ).dropna(subset=["child_id", "on"])
    last = ended.sort_values("on", kind="stable").drop_duplicates("child_id", keep="last")
    children, needs = plans.children.copy(), plans.cin_episodes.copy()
    died = last[last["ceased"] == _DIED].set_index("child_id")["on"]
    is_told = (
        (children["la_code"] == authority) & children["date_of_death"].isna() & children["child_id"].isin(died.index)
    )
    children.loc[is_told, "date_of_death"] = dates_by_key(children.loc[is_told, "child_id"].astype(object), died)
    log.add_rows(
        "death-told-by-care", "care_episodes", KEPT, last[last["child_id"].isin(children.loc[is_told, "child_id"])]
    )
    left = last.assign(reason=last["ceased"].map(_CLOSURES)).dropna(subset=["reason"]).set_index("child_id")
    on = dates_by_key(needs["child_id"].astype(object), left["on"])
    is_open = (needs["la_code"] == authority) & (needs["referral_date"] <= on) & needs["closure_reason"].isna()
    is_open = (is_open & (needs["closure_date"].isna() | (needs["closure_date"] >= on))).fillna(False).astype(bool)
    # Of several open episodes the one that began last is the child's case.
    is_open &= ~needs[is_open].duplicated("child_id", keep="last").reindex(needs.index, fill_value=False)
    needs.loc[is_open, "closure_date"] = on[is_open]
    needs.loc[is_open, "closure_reason"] = needs.loc[is_open, "child_id"].astype(object).map(left["reason"])
    closed = last[last["child_id"].isin(needs.loc[is_open, "child_id"].astype(object))]
    log.add_rows("closure-told-by-care", "care_episodes", KEPT, closed)
    return replace(plans, children=children, cin_episodes=needs)


def _check_births(headers: pd.DataFrame, known: pd.DataFrame, log: FindingLog) -> None:
    """A finding for each child whose date of birth in the return is another than in the plans."""
    if headers.empty:
        return
    child, _ = clean_texts(headers["child_id"], IDENTIFIERS)
    birth, _ = clean_texts(headers["date_of_birth"], DATES)
    expected = pd.Series(known["date_of_birth"].reindex(child.astype(object)).array, index=headers.index)
    differs = (birth.notna() & expected.notna() & (birth != expected)).to_numpy(dtype=bool)
    log.add_rows("birth-date-differs", "children", KEPT, headers[differs], column="date_of_birth")


def _note_cover(plans: Plans, authority: str, episodes: pd.DataFrame, log: FindingLog) -> None:
    last = latest_day([episodes["start_date"], episodes["end_date"]])
    seen = plans.extract.loc[plans.extract["la_code"] == authority, "extract_date"].max()
    if last is not None and pd.notna(seen) and np.datetime64(last, "D") < np.datetime64(seen - _COVERED, "D"):
        log.add("care-not-covered", "care_episodes", NOTED)
