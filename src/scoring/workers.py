"""Parts scored in several processes: they know the model from the start, and end when this process does."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol, Self

from ..errors import SecondplanError

if TYPE_CHECKING:
    from .scorer import Scorer

Task = Callable[["Scorer"], Any]
# From so many rows on, what other processes save is more than the second or two in which they start.
MANY_ROWS = 200_000
SECONDS_TO_END = 5.0


class Scoring(Protocol):
    """Who does tasks; ``ahead`` is how many are best begun before the result of the first is taken."""

    ahead: int

    def submit(self, task: Task) -> Any:
        """Begin a task; ``result()`` of what is given waits for it, or does it."""


class Here:
    """Tasks done in this process, when their result is asked for."""

    ahead = 0

    def __init__(self, scorer: Scorer):
        self._scorer = scorer

    def submit(self, task: Task) -> Deferred:
        """As :class:`Scoring`."""
        return Deferred(task, self._scorer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass


class Deferred:
    """A task that is done when its result is asked for."""

    def __init__(self, task: Task, scorer: Scorer):
        self._task, self._scorer = task, scorer

    def result(self) -> Any:
        """What the task gives."""
        return self._task(self._scorer)


class Workers:
    """Tasks done in other processes, as many at a time as there are.

    Parameters
    ----------
    scorer : Scorer
        Sent to each process once.
    n_processes : int
        Started afresh (``spawn``), as on every platform: a script that uses them needs
        ``if __name__ == "__main__":``. They write nothing: what they find comes back here.
    """

    def __init__(self, scorer: Scorer, n_processes: int):
        context = multiprocessing.get_context("spawn")
        self.ahead = n_processes + 1
        self._idle: SimpleQueue[Connection] = SimpleQueue()
        self._connections: list[Connection] = []
        self._processes = []
        self._threads = ThreadPoolExecutor(n_processes)
        message = ForkingPickler.dumps(scorer)
        for _ in range(n_processes):
            here, there = context.Pipe()
            process = context.Process(target=_work, args=(there,), daemon=True)
            process.start()
            there.close()  # so that the end of either process is the end of the pipe
            self._processes.append(process)
            self._connections.append(here)
            # Sent while the next ones start: a process takes the scorer only once it has loaded what that needs.
            self._threads.submit(self._ready, here, message)

    def submit(self, task: Task) -> Future[Any]:
        """As :class:`Scoring`."""
        return self._threads.submit(self._done, task)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._processes if error[0] is not None else ():
            process.terminate()
        self._threads.shutdown(cancel_futures=True)
        for connection in self._connections:
            connection.close()
        for process in self._processes:
            process.join(SECONDS_TO_END)

    def _ready(self, connection: Connection, scorer: memoryview) -> None:
        with suppress(OSError):  # a process that has ended is told of by the first task
            connection.send_bytes(scorer)
        self._idle.put(connection)

    def _done(self, task: Task) -> Any:
        connection = self._idle.get()
        try:
            connection.send(task)
            result = connection.recv()
        except (EOFError, OSError):
            raise SecondplanError(
                "a process that scores has ended before its part was done; it may have run out of memory, and a "
                'script that scores in several processes needs if __name__ == "__main__":'
            ) from None
        finally:
            self._idle.put(connection)
        if isinstance(result, Exception):
            raise result
        return result


def n_processes(n_jobs: int | None, n_rows: int) -> int:
    """In how many processes so many rows are scored; with None in one a processor, where there are many rows."""
    if n_jobs is not None:
        return n_jobs
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return n_cores if n_rows >= MANY_ROWS else 1


def scoring(scorer: Scorer, n: int) -> Here | Workers:
    """Who does tasks in ``n`` processes; with 1 this one does them."""
    return Here(scorer) if n == 1 else Workers(scorer, n)


def _work(connection: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that sends tasks says when to stop
    with suppress(EOFError):
        serve(connection, connection.recv())


def serve(connection: Connection, scorer: Scorer) -> None:
    """Do tasks until nobody sends any more; what stops one is the answer to it."""
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        try:
            result: Any = task(scorer)
        except SecondplanError as error:
            result = error
        except Exception as error:  # what others say may quote a value
            result = SecondplanError(f"a part could not be scored ({type(error).__name__})")
        try:
            connection.send(result)
        except OSError:
            return
