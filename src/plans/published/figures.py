"""The published figures as tidy frames: England by year, each authority, second plans, factors, single figures.

Source: DfE, *Children in need* and *Characteristics of children in need* releases, Open Government Licence v3.0; where
each file comes from is in the README beside them. Counts of England and regions are rounded to 10 by DfE.
"""

from importlib.resources import files

import pandas as pd

from ..bands import PLAN_LENGTH_BANDS

MARKERS = {
    "c": "withheld: a count of 1 to 5, or one that would reveal such a count",
    "z": "does not apply",
    "x": "not available",
    "u": "of low reliability",
    ":": "not available",
}
"""DfE's markers in the place of a number, and what each means."""

NOT_GIVEN = "not given: withheld or not available"

_BAND_SLUGS = [band.replace(" ", "_") for band in PLAN_LENGTH_BANDS]
_AUTHORITY_BANDS = ("le3", "m3_6", "m6_12", "y1_2", "y2")
_ENGLAND_BANDS = ("d7_le3m", "d7_3to6m", "d7_6to12m", "d7_1to2y", "d7_2yplus")
_ENGLAND_NAMES = {
    "cpp_starting": "n_started",
    "cpp_subsequent": "n_second",
    "cpp_subsequent_pct": "pct_second",
    "cpp_ended": "n_ended",
    "cpp_ended_status": "ended_status",
    "cpp_at_31_March": "n_open",
    "reviewed_on_time_pct": "pct_reviewed_on_time",
    "referrals": "n_referrals",
    "rereferral_pct": "pct_rereferrals",
}
_AUTHORITY_NAMES = {
    "name": "la_name",
    "start": "n_started",
    "start_child": "n_children_started",
    "end": "n_ended",
    "end_child": "n_children_ended",
    "any": "n_any_point",
    "any_child": "n_children_any_point",
    "at31": "n_open",
    "within": "n_within_year_repeats",
    "w_rate": "within_year_repeats_per_ended",
    "sub_n": "n_second",
    "sub_p": "pct_second",
}
_SECOND_NAMES = {"CPP_start": "n_started", "CPP_subsequent": "n_second", "CPP_subsequent_percent": "pct_second"}
# Authorities that the file of second plans does not hold, by the region in which they lie.
_FURTHER_REGIONS = {"201": ("City of London", "Inner London"), "420": ("Isles of Scilly", "South West")}


def published_england() -> pd.DataFrame:
    """England by year, 2013 to 2025.

    Returns
    -------
    DataFrame
        Index ``year_ending`` (31 March). Columns ``n_started``, ``n_second`` and ``pct_second`` (second or subsequent,
        table D3), ``n_ended``, ``ended_status`` (``published``, or how it was worked out), ``n_open`` (at 31 March),
        ``n_<band>`` and ``pct_<band>`` of the plans that ended (table D7; the bands of
        :data:`~secondplan.plans.bands.PLAN_LENGTH_BANDS`), ``pct_reviewed_on_time``, ``n_referrals``,
        ``pct_rereferrals``. Missing where a year has no figure.

    Examples
    --------
    >>> published_england().loc[2018, ["n_started", "n_second", "pct_second"]].astype(float).tolist()
    [68770.0, 13900.0, 20.2]
    """
    table = _read("england_by_year.csv").rename(columns={**_ENGLAND_NAMES, **_band_names(_ENGLAND_BANDS)})
    index = pd.Index(table.pop("year_ending_31_March").astype(int), name="year_ending")
    numbers = table.drop(columns="ended_status").apply(_numbers)
    return numbers.assign(ended_status=table["ended_status"])[list(table)].set_axis(index)


def published_authorities() -> pd.DataFrame:
    """Each authority in the year ending 31 March 2018.

    Returns
    -------
    DataFrame
        Index ``la_code`` (three digits). Columns ``la_name``, ``region``, plans and children of table D1
        (``n_started``, ``n_children_started``, ``n_ended``, ``n_children_ended``, ``n_any_point``,
        ``n_children_any_point``, ``n_open``), ``n_within_year_repeats`` and ``within_year_repeats_per_ended``
        (computed), ``n_<band>`` and ``pct_<band>`` (table D7), ``n_second`` and ``pct_second`` (table D3), and
        ``missing_reason`` of the columns without a number (missing where there are none).

    Examples
    --------
    >>> published_authorities().loc["330", ["la_name", "region"]].tolist()
    ['Birmingham', 'West Midlands']
    """
    table = _read("local_authorities_2018.csv").rename(columns={**_AUTHORITY_NAMES, **_band_names(_AUTHORITY_BANDS)})
    code = pd.Index(table.pop("la").map(_three_digits), name="la_code")
    texts = table.drop(columns="la_name").set_axis(code)
    result = texts.apply(_numbers)
    result.insert(0, "la_name", table["la_name"].to_numpy())
    result.insert(1, "region", published_regions()["region"].reindex(code).to_numpy())
    return result.assign(missing_reason=_missing_reason(texts))


def published_second_plans() -> pd.DataFrame:
    """Second and subsequent plans of each authority by year, 2013 to 2025 (table D3).

    Returns
    -------
    DataFrame
        One row per year and authority: ``year_ending``, ``la_code``, ``new_la_code``, ``la_name``, ``region``,
        ``n_started``, ``n_second``, ``pct_second``, ``missing_reason``. An authority without a row in a year has no
        figure for it.

    Examples
    --------
    >>> second = published_second_plans()
    >>> second[second["la_code"].eq("330") & second["year_ending"].isin([2017, 2018])]["pct_second"].tolist()
    [24.0, 21.6]
    """
    table = _read("second_plans_by_local_authority.csv").rename(columns=_SECOND_NAMES)
    texts = table[list(_SECOND_NAMES.values())]
    result = pd.DataFrame(
        {
            "year_ending": table["time_period"].astype(int),
            "la_code": table["old_la_code"].map(_three_digits),
            "new_la_code": table["new_la_code"],
            "la_name": table["la_name"],
            "region": table["region_name"],
        }
    )
    return pd.concat([result, texts.apply(_numbers)], axis=1).assign(missing_reason=_missing_reason(texts))


def published_regions() -> pd.DataFrame:
    """Name and region of each authority, by its latest published row.

    Returns
    -------
    DataFrame
        Index ``la_code`` (three digits); columns ``la_name``, ``region``. Codes of authorities that are no more stay.

    Examples
    --------
    >>> published_regions().loc["330", "region"]
    'West Midlands'
    """
    table = _read("second_plans_by_local_authority.csv").sort_values("time_period", kind="stable")
    table["la_code"] = table["old_la_code"].map(_three_digits)
    latest = table.drop_duplicates("la_code", keep="last").set_index("la_code")
    regions = latest[["la_name", "region_name"]].set_axis(["la_name", "region"], axis=1)
    further = pd.DataFrame.from_dict(_FURTHER_REGIONS, orient="index", columns=["la_name", "region"])
    return pd.concat([regions, further]).sort_index().rename_axis("la_code")


def published_factors() -> pd.DataFrame:
    """Factors at the end of assessment in England, % of assessments, 2018 to 2025.

    Returns
    -------
    DataFrame
        One row per factor and year: ``factor``, ``year_ending``, ``pct``, ``missing_reason``. A factor without a figure
        in a year was not collected under that name.

    Examples
    --------
    >>> factors = published_factors().set_index(["factor", "year_ending"])
    >>> float(factors.loc[("Neglect", 2018), "pct"])
    18.4
    """
    table = _read("assessment_factors_england.csv")
    table = table.rename(columns={table.columns[0]: "factor"})
    tidy = table.melt(id_vars="factor", var_name="year_ending", value_name="text")
    tidy["year_ending"] = tidy["year_ending"].astype(int)
    reason = _missing_reason(tidy[["text"]])
    tidy = tidy.assign(pct=_numbers(tidy["text"]), missing_reason=reason).drop(columns="text")
    return tidy.sort_values(["factor", "year_ending"], kind="stable", ignore_index=True)


def published_figures() -> pd.DataFrame:
    """Single figures that no table holds, each with where it comes from.

    Returns
    -------
    DataFrame
        Index ``area``, ``year_ending``, ``figure``; columns ``value``, ``unit``, ``kind`` (``published`` by DfE,
        ``computed`` from published figures, ``reported`` by others), ``source``.

    Examples
    --------
    >>> float(published_figures().loc[("England", 2018, "within_year_repeats_pct_ended"), "value"])
    1.88
    """
    table = _read("single_figures.csv")
    table = table.assign(year_ending=table["year_ending"].astype(int), value=_numbers(table["value"]))
    return table.set_index(["area", "year_ending", "figure"]).sort_index()


def _read(name: str) -> pd.DataFrame:
    """A shipped file as text, empty cells as empty text."""
    with files(__package__).joinpath(name).open(encoding="utf-8") as stream:
        return pd.read_csv(stream, dtype=str, keep_default_na=False)


def _band_names(prefixes: tuple[str, ...]) -> dict[str, str]:
    """Columns of a file's bands to ours: ``<prefix>_n`` to ``n_<band>``, ``_p`` and ``_pct`` to ``pct_<band>``."""
    names: dict[str, str] = {}
    for prefix, slug in zip(prefixes, _BAND_SLUGS, strict=True):
        names |= {f"{prefix}_n": f"n_{slug}", f"{prefix}_p": f"pct_{slug}", f"{prefix}_pct": f"pct_{slug}"}
    return names


def _numbers(texts: pd.Series) -> pd.Series:
    """Numbers, missing where a cell is empty or holds a marker; any other text is an error of the file."""
    return texts.mask(texts.isin(["", *MARKERS])).astype(float)


def _missing_reason(texts: pd.DataFrame) -> pd.Series:
    """Why a row lacks numbers, by the first of its cells that does; missing where it lacks none."""
    meaning = {"": NOT_GIVEN, **MARKERS}
    reason = pd.Series(pd.NA, index=texts.index, dtype="string")
    for name in texts:
        reason = reason.fillna(texts[name].map(meaning).astype("string"))
    return reason


def _three_digits(code: str) -> str:
    return code.removesuffix(".0").zfill(3)
