"""CSV that a spreadsheet cannot take for formulas."""

from __future__ import annotations

import pandas as pd

# What spreadsheets begin a formula with, full-width forms included; a tab, CR or LF may come before one.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def guarded(text: str) -> str:
    """``text`` with an apostrophe before it, if a spreadsheet could take it for a formula (OWASP, "CSV Injection")."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def guarded_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy of ``frame`` with guarded texts and column names; numbers stay numbers."""
    safe = frame.rename(columns=lambda name: guarded(str(name)))
    for name in safe.columns:
        if isinstance(safe[name].dtype, pd.StringDtype) or safe[name].dtype == object:
            risky = safe[name].astype("string").str.startswith(FORMULA_STARTS).fillna(False)
            if risky.any():
                safe[name] = safe[name].astype("string").mask(risky, "'" + safe[name].astype("string"))
    return safe
