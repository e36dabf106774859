"""The truth behind a simulated store: what no extract holds, kept apart from the data."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ...plans.cohort import Cohort
from ...plans.strategies import Strategy
from ..population.drivers import interaction_column
from ..randomness.portable import exp
from ..scenarios.definition import Scenario
from .expected_coefficients import expected_coefficients
from .files import TruthWriter, read_tables
from .plan_length_effect import plan_length_effect
from .strategy_effect import SMALLEST_ERROR, STRATEGIES, TIMES, strategy_effect

_PANDAS = {pa.string(): pd.StringDtype(), pa.bool_(): pd.BooleanDtype()}
_ARROW = {frame: arrow for arrow, frame in _PANDAS.items()}


@dataclass(frozen=True, eq=False, repr=False)
class Truth:
    """What the simulator knows, one row per plan of the store, in its order.

    ``incidence_...`` columns are probabilities of a second plan by so many days after the plan's end, with entry into
    care, other exits, death and the 18th birthday competing; moves to other authorities, which only hide what follows,
    are set aside. Times are those of the hazard; the store has a second plan start on the next working day.

    Attributes
    ----------
    frame : DataFrame
        ``la_code, child_id, family_id, plan_id, plan_number`` (1 for the child's first plan ever), ``end_reason``,
        ``follow_up_days`` and ``eligible_days`` (from the plan's end to the extract date and to the 18th birthday),
        ``severity``, ``log_frailty``, ``negative_control_date``, ``authority_log_hazard``,
        ``log_hazard_ratio_features`` (observed features only), ``log_hazard_ratio`` (with authority, severity and
        frailty), ``care_log_hazard_ratio``, and

        - ``incidence_91`` ...: the conditional probability, given features, authority, severity and frailty;
        - ``observed_incidence_91`` ...: the probability given what is observed of the child: its own record up to the
          plan's end, and the authority's level. It is the mean of the conditional one over the family's frailty (gamma,
          independent of the record) and over the child's severity, whose distribution is that given the record (see
          :mod:`.severity_posterior`): severe children have longer plans, so a long plan is a sign
          of severity. What siblings' records tell is not used. Of first plans only: a later plan's record tells of the
          frailty too.

        Hazards and incidences are missing where the child was not at risk from the plan's end: open plans, and those
        that ended with care, a move, the 18th birthday or death.
    features : DataFrame
        The features that drive the hazard, as the simulator computed them; missing for open plans.
    counterfactuals : DataFrame
        One row per first plan after which the child was at risk: ``plan_id``, and for lengths of 60, 140, 270, 500 and
        900 days, one in each band, ``incidence_730_after_270`` and ``observed_incidence_730_after_270``: the two
        probabilities had the plan been so long and everything else, also severity and the other features, as it was.
    faults : DataFrame
        Values that were made missing or wrong: ``table``, ``row`` (from 1), ``child_id``, ``column``, ``fault``,
        ``true_value`` and ``stored_value`` as text. Without rows where none was asked for.
    sums : DataFrame
        Sums of the counterfactuals from which :meth:`plan_length_effect` comes.
    scenario : Scenario

    Examples
    --------
    The stated hazard ratios come back from the data when what confounds them is given: severity as a covariate, the
    authority's level and the family's frailty as an offset. ``z`` is then a standard error from 0.

    >>> from secondplan import CoxPH, build_cohort, simulate
    >>> plans = simulate(n_children=3000, random_state=3)
    >>> truth, cohort = plans.truth, build_cohort(plans)
    >>> X = truth.covariates(cohort)
    >>> model = CoxPH(offset="known_log_hazard").fit(X, cohort.y, cluster=cohort.cluster)
    >>> found = model.summary_.join(truth.log_hazard_ratios(model))
    >>> z = (found["coef"] - found["true_log_hazard_ratio"]) / found["robust_se"]
    >>> bool((z**2).mean() < 2)
    True
    """

    frame: pd.DataFrame
    features: pd.DataFrame
    counterfactuals: pd.DataFrame
    faults: pd.DataFrame
    sums: pd.DataFrame
    scenario: Scenario

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        """Counts and the scenario only."""
        n_index, n_faults = len(self.counterfactuals), len(self.faults)
        faults = f", {n_faults:,} faults" if n_faults else ""
        return f"Truth({self.scenario.name}: {len(self):,} plans, {n_index:,} first plans at risk{faults})"

    def _repr_html_(self) -> str:
        effect = self.plan_length_effect().round(4).to_html(index=False, border=0)
        return f"<p>{self!r}</p><p>Mean true risk of a second plan, by length of the first</p>{effect}"

    def covariates(self, cohort: Cohort) -> pd.DataFrame:
        """What the hazard of a second plan depends on, for the rows of a cohort of these data.

        Parameters
        ----------
        cohort : Cohort
            Built from the store that was simulated with this truth.

        Returns
        -------
        DataFrame
            The columns of ``cohort.X`` that have an effect, those of interactions, ``severity``, and
            ``known_log_hazard``: the log hazard of the authority and of the family's frailty, for the parameter
            ``offset`` of ``CoxPH``.

        Raises
        ------
        ValueError
            The cohort holds plans of other data, or lacks a feature that has an effect.
        """
        rows = self._rows(cohort)
        effects = [name for name in self.scenario.log_hazard_ratios if name != "severity"]
        alone, products = ([name for name in effects if (":" in name) == joint] for joint in (False, True))
        needed = dict.fromkeys([*alone, *(part.partition("<")[0] for name in products for part in name.split(":"))])
        absent = [name for name in needed if name not in cohort.X]
        if absent:
            raise ValueError(f"the cohort lacks features that have an effect: {', '.join(absent)}")
        known = rows["authority_log_hazard"] + rows["log_frailty"]
        X = cohort.X[alone].assign(**{name: interaction_column(cohort.X, name) for name in products})
        return X.assign(severity=rows["severity"].to_numpy(), known_log_hazard=known.to_numpy())

    def log_hazard_ratios(self, model: Any) -> pd.Series:
        """The true value of each coefficient of a model of the hazard of a second plan.

        Parameters
        ----------
        model : CoxPH
            Fitted to :meth:`covariates`, or to other columns: a feature without a stated effect has a missing value.

        Returns
        -------
        Series
            ``true_log_hazard_ratio`` by feature; of a level, against the model's reference level.
        """
        true: dict[str, float] = {}
        for name, effect in self.scenario.log_hazard_ratios.items():
            column = model.encoder_.columns_.get(name)
            if isinstance(effect, Mapping) and column is not None and column.levels:
                base = effect.get(column.levels[0], 0.0)
                true |= {f"{name}[{level}]": effect.get(level, 0.0) - base for level in column.levels[1:]}
            elif not isinstance(effect, Mapping):
                true[name] = effect
        index = pd.Index(model.feature_names_out_, name="feature")
        return pd.Series(true, dtype=float).reindex(index).rename("true_log_hazard_ratio")

    def hazard_ratios(self) -> pd.DataFrame:
        """The true effects on the hazard of a second plan: ``feature, level, log_hazard_ratio, hazard_ratio``.

        Examples
        --------
        >>> from secondplan import simulate
        >>> table = simulate(n_children=20).truth.hazard_ratios().set_index(["feature", "level"])
        >>> round(float(table.loc[("severity", ""), "hazard_ratio"]), 3)
        1.419
        """
        rows = []
        for feature, effect in self.scenario.log_hazard_ratios.items():
            levels = effect if isinstance(effect, Mapping) else {"": effect}
            rows += [(feature, level, value, float(exp(value))) for level, value in levels.items()]
        return pd.DataFrame(rows, columns=["feature", "level", "log_hazard_ratio", "hazard_ratio"])

    def plan_length_effect(self, *, reference_days: int = 270) -> pd.DataFrame:
        """The true mean risk by length of the first plan, had every child had it, beside the risk of those who had it.

        Parameters
        ----------
        reference_days : int
            Differences are from this length; one of 60, 140, 270, 500, 900.

        Returns
        -------
        DataFrame
            One row per horizon and length: ``horizon_days, plan_length_days, band, n`` (index plans), ``risk`` (mean
            over all of them), ``risk_difference, risk_ratio`` against the reference; and ``n_in_band, risk_in_band,
            difference_in_band``: the mean true risk of those whose plan fell in the band. The last is the difference
            that data show; what it is apart from ``risk_difference`` is confounding.

        Raises
        ------
        ValueError
            ``reference_days`` is not one of the lengths.
        """
        return plan_length_effect(self.sums, reference_days=reference_days)

    def strategy_effect(
        self,
        strategies: Sequence[Strategy] = STRATEGIES,
        *,
        times: Sequence[int] = TIMES,
        std_error: float = SMALLEST_ERROR,
    ) -> pd.DataFrame:
        """The true mean risk of a second plan had all first plans ended under one strategy, and what it changes.

        Of all first plans that start in the scenario's window, not of this store's alone, had nobody moved to another
        authority. Everything downstream of the strategy follows: later reviews and what they find, care on the plan,
        age and eligibility at the end, length. Stored for the scenarios that ship and these strategies and times;
        otherwise simulated, under a progress bar, in a minute or a few.

        Parameters
        ----------
        strategies : sequence of NaturalCourse, NotBefore or EndBy
            Differences are from the first of them; as default the natural course, no ending before 3, 6 and 9 months
            (91, 182, 274 days), and ending by 12 months (365 days).
        times : sequence of int
            Days.
        std_error : float
            The Monte Carlo standard error that no risk may exceed; simulation goes on until it is reached.

        Returns
        -------
        DataFrame
            One row per clock, time and strategy. ``counted_from`` is ``start``: all children from the first day of
            the plan, where care, adoption, guardianship, death and the 18th birthday compete, on the plan too; or
            ``end``: from the plan's end, the children whose plan ended at a review, who differ a little between
            strategies. ``risk``, ``difference`` (from the first strategy), ``days_lost`` (days up to ``time`` that
            follow a second plan's start, on average), each with its Monte Carlo standard error, and
            ``avoided_per_1000``, second plans by ``time`` that the strategy avoids per 1,000 children.

        Raises
        ------
        ValueError
            No strategy, or a time or ``std_error`` that is not above 0.
        """
        return strategy_effect(self.scenario, tuple(strategies), tuple(times), std_error=std_error)

    def negative_control(self) -> pd.DataFrame:
        """An outcome that no plan causes or prevents, but that shares its confounders: none of it is in the store.

        Its hazard depends on severity and on factors of the assessments, from the first day of the child's first plan,
        and on nothing that happens later. A method that finds an effect of plan length on it has not dealt with the
        confounding.

        Returns
        -------
        DataFrame
            ``la_code, child_id, date``: children who had the event by the extract date, and when.

        Examples
        --------
        >>> from secondplan import simulate
        >>> list(simulate(n_children=20).truth.negative_control().columns)
        ['la_code', 'child_id', 'date']
        """
        children = self.frame.drop_duplicates(["la_code", "child_id"]).dropna(subset="negative_control_date")
        found = children[["la_code", "child_id", "negative_control_date"]]
        return found.rename(columns={"negative_control_date": "date"}).reset_index(drop=True)

    def expected_coefficients(
        self, cohort: Cohort, X: pd.DataFrame | None = None, *, offset: str | None = None
    ) -> pd.Series:
        """What the coefficients of a Cox model tend to in these data when something that matters is left out.

        A misspecified Cox model's estimate tends to the value at which the expected score is zero (Struthers and
        Kalbfleisch, 1986, *Biometrika* 73, 363-369). Expectation is over times to a second plan, given the true
        hazards of the cohort's children. The difference from :meth:`log_hazard_ratios` is the bias.

        Parameters
        ----------
        cohort : Cohort
            Built from the store that was simulated with this truth.
        X : DataFrame, optional
            Columns of the model, a row for each of the cohort's; as default the features that have an effect, without
            severity and without offset.
        offset : str, optional
            Column of ``X`` that is an offset.

        Returns
        -------
        Series
            ``expected_coefficient`` by feature, named as ``CoxPH`` names them.
        """
        if X is None:
            X = self.covariates(cohort).drop(columns=["severity", "known_log_hazard"])
        rows = self._rows(cohort)
        return expected_coefficients(self.scenario, rows, X, offset=offset)

    def _rows(self, cohort: Cohort) -> pd.DataFrame:
        rows = self.frame.set_index("plan_id").reindex(cohort.keys["plan_id"])
        n_unknown = int(rows["severity"].isna().sum())
        if n_unknown:
            raise ValueError(f"{n_unknown} of {len(rows)} plans of the cohort are not in this truth")
        return rows

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the truth to the folder ``path``: Parquet files of its tables, ``scenario.json`` and ``effects.json``.

        Raises
        ------
        OutputError
            The folder is, or lies in, a plan store (models read stores, and must not read this), holds other files, or
            cannot be written.
        """
        with TruthWriter(path, self.scenario) as writer:
            writer.append(
                {
                    "truth": _arrow(self.frame),
                    "features": _arrow(self.features),
                    "counterfactuals": _arrow(self.counterfactuals),
                    "faults": _arrow(self.faults),
                    "sums": _arrow(self.sums),
                }
            )
        return writer.folder


def make_truth(scenario: Scenario, tables: Mapping[str, Sequence[pa.Table]]) -> Truth:
    """The truth of parts: the tables of each name one after the other."""
    frames = {name: _pandas(pa.concat_tables(parts)) for name, parts in tables.items()}
    return Truth(
        frame=frames["truth"],
        features=frames["features"],
        counterfactuals=frames["counterfactuals"],
        faults=frames["faults"],
        sums=frames["sums"],
        scenario=scenario,
    )


def read_truth(path: str | os.PathLike[str]) -> Truth:
    """Read the truth that :meth:`Truth.write` or :func:`~secondplan.synthetic.simulate_to` wrote.

    Parameters
    ----------
    path : path
        The folder.

    Returns
    -------
    Truth

    Raises
    ------
    InputError
        There is no truth at ``path``, or it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from secondplan import simulate
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     truth = read_truth(simulate(n_children=20).truth.write(f"{folder}/truth"))
    >>> truth.scenario.name
    'england-2018'
    """
    scenario, tables = read_tables(Path(path))
    return make_truth(scenario, {name: [table] for name, table in tables.items()})


def _pandas(table: pa.Table) -> pd.DataFrame:
    return table.to_pandas(types_mapper=_PANDAS.get, ignore_metadata=True)


def _arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.table({name: _array(column) for name, column in frame.items()})


def _array(column: pd.Series) -> pa.Array:
    if isinstance(column.dtype, np.dtype):
        # By way of NumPy missing numbers stay NaN, as the simulation wrote them; pandas would make them null.
        return pa.array(column.to_numpy())
    if isinstance(column.dtype, pd.CategoricalDtype):
        # Text of pandas 3 is by itself Arrow's large one.
        codes = pa.array(column)
        return pa.DictionaryArray.from_arrays(codes.indices, codes.dictionary.cast(pa.string()))
    return pa.array(column, _ARROW.get(column.dtype))
