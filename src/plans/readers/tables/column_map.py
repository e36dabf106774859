"""The column map of :func:`read_tables`: YAML that says which columns of which files are which columns of the schema.

::

    source: Warehouse of our council        # for reports; may be left out
    la_code: "330"                          # unless every table has a column la_code
    extract:
      first_date: 2012-04-01                # plans that ended earlier are not in the files; leave out if all ever are
      extract_date: 2024-03-31              # nothing later is known
    tables:
      plans:
        file: cp_plans.csv                  # name or pattern; may be left out where one file is read
        sheet: Plans                        # of a workbook; may be left out
        columns:                            # column of the schema: heading in the file
          child_id: PersonID
          start_date: CP start
          end_date: CP end
          initial_category: Category
        recode:                             # what texts in the file mean, where not the census code or its words
          initial_category: {Neglectful parenting: NEG}

Tables are those of the schema (all but ``extract``); several may come from one file. ``secondplan read tables
--template`` prints a map with every table and column.
"""

import re
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ....files.yaml_file import load_checked
from ....given_dates import given_date
from ....parameter_checks import shown
from ...columns import COLUMNS
from ...schema import TABLES
from ..records.extracts import is_authority, today
from ..records.records import KEYS

MAPPED_TABLES = tuple(table for table in COLUMNS if table != "extract")
# A review needs its plan, or else its child.
_ALSO = {"reviews": ("child_id", "la_code")}


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _day(value: object) -> object:
    return None if value in ("", None) else given_date(value, "it").date()


Day = Annotated[date | None, BeforeValidator(_day)]
Text = Annotated[str, Field(min_length=1)]


class ExtractSpec(_Spec):
    """From when to when the data are complete."""

    first_date: Day = None
    extract_date: Day = None

    @model_validator(mode="after")
    def _in_order(self) -> "ExtractSpec":
        if self.extract_date is not None and (self.extract_date - date(1970, 1, 1)).days > today():
            raise ValueError("extract_date is still to come")
        if self.first_date is not None and self.extract_date is not None and self.first_date > self.extract_date:
            raise ValueError("first_date is after extract_date")
        return self


class TableSpec(_Spec):
    """Where one table of the schema comes from."""

    file: Text | None = None
    sheet: Text | None = None
    columns: Annotated[dict[str, Text], Field(min_length=1)]
    recode: dict[str, dict[str, str]] = {}


class ColumnMap(_Spec):
    """A column map, checked."""

    source: Text = "tables"
    la_code: Text | None = None
    extract: ExtractSpec = ExtractSpec()
    tables: Annotated[dict[str, TableSpec], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_are_known(self) -> "ColumnMap":
        if self.la_code is not None and not is_authority(self.la_code):
            raise ValueError(f"la_code must be the three-digit code of the authority, got {shown(self.la_code)}")
        for table, spec in self.tables.items():
            if table not in MAPPED_TABLES:
                raise ValueError(f"tables: unknown table {table}; there are {', '.join(MAPPED_TABLES)}")
            _check_columns(table, spec)
        return self


def load_column_map(path: str | Path) -> ColumnMap:
    """Read and check a column map.

    Raises
    ------
    InputError
        The file is missing, is not YAML, or breaks a rule: the message names the file, the place and the rule.
    """
    return load_checked(Path(path), ColumnMap, "a column map is a mapping with tables", as_text=True)


def column_map_template() -> str:
    """A column map with every table and column of the schema, to be cut down and filled in.

    Examples
    --------
    >>> print(column_map_template().splitlines()[6])
    tables:
    """
    lines = [
        "# Which columns of your files are which columns of secondplan. Delete what you do not have.",
        "source: our warehouse",
        'la_code: "330"  # three digits; unless every table has a column la_code',
        "extract:",
        "  first_date:  # the day first or yyyy-mm-dd; plans that ended earlier are not in the files; empty if all are",
        "  extract_date:  # the day first or yyyy-mm-dd; nothing later is known",
        "tables:",
    ]
    for table in MAPPED_TABLES:
        lines += [f"  {table}:  # {TABLES[table]}", f"    file: {table}.csv", "    columns:"]
        for name, column in COLUMNS[table].items():
            need = "; required" if name in KEYS[table] and name != "la_code" else ""
            lines.append(f"      {name}: {name}  # {column.title}: {column.description}{need}")
    return "\n".join(lines) + "\n"


def matches(pattern: str, name: str) -> bool:
    """Whether a file's name is that of a map's ``file``: any case, with ``*`` for any text."""
    expression = ".*".join(re.escape(part) for part in pattern.lower().split("*"))
    return re.fullmatch(expression, name.lower()) is not None


def _check_columns(table: str, spec: TableSpec) -> None:
    known = [*COLUMNS[table], *_ALSO.get(table, ())]
    for name in [*spec.columns, *spec.recode]:
        if name not in known:
            raise ValueError(f"tables.{table}: unknown column {name}; there are {', '.join(known)}")
    for name in spec.recode:
        if name not in spec.columns:
            raise ValueError(f"tables.{table}.recode: column {name} is not among the columns")
    needed = [name for name in KEYS[table] if name != "la_code"]
    missing = [name for name in needed if name not in spec.columns]
    if table == "reviews" and missing == ["plan_id"] and "child_id" in spec.columns:
        missing = []
    if missing:
        raise ValueError(f"tables.{table}.columns: {missing[0]} is required")
