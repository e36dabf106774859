"""The main job, once through, on synthetic data: plans, cohort, models, champion, scores, report."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import InputError, OutputError, cannot_be_written
from .files.whole import folder_beside, put_in_place

if TYPE_CHECKING:
    from .synthetic import Scenario, SimulatedStore

MARKER = ".secondplan-demo"
FEW_CHILDREN = 30_000
"""So few are simulated before other processes have started."""
MOST_COMPARED = 300_000
"""Children of the largest store that is read again to compare it with published figures."""


def run_demo(output: str | Path, *, n_children: int, store: str, say: Callable[[str], None]) -> Path:
    """Do the main job and write what it makes into one folder.

    Parameters
    ----------
    output : str or Path
        The folder to write. An earlier demo in it is replaced as a whole; any other content is refused.
    n_children : int
        Number of synthetic children.
    store : str
        Address of the MLflow store.
    say : callable
        Takes one line of text at a time, for the person who watches.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputError
        The folder holds something else than a demo, or is to hold the MLflow store too, or cannot be written.
    """
    from .experiment.file import load_experiment, with_plans
    from .experiment.run import run_experiment
    from .plans import read_cin_census
    from .report import files_of, tracked_model_card
    from .scoring import score_batch
    from .tracking import load_tracked_model, open_store
    from .tracking.store import database_path

    output = Path(output)
    _refuse_foreign_content(output)
    _refuse_store_inside(output, database_path(store))
    open_store(store)
    work = folder_beside(output, mode=0o700)
    try:
        say(f"1/5  Simulating {n_children:,} children of England, 2018 ...")
        made = write_synthetic(work, scenario_name="england-2018", n_children=n_children, random_state=2018)
        say(f"     {made.n_plans:,} plans; their CIN census files too, one per year.")
        say("2/5  Reading the census files back ...")
        census, quality = read_cin_census(work / "census")
        quality.write_json(work / "census_quality.json")
        say(f"     {len(census.plans):,} plans read from XML; every row accounted for.")
        say("3/5  Comparing the models in five folds and tracking them in MLflow ...")
        result = run_experiment(with_plans(load_experiment("compare_models"), work / "plans"), store=store)
        say(_indented(result.summary()))
        say("4/5  Scoring the children whose plan has ended or is about to ...")
        bundle = work / "champion"
        if result.model_uri is None:
            result.fitted[result.best].save(bundle)
            model = result.fitted[result.best]
        else:
            model = load_tracked_model(result.model_uri, store=store)
            model.save(bundle)
        scored = score_batch(model, work / "plans", work / "scores", formats=["csv"], latest=False)
        say(f"     {scored.n_scored:,} scored, {scored.n_rejected:,} rejected.")
        say("5/5  Writing the report ...")
        card = result.card() if result.model_uri is None else tracked_model_card(result.model_uri, store=store)
        for name, text in (files_of(result.report, "report") | files_of(card, "model_card")).items():
            (work / name).write_text(text, encoding="utf-8", newline="\n")
        (work / MARKER).touch()
        _replace(work, output)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    say(_ending(output, store))
    return output


def write_synthetic(
    folder: str | Path,
    *,
    scenario_name: str | Scenario,
    n_children: int,
    random_state: int,
    census: bool = True,
    formats: Collection[str] = (),
    missing: float = 0.0,
    wrong: float = 0.0,
    processes: int | None = None,
) -> SimulatedStore:
    """Simulate plans and write the store, the truth apart from it, and CIN census files of each year.

    Where the scenario stands for published figures, ``calibration.csv`` has them beside the store's own.

    Parameters
    ----------
    folder : str or Path
        Gets ``plans/``, ``truth/``, ``census/``, ``formats/`` and ``calibration.csv``; it must be empty or not exist.
    scenario_name : str or Scenario
    n_children : int
    random_state : int
    census : bool
        Whether to write the census files. They need all plans in memory; the store and the truth do not.
    formats : collection of str
        Other formats to write, as :func:`~secondplan.write_formats` has them; they need all plans in memory too.
    missing, wrong : float
        Shares of values that are missing and wrong.
    processes : int, optional
        As default one for few children, otherwise one per processor.

    Returns
    -------
    SimulatedStore

    Raises
    ------
    InputError
        There is no such scenario or format, or the shares are not shares.
    OutputError
        The folder is not empty.
    """
    from .plans import read_plans
    from .synthetic import ValueFaults, compare_with_targets, scenario, simulate_to, write_cin_census
    from .synthetic.writers.all_formats import check_formats, write_formats

    folder = Path(folder)
    refuse_busy(folder)
    check_formats(formats)
    try:
        chosen = scenario(scenario_name) if isinstance(scenario_name, str) else scenario_name
        faults = ValueFaults(missing=missing, wrong=wrong) if missing or wrong else None
    except ValueError as error:
        raise InputError(str(error)) from None
    if processes is None:
        processes = 1 if n_children < FEW_CHILDREN else os.cpu_count() or 1
    work = folder_beside(folder, mode=0o700)
    try:
        made = simulate_to(
            work / "plans",
            work / "truth",
            chosen,
            n_children=n_children,
            random_state=random_state,
            faults=faults,
            processes=processes,
        )
        if census or formats or n_children <= MOST_COMPARED:
            plans = read_plans(made.path)
            figures = compare_with_targets(plans)
            if len(figures):
                figures.to_csv(work / "calibration.csv", index=False, float_format="%.6g", lineterminator="\n")
            if census:
                write_cin_census(plans, work / "census")
            if formats:
                write_formats(plans, work / "formats", formats)
        # Part by part: the folder itself may be where the user stands.
        folder.mkdir(exist_ok=True)
        for part in sorted(work.iterdir()):
            part.rename(folder / part.name)
    except OSError as error:
        raise cannot_be_written(folder, error) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return replace(made, path=folder / "plans", truth_path=folder / "truth")


def refuse_busy(folder: Path) -> None:
    """Raise OutputError where ``folder`` is anything but an empty folder or a place for a new one."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise OutputError(f"{folder}: is not an empty folder")
    except OSError as error:
        raise cannot_be_written(folder, error) from None


def _refuse_foreign_content(output: Path) -> None:
    try:
        if output.exists() and not output.is_dir():
            raise OutputError(f"{output}: is a file")
        if output.is_dir() and any(output.iterdir()) and not (output / MARKER).exists():
            raise OutputError(f"{output}: holds something else than an earlier demo; give another folder with --output")
    except OSError as error:
        raise cannot_be_written(output, error) from None


def _refuse_store_inside(output: Path, database: Path | None) -> None:
    """The folder is replaced as a whole, and the store with all earlier comparisons would go with it."""
    if database is not None and database.resolve().is_relative_to(output.resolve()):
        raise OutputError(f"{output}: would hold the MLflow store {database.name}, and a demo replaces its folder")


def _replace(work: Path, output: Path) -> None:
    try:
        work.chmod(0o755)
    except OSError as error:
        raise cannot_be_written(output, error) from None
    put_in_place(work, output)


def _indented(text: str) -> str:
    return "\n".join(f"     {line}" for line in text.splitlines())


def _ending(output: Path, store: str) -> str:
    rows = [
        (output / "report.html", "open this first: verdict, cohort, curves, comparison (report.md, report.json too)"),
        (output / "model_card.html", "what the champion is for and not, TRIPOD+AI, the transparency record"),
        (output / "scores", "every child's risk, band and reasons (Parquet), and a manifest"),
        (output / "champion", "the champion as data: JSON and arrays"),
        (output / "plans", "the plan store; datapackage.json states every true parameter"),
        (output / "truth", "what no real data hold: each child's severity and true risk"),
        (output / "calibration.csv", "published figures beside those of the simulated plans"),
        (output / "census", "CIN census XML of each year, and census_quality.json beside it"),
    ]
    width = max(len(str(path)) for path, _ in rows)
    made = "\n".join(f"  {path!s:<{width}}  {what}" for path, what in rows)
    then = "make ui" if store == "sqlite:///mlflow.db" else f"secondplan ui --store {store}"
    return f"\nMade:\n{made}\n\nNext: open {output / 'report.html'}; then `{then}` shows the comparison in MLflow."
