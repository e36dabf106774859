"""Weights that make children with plans of different lengths alike in their features, and how well they do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from ..caller_warnings import warn
from ..models.features.encoder import FeatureEncoder, as_frame
from ..models.inputs.case_weights import weight_of_each
from ..models.inputs.labels import label_codes, refuse_other_order
from ..models.inputs.outcome import as_numbers
from ..models.numerics.blas_threads import one_blas_thread
from ..parameter_checks import require_choice
from ..plans.disclosure import withheld_in_parts
from ..small_counts import SUPPRESSED, count_words
from .weight_estimation import CAPS, DROPS, estimated_weights, independent_design

KINDS, ESTIMANDS = ("multinomial", "density_ratio"), ("ate", "overlap")
# Probabilities of a level under which its weights rest on few, by name.
RARE = 0.05
# Children of a level a column of the weights' model below which errors of influence functions are too small.
FEW_A_COLUMN = 20


@dataclass(frozen=True, repr=False, eq=False)
class LengthWeights:
    """Weights of n rows by the probability of their own level, or length, given their features.

    Attributes
    ----------
    weights : ndarray, shape (n,)
        0 in rows that were trimmed by leaving them out.
    levels : tuple
        The levels, in order; none for ``density_ratio``.
    level_of_row : ndarray of int, shape (n,)
        Position of each row's level.
    balance : DataFrame
        Standardised differences before and after weighting: column, level, before, after. Of a level it is the mean of
        its rows less that of the rows that all levels are weighted to, in standard deviations; for ``density_ratio``
        the correlation with the length.
    effective_n : DataFrame
        level, n, effective_n (squared sum of the weights over the sum of squares), largest_share (what the heaviest
        hundredth of rows weighs of all).
    overlap : DataFrame
        Positivity: level, probability of it at the 1st percentile, the median and the 99th among all rows, and
        share_rare, the share of rows with a probability below 5 %. For ``density_ratio`` the same of the weights.
    kind, estimand : str
    stabilised : bool
    trim : str or None
    probability : ndarray, shape (n, n_levels), or None
        Of each level, given the features.
    log_slopes, parameter_influence : ndarray, shape (n, q)
        How the log of each weight moves with the q parameters, and how each row moves these.
    leave_one_out : bool
        Whether the latter is what leaving the row out would change, in place of the derivative by its weight.
    sample_weight : ndarray, shape (n,)
        Case weights.
    columns : tuple of str
        Of the features.
    design, log_length : ndarray, shapes (n, p) and (n,)
        What the probabilities, or densities (of the logarithm of days), were fitted to.
    encoder : FeatureEncoder or None
        How the features became columns.
    """

    weights: np.ndarray
    levels: tuple[Any, ...]
    level_of_row: np.ndarray
    balance: pd.DataFrame
    effective_n: pd.DataFrame
    overlap: pd.DataFrame
    kind: str
    estimand: str
    stabilised: bool
    trim: str | None
    probability: np.ndarray | None = field(default=None, repr=False)
    log_slopes: np.ndarray = field(default_factory=lambda: np.empty((0, 0)), repr=False)
    parameter_influence: np.ndarray = field(default_factory=lambda: np.empty((0, 0)), repr=False)
    sample_weight: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)
    columns: tuple[str, ...] = ()
    design: np.ndarray = field(default_factory=lambda: np.empty((0, 0)), repr=False)
    log_length: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)
    encoder: FeatureEncoder | None = field(default=None, repr=False)
    leave_one_out: bool = False

    def __len__(self) -> int:
        """The number of rows."""
        return self.weights.size

    def per_probability(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights 1 / e, which need no division by their sum, and the slopes of their logarithms (n, q).

        Those of plain weights by level; of others no such weights are known.
        """
        if not self.is_plain:
            raise ValueError("weights that are trimmed, of overlap or of a density ratio count by their sum")
        if not self.stabilised:
            return self.weights, self.log_slopes
        share = np.bincount(self.level_of_row, self.sample_weight) / self.sample_weight.sum()
        slopes = self.log_slopes.copy()
        slopes[:, -len(self.levels) :] = 0.0
        return self.weights / share[self.level_of_row], slopes

    def without(self, left_out: np.ndarray, leave_one_out: bool = False) -> LengthWeights:
        """The weights fitted without some rows, a mask (n,): these keep their places, and count as nothing.

        The tables stay those of all rows. Weights that were given as numbers are the same for the others. With
        ``leave_one_out`` the influence of each row is what a fit without it would change.
        """
        kept = ~left_out
        if not (left_out.any() or leave_one_out) or not kept.any():
            return self
        sample_weight = np.where(kept, self.sample_weight, 0.0)
        if self.kind == "given" or np.unique(self.level_of_row[kept]).size < len(self.levels):
            return replace(self, sample_weight=sample_weight, weights=np.where(kept, self.weights, 0.0))
        found = estimated_weights(
            independent_design(self.design[kept, 1:]), self.level_of_row[kept], len(self.levels), self.log_length[kept],
            self.sample_weight[kept], self.stabilised, self.estimand, self.trim, leave_one_out,
        )  # fmt: skip

        def of_all(values: np.ndarray) -> np.ndarray:
            whole = np.zeros((kept.size, *values.shape[1:]))
            whole[kept] = values
            return whole

        weights, slopes, influence, probability = found
        return replace(
            self,
            weights=of_all(weights),
            log_slopes=of_all(slopes),
            parameter_influence=of_all(influence),
            probability=None if probability is None else of_all(probability),
            sample_weight=sample_weight,
            leave_one_out=leave_one_out,
        )

    def moved_by_rows(self, gradient: np.ndarray, log_slopes: np.ndarray) -> np.ndarray:
        """What each row moves by its part in fitting the weights (n,), from the gradient by their logarithms (n,)."""
        moved = np.asarray(self.parameter_influence @ (gradient @ log_slopes))
        if self.leave_one_out:  # the row that is left out has no weight that could move
            moved -= gradient * (log_slopes * self.parameter_influence).sum(axis=1)
        return moved

    @property
    def is_plain(self) -> bool:
        """Whether they are one over the probability of the level, but for the share of the level."""
        return self.kind == "multinomial" and self.estimand == "ate" and self.trim is None

    def plot(self, kind: str = "balance", ax: Any = None) -> Any:
        """Draw the balance before and after, or the overlap of levels.

        Parameters
        ----------
        kind : {"balance", "overlap"}
        ax : matplotlib Axes, optional

        Returns
        -------
        Axes
        """
        from ..plots import plot_balance, plot_overlap

        require_choice("kind", kind, ("balance", "overlap"))
        if kind == "balance":
            return plot_balance(self.withheld().balance, ax=ax)
        if self.probability is None:
            raise ValueError(
                "weights by a density ratio have no probabilities of levels; see .overlap for their spread"
            )
        return plot_overlap(self.probability, self.level_of_row, [str(level) for level in self.levels], ax=ax)

    def __repr__(self) -> str:
        """What the weights do, in a few lines."""
        return f"{self._heading()}\n{self._shown().to_string(index=False)}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self._heading())}</p>{self._shown().to_html(index=False)}"

    def withheld(self) -> LengthWeights:
        """The same with tables that may leave the authority.

        Of a level of 1 to 5 children, and of the next smallest where the total would give it away, ``effective_n`` has
        ``c`` for all numbers and ``balance`` NaN: what few children are like is what each of them is like.
        """
        if self.effective_n["n"].eq(SUPPRESSED).any():
            return self
        small = withheld_in_parts(self.effective_n["n"])
        few = self.balance["level"].isin(self.effective_n.loc[small, "level"])
        numbers = ["n", "effective_n", "largest_share"]
        worth = self.effective_n.astype(dict.fromkeys(numbers, object))
        worth.loc[small, numbers] = SUPPRESSED
        unknown = dict.fromkeys(("before", "after"), np.nan)
        return replace(self, effective_n=worth, balance=self.balance.mask(few, self.balance.assign(**unknown)))

    def _heading(self) -> str:
        worst = self.withheld().balance[["before", "after"]].abs().max()
        of = "correlation with length" if self.kind == "density_ratio" else "standardised difference"
        how = ", ".join(filter(None, [self.kind, self.estimand, self.trim]))
        change = f"the largest {of} is {worst['before']:.2f} before and {worst['after']:.2f} after"
        if worst.isna().any():
            change = f"{of}s are withheld, as those of 1 to 5 children"
        few = pd.to_numeric(self.effective_n["n"], errors="coerce").min() < FEW_A_COLUMN * self.design.shape[1]
        advice = '; few children a column in some level: weighted_risk(..., errors="leave_one_out")' if few else ""
        return f"Weights of {count_words(len(self))} children ({how}): {change}{advice}"

    def _shown(self) -> pd.DataFrame:
        worth = self.effective_n.round({"effective_n": 0, "largest_share": 3})
        return replace(self, effective_n=worth).withheld().effective_n


def plan_length_weights(
    X: Any,
    length: Any,
    *,
    kind: str = "multinomial",
    stabilised: bool = True,
    trim: str | None = None,
    estimand: str = "ate",
    encoder: FeatureEncoder | None = None,
    sample_weight: Any = None,
) -> LengthWeights:
    r"""Weights by how likely each child's plan was to be so long, given what is known of the child.

    With :math:`e_a(x)` the probability of level a, from a multinomial logistic regression,

    .. math:: w = \frac{P(a)}{e_a(x)} \text{ (stabilised, "ate")}, \qquad
        w = \frac{1 / e_a(x)}{\sum_k 1 / e_k(x)} \text{ ("overlap")}

    The first gives each level the features of all children; the second those of children who could well have had any
    level, which needs no trimming and has the smallest variance. For a length in days (``density_ratio``) the weight
    is the density of its logarithm among all over that given x, both normal.

    Parameters
    ----------
    X : DataFrame or ndarray, shape (n_rows, n_columns)
        What moves both length and outcome, without the length.
    length : array, shape (n_rows,)
        Levels (bands of length), or days above 0 for ``density_ratio``.
    kind : {"multinomial", "density_ratio"}
    stabilised : bool
        Multiply by the share of the level (or the density of the length) among all.
    trim : {"cap_95", "cap_99", "cap_99.9", "drop_1", "drop_5", "drop_10"}, optional
        Cut weights at this percentile of all weights, or leave out rows for whom some level has a probability below so
        many per cent: the risks are then those of the others. The cut, and who is left out, count as known.
    estimand : {"ate", "overlap"}
    encoder : FeatureEncoder, optional
        Splines and interactions of the columns.
    sample_weight : array, shape (n_rows,), optional
        Case weights.

    Returns
    -------
    LengthWeights
        It knows how each row moved the weights, for the errors of :func:`weighted_risk`.

    Raises
    ------
    ValueError
        There is one level, a length is not above 0, or features part the levels so that no probabilities fit best.

    References
    ----------
    Robins, Hernan and Brumback (2000), Epidemiology 11:550; Li, Morgan and Zaslavsky (2018), Balancing covariates via
    propensity score weighting, JASA 113:390; Li and Li (2019), Annals of Applied Statistics 13:2389, for several
    levels; Crump et al. (2009), Biometrika 96:187, for leaving rows out.

    Examples
    --------
    >>> import numpy as np, pandas as pd, secondplan as sp
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"age": rng.uniform(0, 17, 400)})
    >>> band = np.where(rng.random(400) < 1 / (1 + np.exp(0.2 * X["age"] - 1.5)), "short", "long")
    >>> found = sp.plan_length_weights(X, band)
    >>> bool(found.balance["after"].abs().max() < found.balance["before"].abs().max() / 5)
    True
    """
    require_choice("kind", kind, KINDS)
    require_choice("estimand", estimand, ESTIMANDS)
    require_choice("trim", trim, (None, *CAPS, *DROPS))
    refuse_other_order(X=X, length=length, sample_weight=sample_weight)
    frame = as_frame(X)
    case_weight = weight_of_each(sample_weight, len(frame))
    fitted_encoder = FeatureEncoder() if encoder is None else encoder
    matrix = fitted_encoder.fit_design(frame)
    names = list(fitted_encoder.get_feature_names_out())
    design = independent_design(matrix)
    if kind == "density_ratio":
        if estimand == "overlap" or trim in DROPS:
            raise ValueError("overlap weights and leaving rows out need levels: give bands, kind='multinomial'")
        days = as_numbers(length, "length")
        if np.any(~np.isfinite(days) | (days <= 0)):
            raise ValueError(f"length: not above 0 in {int(np.sum(~(days > 0)))} of {days.size} rows")
        levels: list[Any] = []
        codes, log_length = np.zeros(days.size, dtype=np.int64), np.log(days)
    else:
        levels, codes = label_codes(length, len(frame), "length")
        log_length = np.zeros(codes.size)
        if len(levels) < 2:
            raise ValueError(f"length: expected two levels or more, got {len(levels)}")
    with one_blas_thread():
        weights, slopes, influence, probability = estimated_weights(
            design, codes, len(levels), log_length, case_weight, stabilised, estimand, trim
        )
    weighted = _Weighted(weights, case_weight, codes, levels)
    balance = (
        _correlations(matrix, names, log_length, weighted)
        if kind == "density_ratio"
        else _differences(matrix, names, weighted, estimand)
    )
    return LengthWeights(
        weights,
        tuple(levels),
        codes,
        balance,
        weighted.effective(),
        _positivity(probability, weights, levels),
        kind,
        estimand,
        stabilised,
        trim,
        probability,
        slopes,
        influence,
        case_weight,
        tuple(frame.columns),
        design,
        log_length,
        fitted_encoder,
    )


@dataclass(frozen=True)
class _Weighted:
    weights: np.ndarray
    case_weight: np.ndarray
    codes: np.ndarray
    levels: list[Any]

    @property
    def together(self) -> np.ndarray:
        return self.weights * self.case_weight

    def effective(self) -> pd.DataFrame:
        rows = []
        for code, level in enumerate(self.levels or ["all"]):
            own = self.together[self.codes == code]
            heaviest = np.sort(own)[-max(1, own.size // 100) :]
            rows.append((level, own.size, own.sum() ** 2 / (own @ own), heaviest.sum() / own.sum()))
        return pd.DataFrame(rows, columns=["level", "n", "effective_n", "largest_share"])


def _differences(matrix: np.ndarray, names: list[str], weighted: _Weighted, estimand: str) -> pd.DataFrame:
    """Standardised differences of each level from the rows that all are weighted to."""
    target = weighted.case_weight * (weighted.weights > 0)
    if estimand == "overlap":
        target = weighted.together  # its expectation is that of these rows
    whole, aimed = np.average(matrix, axis=0, weights=weighted.case_weight), np.average(matrix, axis=0, weights=target)
    spread = np.sqrt(np.average((matrix - whole) ** 2, axis=0, weights=weighted.case_weight))
    rows = []
    for code, level in enumerate(weighted.levels):
        own = weighted.codes == code
        if not weighted.together[own].sum() > 0:
            raise ValueError("trimming leaves no row of a level")
        before = np.average(matrix[own], axis=0, weights=weighted.case_weight[own]) - whole
        after = np.average(matrix[own], axis=0, weights=weighted.together[own]) - aimed
        for column, name in enumerate(names):
            scale = spread[column] or np.nan
            rows.append((name, level, before[column] / scale, after[column] / scale))
    return pd.DataFrame(rows, columns=["column", "level", "before", "after"])


def _correlations(matrix: np.ndarray, names: list[str], log_length: np.ndarray, weighted: _Weighted) -> pd.DataFrame:
    def correlation(column: np.ndarray, weight: np.ndarray) -> float:
        share = weight / weight.sum()
        x, y = column - share @ column, log_length - share @ log_length
        scale = np.sqrt((share @ x**2) * (share @ y**2))
        return float(share @ (x * y) / scale) if scale > 0 else np.nan

    rows = [
        (name, "all", correlation(column, weighted.case_weight), correlation(column, weighted.together))
        for name, column in zip(names, matrix.T, strict=True)
    ]
    return pd.DataFrame(rows, columns=["column", "level", "before", "after"])


def _positivity(probability: np.ndarray | None, weights: np.ndarray, levels: list[Any]) -> pd.DataFrame:
    """Percentiles, no smallest or largest value: those are of one child."""
    columns = weights[:, None] if probability is None else probability
    rows = []
    for level, values in zip(levels or ["weights"], columns.T, strict=True):
        low, middle, high = np.quantile(values, [0.01, 0.5, 0.99])
        rows.append((level, low, middle, high, np.nan if probability is None else float((values < RARE).mean())))
    table = pd.DataFrame(rows, columns=["level", "percentile_1", "median", "percentile_99", "share_rare"])
    if probability is not None and (table["percentile_1"] < RARE / 5).any():
        which = ", ".join(str(level) for level in table.loc[table["percentile_1"] < RARE / 5, "level"])
        warn(
            f"some children all but never have a level ({which}: probability below 1 %); its figures rest on few: see "
            ".overlap of the weights, and join the level to its neighbour (bands of an effect study), or weight with "
            "trim or estimand='overlap'"
        )
    return table
