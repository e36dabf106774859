"""One set of plans in files of the formats that councils hold, one folder per format."""

import os
from collections.abc import Callable, Collection
from pathlib import Path

from ...errors import InputError
from ...plans import Plans
from .annex_a import write_annex_a
from .cin_census import write_cin_census
from .dfe_api import write_dfe_api
from .ssd import write_ssd
from .ssda903 import write_ssda903
from .tables import write_tables


def write_formats(plans: Plans, folder: str | os.PathLike[str], formats: Collection[str]) -> tuple[Path, ...]:
    """Write the plans in every format named, each into a folder of its name below ``folder``.

    A format whose files hold one authority (``ssd``, ``dfe-api``) has a folder, or a file, an authority, named by its
    code.

    Parameters
    ----------
    plans : Plans
    folder : path
    formats : collection of str
        Of ``cin-census``, ``annex-a``, ``ssd``, ``dfe-api``, ``ssda903`` and ``tables``.

    Returns
    -------
    tuple of Path
        The folders, in the order of ``formats``.

    Raises
    ------
    InputError
        There is no such format; the message lists those there are.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from secondplan import simulate
    >>> with TemporaryDirectory() as folder:
    ...     made = write_formats(simulate(n_children=200, random_state=1), folder, ["dfe-api", "tables"])
    ...     [path.name for path in made]
    ['dfe_api', 'tables']
    """
    check_formats(formats)
    made = []
    for name in dict.fromkeys(formats):
        made.append(Path(folder, name.replace("-", "_")))
        made[-1].mkdir(parents=True, exist_ok=True)
        FORMATS[name](plans, made[-1])
    return tuple(made)


def check_formats(formats: Collection[str]) -> None:
    """Raise InputError where one of ``formats`` is not a format that can be written."""
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown:
        raise InputError(f"unknown format {', '.join(unknown)}; there are: {', '.join(FORMATS)}")


def _write_ssd(plans: Plans, folder: Path) -> None:
    for code in _authorities(plans):
        write_ssd(plans, folder / code, la_code=code)


def _write_dfe_api(plans: Plans, folder: Path) -> None:
    for code in _authorities(plans):
        write_dfe_api(plans, folder / f"{code}.json", la_code=code)


def _authorities(plans: Plans) -> list[str]:
    return sorted(plans.children["la_code"].unique())


FORMATS: dict[str, Callable[[Plans, Path], object]] = {
    "cin-census": write_cin_census,
    "annex-a": write_annex_a,
    "ssd": _write_ssd,
    "dfe-api": _write_dfe_api,
    "ssda903": write_ssda903,
    "tables": write_tables,
}
"""Name of a format -> what writes plans in it into a folder."""
