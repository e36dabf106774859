"""The command that scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import InputError
from ..files.secret import holds_password
from .options import DEFAULT_STORE, AsOf, KeyFile, ModelDigest, Store


def score(
    context: typer.Context,
    model: Annotated[str, typer.Option(help="models:/NAME@champion, runs:/..., or the path of a bundle.")],
    input: Annotated[
        str,
        typer.Option(
            help="A plan store; cases in Parquet, CSV, Excel, Arrow, JSON lines; a pattern; -, standard input; or the "
            "SQLAlchemy address of a database."
        ),
    ],
    output: Annotated[str, typer.Option(help="The folder to write, or the address of a database.")],
    table: Annotated[str | None, typer.Option(help="Of a database: the table or view to read.")] = None,
    query: Annotated[str | None, typer.Option(help="Of a database: a SELECT, in place of a table.")] = None,
    output_table: Annotated[
        str | None,
        typer.Option(help="Of a database: the table to write. For spark: the table that holds the scores too."),
    ] = None,
    password_file: Annotated[
        Path | None,
        typer.Option(help="Holds a database's password; so may SECONDPLAN_DATABASE_PASSWORD.", readable=False),
    ] = None,
    input_format: Annotated[
        str | None, typer.Option(help="csv, jsonl, arrow or parquet: needed for standard input.")
    ] = None,
    as_of: AsOf = None,
    origin: Annotated[str, typer.Option(help="Where horizons count from: scoring_day or plan_end.")] = "scoring_day",
    times: Annotated[str, typer.Option(help="Horizons in days.")] = "91,182,365,730",
    care: Annotated[
        str, typer.Option(help="For a plan store: competing or ignore, as the model's cohort was built.")
    ] = "competing",
    bands: Annotated[
        str | None,
        typer.Option(help="Multiples of the average risk (0.5,1.5,3), or with labels by turns (low,1,raised)."),
    ] = None,
    max_rejects: Annotated[
        int | None, typer.Option(min=0, help="Publish nothing if more rows are rejected; no limit by default.")
    ] = None,
    formats: Annotated[
        list[str] | None, typer.Option("--format", help="Another format beside Parquet: csv, xlsx; repeatable.")
    ] = None,
    latest: Annotated[bool, typer.Option(help="Let latest, beside the folder, point to it once it is whole.")] = True,
    engine: Annotated[str, typer.Option(help="local, or spark: its workers must see the output's folder.")] = "local",
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes that score; by default one a processor for many rows.")
    ] = None,
    intervals: Annotated[bool, typer.Option(help="State intervals; without them scoring is faster.")] = True,
    reasons: Annotated[bool, typer.Option(help="State reasons; without them scoring is faster.")] = True,
    resume: Annotated[bool, typer.Option(help="Go on with a run that was stopped.")] = False,
    key_file: KeyFile = None,
    model_digest: ModelDigest = None,
    store: Store = DEFAULT_STORE,
) -> None:
    """Score children whose plan has ended or is about to: the risk of a second plan from the day of scoring on."""
    from ..scoring import RiskBands, score_batch
    from ..tracking import load_tracked_model

    _refuse_passwords(context, "input", "output")
    _require("--origin", origin, "scoring_day", "plan_end")
    _require("--care", care, "competing", "ignore")
    _require("--engine", engine, "local", "spark")
    try:
        days = [float(day) for day in times.split(",")]
    except ValueError:
        raise typer.BadParameter("--times must be days, as 91,182,365,730") from None
    fitted = load_tracked_model(model, store=store, key_file=key_file, digest=model_digest)
    options: dict[str, Any] = {"origin": origin, "max_rejects": max_rejects, "resume": resume, "engine": engine}
    options |= {"times": days, "care": care, "bands": None if bands is None else RiskBands.parse(bands)}
    options |= {"formats": formats or (), "latest": latest, "input_format": input_format}
    options |= {"table": table, "query": query, "output_table": output_table, "password_file": password_file}
    options |= {"n_jobs": jobs, "intervals": intervals, "reasons": reasons}
    result = score_batch(fitted, input, output, as_of=as_of, **options)
    typer.echo(result.summary())


def _require(option: str, given: str, *choices: str) -> None:
    if given not in choices:
        raise typer.BadParameter(f"{option} must be {' or '.join(choices)}")


def _refuse_passwords(context: typer.Context, *names: str) -> None:
    """Raise InputError where an option on the command line holds a password, which every user of the machine sees."""
    for name in names:
        source = context.get_parameter_source(name)
        if holds_password(context.params[name]) and source is not None and source.name == "COMMANDLINE":
            raise InputError(
                f"--{name} holds a password, which others on this machine can see: leave it out of the address, and "
                "give it as SECONDPLAN_DATABASE_PASSWORD or --password-file, or the whole address as "
                f"SECONDPLAN_SCORE_{name.upper()}"
            )
