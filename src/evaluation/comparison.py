"""The result of comparing models, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..small_counts import count_words
from .subgroup_result import SUBGROUP_METRICS, Subgroups
from .verdict import pairs, verdict, verdicts

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel
    from ..plans.cohort import Cohort

# How a note begins that says for how many rows a model states no risk.
UNSTATED = "no risk by day"
# How a note begins that says why a model can be compared, and no more.
NEVER_SAVED = "never saved, registered or made champion"
DECIMALS = {"fit_seconds": 2, "calibration_slope_730": 2, "observed_expected_730": 2}
DECIMALS |= dict.fromkeys(("ipa_730", "auc_365", "auc_730", "c_index"), 3)
DIFFERENCE_DECIMALS = 5
# What a terminal has room for; a page shows all.
TEXT_COLUMNS = ("brier_730", "ipa_730", "auc_730", "calibration_slope_730")
# Pairs that a terminal shows; of more only those with the first model and with the average risk.
MOST_PAIRS = 15
WORDS = {
    "brier": "Brier score",
    "ipa": "IPA",
    "auc": "AUC",
    "ici": "ICI",
    "difference_to_null": "Brier score less that of the average risk",
    "observed_expected": "observed / expected",
}


@dataclass(frozen=True)
class Comparison:
    """How well models predict a second plan in children they were not fitted on.

    Attributes
    ----------
    table : DataFrame, indexed by model, lowest Brier score at 730 days first
        ``brier_365``, ``brier_730``, ``ipa_730``, ``auc_365``, ``auc_730``, ``c_index``, ``ici_730``,
        ``calibration_slope_730`` (NaN for a model that gives everybody one risk), ``observed_expected_730`` and
        ``difference_to_null_365``, ``difference_to_null_730`` (Brier score less that of everybody's average risk): of
        all out-of-fold risks together, each with ``_lower`` and ``_upper``. ``fit_seconds``: average of a fold.
    by_fold : DataFrame
        ``model, fold, n, n_events, fit_seconds, c_index`` and ``brier_<day>``, ``ipa_<day>``, ``auc_<day>``, each with
        ``_lower`` and ``_upper``: of the children of the fold alone. ``repeat`` with several, ``tested_on`` (authority,
        or first day) where the design has them.
    curves : DataFrame
        ``model, day, brier, ipa, auc``, each with ``_lower`` and ``_upper``: as in ``table``, by day.
    calibration : DataFrame
        ``model, day, bin, predicted, observed, lower, upper, n, n_events``, on the pooled out-of-fold predictions.
    differences : DataFrame
        ``model, reference, metric, time, difference, std_error, lower, upper, p_value, p_adjusted``: each pair of
        models once, and each against the reference, on the same children, with errors clustered by family. Predictions
        are taken as given: the chance of the fit itself is not in it. ``p_adjusted`` is Holm's, over the pairs and days
        of a metric.
    models : dict of str to IncidenceModel
        The models as given, not fitted.
    failures : dict of str to str
        One line for each model that could not be fitted or could not predict.
    notes : dict of str to tuple of str
        What models warned of while they were fitted, and in how many folds; by which days they state no risk, and for
        how many rows; why a model can never be saved or made champion.
    predictions : DataFrame
        ``model, fold, row, risk_<day>``: out-of-fold risks of every child (in the first repeat), to look at; never
        logged.
    measures : DataFrame
        ``model, metric, time, estimate, std_error, lower, upper``: all that was measured, of which ``table`` shows a
        part. Over several repeats also ``sd_between_repeats``; over authorities ``tau2`` (the variance between them, on
        the scale of the metric), ``i2``, ``prediction_lower, prediction_upper`` (95 %, for a new authority) and
        ``n_authorities``; by the bootstrap ``apparent`` and ``optimism``.
    n_rows, n_events : int
        Children tested, and second plans among them.
    design : str
        How they were tested.
    remarks : tuple of str
        What a reader must know of the design and of the size of the sample.
    chosen : DataFrame
        ``model, repeat, fold, parameter, value``: what searches within the training rows chose.
    sample_sizes : DataFrame, indexed by model
        ``n_coefficients, n_children_needed, n_events_needed, n_children, n_events, is_enough``: what each model with
        coefficients needs by Riley's criteria (:func:`~secondplan.sample_size`, at their defaults and the rate of these
        children), and what there is. No gate asks for it.
    reference : str
        Name of the reference in ``table``.
    cohort : Cohort, optional
        What was compared on; :meth:`subgroups` reads its groups. Never logged.
    """

    table: pd.DataFrame
    by_fold: pd.DataFrame
    curves: pd.DataFrame
    calibration: pd.DataFrame
    differences: pd.DataFrame
    models: dict[str, IncidenceModel]
    predictions: pd.DataFrame = field(repr=False)
    measures: pd.DataFrame
    n_rows: int
    n_events: int
    design: str
    failures: dict[str, str] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    chosen: pd.DataFrame = field(default_factory=pd.DataFrame)
    sample_sizes: pd.DataFrame = field(default_factory=pd.DataFrame)
    reference: str = "AalenJohansen"
    cohort: Cohort | None = field(repr=False, default=None)

    @property
    def verdict(self) -> str:
        """The conclusion in words: who is better than the average risk beyond noise, and who cannot be told apart."""
        return verdict(self.differences, list(self.table.index), self.reference, self.n_events)

    @property
    def verdicts(self) -> dict[str, str]:
        """One phrase per model: against the average risk, and against the model with the lowest Brier score."""
        return verdicts(self.differences, list(self.table.index), self.reference)

    def pairs(self, day: float = 730) -> pd.DataFrame:
        """The paired difference in the Brier score of each pair of models, and of each model to the average risk.

        Parameters
        ----------
        day : float
            One of the days of the comparison.

        Returns
        -------
        DataFrame
            ``model, reference, difference`` (below 0: the first is better), ``lower, upper`` (95 %), ``p_adjusted``
            (Holm, over the pairs of the day) and ``words``: better, worse, or may be noise.
        """
        names = [str(name) for name in self.table.index if name != self.reference]
        return pairs(self.differences, [*names, self.reference], day)

    def subgroups(
        self,
        by: str | Sequence[str] | Mapping[str, Any] | None = None,
        *,
        model: str | None = None,
        metrics: Sequence[str] = SUBGROUP_METRICS,
        times: Sequence[float] = (730.0,),
        level: float = 0.95,
        min_children: int = 100,
        min_events: int = 10,
    ) -> Subgroups:
        """For whom a model fails: metrics of its out-of-fold risks by group of children.

        Each group is compared with all other children; p-values are Holm's, over all groups of all characteristics.

        Parameters
        ----------
        by : str, sequence of str, or mapping of str to array, optional
            Columns of the cohort's ``X`` or ``keys``, or ``age_band``; or labels of the children by what they are
            called. By default sex, age, ethnicity group, disability, category of abuse, plan length and authority, as
            far as the cohort has them.
        model : str, optional
            By default the first of ``table``.
        metrics : sequence of str
            Those of :func:`~secondplan.evaluate_risks` by day. Sentences and the worst gap are of the first. Those
            without an influence function (``calibration_errors``, ``average_precision``, ``top_k``) have no interval.
        times : sequence of float
            Days of the comparison. A day by which the model states no risk for some child of a group is NaN.
        level : float
            Coverage of the intervals.
        min_children, min_events : int
            Groups with fewer children, or fewer second plans by the day, are not measured.

        Returns
        -------
        Subgroups
            ``.table``, ``.sentences``, ``.worst_gap``, ``.plot()``.

        Raises
        ------
        ValueError
            The model, a day, a metric or a column is not known, or a limit would let withheld counts be worked out.

        Examples
        --------
        >>> from secondplan import AalenJohansen, build_cohort, compare_models, simulate
        >>> cohort = build_cohort(simulate(n_children=2000))
        >>> comparison = compare_models({"by sex": AalenJohansen(strata="sex")}, cohort, folds=2)
        >>> found = comparison.subgroups(["sex", "disabled"], model="by sex", metrics=["observed_expected"])
        >>> found.table["characteristic"].unique().tolist()
        ['all', 'sex', 'disability']
        """
        from .subgroups import measure_subgroups

        return measure_subgroups(
            self,
            by,
            model=model,
            metrics=metrics,
            times=times,
            level=level,
            min_children=min_children,
            min_events=min_events,
        )

    def plot(self, ax: Any = None) -> Any:
        """Gain of each model over the average risk, by day and with intervals; returns the axes."""
        from ..plots.comparison import plot_comparison

        models = self.curves[self.curves["model"] != self.reference]
        return plot_comparison(models if len(models) else self.curves, ax=ax)

    def to_frame(self) -> pd.DataFrame:
        """A copy of ``table``."""
        return self.table.copy()

    def __repr__(self) -> str:
        """The main measures and the differences of pairs with their intervals, the verdict, and what failed."""
        title = f"Comparison of {len(self.table)} models on {self.n_rows:,} children: {self.design}"
        table = self.formatted(TEXT_COLUMNS).drop(columns="verdict").to_string(index_names=False)
        failed = [f"{name} could not be compared: {reason}" for name, reason in self.failures.items()]
        return "\n".join(filter(None, [title, table, self.pairs_text(), self.verdict, *self.remarks, *failed]))

    def pairs_text(self) -> str:
        """:meth:`pairs` at 730 days as text; of more than ``MOST_PAIRS`` only those of the first model and the last."""
        found = self.pairs()
        if len(found) > MOST_PAIRS:
            first = found["model"].iloc[0]
            found = found[(found["model"] == first) | (found["reference"] == self.reference)]
        if found.empty:
            return ""
        names = found["model"] + " - " + found["reference"]
        shown = pd.DataFrame({"pair": names, "difference": _difference_cells(found), "words": found["words"]})
        return "Differences of pairs at 730 days (95 %)\n" + shown.to_string(index=False, header=False)

    def formatted(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """The table as text for a page: each measure with its 95 % interval, and the verdict of each model in words.

        Parameters
        ----------
        columns : sequence of str, optional
            Columns of ``table``; all but the bounds if not given.
        """
        wanted = [name for name in columns or self._main_columns() if name in self.table]
        cells = {_heading(name): self._cells(name, DECIMALS.get(name, 4)) for name in wanted}
        words = [self.verdicts.get(str(model), "") for model in self.table.index]
        return pd.DataFrame(cells | {"verdict": words}, index=self.table.index)

    def _repr_html_(self) -> str:
        known = "".join(f"<p>{escape(line)}</p>" for line in (self.verdict, *self.remarks))
        caption = (
            f"<p>{self.n_rows:,} children in {self.design}, {count_words(self.n_events)} with a second plan. "
            f"Out-of-fold risks{self._intervals}.</p>{known}"
        )
        noted = [(name, line) for name, lines in self.notes.items() for line in lines]
        return (
            caption
            + self.formatted().to_html(border=0, index_names=False)
            + self._pairs_html()
            + _list("Not in the table:", list(self.failures.items()))
            + _list("Chosen within the training rows:", self._choices())
            + _list("Noted:", noted)
        )

    def _pairs_html(self) -> str:
        found = self.pairs()
        if found.empty:
            return ""
        cells = _difference_cells(found)
        shown = found[["model", "reference"]].assign(
            difference=cells, p=found["p_adjusted"].round(3), words=found["words"]
        )
        title = "Differences of all pairs in the Brier score at 730 days, with 95 % intervals"
        return f"<details><summary>{title}</summary>{shown.to_html(border=0, index=False)}</details>"

    @property
    def _intervals(self) -> str:
        return ", with 95 % intervals" if self.table.filter(like="_lower").notna().any(axis=None) else ""

    def _choices(self) -> list[tuple[str, str]]:
        """Model and a line for each parameter that a search chose: its values, and in how many folds."""
        lines = []
        for (model, parameter), rows in (
            self.chosen.groupby(["model", "parameter"], sort=False) if len(self.chosen) else ()
        ):
            counts = (
                rows["value"]
                .map(lambda value: f"{value:.4g}" if isinstance(value, float) else str(value))
                .value_counts()
            )
            values = ", ".join(f"{value} ({count} of {len(rows)} folds)" for value, count in counts.items())
            lines.append((str(model), f"{parameter} {values}"))
        return lines

    def _main_columns(self) -> list[str]:
        return [name for name in self.table.columns if not name.endswith(("_lower", "_upper"))]

    def _cells(self, name: str, decimals: int) -> list[str]:
        """A column as text, with its interval where it has one."""
        unknown = pd.Series(float("nan"), index=self.table.index)
        lower, upper = (self.table.get(f"{name}_{bound}", unknown) for bound in ("lower", "upper"))
        return [_cell(*numbers, decimals) for numbers in zip(self.table[name], lower, upper, strict=True)]


def _list(title: str, lines: list[tuple[str, str]]) -> str:
    items = "".join(f"<li>{escape(name)}: {escape(line)}</li>" for name, line in lines)
    return f"<p>{title}</p><ul>{items}</ul>" if items else ""


def _heading(column: str) -> str:
    stem, _, day = column.rpartition("_")
    words = WORDS.get(stem, stem.replace("_", " "))
    return f"{words}, {day} days" if day.isdigit() else column.replace("_", " ")


def _difference_cells(found: pd.DataFrame) -> list[str]:
    numbers = zip(found["difference"], found["lower"], found["upper"], strict=True)
    return [_cell(value, lower, upper, DIFFERENCE_DECIMALS) for value, lower, upper in numbers]


def _cell(value: float, lower: float, upper: float, decimals: int) -> str:
    if pd.isna(value):
        return "–"
    text = f"{value:.{decimals}f}"
    return text if pd.isna(lower) else f"{text} ({lower:.{decimals}f} to {upper:.{decimals}f})"
