"""What a fitted model shows of itself: words, tables of coefficients and of risks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ...names_elsewhere import of_model_here
from ..inputs.follow_up import said_once
from ..inputs.given_days import as_days

if TYPE_CHECKING:
    from ..explanation.column_effect import PartialEffect


class ModelViews(BaseEstimator):
    """Base of :class:`.base.IncidenceModel`: repr in consoles and notebooks, tables in units and with labels."""

    # What exp(coef) is a ratio of.
    ratio_name: ClassVar[str] = "hazard ratio"

    def summary(self, *, per: Mapping[str, float] | None = None, level: float = 0.95) -> pd.DataFrame:
        """``summary_`` in other units, or with intervals of another level.

        Parameters
        ----------
        per : mapping of str to float, optional
            State the effect of so many units of a feature: ``{"plan_length_days": 91}`` for a quarter of a year
            instead of a day. Coefficients, errors, bounds and ratios are those of so many units; z and p stay.
        level : float
            Coverage of the intervals.

        Returns
        -------
        DataFrame
            The columns of ``summary_``; features that ``per`` names are called ``plan_length_days (per 91)``.

        Raises
        ------
        ValueError
            The model has no coefficients, ``per`` names no feature or is no number above 0, or the level is not
            between 0 and 1.

        Examples
        --------
        >>> from secondplan import CoxPH
        >>> model = CoxPH().fit([[100.0], [300.0], [250.0]], {"duration": [2, 3, 4], "event": [1, 1, 1]})
        >>> round(float(model.summary(per={"x0": 91}).loc["x0 (per 91)", "coef"] / model.coef_[0]), 6)
        91.0
        """
        from .coefficient_table import scaled_table

        check_is_fitted(self)
        table = getattr(self, "summary_", None)
        if table is None:
            raise ValueError(f"{type(self).__name__} has no coefficients to sum up; see predict_risk_table")
        return scaled_table(table, per or {}, level)

    def predict_risk_table(
        self: Any,
        X: Any,
        times: Any = None,
        *,
        event: int | None = None,
        interval: bool = False,
        level: float = 0.95,
        eligible_days: Any = None,
        elapsed: Any = 0.0,
    ) -> pd.DataFrame:
        """Cumulative incidence as a table with the labels of ``X``.

        Parameters
        ----------
        X : DataFrame or ndarray, shape (n_rows, n_columns)
        times : array, shape (n_times,), optional
            Days after the plan's end; ``horizon`` if not given.
        event : int, optional
            Code of the event; that of :meth:`predict` if not given.
        interval : bool
            Add the bounds of the interval.
        level : float
            Its coverage.
        eligible_days, elapsed
            As in :meth:`predict_cumulative_incidence`.

        Returns
        -------
        DataFrame, n_rows rows
            The index of ``X``; columns ``risk_91``, ... and, with ``interval``, ``lower_91``, ``upper_91``, ...

        Raises
        ------
        ValueError
            The model has no intervals, or see :meth:`predict_cumulative_incidence`.

        Examples
        --------
        >>> import pandas as pd
        >>> from secondplan import AalenJohansen
        >>> X = pd.DataFrame({"age": [3, 7, 5]}, index=["a", "b", "c"])
        >>> model = AalenJohansen().fit(X, {"duration": [10, 20, 30], "event": [1, 0, 1]})
        >>> model.predict_risk_table(X, [15, 30]).round(2)
           risk_15  risk_30
        a     0.33      1.0
        b     0.33      1.0
        c     0.33      1.0
        """
        check_is_fitted(self)
        days = np.atleast_1d(self.horizon if times is None else times)
        options = {
            "event": self._stated_event if event is None else event,
            "eligible_days": eligible_days,
            "elapsed": elapsed,
        }
        if interval and not hasattr(self, "predict_cumulative_incidence_interval"):
            raise ValueError(f"{type(self).__name__} has no intervals: leave interval=False")
        with said_once():
            columns = {"risk": self.predict_cumulative_incidence(X, days, **options)}
            if interval:
                bounds = self.predict_cumulative_incidence_interval(X, days, level=level, **options)
                columns |= {"lower": bounds[..., 0], "upper": bounds[..., 1]}
        names = [f"{day:g}" for day in as_days(days, "times")]
        table = {
            f"{kind}_{day}": values[:, place] for place, day in enumerate(names) for kind, values in columns.items()
        }
        index = X.index if isinstance(X, pd.DataFrame) else [X.name] if isinstance(X, pd.Series) else None
        return pd.DataFrame(table, index=index)

    def plot_risk(
        self: Any,
        X: Any,
        *,
        until: float | None = None,
        event: int | None = None,
        eligible_days: Any = None,
        elapsed: Any = 0.0,
        level: float = 0.95,
        labels: Sequence[str] | None = None,
        ax: Any = None,
    ) -> Any:
        """Draw the cumulative incidence of one row, or of up to eight, day by day with its pointwise band.

        Parameters
        ----------
        X : DataFrame, ndarray, Series or mapping
            The rows.
        until : float, optional
            Last day; ``horizon`` if not given.
        event : int, optional
            Code of the event; that of :meth:`predict` if not given.
        eligible_days, elapsed
            As in :meth:`predict_cumulative_incidence`.
        level : float
            Coverage of the band; ``BoostedHazard`` has none.
        labels : list of str, optional
            Names of the rows in the legend.
        ax : matplotlib Axes, optional

        Returns
        -------
        Axes
        """
        from ...plots import plot_risk
        from .risk_curves import risk_curves

        check_is_fitted(self)
        event = self._stated_event if event is None else event
        last = self.horizon if until is None else until
        rows = {"eligible_days": eligible_days, "elapsed": elapsed}
        with said_once():
            curves = risk_curves(self, X, last, event=event, level=level, rows=rows, labels=labels)
        return plot_risk(curves, event=event, ax=ax)

    def partial_effect(
        self,
        column: str,
        X: Any = None,
        *,
        values: Any = None,
        reference: Any = None,
        times: Any = None,
        event: int | None = None,
        level: float = 0.95,
    ) -> PartialEffect:
        """The effect of one column (a number, a spline, a category), the other columns held.

        Models with coefficients give the ratio to a reference value with its interval (delta method). The others, and
        all for a column of strata, give the average risk at ``horizon``, were every row to have the value; it has no
        interval.

        Parameters
        ----------
        column : str
            Column of ``X``.
        X : DataFrame or ndarray, optional
            Rows that say which values the column has and over which risks are averaged; by default up to 400 evenly
            spaced rows of training, which a saved model does not hold.
        values : array, optional
            Values at which to state the effect; by default all levels, or 41 from the 2nd to the 98th percentile.
        reference : float, bool or str, optional
            Value whose ratio is 1, such as a plan of 365 days; by default the median, or the first level.
        times : float or array, shape (n_times,), optional
            Days of risks, or of ratios that change with time; ``horizon`` if not given.
        event : int, optional
            By default all events of the model, for risks that of :meth:`predict`.
        level : float
            Coverage of the intervals.

        Returns
        -------
        PartialEffect
            With ``table``, ``scale``, ``reference`` and ``plot()``.

        Raises
        ------
        ValueError
            The model does not use the column, the event is not modelled, or ``X`` is needed.
        """
        from ..explanation.partial_effect import partial_effect

        check_is_fitted(self)
        with said_once():
            return partial_effect(
                self, column, X, values=values, reference=reference, times=times, event=event, level=level
            )

    def plot_effect(self, column: str, X: Any = None, *, ax: Any = None, **options: Any) -> Any:
        """Draw :meth:`partial_effect` of ``column`` on ``ax`` with its band; ``X``, ``options`` as there."""
        return self.partial_effect(column, X, **options).plot(ax=ax)

    def __repr__(self, *args: Any) -> str:
        """scikit-learn's, and below it what was fitted."""
        from .description import describe

        name = super().__repr__(*args)
        return name if not self.__sklearn_is_fitted__() else f"{name}\n{describe(self).as_text()}"

    def _repr_html_inner(self) -> str:
        """What notebooks show: what was fitted, above scikit-learn's diagram of the parameters."""
        from .description import describe

        diagram: str = super()._repr_html_inner()
        return diagram if not self.__sklearn_is_fitted__() else describe(self).as_html() + diagram

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle = {"text/plain": repr(self)}
        if get_config()["display"] == "diagram":
            bundle["text/html"] = self._repr_html_inner()
        return bundle

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """An error for what is not here that says what others' names for it are called."""
            try:
                return super().__getattribute__(name)
            except AttributeError as error:
                if here := of_model_here(self, name):
                    raise AttributeError(f"{error}{here}") from None
                raise

    def __sklearn_is_fitted__(self) -> bool:
        """Whether ``fit`` went through to its end."""
        return hasattr(self, "n_rows_")
