"""When each authority's children were under observation: the spans of time that its extracts cover."""

import pandas as pd

from ..errors import InputError

# Stands for "since always" where an extract does not say from when it covers.
BEGINNING = pd.Timestamp("1900-01-01")
SPAN_COLUMNS = ["la_code", "first_date", "last_date"]


def observed_spans(extract: pd.DataFrame, la_codes: pd.Series, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
    """The spans without a gap that each authority's extracts cover, as they were on ``as_of``.

    Extracts that overlap or follow each other without a day between them (yearly census files) make one span; a
    missing year makes two. What happens in a gap is not seen, so that observation ends where a span ends.

    Parameters
    ----------
    extract : DataFrame
        One row per source file: ``la_code``, ``first_date`` (missing: since always), ``extract_date``.
    la_codes : Series of str
        Authorities that have plans; each must be observed up to some date.
    as_of : Timestamp, optional
        Nothing after this date is observed. An authority without an extract date is observed up to it.

    Returns
    -------
    DataFrame
        ``la_code``, ``first_date``, ``last_date``, sorted. An authority whose extracts all begin after ``as_of`` has
        no row.

    Raises
    ------
    InputError
        Authorities with plans have no extract date and no ``as_of`` is given: the end of observation is not known.
    """
    dated = extract.loc[extract["extract_date"].notna(), ["la_code", "first_date", "extract_date"]]
    without = pd.Index(la_codes.dropna().unique()).difference(pd.Index(dated["la_code"].unique()))
    if len(without) and as_of is None:
        raise InputError(
            f"{len(without)} authorities have plans but no extract date, so that the end of observation is not known; "
            "complete the extract table or give as_of"
        )
    spans = dated.rename(columns={"extract_date": "last_date"})
    if len(without):
        everything = pd.DataFrame({"la_code": without, "first_date": BEGINNING, "last_date": as_of})
        spans = pd.concat([spans, everything], ignore_index=True) if len(spans) else everything
    spans = spans.astype(
        {"la_code": "string", "first_date": "datetime64[us]", "last_date": "datetime64[us]"}
    ).reset_index(drop=True)
    spans["first_date"] = spans["first_date"].fillna(BEGINNING)
    if as_of is not None:
        spans = spans[spans["first_date"] <= as_of].copy()
        spans["last_date"] = spans["last_date"].clip(upper=as_of)
    return _joined(spans[spans["first_date"] <= spans["last_date"]])


def last_dates(spans: pd.DataFrame) -> pd.Series:
    """The last day of observation of each authority, indexed by ``la_code``."""
    return spans.groupby("la_code")["last_date"].max()


def span_at(la_code: pd.Series, date: pd.Series, spans: pd.DataFrame) -> pd.DataFrame:
    """The span that covers each authority's date or, where none does, the next one that begins after it.

    Returns
    -------
    DataFrame
        ``span_first``, ``span_last`` in the order and with the index of ``date``; missing where no span ends on or
        after the date.
    """
    asked = pd.DataFrame({"la_code": la_code, "date": date, "row": range(len(date))}).sort_values("date", kind="stable")
    ends = spans.rename(columns={"first_date": "span_first", "last_date": "span_last"}).assign(date=spans["last_date"])
    found = pd.merge_asof(asked, ends.sort_values("date"), on="date", by="la_code", direction="forward")
    return found.sort_values("row")[["span_first", "span_last"]].set_axis(date.index)


def _joined(spans: pd.DataFrame) -> pd.DataFrame:
    """Spans that overlap or touch, as one."""
    spans = spans.sort_values(["la_code", "first_date", "last_date"], kind="stable")
    reached = spans.groupby("la_code")["last_date"].cummax().groupby(spans["la_code"]).shift()
    begins = reached.isna() | (spans["first_date"] > reached + pd.Timedelta(days=1))
    joined = spans.assign(number=begins.cumsum()).groupby("number", as_index=False)
    result = joined.agg(la_code=("la_code", "first"), first_date=("first_date", "min"), last_date=("last_date", "max"))
    return result[SPAN_COLUMNS]
