"""Blocks of families: the unit of the simulation's randomness, and the tables and truth that come of them.

A block has a fixed number of families, random streams of its own and identifiers of its own. Whatever is done with
blocks, one at a time or many, in one process or several, the families of a block are the same.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from ..plans.arrow_tables import arrow_table
from ..plans.strategies import Strategy
from .population.authorities import Authorities
from .population.course import NATURAL
from .population.life_courses import LifeCourses, live
from .population.selection import in_store_order, in_window, select_children, whole_families
from .randomness.streams import Streams
from .scenarios.definition import Scenario
from .store_tables import plan_identifiers, store_tables
from .truth.tables import truth_tables
from .value_faults import SCHEMA as NO_FAULTS
from .value_faults import ValueFaults, count_on, put_in_faults

FAMILIES_PER_BLOCK = 8192
"""Part of what a seed means: with another number, every store would be another."""

_FIRST_NUMBER = 100_000


@dataclass(frozen=True)
class Blocks:
    """Blocks to simulate, one after the other.

    Attributes
    ----------
    scenario : Scenario
    authorities : Authorities
    seed : int
    first, n : int
        Number of the first block, and how many.
    n_children : int
        At most so many children: whole families, of the first blocks.
    faults : ValueFaults, optional
    strategy : Strategy
    """

    scenario: Scenario
    authorities: Authorities
    seed: int
    first: int
    n: int
    n_children: int
    faults: ValueFaults | None = None
    strategy: Strategy = NATURAL


@dataclass(frozen=True)
class Simulated:
    """What came of blocks.

    Attributes
    ----------
    store, truth : dict of str to pyarrow.Table
        By the name of the table.
    n_children : int
    is_cut : bool
        Whether families were left out because there would have been too many children.
    """

    store: Mapping[str, pa.Table]
    truth: Mapping[str, pa.Table]
    n_children: int
    is_cut: bool


def simulate_blocks(blocks: Blocks) -> Simulated:
    """Simulate families and make their tables; a function of its argument only."""
    parts: list[Simulated] = []
    n_missing = blocks.n_children
    for number in range(blocks.first, blocks.first + blocks.n):
        part = _simulate_block(blocks, number, n_missing)
        parts.append(part)
        n_missing -= part.n_children
        if n_missing == 0:
            break
    return Simulated(
        store={name: pa.concat_tables([part.store[name] for part in parts]) for name in parts[0].store},
        truth=truth_of_parts(parts),
        n_children=blocks.n_children - n_missing,
        is_cut=any(part.is_cut for part in parts),
    )


def truth_of_parts(parts: Sequence[Simulated]) -> dict[str, pa.Table]:
    """The truth of parts, one after the other; rows of faults count on."""
    n_before: Counter[str] = Counter()
    faults = []
    for part in parts:
        faults.append(count_on(part.truth["faults"], n_before))
        n_before.update({name: table.num_rows for name, table in part.store.items()})
    joined = {name: pa.concat_tables([part.truth[name] for part in parts]) for name in parts[0].truth}
    return {**joined, "faults": pa.concat_tables(faults)}


def _simulate_block(blocks: Blocks, number: int, n_children: int) -> Simulated:
    scenario, authorities = blocks.scenario, blocks.authorities
    streams = Streams(blocks.seed, number)
    lives, place = in_window(scenario, live(scenario, authorities, FAMILIES_PER_BLOCK, streams, blocks.strategy))
    names = _names(scenario, authorities, lives, place, number, streams["identifiers"])
    is_cut = len(lives.children) > n_children
    if is_cut:
        kept = whole_families(lives.children.family, n_children)
        lives, names = select_children(lives, kept), names.iloc[kept].reset_index(drop=True)
    lives, names = in_store_order(lives, names)
    plan_ids = plan_identifiers(lives, names)
    frames, faults = store_tables(scenario, lives, names, plan_ids), NO_FAULTS.empty_table()
    if blocks.faults is not None:
        last = pd.Timestamp(scenario.extract_date)
        frames, faults = put_in_faults(frames, blocks.faults, last, streams["value_faults"])
    return Simulated(
        store={name: arrow_table(name, frame) for name, frame in frames.items()},
        truth={**truth_tables(scenario, authorities, lives, names, plan_ids), "faults": faults},
        n_children=len(lives.children),
        is_cut=is_cut,
    )


def _names(
    scenario: Scenario,
    authorities: Authorities,
    lives: LifeCourses,
    place: np.ndarray,
    block: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Identifiers in random order within the block, so that a number tells nothing; unique over all authorities.

    A child has the same under every strategy, by its ``place`` among all children of the block.
    """
    children = lives.children
    most = FAMILIES_PER_BLOCK * max(int(size) for size in scenario.family_size_shares)
    number = _FIRST_NUMBER + block * most + rng.permutation(most)[place]
    family = _FIRST_NUMBER + block * FAMILIES_PER_BLOCK + rng.permutation(FAMILIES_PER_BLOCK)[children.family]
    la_code = pd.Series(pd.array(authorities.code.tolist(), dtype="string").take(children.authority))
    return pd.DataFrame(
        {
            "child_id": la_code + pd.Series(number).astype("string"),
            "family_id": "F" + pd.Series(family).astype("string"),
            "la_code": la_code,
        }
    )
