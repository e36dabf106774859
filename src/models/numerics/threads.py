"""Work on many rows, cut into chunks that run side by side.

The cuts depend on the number of rows only, and results are put together in order: the numbers are the same on any
number of processors. Numba's own threads are not used, so that nothing has to be set up before the first fit.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from numba import config

Result = TypeVar("Result")

ROWS_PER_CHUNK = 65_536
# Numbers that stay in a processor's own cache (1 MB), so that a chunk read twice comes from memory once.
CACHED_NUMBERS = 131_072
LEAST_CACHED_ROWS = 512


def row_chunks(n_rows: int, size: int | None = None) -> list[slice]:
    """Slices of ``size`` rows that cover ``range(n_rows)`` in order; one, perhaps empty, where there are few rows."""
    step = ROWS_PER_CHUNK if size is None else size
    return [slice(begin, min(begin + step, n_rows)) for begin in range(0, max(n_rows, 1), step)]


def cached_rows(n_columns: int) -> int:
    """Rows of ``n_columns`` numbers that stay in a processor's own cache."""
    return min(ROWS_PER_CHUNK, max(LEAST_CACHED_ROWS, CACHED_NUMBERS // max(n_columns, 1)))


def run_all(tasks: Sequence[Callable[[], Result]]) -> list[Result]:
    """Results of all tasks in their order; tasks whose kernels let go of the interpreter run side by side.

    At most as many at once as Numba may use threads (``NUMBA_NUM_THREADS``).
    """
    n_threads = min(int(config.NUMBA_NUM_THREADS), len(tasks))  # type: ignore[attr-defined]
    if n_threads <= 1:
        return [task() for task in tasks]
    results: dict[int, Result] = {}
    waiting = iter(range(len(tasks)))

    def work() -> None:
        """Take the next task until none is left: cheaper than to wait for each by itself."""
        for position in waiting:
            results[position] = tasks[position]()

    with ThreadPoolExecutor(n_threads - 1) as pool:
        others = [pool.submit(work) for _ in range(n_threads - 1)]
        work()
        for other in others:
            other.result()
    return [results[position] for position in range(len(tasks))]
