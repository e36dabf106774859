"""The command that looks for drift."""

from __future__ import annotations

import sys
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from ..files.whole import write_text
from .options import DEFAULT_STORE, AsOf, KeyFile, ModelDigest, Store, day_option, refuse_unwritable


def monitor(
    sources: Annotated[
        list[Path], typer.Argument(help="A plan store as it is now, and folders of scored nights.", readable=False)
    ],
    model: Annotated[str, typer.Option(help="models:/NAME@champion, runs:/..., or the path of a bundle.")],
    html: Annotated[Path | None, typer.Option(help="A file for the page.", readable=False)] = None,
    json: Annotated[
        Path | None, typer.Option(help="A file for the findings as data (drift.json).", readable=False)
    ] = None,
    since: Annotated[
        datetime | None, day_option("--since", help="Plans that ended later; by default what training did not know.")
    ] = None,
    as_of: AsOf = None,
    false_alarms: Annotated[
        float, typer.Option(min=0.01, max=6.0, help="Alarms of inputs a year when nothing has changed.")
    ] = 0.5,
    track: Annotated[bool, typer.Option("--track", help="Keep what was found as an MLflow run, too.")] = False,
    key_file: KeyFile = None,
    model_digest: ModelDigest = None,
    store: Store = DEFAULT_STORE,
) -> None:
    """Tell whether a model still fits: exit code 0 quiet, 10 contract, 11 outcomes, 12 inputs, 13 too few to say."""
    from ..plans import read_plans
    from ..scoring.drift import is_night
    from ..scoring.drift import monitor as watch
    from ..tracking import load_tracked_model

    for file in filter(None, (html, json)):
        refuse_unwritable(file)
    if html is not None and find_spec("matplotlib") is None:
        raise InputError("--html needs matplotlib, which is not installed: pip install matplotlib, or give --json")
    nights = [folder for folder in sources if is_night(folder)]
    stores = [folder for folder in sources if folder not in nights]
    if len(stores) != 1:
        raise typer.BadParameter(f"one of the folders must be a plan store, {len(stores)} are no scored nights")
    report = watch(
        load_tracked_model(model, store=store, key_file=key_file, digest=model_digest),
        read_plans(stores[0]),
        nights=nights,
        since=since,
        as_of=as_of,
        false_alarms_per_year=false_alarms,
    )
    typer.echo("\n".join(report.sentences))
    if json is not None:
        write_text(json, report.to_json())
    if html is not None:
        from ..report import drift_page, write_report

        write_report(html, drift_page(report))
    if track:
        from ..report import drift_page
        from ..tracking import log_drift

        log_drift(report, page=drift_page(report).to_html(), store=store)
    for file in filter(None, (html, json)):
        typer.echo(f"Written to {file}.")
    sys.exit(report.exit_code)
