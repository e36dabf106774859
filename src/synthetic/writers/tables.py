"""Write plain tables, CSV or Parquet, as a warehouse would export them, with the column map that reads them."""

import os
from pathlib import Path
from typing import Literal

import pandas as pd

from ...errors import cannot_be_written
from ...files.whole import whole_file, write_text
from ...plans.store import Plans

COLUMN_MAP = "column_map.yaml"


def write_tables(plans: Plans, folder: str | os.PathLike[str], *, form: Literal["csv", "parquet"] = "csv") -> Path:
    """Write every table that has rows, under the schema's names, and ``column_map.yaml``.

    Parameters
    ----------
    plans : Plans
    folder : path
        Made if it does not exist. Files of the same name are replaced.
    form : {"csv", "parquet"}

    Returns
    -------
    Path
        The column map.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    first, last = plans.extract["first_date"].min(), plans.extract["extract_date"].max()
    lines = ["source: synthetic", "extract:"]
    lines += [f"  first_date: {first:%Y-%m-%d}"] if pd.notna(first) else []
    lines += [f"  extract_date: {last:%Y-%m-%d}"] if pd.notna(last) else []
    lines += ["tables:"]
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        for table, frame in plans.tables.items():
            if frame.empty or table == "extract":
                continue
            path = target / f"{table}.{form}"
            with whole_file(path) as beside:
                if form == "csv":
                    frame.to_csv(beside, index=False, date_format="%Y-%m-%d", lineterminator="\n", encoding="utf-8")
                else:
                    frame.to_parquet(beside, index=False)
            lines += [f"  {table}:", f"    file: {path.name}", "    columns:"]
            lines += [f"      {name}: {name}" for name in frame.columns]
        write_text(target / COLUMN_MAP, "\n".join(lines) + "\n")
    except OSError as error:
        raise cannot_be_written(folder, error) from None
    return target / COLUMN_MAP
