"""Work on a row of tasks in several processes, with the results in the order of the tasks."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

_AHEAD = 2


def ordered_results(function: Callable[[A], B], tasks: Iterable[A], n_processes: int) -> Generator[tuple[A, B]]:
    """Yield each task with its result, in the order of ``tasks``; a task is taken only shortly before it is begun.

    Parameters
    ----------
    function : callable
        At the top of a module, so that other processes find it.
    tasks : iterable
        May depend on the results that were yielded so far.
    n_processes : int
        With 1 the work is done in this process. Others are started afresh (``spawn``), as on every platform: a script
        that uses them needs ``if __name__ == "__main__":``.
    """
    if n_processes == 1:
        for task in tasks:
            yield task, function(task)
        return
    pool = ProcessPoolExecutor(n_processes, mp_context=multiprocessing.get_context("spawn"))
    try:
        waiting: deque[tuple[A, Future[B]]] = deque()
        for task in tasks:
            waiting.append((task, pool.submit(function, task)))
            if len(waiting) >= n_processes + _AHEAD:
                done, future = waiting.popleft()
                yield done, future.result()
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
    finally:
        pool.shutdown(cancel_futures=True)
