"""The command line: parse, call, print. Errors are one line on stderr and a documented exit code."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from datetime import datetime
from pathlib import Path
from shutil import get_terminal_size
from typing import Annotated, Any, NoReturn

import typer

from .errors import InputError, OutputError, SecondplanError, cannot_be_written

EXIT_CODES = """Exit codes: 0 done; 1 an error of the program itself; 2 the command is written wrongly; 3 input that
cannot be read or used; 4 the output folder is in use or cannot be written; 5 no such model, or a damaged one; 6 the
model does not pass its gates; 7 the data hold nobody to analyse; 130 interrupted."""

app = typer.Typer(
    name="secondplan",
    help="How likely is a second child protection plan, and when, given how long the first one lasted?",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
read_app = typer.Typer(help="Read child protection data into a plan store.", no_args_is_help=True)
experiment_app = typer.Typer(help="Compare models on the same cohort and folds.", no_args_is_help=True)
app.add_typer(read_app, name="read")
app.add_typer(experiment_app, name="experiment")

INTERRUPTED = 130
# The system has no room, or the disk cannot be written at all; Windows does not know quotas.
NO_ROOM = {errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC)}
DEFAULT_STORE = "sqlite:///mlflow.db"
Out = Annotated[
    Path, typer.Option("--out", help="The folder to write; it must not exist yet or be empty.", readable=False)
]
Store = Annotated[str, typer.Option("--store", help="Address of the MLflow store.")]
AsOf = Annotated[datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="As things stood on this day.")]


def main() -> None:
    """Run the command line and exit with its code."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            code = app(standalone_mode=False)
    except SecondplanError as error:
        _stop(str(error), error.exit_code)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:
        _stop_unexpected(error)
    if code == INTERRUPTED:
        _stop("interrupted", INTERRUPTED)
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
    from .demo import run_demo

    run_demo(output, n_children=children, store=store, say=typer.echo)


@app.command()
def simulate(
    out: Out,
    scenario: Annotated[str, typer.Option(help="Name of the scenario.")] = "england-2018",
    children: Annotated[int, typer.Option(min=1, help="Number of children.")] = 12_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same data.")] = 0,
    census: Annotated[bool, typer.Option(help="Write CIN census files of each year too.")] = True,
) -> None:
    """Write synthetic plans: a plan store, the truth beside it, and CIN census files."""
    from .demo import write_synthetic

    made = write_synthetic(out, scenario_name=scenario, n_children=children, seed=seed, census=census)
    typer.echo(f"{len(made.plans):,} plans of {len(made.children):,} children are in {out}")


@read_app.command("cin-census")
def read_cin_census(
    sources: Annotated[list[Path], typer.Argument(help="Census XML files, or folders that hold them.", readable=False)],
    out: Out,
    la_code: Annotated[str | None, typer.Option(help="Authority (three digits) where a header lacks it.")] = None,
    year: Annotated[
        int | None, typer.Option(help="Year in which the census year ends, where a header lacks it.")
    ] = None,
) -> None:
    """Read CIN census XML of one or many years."""
    from .demo import refuse_busy
    from .plans import read_cin_census as read

    refuse_busy(out)
    plans, quality = read(sources, la_code=la_code, year=year)
    plans.write(out)
    quality.write_json(out / "quality.json")
    typer.echo(quality.summary(width=_width()))
    typer.echo(f"Plans: {len(plans.plans):,}; children: {len(plans.children):,}.")
    typer.echo(f"The plan store is in {out}, the whole report in {out / 'quality.json'}.")


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="A plan store.", readable=False)],
    json: Annotated[
        Path | None, typer.Option("--json", help="A file to write the report to, with every place.", readable=False)
    ] = None,
) -> None:
    """Check a plan store against the census rules, and say what limits its analysis."""
    from .plans import check_plans, read_plans

    if json is not None and json.exists():
        raise OutputError(f"{json}: exists already")
    quality = check_plans(read_plans(folder))
    typer.echo(quality.summary(width=_width()))
    if json is not None:
        quality.write_json(json)
        typer.echo(f"The whole report is in {json}.")


@experiment_app.command("run")
def experiment_run(
    files: Annotated[list[Path], typer.Argument(help="Experiment files (YAML).", readable=False)],
    plans: Annotated[
        Path | None, typer.Option(help="A plan store to use instead of the files' data.", readable=False)
    ] = None,
    store: Store = DEFAULT_STORE,
) -> None:
    """Compare the models of each experiment and track them in MLflow."""
    from .experiment import run_experiment
    from .experiment_file import load_experiment, with_plans

    for experiment in [load_experiment(file) for file in files]:
        result = run_experiment(experiment if plans is None else with_plans(experiment, plans), store=store)
        typer.echo(result.summary())


@experiment_app.command("list")
def experiment_list(store: Store = DEFAULT_STORE) -> None:
    """The experiments in the store and their latest comparison."""
    from .tracking import list_experiments

    typer.echo(_text(list_experiments(store)))


@experiment_app.command("compare")
def experiment_compare(
    names: Annotated[list[str] | None, typer.Argument(help="Experiments; all, where none is named.")] = None,
    store: Store = DEFAULT_STORE,
) -> None:
    """The models of each experiment's latest comparison, best first."""
    from .tracking import compare_runs

    typer.echo(_text(compare_runs(names, store=store)))


@app.command()
def promote(
    model: Annotated[str, typer.Argument(help="models:/NAME/VERSION, or runs:/RUN_ID/model.")],
    name: Annotated[str, typer.Option(help="The registered model whose champion it becomes.")] = "secondplan",
    store: Store = DEFAULT_STORE,
) -> None:
    """Make a tracked model the champion, if it passes the gates."""
    from .tracking import promote as set_alias

    typer.echo(set_alias(model, name=name, store=store))


@app.command()
def score(
    model: Annotated[str, typer.Option(help="models:/NAME@champion, runs:/..., or the path of a bundle.")],
    input: Annotated[
        Path, typer.Option(help="A plan store, or a Parquet or CSV file of prepared cases.", readable=False)
    ],
    output: Annotated[Path, typer.Option(help="The folder to write.", readable=False)],
    as_of: AsOf = None,
    resume: Annotated[bool, typer.Option(help="Go on with a run that was stopped.")] = False,
    store: Store = DEFAULT_STORE,
) -> None:
    """Score children whose plan has ended or is about to."""
    from .scoring import score_batch
    from .tracking import load_tracked_model

    result = score_batch(load_tracked_model(model, store=store), input, output, as_of=as_of, resume=resume)
    typer.echo(result.summary())


@app.command()
def report(
    plans: Annotated[Path, typer.Option(help="A plan store.", readable=False)],
    out: Annotated[Path, typer.Option(help="The HTML file to write.", readable=False)],
    experiment: Annotated[str, typer.Option(help="Experiment file that names features and models.")] = "compare_models",
) -> None:
    """Compare the models of an experiment on a plan store and write the report, without tracking anything."""
    from .experiment import run_experiment
    from .experiment_file import load_experiment, with_plans
    from .report import write_report

    _refuse_unwritable(out)
    result = run_experiment(with_plans(load_experiment(experiment), plans), store=None)
    write_report(out, result.page)
    typer.echo(result.summary())
    typer.echo(f"The report is in {out}.")


@app.command()
def ui(
    store: Store = DEFAULT_STORE,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 5000,
) -> None:
    """Serve the MLflow pages on this machine only."""
    from .tracking import serve_ui

    serve_ui(store, port=port)


def _refuse_unwritable(file: Path) -> None:
    """Before the long work that ends in ``file``."""
    try:
        if file.exists():
            raise OutputError(f"{file}: exists already")
    except OSError as error:
        raise cannot_be_written(file, error) from None
    folder = file.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise OutputError(f"{file}: cannot be written (its folder does not exist or is not yours to write)")


def _width() -> int:
    """Columns of the terminal, within what reads well; 100 where there is none."""
    return min(max(get_terminal_size((100, 24)).columns, 60), 110)


def _text(frame: Any) -> str:
    return "nothing yet" if frame.empty else frame.to_string(index=False)


def _where(error: Exception) -> str:
    trace = error.__traceback__
    place = "secondplan"
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.parent.parent.name in ("src", "secondplan") or file.parent.name in ("src", "secondplan"):
            place = f"{file.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, file: Any = None, line: Any = None
) -> None:
    """One line; only the kind of a warning that a library gave, whose text may quote the data."""
    own = Path(filename).is_relative_to(Path(__file__).parent)
    text = " ".join(str(message).split()) if own else f"{category.__name__} (raised by a library)"
    typer.echo(f"secondplan: warning: {text}", err=True)


def _stop_unexpected(error: Exception) -> NoReturn:
    """Stop for an error that is not one of the package's own: of the words typed, of the system, or of the program."""
    # Some versions of Typer carry click within themselves: its errors are known by what they can do, not by class.
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        context = getattr(error, "ctx", None)
        if type(error).__name__ == "NoArgsIsHelpError" and context is not None:
            typer.echo(context.get_help(), err=True)
            sys.exit(error.exit_code)
        command = "secondplan" if context is None else context.command_path
        _stop(f"{error.format_message().rstrip('.')}; see: {command} --help", error.exit_code)
    if os.environ.get("SECONDPLAN_TRACEBACK"):
        raise error
    if isinstance(error, OSError) and isinstance(error.filename, str | bytes | os.PathLike):
        code = OutputError.exit_code if error.errno in NO_ROOM else InputError.exit_code
        _stop(f"{os.fsdecode(error.filename)}: {error.strerror}", code)
    _stop(f"{_where(error)}: {type(error).__name__} (an error of the program; SECONDPLAN_TRACEBACK=1 shows more)", 1)


def _stop(message: str, code: int) -> NoReturn:
    typer.echo(f"secondplan: {' '.join(message.split())}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
