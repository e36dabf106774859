"""Boosted competing risks: gradient-boosted trees on person-periods, all events jointly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from threadpoolctl import threadpool_limits

from ..estimator.asked import Asked
from ..estimator.base import IncidenceModel
from ..estimator.design import Design, TrainingRows
from ..estimator.fit_problems import warn_of_dropped
from ..features.encoder import FeatureEncoder
from ..inputs.case_weights import are_counts
from .binning import Bins, bin_features, with_thresholds
from .period_incidence import curves_by_blocks, hazards_from_log_odds
from .person_period import PersonPeriods, days_used, number_causes, period_ends, person_periods, sample_event_free
from .tree_arrays import TreeArrays, export_trees, scores_by_period

# Each split waits for every thread. On shared cores a thread that has to wait for its turn holds up all others, which
# spin meanwhile: four times as long as with one thread. The default sample of lines is quick enough without.
LINES_FOR_THREADS = 400_000
# Beyond so many lines scikit-learn takes percentiles of a sample of them, which is quick.
LINES_FOR_BINS = 200_000
LARGEST_MEAN = 1e6


class BoostedHazard(IncidenceModel):
    r"""Competing events in discrete time, with hazards learned by gradient-boosted trees.

    Follow-up is cut into periods. In period :math:`k`, given no event before it, the probability :math:`h_{jk}(x)` of
    each event is that of a multi-class classifier of what happens in the period (scikit-learn's
    ``HistGradientBoostingClassifier`` with log loss). Its features are ``x`` and the middle of the period: effects may
    be of any shape, interact, and change with time. There are no coefficients and no standard errors.

    Delayed entry and censoring within a period count by the share of the period under observation (see
    ``person_period.py``). Cause-specific hazards are taken as constant within a period, so that predictions are
    continuous in time, never decrease, and with the event-free probability sum to 1 on every day. An event on day 0
    belongs to the first period. The curves end on the last day observed, or with the last period.

    Parameters
    ----------
    learning_rate : float
        Share of each tree's contribution that is kept.
    max_iter : int
        Rounds of boosting; a round grows one tree for no event and one for each event (one tree, with a single event).
        There is no early stopping.
    max_leaf_nodes : int
        Most leaves of a tree.
    min_samples_leaf : int
        Fewest person-periods in a leaf.
    l2_regularization : float
        Penalty on the leaves' values.
    period_days : float or sequence of float
        Length of the periods in days, or their last days.
    max_days : float, optional
        Follow-up is used up to the end of the period that holds this day; to the longest duration if not given.
    max_person_periods : int or None
        Where the data have more, every event is kept and the lines without event are a random sample, the same share of
        every period, weighted by the inverse of the sampling fraction: the likelihood keeps its expectation, and time
        and memory are bounded. None to use every line.
    known_end_event : int, optional
        An event whose date is known beforehand (the 18th birthday): counted as censoring, not modelled.
    random_state : int, Generator or None
        For the sample, and for scikit-learn's choice of bins beyond 200,000 lines.
    horizon : float
        Days at which ``predict`` states the risk.
    encoder : FeatureEncoder, optional

    Attributes
    ----------
    events_ : tuple of int
        Codes of the modelled events.
    period_ends_ : ndarray, shape (n_periods,)
        Last day of each period.
    trees_ : dict of str to ndarray
        The trees as plain arrays; see ``TreeArrays``.
    n_events_ : ndarray of int, shape (n_events,)
        Events of each kind used in the fit.
    n_person_periods_ : ndarray of int, shape (2,)
        Lines that the data have, and lines that the trees were grown on.

    Notes
    -----
    ``fit`` accepts ``cluster`` because every model does, and does not use it: clusters matter for standard errors,
    which this model does not have, and for splitting the data, which is done outside it (``FamilyKFold``). Weights
    multiply the log loss; whole ones count as repeated rows but for ``min_samples_leaf``, which counts lines. Weights
    that are not whole, or so large (mean above 1,000,000) that the trees' penalty would vanish, are brought to mean 1.
    Predictions walk the stored arrays: neither scikit-learn's trees nor a row of the training data are saved.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"plan_length_days": rng.uniform(30, 700, 400)})
    >>> y = pd.DataFrame({"duration": rng.exponential(600, 400).round(), "event": rng.integers(0, 3, 400)})
    >>> model = BoostedHazard(max_iter=20, max_days=730).fit(X, y)
    >>> model.predict_cumulative_incidence(X, [365, 730]).shape
    (400, 2)
    """

    _bundle_attributes: ClassVar[tuple[str, ...]] = (
        "events_",
        "period_ends_",
        "trees_",
        "n_events_",
        "n_person_periods_",
    )

    _is_penalised: ClassVar[bool] = True
    _of_training: ClassVar[tuple[str, ...]] = ("_training",)

    def __init__(
        self,
        *,
        learning_rate: float = 0.05,
        max_iter: int = 100,
        max_leaf_nodes: int = 15,
        min_samples_leaf: int = 50,
        l2_regularization: float = 1.0,
        period_days: float | Sequence[float] = 91,
        max_days: float | None = None,
        max_person_periods: int | None = 300_000,
        known_end_event: int | None = None,
        random_state: int | np.random.Generator | None = 0,
        horizon: float = 730.0,
        encoder: FeatureEncoder | None = None,
    ):
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.period_days = period_days
        self.max_days = max_days
        self.max_person_periods = max_person_periods
        self.known_end_event = known_end_event
        self.random_state = random_state
        self.horizon = horizon
        self.encoder = encoder

    def _fit(self, rows: TrainingRows) -> None:
        outcome = rows.outcome.without(self.known_end_event)
        counted = outcome.of_weight(rows.weight)
        self._training = rows
        events = counted.events
        sample_weight = _in_range(rows.weight)
        ends = period_ends(float(counted.duration.max()), self.period_days, self.max_days)
        lines, n_events = number_causes(person_periods(outcome, ends, sample_weight), events)
        if n_events.sum() == len(lines):
            raise ValueError("every row has its event in its first period, so that hazards are 1: take shorter periods")
        rng = np.random.default_rng(self.random_state)
        n_lines = len(lines)
        if self.max_person_periods is not None:
            lines = sample_event_free(lines, self.max_person_periods, rng)
        # Imported here because only fitting needs it.
        from sklearn.ensemble import HistGradientBoostingClassifier

        classifier = HistGradientBoostingClassifier(
            learning_rate=self.learning_rate,
            max_iter=self.max_iter,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=self.l2_regularization,
            early_stopping=False,
            random_state=int(rng.integers(2**31 - 1)),
        )
        design = rows.design.matrix
        bins: list[Bins] = []
        if len(lines) <= LINES_FOR_BINS:
            design, bins = bin_features(design, np.bincount(lines.row, lines.weight, minlength=len(design)))
        with threadpool_limits(1 if len(lines) < LINES_FOR_THREADS else None, user_api="openmp"):
            classifier.fit(expand_design(design, lines, ends), lines.event, sample_weight=lines.weight)
        self.events_ = events
        self.period_ends_ = ends
        self.trees_ = with_thresholds(export_trees(classifier), bins).as_dict()
        self.n_events_ = n_events
        self.n_person_periods_ = np.array([n_lines, len(lines)])
        warn_of_dropped(self.encoder_)

    def risk_of_rows(self, asked: Asked, event: int) -> np.ndarray:
        """As that of every model; no sum over rows is taken that blocks of a fixed size would have to keep apart.

        Parameters
        ----------
        asked : Asked
        event : int
        """
        return self._asked_incidence(asked, event)

    def _last_days_followed(self, rows: TrainingRows) -> np.ndarray:
        return days_used(self.period_ends_, self._as_counted(rows.of_positive_weight().outcome))

    def _incidence(self, design: Design, times: np.ndarray, event: int) -> np.ndarray:
        return curves_by_blocks(self._hazards, design.matrix, self.period_ends_, times, self.events_.index(event))

    def _event_free(self, design: Design, times: np.ndarray) -> np.ndarray:
        return curves_by_blocks(self._hazards, design.matrix, self.period_ends_, times, None)

    def _hazards(self, design: np.ndarray, n_periods: int) -> np.ndarray:
        scores = scores_by_period(TreeArrays(**self.trees_), design, period_middles(self.period_ends_)[:n_periods])
        if len(self.events_) == 1:
            return hazards_from_log_odds(scores)
        return hazards_from_log_odds(scores[..., 1:] - scores[..., :1])


def _in_range(weight: np.ndarray | None) -> np.ndarray | None:
    """The weights, divided by their mean unless they count rows in numbers that scikit-learn's thresholds can take."""
    if weight is None:
        return None
    mean = float(weight[weight > 0].mean())
    return weight if are_counts(weight) and mean <= LARGEST_MEAN else weight / mean


def expand_design(design: np.ndarray, lines: PersonPeriods, ends: np.ndarray) -> np.ndarray:
    """Features of the person-periods: the row's, then the middle of the period; shape (n_lines, p + 1)."""
    expanded = np.empty((len(lines), design.shape[1] + 1))
    np.take(design, lines.row, axis=0, out=expanded[:, :-1])
    expanded[:, -1] = period_middles(ends)[lines.period]
    return expanded


def period_middles(ends: np.ndarray) -> np.ndarray:
    """Middle of each period, days, shape (n_periods,)."""
    return (ends + np.concatenate([[0.0], ends[:-1]])) / 2
