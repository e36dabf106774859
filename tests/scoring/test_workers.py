from multiprocessing import Pipe
from operator import methodcaller
from threading import Thread

from secondplan.errors import InputError, SecondplanError
from secondplan.scoring.workers import MANY_ROWS, Here, n_processes, scoring, serve


def test_few_rows_are_scored_here_and_many_by_all_processors():
    assert n_processes(None, 10) == 1 and n_processes(3, 10) == 3
    assert n_processes(None, MANY_ROWS) >= 1
    with scoring(7, 1) as here:
        assert isinstance(here, Here) and here.submit(methodcaller("__add__", 1)).result() == 8


def test_a_worker_answers_until_nobody_asks_and_tells_no_value():
    here, there = Pipe()
    worker = Thread(target=serve, args=(there, 5))
    worker.start()
    here.send(methodcaller("__add__", 1))
    assert here.recv() == 6
    here.send(_of_a_value)
    answer = here.recv()
    assert type(answer) is SecondplanError and str(answer) == "a part could not be scored (KeyError)"
    here.send(_of_input)
    assert str(here.recv()) == "cases.csv: a column is absent"
    here.close()
    worker.join(5)
    assert not worker.is_alive()


def _of_a_value(scorer):
    raise KeyError("a child's name")


def _of_input(scorer):
    raise InputError("cases.csv: a column is absent")
