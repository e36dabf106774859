"""Akaike's and Schwarz's criteria of models with a likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


class LikelihoodCriteria:
    """Base of the models with ``log_likelihood_``: null and fitted, or the fitted of each cause.

    A model whose parameters are not counted by the variances of ``naive_covariance_`` overrides ``_n_parameters``, one
    whose events are not ``n_events_`` overrides ``_n_events``.
    """

    naive_covariance_: Any
    n_events_: Any
    log_likelihood_: Any

    @property
    def aic_(self) -> Any:
        """Akaike's criterion, -2 log likelihood + 2 parameters: the smaller, the better; by cause where each has one.

        Of Cox models the likelihood is the partial one, of ``FineGray`` the weighted partial one, so that both compare
        models of one kind fitted to the same rows. A penalised fit (``alpha``, ``firth``) has none.
        """
        return -2.0 * self._fitted_log_likelihood() + 2.0 * self._n_parameters()

    @property
    def bic_(self) -> Any:
        """Schwarz's criterion, -2 log likelihood + log(number of events) parameters, as R's ``BIC(coxph(...))``."""
        return -2.0 * self._fitted_log_likelihood() + np.log(self._n_events()) * self._n_parameters()

    def _fitted_log_likelihood(self) -> Any:
        if getattr(self, "alpha", 0) or getattr(self, "firth", False):
            raise AttributeError(
                "aic_ and bic_ are not defined for a penalised fit (alpha > 0, firth): its parameters are not free"
            )
        values = self.log_likelihood_
        return values if isinstance(values, pd.Series) else float(values[1])

    def _n_parameters(self) -> Any:
        return int((np.diag(self.naive_covariance_) > 0).sum())

    def _n_events(self) -> Any:
        return int(np.sum(self.n_events_))
