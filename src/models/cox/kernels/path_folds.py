"""Cross-validation of an elastic-net path by the partial-likelihood deviance of the fold left out."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .path import CoxPath, PathOptions, PathRows, cox_path, deviance, path_rows


@dataclass(frozen=True)
class PathData:
    """Arrays of n rows: ``design`` (n, p), the others (n,); ``stratum`` codes 0, 1, ..."""

    design: np.ndarray
    entry: np.ndarray
    duration: np.ndarray
    is_event: np.ndarray
    weight: np.ndarray
    stratum: np.ndarray
    offset: np.ndarray | None

    def rows(self, chosen: np.ndarray | slice, options: PathOptions) -> PathRows:
        """The chosen rows, sorted and scaled for a path."""
        return path_rows(
            self.design[chosen],
            self.entry[chosen],
            self.duration[chosen],
            self.is_event[chosen],
            self.weight[chosen],
            self.stratum[chosen],
            None if self.offset is None else self.offset[chosen],
            efron=options.efron,
            standardize=options.standardize,
        )


@dataclass(frozen=True)
class FoldDeviance:
    """Of F folds and L strengths: ``by_fold`` (F, L), the deviance of an event left out; ``weight`` (F,), the weight of
    the events of each fold; ``mean`` and ``std_error`` (L,) over the folds; ``converged``, whether all fits did."""

    by_fold: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    std_error: np.ndarray
    converged: bool


def cross_validate(
    data: PathData,
    whole: PathRows,
    path: CoxPath,
    options: PathOptions,
    fold: np.ndarray,
    *,
    grouped: bool,
    folds: Iterable[int],
) -> FoldDeviance:
    """Deviance of each fold at the coefficients of a path fitted to the others.

    Parameters
    ----------
    data : PathData
    whole : PathRows
        Of all rows.
    path : CoxPath
        Fitted to all rows.
    options : PathOptions
        Of each fold's path. Where it gives no strengths, each fold finds its own, and its coefficients at those of
        ``path`` come by linear interpolation, as in cv.glmnet.
    fold : ndarray of int, shape (n,)
        Fold of each row, 0 ... F - 1.
    grouped : bool
        Count a fold's deviance as that of all rows less that of the rows outside it, so that its rows are compared
        with all at risk (van Houwelingen and others, 2006); else by risk sets within the fold.
    folds : iterable of int
        0 ... F - 1, under a progress bar perhaps.
    """
    by_fold = np.empty((int(fold.max()) + 1, path.lambdas.size))
    converged = bool(path.converged.all())
    for own in folds:
        inside = fold == own
        outside = data.rows(~inside, options)
        trained = cox_path(outside, options)
        converged &= bool(trained.converged.all())
        coefs = interpolate(trained, path.lambdas)
        compared = (whole, outside) if grouped else (data.rows(inside, options),)
        for sign, part in zip((1.0, -1.0), compared, strict=False):
            values = sign * np.array([_mean_weight_one(part) * deviance(part, coef) for coef in coefs])
            by_fold[own] = values if sign > 0 else by_fold[own] + values
    weight = np.bincount(fold, data.weight * data.is_event)
    by_fold /= weight[:, None]
    mean = weight @ by_fold / weight.sum()
    spread = weight @ (by_fold - mean) ** 2 / weight.sum()
    return FoldDeviance(by_fold, weight, mean, np.sqrt(spread / (weight.size - 1)), converged)


def interpolate(path: CoxPath, lambdas: np.ndarray) -> np.ndarray:
    """Coefficients at other strengths, shape (L, p): linear between those of the path, level beyond its ends."""
    rising = path.lambdas[::-1]
    return np.column_stack([np.interp(lambdas, rising, column[::-1]) for column in path.coef.T])


def _mean_weight_one(data: PathRows) -> float:
    """Factor that brings a deviance to weights with mean 1, which cv.glmnet does for each set of rows by itself."""
    return data.n_rows / data.total_weight
