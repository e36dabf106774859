"""Identifiers of children that differ only in capitals, blanks or leading zeros: often one child in two ways."""

import pandas as pd

_CHILD = ["la_code", "child_id"]


def resembles_another(records: pd.DataFrame, children: pd.DataFrame) -> pd.Series:
    """Whether the identifier of each record's child resembles that of another child of the authority.

    They are never joined: "0123" and "123" may be two children, and only their authority knows.

    Parameters
    ----------
    records, children : DataFrame
        ``la_code``, ``child_id``; children are those of either.

    Returns
    -------
    Series of bool, indexed as ``records``
    """
    known = pd.concat([frame[_CHILD].astype("string") for frame in (records, children)]).drop_duplicates()
    core = known["child_id"].str.replace(r"\s+", "", regex=True).str.lower().str.lstrip("0")
    doubtful = known[core.groupby([known["la_code"], core]).transform("size") > 1]
    own = pd.MultiIndex.from_frame(records[_CHILD].astype("string"))
    return pd.Series(own.isin(pd.MultiIndex.from_frame(doubtful)), index=records.index)
