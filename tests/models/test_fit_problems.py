"""Messages that name the columns of a fit with problems."""

from types import SimpleNamespace

import numpy as np

from secondplan.models.fit_problems import fit_problems

NAMES = np.array(["age", "sex", "size"], dtype=object)


def found(constant=(), collinear=(), diverging=(), converged=True):
    masks = {"constant": constant, "collinear": collinear, "diverging": diverging}
    return SimpleNamespace(
        **{kind: np.isin(NAMES, list(names)) for kind, names in masks.items()}, converged=converged, n_iterations=60
    )


def test_a_sound_fit_has_no_message():
    assert fit_problems(found(), NAMES) == []


def test_each_problem_names_its_columns():
    messages = fit_problems(found(["age"], ["sex", "size"], ["size"], converged=False), NAMES, "use a penalty")
    assert messages[0].endswith("coefficient left at 0: age")
    assert messages[1].endswith("coefficient left at 0: sex, size")
    assert "no finite estimate: size; merge rare levels, drop them, or use a penalty" in messages[2]
    assert "did not converge in 60 iterations" in messages[3]
