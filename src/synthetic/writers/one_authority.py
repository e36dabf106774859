"""The records of one authority, and its placements and letters of sex: what the SSD and the DfE API hold alike."""

import pandas as pd

from ...errors import InputError
from ...plans.store import Plans

SEX_LETTERS = {"1": "M", "2": "F", "0": "U", "9": "U"}
"""Census code of sex -> the letter that the SSD and the DfE API have for it."""


def of_one_authority(plans: Plans, la_code: str | None) -> dict[str, pd.DataFrame]:
    """The tables of the authority ``la_code``, with fresh row indexes.

    Raises
    ------
    InputError
        There are several authorities and ``la_code`` is not given, or no child is of ``la_code``.
    """
    codes = sorted(plans.children["la_code"].unique())
    if la_code is None and len(codes) != 1:
        raise InputError(f"the data are of {len(codes)} authorities and the format holds one; give la_code")
    code = codes[0] if la_code is None else la_code
    if code not in codes:
        raise InputError("no child is of the authority la_code")
    tables = {name: frame for name, frame in plans.tables.items() if name != "reviews"}
    own = {name: frame[frame["la_code"] == code] for name, frame in tables.items()}
    own["reviews"] = plans.reviews[plans.reviews["plan_id"].isin(own["plans"]["plan_id"])]
    return {name: frame.reset_index(drop=True) for name, frame in own.items()}


def placements(care: pd.DataFrame) -> pd.DataFrame:
    """Periods in care as placements: one that lasts over half a year changes its placement after three months.

    Returns
    -------
    DataFrame
        The columns of ``care``, and ``period`` (number of the period, from 1): one row per placement.
    """
    care = care.assign(period=range(1, len(care) + 1))
    change = (care["start_date"] + pd.Timedelta(days=91)).astype(care["start_date"].dtype)
    changes = care["end_date"].isna() | (care["end_date"] - care["start_date"] > pd.Timedelta(days=182))
    first = care.assign(end_date=care["end_date"].mask(changes, change))
    second = care[changes].assign(start_date=change[changes])
    return pd.concat([first, second]).sort_values(["period", "start_date"], kind="stable", ignore_index=True)
