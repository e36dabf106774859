"""Derivatives of totals over few event times are those over all, whatever time each row ends."""

import numpy as np
import pytest

import secondplan.models.incidence.total_slopes as module
from secondplan.models.incidence.exact_sums import FORMS, Jumps
from secondplan.models.incidence.quadrature import build_quadrature
from secondplan.models.incidence.total_slopes import total_slopes

SPREAD = np.vstack([np.zeros(2), 0.4 * np.eye(2) + 0.1])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("share_early", [0.0, 0.2, 1.0])
def test_few_event_times_give_all(form, share_early, monkeypatch):
    monkeypatch.setattr(module, "ROWS_PER_BLOCK", 64)
    rng = np.random.default_rng(3)
    n, n_days = 300, 200
    jumps = Jumps(np.arange(1.0, n_days + 1), rng.gamma(20.0, 1 / 20.0, (2, n_days)) / n_days / 2)
    quadrature = build_quadrature(jumps, form, SPREAD)
    risk = np.exp(rng.multivariate_normal(SPREAD[0], SPREAD[1:], n))
    # Rows end at three times, or earlier where their own end is.
    own = np.where(rng.random(n) < share_early, rng.integers(0, n_days, n), n_days)
    position = np.minimum(np.array([50, 120, 180]), own[:, None])
    given = jumps.hazard, risk, position if share_early else position[:1], rng.random(n), rng.normal(size=(n, 2))
    assert quadrature.covers(risk).mean() > 0.9
    exact, few = total_slopes(*given, 0, form), total_slopes(*given, 0, form, quadrature)
    for name in ("by_increment", "by_feature"):
        right = getattr(exact, name)
        # The promise of the quadrature and of the power series, with a margin for sums over rows.
        assert getattr(few, name) == pytest.approx(right, abs=1e-7 * np.abs(right).max())
