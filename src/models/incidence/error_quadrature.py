r"""Standard errors of the incidences of very many rows, without a sum over all event times for each.

The derivatives w of :mod:`.influence_error` are smooth functions of the relative risks at each event time, so that
their values at few event times give those at all, with weights C (see ``numerics/interpolative_decomposition.py``).
What they are made of, the event-free probability and the incidence, comes from :mod:`.quadrature`. With z the values at
these times, and
:math:`\alpha_l = \sum_s w_l(s) d\Lambda_l(s)`, the variance is a quadratic form in z and in :math:`\alpha_l x`, with a
matrix that all rows share whose incidence begins and ends at the same event times
(:meth:`.hazard_moments.RowMoments.gram`).
"""

from dataclasses import dataclass

import numpy as np

from ..numerics.interpolative_decomposition import choose_columns, column_weights
from .influence_error import UncertainHazards
from .quadrature import MOST_TIMES, Quadrature

# Tolerance for what the derivatives are made of, of very many rows and of fewer; the relative error of the standard
# errors is about a tenth to one time of it.
TOLERANCE = 3e-5
FINE_TOLERANCE = 1e-8
# Rows whose numbers are held at once, and quadratic forms that are kept.
ROWS_PER_BLOCK = 1024
FORMS_KEPT = 512


@dataclass(frozen=True)
class WindowForm:
    r"""The quadratic form of the variance for all rows whose incidence runs over the same event times.

    Attributes
    ----------
    incidence : ndarray, shape (r,)
        Combines S at the r nodes of the quadrature to the incidence by the last time, up to the relative risk.
    since : ndarray, shape (r,)
        Combines them to S just before the first time.
    hazard : ndarray, shape (K, g)
        Combines the slopes at the chosen times to :math:`\alpha` of each cause.
    form : ndarray, shape (K g, K (g + p))
        The rows of the form's matrix for z, with those columns that belong to alpha x doubled.
    """

    incidence: np.ndarray
    since: np.ndarray
    hazard: np.ndarray
    form: np.ndarray


class ErrorQuadrature:
    """Standard errors of the incidence of one cause by a quadrature.

    Parameters
    ----------
    hazards : UncertainHazards
    quadrature : Quadrature
        Over the first event times of ``hazards``.
    cause : int
        Position of the cause.
    tolerance : float
    """

    def __init__(self, hazards: UncertainHazards, quadrature: Quadrature, cause: int, tolerance: float = TOLERANCE):
        self._hazards = hazards
        self._quadrature = quadrature
        self.covers = quadrature.covers
        self._cause = cause
        self._forms: dict[tuple[int, int], WindowForm] = {}
        jumps = quadrature.jumps
        # Of the quadrature's combinations of S at its nodes: S just before, and the incidence just after, each time.
        after = np.cumsum(quadrature.weights * jumps.hazard[cause], axis=1)
        points = quadrature.points()
        free = quadrature.free_before_nodes(points)
        curve = points[:, [cause]] * free
        # What the slopes are combinations of, as functions of time.
        parts = np.vstack([free @ quadrature.weights, curve @ after, np.ones((1, after.shape[1]))])
        self._times = choose_columns(parts[:, quadrature.candidates], tolerance, MOST_TIMES)
        self._times = quadrature.candidates[self._times]
        self._weights = column_weights(parts[:, self._times], parts)
        self._free = quadrature.weights[:, self._times]
        self._curve = after[:, self._times]

    def error(self, distance: np.ndarray, relative_risk: np.ndarray, windows: list[tuple[int, int]]) -> np.ndarray:
        """Standard errors (n, m) for windows of event times: the first that counts, and the first after the last.

        NaN where the incidence, in the exponential form, would go beyond 1: it stops there, which is not smooth.

        Parameters
        ----------
        distance : ndarray, shape (K, n, p)
            Features less the center of each cause.
        relative_risk : ndarray, shape (n, K)
        windows : list of m pairs of int
        """
        forms = [self._form(*window) if window[1] > window[0] else None for window in windows]
        variance = np.zeros((len(relative_risk), len(windows)))
        for begin in range(0, len(relative_risk), ROWS_PER_BLOCK):
            rows = slice(begin, begin + ROWS_PER_BLOCK)
            # From here on rows come last: numpy's loops are long then.
            own = relative_risk[rows].T
            nodes = self._quadrature.free_before_nodes(relative_risk[rows]).T
            free, curve = self._free.T @ nodes, own[self._cause] * (self._curve.T @ nodes)
            features = np.ascontiguousarray(distance[:, rows].swapaxes(1, 2))
            of_features = self._of_features(features)
            for column, form in enumerate(forms):
                if form is not None:
                    reached = own[self._cause] * (form.incidence @ nodes)
                    z = self._slopes(free, reached - curve, own / (form.since @ nodes))
                    variance[rows, column] = self._variance(form, z, features, of_features)
                    variance[rows, column][reached >= 1.0] = np.nan
        return np.sqrt(np.maximum(variance, 0.0))

    def _slopes(self, free: np.ndarray, lost: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """The derivatives at the chosen times, shape (K, g, n)."""
        z = np.empty((len(scale), *free.shape))
        for cause, own in enumerate(scale):
            if cause == self._cause:
                np.subtract(free, lost, out=z[cause])
                z[cause] *= own
            else:
                np.multiply(lost, -own, out=z[cause])
        return z

    def _of_features(self, features: np.ndarray) -> np.ndarray:
        """The quadratic form of the features of two causes, shape (K, K, n)."""
        n_causes, n_features, n_rows = features.shape
        result = np.empty((n_causes, n_causes, n_rows))
        for cause, by_cause in enumerate(self._coefficients.reshape(n_causes, n_features, -1)):
            product = (by_cause.T @ features[cause]).reshape(features.shape)
            result[cause] = np.einsum("lpn,lpn->ln", product, features)
        return result

    def _variance(self, form: WindowForm, z: np.ndarray, features: np.ndarray, of_features: np.ndarray) -> np.ndarray:
        n_causes, n_chosen, n_rows = z.shape
        alpha = (form.hazard[:, None] @ z)[:, 0]
        slopes = z.reshape(-1, n_rows)
        product = form.form.T @ slopes
        n_slopes = n_causes * n_chosen
        variance = np.einsum("gn,gn->n", product[:n_slopes], slopes)
        mixed = np.einsum("lpn,lpn->ln", product[n_slopes:].reshape(features.shape), features)
        for cause, own in enumerate(alpha):
            variance += own * mixed[cause]
            for other, its in enumerate(alpha):
                variance += own * its * of_features[cause, other]
        return variance

    def _form(self, first: int, end: int) -> WindowForm:
        if (first, end) not in self._forms:
            functions = self._weights[:, :end].copy()
            functions[:, :first] = 0.0
            by_coef = -np.stack([functions @ mean[:end] for mean in self._hazards.mean])
            gram = self._hazards.moments.gram(functions, by_coef)
            n_slopes = len(by_coef) * len(functions)
            self._coefficients = gram[n_slopes:, n_slopes:]
            if len(self._forms) >= FORMS_KEPT:
                self._forms.clear()
            form = gram[:n_slopes].copy()
            form[:, n_slopes:] *= 2.0
            self._forms[first, end] = WindowForm(
                incidence=self._quadrature.sums(self._cause, np.array([end]))[0],
                since=self._quadrature.weights[:, first],
                hazard=self._hazards.jumps.hazard[:, :end] @ functions.T,
                form=form,
            )
        return self._forms[first, end]
