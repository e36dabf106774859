"""Chunks and the order of their results."""

import time
from functools import partial

import pytest
from numba import config

from secondplan.models.numerics.threads import ROWS_PER_CHUNK, row_chunks, run_all


@pytest.mark.parametrize("n_rows", [0, 1, ROWS_PER_CHUNK, ROWS_PER_CHUNK + 1, 3 * ROWS_PER_CHUNK])
def test_chunks_cover_every_row_once(n_rows):
    covered = [row for chunk in row_chunks(n_rows) for row in range(chunk.start, chunk.stop)]
    assert covered == list(range(n_rows))


@pytest.mark.parametrize("n_threads", [1, 3])
def test_results_come_in_the_order_of_the_tasks(monkeypatch, n_threads):
    monkeypatch.setattr(config, "NUMBA_NUM_THREADS", n_threads)

    def slow_first(position):
        time.sleep(0.02 if position == 0 else 0.0)
        return position

    assert run_all([partial(slow_first, position) for position in range(6)]) == list(range(6))


def test_an_error_of_a_task_is_raised():
    with pytest.raises(ZeroDivisionError):
        run_all([lambda: 1 // 0, lambda: 1])
