"""The command that counts indicators as the official statistics do."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import SecondplanError
from ..files.whole import write_text
from .options import day_option, refuse_unwritable

if TYPE_CHECKING:
    from ..plans.indicators import Indicators


def indicators(
    folder: Annotated[Path, typer.Argument(help="A plan store.", readable=False)],
    year_ending: Annotated[
        int | None, typer.Option(help="The year to 31 March of it; the latest that the data reach by default.")
    ] = None,
    first: Annotated[datetime | None, day_option("--from", help="First day of another period.")] = None,
    last: Annotated[datetime | None, day_option("--to", help="Last day of another period.")] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(help="la_code, region, category, latest_category, age_band or sex; may be given twice."),
    ] = None,
    unit: Annotated[str, typer.Option(help="Bands of length in calendar months or in days.")] = "months",
    exact: Annotated[bool, typer.Option(help="Withhold and round nothing: for use within the authority.")] = False,
    csv: Annotated[Path | None, typer.Option(help="A file for the table.", readable=False)] = None,
    json: Annotated[Path | None, typer.Option(help="A file for the table and the notes.", readable=False)] = None,
    html: Annotated[Path | None, typer.Option(help="A page for people; withholds always.", readable=False)] = None,
) -> None:
    """Count plans as the official statistics do (D1, D3, D5, D6, D7), beside the region and England."""
    from ..plans import read_plans
    from ..plans.indicators import indicators as count

    for file in filter(None, (csv, json, html)):
        refuse_unwritable(file)
    if (first is None) != (last is None):
        raise typer.BadParameter("--from and --to go together")
    period = None if first is None else (first, last)
    plans = read_plans(folder)
    try:
        result = count(plans, year_ending, period=period, by=by or None, unit=unit)
    except SecondplanError:
        raise
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    typer.echo(_text(result, exact))
    _write(result, exact, csv, json, html)


def _text(result: Indicators, exact: bool) -> str:
    if not exact and not result.by:
        return repr(result)
    frame = result.to_frame(disclosure=not exact).drop(columns=["key", "of_n", "lower", "upper"])
    frame = frame.drop(columns=[name for name in frame if frame[name].isna().all()]).round(1)
    shown = frame.astype(object).where(frame.notna(), "").to_string(index=False)
    return "\n".join([result.title, "", shown, "", *(f"- {note}" for note in result.notes)])


def _write(result: Indicators, exact: bool, csv: Path | None, json: Path | None, html: Path | None) -> None:
    frame = result.to_frame(disclosure=not exact)
    if csv is not None:
        write_text(csv, frame.to_csv(index=False, lineterminator="\n"))
    if json is not None:
        write_text(json, _as_json(result, frame))
    if html is not None:
        from ..report import write_indicators

        write_indicators(html, result)
    for file in filter(None, (csv, json, html)):
        typer.echo(f"Written to {file}.")


def _as_json(result: Indicators, frame: Any) -> str:
    import json

    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    page = {"first": f"{result.first:%Y-%m-%d}", "last": f"{result.last:%Y-%m-%d}", "by": list(result.by)}
    page |= {"indicators": rows, "notes": list(result.notes)}
    return json.dumps(page, indent=1, default=float) + "\n"
