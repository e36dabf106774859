"""What scored nights say of themselves: how many cases they rejected, and by which model they were scored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ...errors import InputError
from ...files.whole import read_json
from ...small_counts import is_small

MANIFEST = "manifest.json"


def is_night(folder: str | Path) -> bool:
    """Whether the folder holds a whole scored night."""
    return (Path(folder) / MANIFEST).is_file()


def night_breaches(
    nights: Iterable[str | Path], model_digest: str, max_reject_share: float
) -> list[tuple[str, str, str, str]]:
    """Rows of a contract table: nights with too many rejects, or of another model.

    Parameters
    ----------
    nights : iterable of path
        Folders that ``secondplan score`` wrote.
    model_digest : str
    max_reject_share : float

    Raises
    ------
    InputError
        A folder holds no whole night.
    """
    rows = []
    for folder in map(Path, nights):
        manifest = read_json(folder / MANIFEST) if is_night(folder) else None
        if manifest is None or not _is_whole(manifest):
            raise InputError(f"{folder}: is not the folder of a finished scoring run")
        read, rejected = int(manifest["counts"]["read"]), int(manifest["counts"]["rejected"])
        if manifest["job"].get("model_digest") != model_digest:
            rows.append((folder.name, "", "model", "was scored by another model than the one that is watched"))
        if read and rejected > max_reject_share * read:
            share = (
                "a few cases" if is_small(pd.Series([rejected])).any() else f"{100 * rejected / read:.0f} % of cases"
            )
            codes = ", ".join(sorted(manifest["codes"]))
            rows.append((folder.name, "", "rejects", f"{share} rejected ({codes}), limit {max_reject_share:.0%}"))
    return rows


def _is_whole(manifest: Mapping[str, Any]) -> bool:
    counts = manifest.get("counts")
    return isinstance(counts, dict) and {"read", "rejected"} <= set(counts) and isinstance(manifest.get("job"), dict)
