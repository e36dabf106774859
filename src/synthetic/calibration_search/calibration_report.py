"""What calibration reached: target, simulated value and Monte Carlo error of every figure, as a table and as a page."""

import math
from importlib.resources import files

import pandas as pd

from ...plans.store import Plans
from ..scenarios.calibrated import FOLDER, PACKAGE
from .calibrate import FRESH_SEEDS, SIZES
from .store_moments import moments
from .target_figures import targets

CALIBRATED = ("england-2018", "england-2025", "birmingham")


def calibration_table(name: str) -> pd.DataFrame:
    """The stored result of a scenario's calibration.

    Parameters
    ----------
    name : str
        Of a scenario that is calibrated.

    Returns
    -------
    DataFrame
        One row per target: ``moment``, ``target``, ``simulated`` (mean over simulations that played no part in the
        calibration), ``error`` (the standard deviation of one such simulation: Monte Carlo error), ``tolerance``,
        ``use`` (``calibration``, or ``check`` where the figure was held out) and ``source``.

    Examples
    --------
    >>> table = calibration_table("england-2018").set_index("moment")
    >>> bool(abs(table.loc["second_share", "simulated"] - 0.202) < 0.005)
    True
    """
    return _stored(name)


def compare_with_targets(plans: Plans) -> pd.DataFrame:
    """The figures of one simulated store beside the published ones of its scenario.

    Parameters
    ----------
    plans : Plans
        A store made by :func:`~secondplan.synthetic.simulate`, with the scenario in its ``metadata``.

    Returns
    -------
    DataFrame
        As :func:`calibration_table`, with the store's own value as ``simulated`` and the Monte Carlo error of a store
        of its size: by the square root of the numbers of children, which is near for shares. No rows where the scenario
        stands for no published figures.

    Examples
    --------
    >>> from secondplan.synthetic import simulate
    >>> table = compare_with_targets(simulate(n_children=300)).set_index("moment")
    >>> bool(0 < table.loc["second_share", "simulated"] < 0.5)
    True
    """
    scenario = plans.metadata["scenario"]
    if not targets(scenario["name"]):
        return pd.DataFrame(columns=["moment", "target", "simulated", "error", "tolerance", "use", "source"])
    year = int(scenario["parameters"]["extract_date"]["value"][:4])
    table = calibration_table(scenario["name"])
    found = moments(plans, year_ending=year).reindex(table["moment"]).to_numpy()
    larger = math.sqrt(SIZES[scenario["name"]][1] / len(plans.children))
    return table.assign(simulated=found, error=table["error"] * larger)


def calibration_page() -> str:
    """Markdown of all calibrated scenarios."""
    lines = [
        "# Calibration of the synthetic data",
        "",
        "Made by `make data` from the last calibration (`secondplan simulate --calibrate`). Each row is a published "
        "figure, its value in the simulated data, and the Monte Carlo error: the standard deviation of one simulation "
        f"of the size given. The simulated value is the mean over {len(FRESH_SEEDS)} simulations whose seeds played no "
        "part in the calibration. *calibration*: parameters were chosen by this figure; *check*: it was held out. "
        "Shares are from 0 to 1.",
        "",
    ]
    for name in CALIBRATED:
        lines += [
            f"## {name}",
            "",
            "| figure | published | simulated | error | use | source |",
            "|---|---|---|---|---|---|",
        ]
        for row in calibration_table(name).itertuples():
            numbers = f"{_short(row.target)} | {_short(row.simulated)} | {_short(row.error)}"
            lines.append(f"| {row.moment} | {numbers} | {row.use} | {row.source} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _short(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 0.1 else f"{value:.3f}"


def _stored(name: str) -> pd.DataFrame:
    if name not in CALIBRATED:
        raise ValueError(f"the scenario {name} is not calibrated; those that are: {', '.join(CALIBRATED)}")
    with files(PACKAGE).joinpath(FOLDER, f"{name}.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream)
