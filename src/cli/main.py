"""The command line: parse, call, print. Errors are one line on stderr and a documented exit code."""

from __future__ import annotations

import io
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError, SecondplanError
from ..version import __version__
from .card import card, council_template
from .config import read_config
from .exit import INTERRUPTED, show_warning, stop, stop_unexpected
from .indicators import indicators
from .monitor import monitor
from .options import DEFAULT_STORE, Out, Store, refuse_unwritable, terminal_width
from .read import read_app
from .score import score

if TYPE_CHECKING:
    from ..synthetic import Scenario

EXIT_CODES = """Exit codes: 0 done; 1 an error of the program itself; 2 the command is written wrongly; 3 input that
cannot be read or used; 4 the output folder is in use or cannot be written; 5 no such model, or a damaged one; 6 the
model does not pass its gates; 7 no plan is kept of what was read, or
the data hold nobody to analyse; 8 more rejected rows than --max-rejects; 130 interrupted. Of monitor: 10 data
break their rules; 11 outcomes or 12 inputs have changed; 13 too few plans to say."""

app = typer.Typer(
    name="secondplan",
    help="How likely is a second child protection plan, and when, given how long the first one lasted?",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
experiment_app = typer.Typer(help="Compare models on the same cohort and folds.", no_args_is_help=True)
app.add_typer(read_app, name="read")
app.add_typer(experiment_app, name="experiment")


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"secondplan {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(help="A TOML file of options, a table per command: [score], [read.cin-census].", readable=False),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version, and stop.")
    ] = False,
) -> None:
    """Options of the command line itself."""
    if config is not None:
        context.default_map = read_config(config, context.command.commands)  # type: ignore[attr-defined]


def main() -> None:
    """Run the command line and exit with its code."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Elsewhere than in UTF-8, as in a file on Windows, a name may have letters that the encoding lacks.
        sys.stdout.reconfigure(errors="replace")
    try:
        with warnings.catch_warnings():
            warnings.showwarning = show_warning
            code = app(standalone_mode=False, auto_envvar_prefix="SECONDPLAN")
    except SecondplanError as error:
        stop(str(error), error.exit_code)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:
        stop_unexpected(error)
    if code == INTERRUPTED:
        stop("interrupted", INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


@app.command()
def demo(
    output: Annotated[Path, typer.Option(help="The folder to write; replaces an earlier demo.", readable=False)] = Path(
        "demo"
    ),
    children: Annotated[int, typer.Option(min=1000, help="Number of synthetic children.")] = 12_000,
    store: Store = DEFAULT_STORE,
) -> None:
    """Do the main job once, on synthetic data: plans, cohort, models, champion, scores, report."""
    from ..demo import run_demo

    run_demo(output, n_children=children, store=store, say=typer.echo)


@app.command()
def simulate(
    out: Out,
    scenario: Annotated[str, typer.Option(help="Name of the scenario.")] = "england-2018",
    children: Annotated[int, typer.Option(min=1, help="Number of children.")] = 12_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same data.")] = 0,
    census: Annotated[
        bool, typer.Option(help="Write CIN census files of each year too; they need all plans in memory.")
    ] = True,
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", help="Another format to write: annex-a, ssd, dfe-api, ssda903, tables; repeatable."),
    ] = None,
    missing: Annotated[float, typer.Option(min=0, max=1, help="Share of values that are missing.")] = 0.0,
    wrong: Annotated[float, typer.Option(min=0, max=1, help="Share of values that are wrong.")] = 0.0,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Processes at work; as many as processors where there is much to do.")
    ] = None,
    calibrate: Annotated[
        bool, typer.Option(help="Calibrate the scenario anew first, in some minutes, and compare with what is stored.")
    ] = False,
) -> None:
    """Write synthetic plans: a plan store, the truth beside it, CIN census files, and published figures to compare."""
    from ..demo import refuse_busy, write_synthetic

    chosen: str | Scenario = scenario
    if calibrate:
        refuse_busy(out)
        chosen = _calibrated_anew(scenario)
    made = write_synthetic(
        out,
        scenario_name=chosen,
        n_children=children,
        random_state=seed,
        census=census,
        formats=formats or (),
        missing=missing,
        wrong=wrong,
        processes=processes,
    )
    typer.echo(f"{made.n_plans:,} plans of {made.n_children:,} children are in {out}")
    if made.n_faults:
        typer.echo(f"{made.n_faults:,} values are missing or wrong; {out / 'truth' / 'faults.parquet'} lists them.")


def _calibrated_anew(name: str) -> Scenario:
    """The scenario as a new calibration leaves it; says whether that is the stored one."""
    from ..synthetic import scenario
    from ..synthetic.calibration_search.calibrate import calibrate, uncalibrated

    try:
        start, stored = uncalibrated(name), scenario(name)
    except ValueError as error:
        raise InputError(str(error)) from None
    result = calibrate(start)
    other = [parameter for parameter, value in result.values.items() if value != getattr(stored, parameter)]
    if other:
        typer.echo(f"The calibration ended at other values than are stored: {', '.join(other)}")
    else:
        typer.echo(f"The calibration of {name} ended at the stored parameters.")
    return result.scenario


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="A plan store.", readable=False)],
    json: Annotated[
        Path | None, typer.Option("--json", help="A file to write the report to, as data.", readable=False)
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="A file to write the report to, as a page that can be passed on.", readable=False),
    ] = None,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact",
            help="For work inside the authority: counts of 1 to 5 in text and data, and in the data every place.",
        ),
    ] = False,
) -> None:
    """Check a plan store against the census rules, and say what limits its analysis and what to do.

    Counts of 1 to 5 are withheld (c), and with them what would give one away.
    """
    from ..plans import check_plans, read_plans, read_quality

    for file in (json, html):
        if file is not None:
            refuse_unwritable(file)
    plans = read_plans(folder)
    quality = check_plans(plans)
    typer.echo(quality.summary(suppress=not exact, width=terminal_width()))
    if json is not None:
        quality.write_json(json, suppress=not exact)
        typer.echo(f"The report as data is in {json}.")
    if html is not None:
        from ..report import quality_page, write_report

        beside = folder / "quality.json"
        read = read_quality(beside) if beside.exists() else None
        write_report(html, quality_page(plans, read, name=folder.resolve().name))
        typer.echo(f"The page is in {html}.")


app.command()(indicators)
app.command()(monitor)
app.command()(score)
app.command()(card)
app.command()(council_template)


@experiment_app.command("run")
def experiment_run(
    files: Annotated[list[Path], typer.Argument(help="Experiment files (YAML).", readable=False)],
    plans: Annotated[
        Path | None, typer.Option(help="A plan store to use instead of the files' data.", readable=False)
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Models fitted at a time; the numbers do not depend on it.")] = 1,
    store: Store = DEFAULT_STORE,
) -> None:
    """Compare the models of each experiment and track them in MLflow."""
    from ..experiment.file import load_experiment, with_plans
    from ..experiment.run import run_experiment

    for experiment in [load_experiment(file) for file in files]:
        chosen = experiment if plans is None else with_plans(experiment, plans)
        typer.echo(run_experiment(chosen, store=store, n_jobs=jobs).summary())


@experiment_app.command("list")
def experiment_list(store: Store = DEFAULT_STORE) -> None:
    """The experiments in the store and their latest comparison."""
    from ..tracking import list_experiments

    typer.echo(_text(list_experiments(store)))


@experiment_app.command("compare")
def experiment_compare(
    names: Annotated[list[str] | None, typer.Argument(help="Experiments; all, where none is named.")] = None,
    store: Store = DEFAULT_STORE,
) -> None:
    """The models of each experiment's latest comparison, best first."""
    from ..tracking import compare_runs

    typer.echo(_text(compare_runs(names, store=store)))


@app.command()
def promote(
    model: Annotated[str, typer.Argument(help="models:/NAME/VERSION, or runs:/RUN_ID/model.")],
    name: Annotated[str, typer.Option(help="The registered model whose champion it becomes.")] = "secondplan",
    store: Store = DEFAULT_STORE,
) -> None:
    """Make a tracked model the champion, if it passes the gates."""
    from ..tracking import promote as set_alias

    typer.echo(set_alias(model, name=name, store=store))


@app.command()
def report(
    plans: Annotated[Path, typer.Option(help="A plan store.", readable=False)],
    out: Annotated[Path, typer.Option(help="The file to write: .html, .md or .json.", readable=False)],
    experiment: Annotated[str, typer.Option(help="Experiment file that names features and models.")] = "compare_models",
) -> None:
    """Compare the models of an experiment on a plan store and write the report, without tracking anything."""
    from ..experiment.file import load_experiment, with_plans
    from ..experiment.run import run_experiment
    from ..report import write_report

    refuse_unwritable(out)
    result = run_experiment(with_plans(load_experiment(experiment), plans), store=None)
    write_report(out, result.report)
    typer.echo(result.summary())
    typer.echo(f"The report is in {out}.")


@app.command()
def ui(
    store: Store = DEFAULT_STORE,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 5000,
    allow_edits: Annotated[
        bool, typer.Option("--allow-edits", help="Let the pages change names, descriptions, tags and aliases.")
    ] = False,
) -> None:
    """Serve the MLflow pages on this machine only, to be read."""
    from ..tracking import serve_ui

    serve_ui(store, port=port, allow_edits=allow_edits)


def _text(frame: Any) -> str:
    return "nothing yet" if frame.empty else frame.to_string(index=False)


if __name__ == "__main__":
    main()
