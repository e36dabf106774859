"""Reading the Standard Safeguarding Dataset (SSD): a folder of its tables, or a database.

How the SSD becomes plans
-------------------------
Tables are known by their fields (``cppl_...``), whatever their files and views are called; any of them but
``ssd_cp_plans`` may be missing, and so may fields that one of the case-management systems does not have. Identifiers
may be numbers or text, categories and sexes words or codes, dates timestamps; ``NULL``, ``SSD_PH`` and an identifier of
-1 are no value, and no value is never "no".

- Siblings are children linked by ``ssd_family`` or ``ssd_mother``, directly or through others
  (:mod:`.sibling_links`).
- Factors are an array of codes or an object of codes with yes and no; disabilities are rows of their own.
- Episodes in care that follow each other without a gap are one period (:mod:`..records.care_periods`).
- Conferences and reviews without a day were planned or not recorded; they are left out.
- An involvement that names a referral and no child is the referral's child's.

What the SSD does not hold
--------------------------
The number of previous plans as reported, the absent agencies, and, by its usual rule, plans that ended more than six
years before the extract: observation of a child begins six years before it, unless ``first_date`` says otherwise.
"""

import os
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from ....errors import InputError
from ....files.database import is_database
from ...quality import FindingLog, QualityReport
from ...store import Plans
from ..records.combining import combine_rows
from ..records.extract_span import ExtractFacts, as_one_extract
from ..records.extracts import ExtractDate
from .fields import NEEDED
from .from_database import read_database
from .from_folder import read_folder
from .rows import SsdTables, ssd_rows

LOOK_BACK_YEARS = 6
"""Records that ended earlier are not in an extract, by the SSD's rule."""


def read_ssd(
    source: str | os.PathLike[str] | Any,
    *,
    la_code: str | None = None,
    schema: str | None = None,
    first_date: ExtractDate | None = None,
    extract_date: ExtractDate | None = None,
) -> tuple[Plans, QualityReport]:
    """Read an extract of the Standard Safeguarding Dataset.

    Parameters
    ----------
    source : path, str, sqlalchemy.URL or sqlalchemy.Engine
        A folder that holds a file for each table (CSV, Excel or Parquet), or a database: an address such as
        ``postgresql+psycopg://user@host/database`` or ``sqlite:///ssd.db`` (needs ``secondplan[io]`` and the
        database's driver). Only the fields that are used are read, and nothing is written.
    la_code : str, optional
        Three-digit code of the authority, which the SSD does not hold.
    schema : str, optional
        The database's schema that holds the tables; by default the only one that does.
    first_date : date or str, optional
        First day on which every plan that ended is in the extract; by default six years before its last day.
    extract_date : date or str, optional
        Last day that the extract covers; by default the day in the folder's name, else the last day up to today on
        which anything is recorded.

    Returns
    -------
    plans : Plans
    report : QualityReport
        Every row of every table that is read: kept, repaired, merged or rejected. Tables whose rows add to others
        (``ssd_disability``, ``ssd_family``, ...) stand under their own names.

    Raises
    ------
    InputError
        The folder or database cannot be read or holds no ``ssd_cp_plans``; a code or date that was given is none. One
        line, without credentials and values.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> table = "cppl_person_id,cppl_cp_plan_start_date,cppl_cp_plan_end_date\\n10,2017-01-10,NULL\\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "ssd_cp_plans.csv").write_text(table)
    ...     plans, report = read_ssd(folder, la_code="330", extract_date="2018-03-31")
    >>> plans.plans["plan_id"].tolist(), str(plans.extract.loc[0, "first_date"].date())
    (['330-10-2017-01-10'], '2012-04-01')
    >>> plans, report = read_ssd("postgresql+psycopg://hdm", schema="ssd_live")    # doctest: +SKIP
    """
    facts = ExtractFacts(la_code, first_date, extract_date)
    log = FindingLog()
    # Of rows that do not become records of a table; the names of the files are the same.
    beside = FindingLog()
    beside.files = log.files
    read = read_database(source, schema, beside) if is_database(source) else read_folder(Path(source), beside)
    _require_plans(read)
    made = ssd_rows({table: pd.concat(parts, ignore_index=True) for table, parts in read.tables.items()}, beside)
    rows, extracts = as_one_extract(
        made.rows,
        facts,
        log,
        source=f"SSD: {read.label}",
        named=None if is_database(source) else Path(source),
        look_back=_six_years_before,
    )
    plans, report = combine_rows("SSD", rows, extracts, log, skipped=read.skipped)
    return plans, report.with_rows_beside(read.left_out + made.n_beside, beside.to_frame())


def _require_plans(read: SsdTables) -> None:
    table, fields = NEEDED
    if table not in read.tables:
        raise InputError(f"{read.label}: holds no table {table}, so there is no plan to read")
    for name in fields:
        if not any(name in part for part in read.tables[table]):
            raise InputError(f"{read.label}: table {table} has no field {name}")


def _six_years_before(last: date) -> date:
    # The day after the same day six years before; 28 February counts as the day before 1 March.
    return (pd.Timestamp(last) - pd.DateOffset(years=LOOK_BACK_YEARS) + pd.Timedelta(days=1)).date()
