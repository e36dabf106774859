"""A small world with known truth: progress at reviews drives endings and what follows; strategies are rerun in it."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from secondplan.effects.trial.covariates import Columns
from secondplan.effects.trial.decisions import find_decisions
from secondplan.effects.trial.departure_models import Known
from secondplan.effects.trial.people import NEVER, People

N_REVIEWS = 7
GRACE = 14
GOOD, POOR = 0, 2


class World:
    """Draws of everything random, once: strategies are then rerun with the same numbers."""

    def __init__(self, n, seed, *, effect=1.0):
        rng = np.random.default_rng(seed)
        self.n, self.effect = n, effect
        self.family = np.sort(rng.integers(0, n // 2, n))
        self.severity = rng.normal(size=n) * 0.7 + rng.normal(size=n // 2)[self.family] * 0.7
        gaps = np.column_stack([rng.integers(60, 92, n), rng.integers(70, 190, (n, N_REVIEWS - 1))])
        self.review = np.cumsum(gaps, axis=1)
        noise = rng.logistic(size=(n, N_REVIEWS))
        self.progress = np.ones((n, N_REVIEWS), dtype=int)
        before = np.ones(n)
        for k in range(N_REVIEWS):
            latent = 0.6 * self.severity + 0.9 * (before - 1) + noise[:, k]
            self.progress[:, k] = before = 1 + (latent > 0.8) - (latent < -0.8)
        logit = -1.3 + 0.4 * np.arange(N_REVIEWS) - 1.5 * (self.progress - 1)
        self.ends = rng.random((n, N_REVIEWS)) < expit(logit)
        self.ends[:, -1] = True
        self.delay = np.where(rng.random(n) < 0.1, rng.integers(1, GRACE + 1, n), 0)
        self.on_plan, self.again, self.care = rng.exponential(size=(3, n))
        self.last_day = rng.integers(800, 2200, n)

    def run(self, not_before=0, end_by=None):
        """(stop, event, end, was_ended) under a strategy, as though nobody was censored."""
        every = np.arange(self.n)
        ends = self.ends & (self.review + self.delay[:, None] >= not_before)
        if end_by is not None:
            ends = ends.copy()
            ends[every, (self.review + self.delay[:, None] <= end_by).sum(axis=1) - 1] = True
        at = ends.argmax(axis=1)
        end = self.review[every, at] + self.delay
        care_on_plan = np.ceil(self.on_plan / 0.0002).astype(int)
        found = self.progress[every, at]
        log_rate = -7.4 + 0.7 * (found - 1) + 0.4 * self.severity
        log_rate += self.effect * (0.8 * (end < 91) + 0.3 * (end < 182))
        again = end + np.ceil(self.again / np.exp(log_rate)).astype(int)
        care = end + np.ceil(self.care / 0.0001).astype(int)
        into_care = care_on_plan <= end
        stop = np.where(into_care, care_on_plan, np.minimum(again, care))
        event = np.where(into_care | (care < again), 2, 1)
        return stop, event, np.where(into_care, NEVER, end), ~into_care

    def known(self, use=("progress", "before")):
        """What a trial sees of it."""
        stop, event, end, was_ended = self.run()
        censored = stop > self.last_day
        stop, event = np.where(censored, self.last_day, stop), np.where(censored, 0, event)
        was_ended = was_ended & (end <= stop)
        end = np.where(was_ended, end, NEVER)
        rows = pd.DataFrame({"start_date": pd.Timestamp("2012-01-01"), "person": np.arange(self.n)})
        people = People(rows, stop, event, end, was_ended, self.last_day, pd.factorize(self.family, sort=True)[0])
        held = (self.review <= np.minimum(end, stop)[:, None]) & (self.review <= 500)
        held &= (self.review < stop[:, None]) | was_ended[:, None]
        person, number = np.nonzero(held)
        reviews = pd.DataFrame({"person": person, "day": self.review[person, number]})
        decisions = find_decisions(people, reviews, GRACE, 500)
        found = np.zeros((decisions.person.size, 2))
        at = decisions.number > 0
        found[at, 0] = self.progress[decisions.person[at], decisions.number[at] - 1]
        at = decisions.number > 1
        found[at, 1] = self.progress[decisions.person[at], decisions.number[at] - 2]
        values = np.column_stack([found == 0, found == 2]).astype(float)
        names = ("progress=good", "before=good", "progress=poor", "before=poor")
        place = np.zeros(decisions.person.size, dtype=int)
        columns = Columns(values, names, ("progress", "before", "progress", "before"), place)
        return Known(people, decisions, columns, use)

    def truth(self, days, **strategy):
        """Risk by each day."""
        stop, event, _, _ = self.run(**strategy)
        return np.array([np.mean((stop <= day) & (event == 1)) for day in days])


@pytest.fixture(scope="session")
def world():
    """The class of worlds."""
    return World
