"""The commands that read the formats councils hold: each gives a plan store and a quality report."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import EmptyCohortError
from .options import Out, day_option, terminal_width

if TYPE_CHECKING:
    from ..plans import Plans, QualityReport

LaCode = Annotated[str | None, typer.Option(help="Authority (three digits) where the files do not tell it.")]
ExtractDate = Annotated[
    datetime | None,
    day_option(help="Day on which the data were extracted, where the files do not tell it."),
]
FirstDate = Annotated[
    datetime | None,
    day_option(help="Day from which on all plans that ended are in the data."),
]

Successor = Annotated[
    list[str] | None,
    typer.Option(
        help="OLD=NEW: data of the authority OLD count as those of NEW, which took over from it; known: those that "
        "were merged. Repeatable."
    ),
]

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the plan store that the folder holds.")]

read_app = typer.Typer(help="Read child protection data into a plan store.", no_args_is_help=True)


@read_app.command("cin-census")
def read_cin_census(
    sources: Annotated[list[Path], typer.Argument(help="Census XML files, or folders that hold them.", readable=False)],
    out: Out,
    la_code: Annotated[str | None, typer.Option(help="Authority (three digits) where a header lacks it.")] = None,
    year: Annotated[
        int | None, typer.Option(help="Year in which the census year ends, where a header lacks it.")
    ] = None,
    successor: Successor = None,
    care: Annotated[
        list[Path] | None,
        typer.Option(
            help="SSDA903 files, or a folder of them: periods in care, which no census holds.", readable=False
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Read CIN census XML of one or many years, with periods in care from SSDA903."""
    from ..plans import add_care_episodes
    from ..plans import read_cin_census as read
    from ..plans.store_writer import refuse_used

    refuse_used(out, overwrite=overwrite)
    plans, quality = read(sources, la_code=la_code, year=year, successors=_successors(successor))
    if care:
        plans, more = add_care_episodes(plans, care, la_code=la_code)
        quality = quality.joined(more)
    _keep(plans, quality, out, overwrite=overwrite)


@read_app.command("annex-a")
def read_annex_a(
    sources: Annotated[
        list[Path], typer.Argument(help="Annex A workbooks, CSV files of one list, or folders.", readable=False)
    ],
    out: Out,
    la_code: LaCode = None,
    extract_date: ExtractDate = None,
    overwrite: Overwrite = False,
) -> None:
    """Read the lists of Ofsted's Annex A, of one or many extracts."""
    from ..plans import read_annex_a as read
    from ..plans.store_writer import refuse_used

    refuse_used(out, overwrite=overwrite)
    _keep(*read(sources, la_code=la_code, extract_date=extract_date), out, overwrite=overwrite)


@read_app.command("ssd")
def read_ssd(
    source: Annotated[
        str,
        typer.Argument(
            envvar="SECONDPLAN_SSD",
            help="A folder of SSD tables, or an SQLAlchemy address of a database; one with a password is better left "
            "in the environment than in the history of commands.",
        ),
    ],
    out: Out,
    la_code: LaCode = None,
    schema: Annotated[str | None, typer.Option(help="The database's schema that holds the tables.")] = None,
    first_date: FirstDate = None,
    extract_date: ExtractDate = None,
    overwrite: Overwrite = False,
) -> None:
    """Read the Standard Safeguarding Dataset from files or from a database."""
    from ..plans import read_ssd as read
    from ..plans.store_writer import refuse_used

    refuse_used(out, overwrite=overwrite)
    _keep(
        *read(source, la_code=la_code, schema=schema, first_date=first_date, extract_date=extract_date),
        out,
        overwrite=overwrite,
    )


@read_app.command("dfe-api")
def read_dfe_api(
    sources: Annotated[
        list[Path], typer.Argument(help="JSON files or JSON lines, or folders that hold them.", readable=False)
    ],
    out: Out,
    la_code: LaCode = None,
    first_date: FirstDate = None,
    extract_date: ExtractDate = None,
    overwrite: Overwrite = False,
) -> None:
    """Read payloads of the DfE social care API."""
    from ..plans import read_dfe_api as read
    from ..plans.store_writer import refuse_used

    refuse_used(out, overwrite=overwrite)
    _keep(*read(sources, la_code=la_code, first_date=first_date, extract_date=extract_date), out, overwrite=overwrite)


@read_app.command("tables")
def read_tables(
    sources: Annotated[
        list[Path] | None, typer.Argument(help="CSV, Excel or Parquet files, or folders.", readable=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The folder to write; it must not exist yet or be empty.", readable=False),
    ] = None,
    columns: Annotated[
        Path | None, typer.Option(help="Column map (YAML): which column of the files is which.", readable=False)
    ] = None,
    la_code: LaCode = None,
    successor: Successor = None,
    template: Annotated[bool, typer.Option("--template", help="Print a column map to fill in, and stop.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Read plain tables whose columns a map names."""
    from ..plans import read_tables as read
    from ..plans.readers.tables.column_map import column_map_template
    from ..plans.store_writer import refuse_used

    if template:
        typer.echo(column_map_template(), nl=False)
        return
    if not sources or out is None:
        raise typer.BadParameter("give the files to read and --out, or --template")
    refuse_used(out, overwrite=overwrite)
    _keep(*read(sources, columns, la_code=la_code, successors=_successors(successor)), out, overwrite=overwrite)


def _successors(words: list[str] | None) -> dict[str, str] | None:
    from ..plans.authorities import successors_in_words

    return successors_in_words(words) if words else None


def _keep(plans: Plans, quality: QualityReport, out: Path, *, overwrite: bool) -> None:
    plans.write(out, overwrite=overwrite, quality_report=quality)
    typer.echo(quality.summary(width=terminal_width()))
    typer.echo(f"Plans: {len(plans.plans):,}; children: {len(plans.children):,}.")
    typer.echo(f"The plan store is in {out}, the whole report in {out / 'quality.json'}.")
    if plans.plans.empty:
        raise EmptyCohortError(f"no plan is kept: {_why_none(quality)}")


def _why_none(quality: QualityReport) -> str:
    """Which rules left out how many of the plans that were read."""
    n_read = int(quality.counts["read"].get("plans", 0))
    if not n_read:
        return "the source holds no child protection plan"
    found = quality.to_frame()
    rejected = found[(found["table"] == "plans") & (found["action"] == "rejected")]
    rules = ", ".join(f"{code} {n:,}" for code, n in zip(rejected["code"], rejected["n"], strict=True))
    return f"of {n_read:,} read, all were left out (by {rules})"
