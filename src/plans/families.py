"""Families: which children are siblings, and which identifiers are no families at all."""

import pandas as pd

# No family has so many children on record; such an identifier stands for "unknown" in the source system.
LARGEST_FAMILY = 30


def family_ids(children: pd.DataFrame) -> pd.Series:
    """The family of each child, missing where it is not known or where the identifier is a placeholder.

    Parameters
    ----------
    children : DataFrame
        ``child`` (int, unique), ``la_code``, ``family_id``.

    Returns
    -------
    Series of str, indexed by ``child``
        Identifiers that more than ``LARGEST_FAMILY`` children of an authority share are placeholders.
    """
    size = children.groupby(["la_code", "family_id"])["child"].transform("size")
    families = children["family_id"].mask((size > LARGEST_FAMILY).fillna(False).astype(bool))
    return families.set_axis(children["child"])


def clusters(keys: pd.DataFrame) -> pd.Series:
    """What is not independent shares a value: authority and family, or authority and child where no family is known.

    Parameters
    ----------
    keys : DataFrame
        ``la_code, child_id, family_id``.

    Returns
    -------
    Series of str, named ``cluster``, with the index of ``keys``
        ``"330/F12"``, or ``"330/child C7"``.
    """
    group = keys["family_id"].fillna("child " + keys["child_id"])
    return (keys["la_code"] + "/" + group).rename("cluster")
