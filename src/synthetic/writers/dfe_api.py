"""Write children as the DfE social care API takes them: a JSON array, or JSON lines, of one authority.

The format holds no category of abuse, no number of previous plans, no reviews, no families and no primary need. Every
record belongs to the episode of need that began last before it.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from ...errors import InputError
from ...files.whole import whole_file
from ...plans.store import Plans
from .one_authority import SEX_LETTERS, of_one_authority, placements

_EPISODE = ("referral_date", "referral_source", "closure_date", "closure_reason")
# Table -> the array of its records, the day that places them in an episode, and their members.
_PARTS = {
    "assessments": (
        "child_and_family_assessments",
        "start_date",
        {"start_date": "start_date", "authorisation_date": "authorisation_date", "factors": "factors"},
    ),
    "conferences": (
        "section_47_assessments",
        "conference_date",
        {"section47_start": "start_date", "conference_date": "icpc_date"},
    ),
    "plans": (
        "child_protection_plans",
        "start_date",
        {"plan_id": "child_protection_plan_id", "start_date": "start_date", "end_date": "end_date"},
    ),
    "care_episodes": (
        "child_looked_after_placements",
        "start_date",
        {"start_date": "start_date", "end_date": "end_date", "start_reason": "start_reason"},
    ),
    "involvements": (
        "care_worker_details",
        "start_date",
        {"worker_id": "worker_id", "start_date": "start_date", "end_date": "end_date"},
    ),
}


def write_dfe_api(
    plans: Plans, path: str | os.PathLike[str], *, lines: bool = False, la_code: str | None = None
) -> Path:
    """Write the children of one authority.

    Parameters
    ----------
    plans : Plans
        With ``cin_episodes`` of every child that has other records.
    path : path
        A file of the same name is replaced.
    lines : bool
        A child a line (JSON lines), instead of an array.
    la_code : str, optional
        Which authority, where there are several.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        The authority is not clear, or a child has records and no episode of need.
    OutputError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from secondplan import read_dfe_api
    >>> from secondplan import simulate
    >>> plans = simulate(n_children=20)
    >>> code = plans.children.loc[0, "la_code"]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = write_dfe_api(plans, f"{folder}/children.json", la_code=code)
    ...     read, _ = read_dfe_api(file, la_code=code)
    >>> set(read.plans["child_id"]) <= set(plans.plans["child_id"])
    True
    """
    file = Path(path)
    children = _children(of_one_authority(plans, la_code))
    with whole_file(file) as beside, beside.open("w", encoding="utf-8", newline="\n") as stream:
        for number, child in enumerate(children):
            text = json.dumps(child, ensure_ascii=False, allow_nan=False)
            stream.write(f"{text}\n" if lines else f"{',' if number else '['}\n{text}")
        stream.write("" if lines else "\n]\n")
    return file


def _children(own: dict[str, pd.DataFrame]) -> Iterator[dict[str, Any]]:
    """The children one by one; what cannot be written is found before the first."""
    care = placements(own["care_episodes"])
    # A placement that begins a period in care, or follows another one in it.
    care["start_reason"] = care["period"].duplicated().map({False: "S", True: "P"})
    episodes = own["cin_episodes"].sort_values(["child_id", "referral_date"], kind="stable", ignore_index=True)
    arrays = {table: _by_episode(table, own | {"care_episodes": care}, episodes) for table in _PARTS}
    of_child = episodes.groupby("child_id").indices
    referrals = {name: _values(episodes[name]) for name in _EPISODE}
    known = {name: _values(own["children"][name]) for name in own["children"]}
    return (
        {
            "la_child_id": child_id,
            "child_details": _details({name: values[place] for name, values in known.items()}),
            "social_care_episodes": [
                {
                    "social_care_episode_id": str(episode + 1),
                    **{name: values[episode] for name, values in referrals.items()},
                    **{array: arrays[table].get(episode, []) for table, (array, *_) in _PARTS.items()},
                    "purge": False,
                }
                for episode in of_child.get(child_id, [])
            ],
            "purge": False,
        }
        for place, child_id in enumerate(known["child_id"])
    )


def _details(child: dict[str, Any]) -> dict[str, Any]:
    disabilities = child["disabilities"]
    return {
        "date_of_birth": child["date_of_birth"],
        "expected_date_of_birth": child["expected_date_of_birth"],
        "sex": SEX_LETTERS.get(child["sex"] or "", "U"),
        "ethnicity": child["ethnicity"],
        "disabilities": disabilities.split(";") if disabilities else [],
        "purge": False,
    }


def _by_episode(table: str, own: dict[str, pd.DataFrame], episodes: pd.DataFrame) -> dict[int, list[dict[str, Any]]]:
    """The objects of one table by their episode's position: the last that began by then, else the child's first."""
    _, day, members = _PARTS[table]
    records = own[table].sort_values(day, kind="stable")
    begun = episodes[["child_id", "referral_date"]].assign(episode=range(len(episodes)))
    found = pd.merge_asof(
        records, begun.sort_values("referral_date"), left_on=day, right_on="referral_date", by="child_id"
    )
    first = begun.drop_duplicates("child_id").set_index("child_id")["episode"].reindex(found["child_id"])
    episode = found["episode"].fillna(first.reset_index(drop=True))
    if episode.isna().any():
        raise InputError(f"{int(episode.isna().sum())} rows of {table} are of children without an episode of need")
    values = {name: _values(found[column]) for column, name in members.items()}
    if "factors" in values:
        values["factors"] = [text.split(";") if text else [] for text in values["factors"]]
    objects: dict[int, list[dict[str, Any]]] = {}
    for place, number in enumerate(episode.astype(int)):
        objects.setdefault(number, []).append({name: column[place] for name, column in values.items()})
    return objects


def _values(column: pd.Series) -> list[Any]:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = column.dt.strftime("%Y-%m-%d")
    return [None if pd.isna(value) else str(value) for value in column]
