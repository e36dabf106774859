"""Simulate a plan store, and apart from it the truth from which it came.

Families are simulated in blocks of a fixed size, each with random streams of its own, from years before the window
until the extract date. The store holds the plans that were open at some time in the window; what came before is seen
only in ``previous_plans_reported``, referrals and assessments, as in real systems.

The same scenario, number of children, seed and faults give the same values, whatever the number of processes and the
size of the chunks, on every platform. That holds because

- random numbers come from NumPy's ``PCG64`` by way of ``random``, ``integers`` and ``permutation``, which are integer
  arithmetic, and all other distributions and every ``exp``, ``log`` and power are made of operations that IEEE 754
  defines to the last bit (:mod:`secondplan.synthetic.randomness.portable`);
- a block's streams depend on the seed and its number only, and families are taken in the order of the blocks;
- row groups of the files have a fixed size, and no file holds a time, a host, or a version of pandas.

The bytes of Parquet files depend besides on the version of pyarrow, which writes its name into them. The sums over many
rows in ``effects.json`` are rounded.
"""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..plans.arrow_tables import arrow_table, pandas_frame
from ..plans.store import Plans
from ..plans.store_writer import StoreWriter
from ..plans.strategies import Strategy
from ..progress import track
from ..renamed_parameters import renamed_parameters
from .blocks import FAMILIES_PER_BLOCK, Blocks, Simulated, simulate_blocks, truth_of_parts
from .population.authorities import Authorities, draw_authorities
from .population.course import NATURAL
from .randomness.ordered_pool import ordered_results
from .randomness.streams import AUTHORITIES_BLOCK, Streams
from .scenarios.definition import Scenario
from .scenarios.named import scenario as named_scenario
from .store_tables import extract_table
from .truth.files import TruthWriter
from .truth.result import Truth, make_truth
from .value_faults import ValueFaults, count_on

_USUAL_CHILDREN_PER_BLOCK = 5000


@dataclass(frozen=True, eq=False, repr=False)
class SimulatedPlans(Plans):
    """Simulated plans in memory: ``Plans`` that know their truth.

    Parameters
    ----------
    children, plans, reviews, care_episodes, cin_episodes, assessments, conferences, involvements, extract : DataFrame
    metadata : mapping
        As of ``Plans``.
    truth : Truth
        What no extract holds. ``write`` does not write it: ``truth.write`` does, to another folder.
    """

    truth: Truth = field(default=None)  # type: ignore[assignment]


@dataclass(frozen=True)
class SimulatedStore:
    """A simulated store on disk.

    Attributes
    ----------
    path, truth_path : Path
        Folders of the store and, apart from it, of the truth.
    n_children, n_plans, n_faults : int
    """

    path: Path
    truth_path: Path
    n_children: int
    n_plans: int
    n_faults: int


@renamed_parameters(seed="random_state")
def simulate(
    scenario: str | Scenario = "england-2018",
    *,
    n_children: int,
    random_state: int = 0,
    faults: ValueFaults | None = None,
    strategy: Strategy = NATURAL,
    trends: bool = True,
    processes: int = 1,
    chunk: int = FAMILIES_PER_BLOCK,
) -> SimulatedPlans:
    """Simulate a plan store in memory.

    Parameters
    ----------
    scenario : str or Scenario
        Its name, or a scenario of your own.
    n_children : int
        Exactly so many children have a plan in the window.
    random_state : int
        The seed: the same seed, scenario and number give the same data, on every platform.
    faults : ValueFaults, optional
        Missing and wrong values; none as default. They change no other value, and nothing of the truth.
    strategy : NotBefore or EndBy, optional
        When plans end, had all authorities followed it; the natural course as default. Children and their first plans
        are the same, with the same reviews, until their ends.
    trends : bool
        False leaves all years as the scenario's last one: no ``trends``.
    processes : int
        More than one takes less time. They are started afresh: a script then needs ``if __name__ == "__main__":``.
    chunk : int
        Families at once, rounded up to whole blocks of 8,192. The result does not depend on it, nor on ``processes``.

    Returns
    -------
    SimulatedPlans
        ``metadata`` holds the scenario with every true parameter, ``truth`` what no extract holds: latent severity,
        frailty, hazards, true incidences, and risks after other lengths of plan.

    Raises
    ------
    ValueError
        The scenario is unknown, ``n_children``, ``processes`` or ``chunk`` is not positive, or ``random_state`` is
        negative.

    Examples
    --------
    >>> plans = simulate(n_children=50)
    >>> len(plans.children)
    50
    >>> len(plans.truth) == len(plans.plans)
    True
    """
    run = _Run(scenario, n_children, random_state, faults, strategy, trends, processes, chunk)
    parts = list(run.parts())
    frames = {name: pandas_frame(pa.concat_tables([part.store[name] for part in parts])) for name in parts[0].store}
    tables = truth_of_parts(parts)
    truth = make_truth(run.scenario, {name: [table] for name, table in tables.items()})
    extract = extract_table(run.scenario, run.authorities)
    return SimulatedPlans(**frames, extract=extract, metadata=run.metadata(), truth=truth)


@renamed_parameters(seed="random_state")
def simulate_with_truth(
    scenario: str | Scenario = "england-2018",
    *,
    n_children: int,
    random_state: int = 0,
    faults: ValueFaults | None = None,
    strategy: Strategy = NATURAL,
    trends: bool = True,
) -> tuple[Plans, Truth]:
    """As :func:`simulate`, with the truth beside the plans.

    Examples
    --------
    >>> plans, truth = simulate_with_truth(n_children=20)
    >>> len(plans.children)
    20
    """
    plans = simulate(
        scenario, n_children=n_children, random_state=random_state, faults=faults, strategy=strategy, trends=trends
    )
    return plans, plans.truth


def simulate_to(
    path: str | os.PathLike[str],
    truth_path: str | os.PathLike[str],
    scenario: str | Scenario = "england-2018",
    *,
    n_children: int,
    random_state: int = 0,
    faults: ValueFaults | None = None,
    strategy: Strategy = NATURAL,
    trends: bool = True,
    processes: int = 1,
    chunk: int = FAMILIES_PER_BLOCK,
) -> SimulatedStore:
    """Simulate a plan store of any size straight to disk: memory does not grow with the number of children.

    The files are those that ``simulate(...).write(path)`` and ``.truth.write(truth_path)`` would write.

    Parameters
    ----------
    path, truth_path : path
        Folders of the store and of the truth, which do not exist or are empty; neither may lie in the store.
    scenario, n_children, random_state, faults, strategy, trends, processes, chunk
        As for :func:`simulate`.

    Returns
    -------
    SimulatedStore

    Raises
    ------
    ValueError
        As :func:`simulate`.
    OutputError
        A folder is in use, or cannot be written, or the truth would lie in the store.

    Examples
    --------
    >>> import tempfile
    >>> from secondplan import read_plans, simulate
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = simulate_to(f"{folder}/plans", f"{folder}/truth", n_children=50)
    ...     read_plans(made.path).equals(simulate(n_children=50))
    True
    """
    run = _Run(scenario, n_children, random_state, faults, strategy, trends, processes, chunk)
    n_rows = {"plans": 0, "faults": 0}
    n_before: dict[str, int] = {}
    with (
        StoreWriter(path, metadata=run.metadata()) as store,
        TruthWriter(truth_path, run.scenario, apart_from=path) as truth,
    ):
        store.append({"extract": arrow_table("extract", extract_table(run.scenario, run.authorities))})
        for part in run.parts():
            store.append(part.store)
            truth.append({**part.truth, "faults": count_on(part.truth["faults"], n_before)})
            for name, table in part.store.items():
                n_before[name] = n_before.get(name, 0) + table.num_rows
            n_rows["faults"] += part.truth["faults"].num_rows
    return SimulatedStore(
        path=store.folder,
        truth_path=truth.folder,
        n_children=n_children,
        n_plans=n_before["plans"],
        n_faults=n_rows["faults"],
    )


class _Run:
    """One simulation: checked options, the authorities, and the parts as they come."""

    def __init__(
        self,
        scenario: str | Scenario,
        n_children: int,
        seed: int,
        faults: ValueFaults | None,
        strategy: Strategy,
        trends: bool,
        processes: int,
        chunk: int,
    ) -> None:
        for name, value in (("n_children", n_children), ("processes", processes), ("chunk", chunk)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        chosen = named_scenario(scenario) if isinstance(scenario, str) else scenario
        self.scenario = chosen if trends or not chosen.trends else chosen.replace(trends={})
        self.n_children, self.seed, self.faults, self.processes = n_children, seed, faults, processes
        self.strategy = strategy
        self.blocks_at_once = -(-chunk // FAMILIES_PER_BLOCK)
        self.authorities: Authorities = draw_authorities(
            self.scenario, n_children, Streams(seed, AUTHORITIES_BLOCK)["authorities"]
        )

    def metadata(self) -> dict[str, Any]:
        """What the store says of itself."""
        faults = {} if self.faults is None else {"faults": asdict(self.faults)}
        strategy = {} if self.strategy == NATURAL else {"strategy": self.strategy.name}
        return {
            "synthetic": True,
            "note": "Simulated. No child, family or worker in these data exists.",
            "n_children": self.n_children,
            "seed": self.seed,
            **faults,
            **strategy,
            "scenario": self.scenario.to_dict(),
        }

    def parts(self) -> Iterator[Simulated]:
        """Parts in order, under a progress bar, until there are exactly so many children."""
        parts = self._parts()
        first = next(parts)
        yield from track(chain([first], parts), "Simulating families", total=-(-self.n_children // first.n_children))

    def _parts(self) -> Iterator[Simulated]:
        n_missing, next_block = self.n_children, 0

        def tasks() -> Iterator[Blocks]:
            # As many as will usually do. None may have more children than are missing when it is begun.
            for i in range(-(-n_missing // (_USUAL_CHILDREN_PER_BLOCK * self.blocks_at_once))):
                yield self._blocks(next_block + i * self.blocks_at_once, n_missing)

        while n_missing:
            begun = list[int]()
            with closing(ordered_results(simulate_blocks, tasks(), self.processes)) as results:
                for task, result in results:
                    begun.append(task.first + task.n)
                    # Families were left out by the children that were missing then, not by those that are now.
                    if result.n_children > n_missing or (result.is_cut and task.n_children != n_missing):
                        result = simulate_blocks(self._blocks(task.first, n_missing))
                    n_missing -= result.n_children
                    if result.n_children:
                        yield result
                    if not n_missing:
                        return
            next_block = begun[-1]

    def _blocks(self, first: int, n_children: int) -> Blocks:
        return Blocks(
            scenario=self.scenario,
            authorities=self.authorities,
            seed=self.seed,
            first=first,
            n=self.blocks_at_once,
            n_children=n_children,
            faults=self.faults,
            strategy=self.strategy,
        )
