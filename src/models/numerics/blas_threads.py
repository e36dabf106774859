"""Linear algebra in one thread, while our own threads run.

After each product the threads of OpenBLAS go on waiting for the next one, at full speed and for tens of milliseconds,
on the processors that our own threads (:mod:`.threads`) work on. Our products are small, or cut into chunks that
stay in a processor's cache: more threads gain nothing, and on a busy machine they cost several times the work itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Context, or decorator of a function, in which the process's linear algebra uses one thread.

    Of several threads that come at once, threadpoolctl lets the first set the limit and give it back.
    """
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> ThreadpoolController:
    """The libraries that are loaded; to look for them takes a millisecond or more, so it is done once."""
    return ThreadpoolController()
