"""The one function that scores a batch, for frames, for files in parts, and for pipelines of others."""

from __future__ import annotations

import inspect
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ..errors import InputError
from ..models.inputs.follow_up import FollowUpWarning
from .bands import RiskBands, yardsticks
from .cases import CODES, Cases, CheckedCases, check_cases
from .duplicate_keys import SeenKeys
from .horizons import HORIZONS, Horizons, Origin
from .reasons import N_REASONS, reasons

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel

SECOND_PLAN = 1
# From so many rows on, what is made once for all of them is worth its making.
MANY_ROWS = 20_000
CODED = pa.dictionary(pa.int32(), pa.string())
REJECTS = pa.schema(
    [("row", pa.int64()), ("child_id", pa.string()), ("plan_id", pa.string()), ("code", CODED), ("column", CODED)]
)


@dataclass(frozen=True)
class Scorer:
    """A model that is ready to score: loaded once, with what is asked of it.

    Attributes
    ----------
    model : IncidenceModel
        As its bundle holds it.
    digest : str
        Of the bundle, 64 hexadecimal digits.
    horizons : Horizons
    bands : RiskBands
    """

    model: IncidenceModel
    digest: str
    horizons: Horizons
    bands: RiskBands

    @classmethod
    def of(
        cls,
        model: IncidenceModel,
        times: Sequence[float] = HORIZONS,
        origin: Origin = "scoring_day",
        bands: RiskBands | None = None,
        *,
        n_rows: int,
    ) -> Scorer:
        """The scorer of a fitted model, for so many rows in all, about.

        Raises
        ------
        InputError
            The model says nothing of second plans, or the horizons are none.
        """
        horizons = Horizons.of(times, origin)
        if SECOND_PLAN not in model.events_:
            raise InputError("the model says nothing of second plans (event 1)")
        saved, digest = as_saved(model)
        if hasattr(saved, "expect_rows"):
            saved.expect_rows(many=n_rows >= MANY_ROWS)
        return cls(saved, digest, horizons, bands or RiskBands())

    def check(self, cases: Cases) -> CheckedCases:
        """The cases, with a code for each row that cannot be scored."""
        return check_cases(self.model, cases, self.horizons)

    def score(self, checked: CheckedCases, rows: np.ndarray) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        """Scores of the rows that can be scored, and the others with their codes.

        Parameters
        ----------
        checked : CheckedCases, n rows
            Rows without a number get a code here.
        rows : ndarray of int, shape (n,)
            Their numbers in the source, for the rejected.
        """
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", FollowUpWarning)  # a flag says so of each case
            warnings.simplefilter("ignore", RuntimeWarning)
            scores = self._scores(checked)
        valid = checked.is_valid
        return scores.filter(pa.array(valid)), _rejects(checked, rows)

    def _scores(self, cases: CheckedCases) -> pa.RecordBatch:
        n_rows, names, flags = len(cases.X), self.horizons.names, cases.flags
        days = self.horizons.after_plan_end(cases.elapsed)
        is_over = (cases.elapsed[:, None] >= days) | (cases.eligible_days <= cases.elapsed)[:, None]
        todo = cases.is_valid & ~is_over[:, -1]
        risk, bounds = np.full((n_rows, len(names)), np.nan), np.full((n_rows, len(names), 2), np.nan)
        why = np.full((n_rows, N_REASONS), "", dtype=object)
        is_past = np.zeros(risk.shape, dtype=bool)
        if todo.any():
            X, own = cases.X[todo].reset_index(drop=True), days[todo]
            given: dict[str, Any] = {"eligible_days": cases.eligible_days[todo], "elapsed": cases.elapsed[todo]}
            is_past[todo] = self.model.is_past_follow_up(X, own, **given)
            risk[todo] = self.model.predict_cumulative_incidence(X, own, event=SECOND_PLAN, **given)
            why[todo] = reasons(self.model, X, risk[todo, -1], days=own[:, -1:], **given)
            if has_interval(self.model):
                bounds[todo] = self.model.predict_cumulative_incidence_interval(X, own, event=SECOND_PLAN, **given)
        risk[is_over], bounds[is_over] = np.nan, np.nan
        cases.reject((~np.isfinite(risk) & ~is_over & ~is_past).any(axis=1), "no_score")
        flags.raise_for(np.asarray(is_past.any(axis=1)), "past_follow_up")
        flags.raise_for(risk[:, -1] == 0, "no_events_in_training")
        columns: dict[str, Any] = {name: cases.keys[name] for name in ("child_id", "plan_id")}
        columns |= {f"risk_{name}": risk[:, place] for place, name in enumerate(names)}
        if has_interval(self.model):
            flags.raise_for(np.any(np.isnan(bounds).any(axis=2) & ~np.isnan(risk), axis=1), "no_interval")
            for place, name in enumerate(names):
                columns |= {f"lower_{name}": bounds[:, place, 0], f"upper_{name}": bounds[:, place, 1]}
        band = self.bands.assign(risk[:, -1], yardsticks(self.model, cases.elapsed, days[:, -1]))
        columns["band"] = pa.array(band, pa.string()).dictionary_encode()
        for place in range(N_REASONS):
            columns[f"reason_{place + 1}"] = pa.array(why[:, place], pa.string()).dictionary_encode()
        columns["flags"] = flags.to_arrow()
        columns["model_digest"] = _repeated(self.digest, n_rows)
        return pa.record_batch({name: _nulls_for_nan(values) for name, values in columns.items()})


def score_batches(
    model: IncidenceModel,
    batches: Iterable[pa.RecordBatch | pa.Table] | pa.Table,
    *,
    times: Sequence[float] = HORIZONS,
    origin: Origin = "scoring_day",
    bands: RiskBands | None = None,
    find_duplicates: bool = True,
    n_rows: int = MANY_ROWS,
) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Scores and rejected rows of batches in Arrow, one after the other; the model is made ready once.

    Parameters
    ----------
    model : IncidenceModel
        Fitted; it models event 1.
    batches : iterable of pyarrow.RecordBatch or Table
        With the columns of a frame that :func:`score` takes.
    times, origin, bands
        As in :func:`score`.
    find_duplicates : bool
        Whether rows are rejected whose authority, child and plan came before, in any of the batches.
    n_rows : int
        How many rows come in all, about. From 20,000 on sums over days are made so that many rows are fast; risks
        differ by less than 1e-8 then. How rows are parted into batches changes nothing.

    Yields
    ------
    scores : pyarrow.RecordBatch
        The columns of :func:`score`, of the rows that can be scored, in order; text is dictionary-encoded.
    rejects : pyarrow.RecordBatch
        ``row`` (from 1, counted through all batches), ``child_id``, ``plan_id``, ``code`` (one of
        :data:`~secondplan.scoring.REJECT_CODES`) and ``column``. Each row is in one of the two.

    Raises
    ------
    InputError
        Columns are absent, or of a type that can never be the feature.

    Examples
    --------
    >>> from secondplan.models import AalenJohansen
    >>> y = {"duration": [100, 400, 900, 900], "event": [1, 1, 0, 0]}
    >>> model = AalenJohansen().fit([[1.0], [2.0], [3.0], [2.0]], y)
    >>> rows = {"child_id": ["a", None], "plan_id": ["a1", "b1"], "x0": [4, 1], "elapsed": [200, 10]}
    >>> for scores, rejects in score_batches(model, pa.table(rows), times=(365,)):
    ...     print(scores.num_rows, rejects["code"].to_pylist())
    1 ['missing_key']
    """
    scorer = Scorer.of(model, times, origin, bands, n_rows=n_rows)
    return _score_batches(scorer, batches, find_duplicates)


def _score_batches(
    scorer: Scorer, batches: Iterable[pa.RecordBatch | pa.Table] | pa.Table, find_duplicates: bool
) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    seen, n_before = SeenKeys(), 0
    for batch in [batches] if isinstance(batches, pa.Table | pa.RecordBatch) else batches:
        checked = scorer.check(Cases(batch_columns(batch)))
        if find_duplicates:
            checked.reject(seen.add(checked.keys), "duplicate_key")
        yield scorer.score(checked, np.arange(batch.num_rows) + n_before + 1)
        n_before += batch.num_rows


def batch_columns(batch: pa.RecordBatch | pa.Table) -> dict[str, pa.Array]:
    """The columns of a batch by name, each in one piece."""
    columns = zip(batch.schema.names, batch.columns, strict=True)
    return {name: col.combine_chunks() if isinstance(col, pa.ChunkedArray) else col for name, col in columns}


def has_interval(model: IncidenceModel) -> bool:
    """Whether the model gives intervals of its incidences, given the days already passed and those eligible."""
    method = getattr(model, "predict_cumulative_incidence_interval", None)
    return callable(method) and {"eligible_days", "elapsed"} <= set(inspect.signature(method).parameters)


def as_saved(model: IncidenceModel) -> tuple[IncidenceModel, str]:
    """The model as it would be loaded from its bundle, and the bundle's digest of 64 hexadecimal digits.

    A saved model holds no rows, and states no interval from which a child could be told. Scores are those of the
    bundle, so that one digest means one set of numbers.
    """
    from ..models.bundle import load_model, model_digest
    from ..models.estimator.bundle_files import save_bundle

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # predicting says which intervals are not stated
        path = save_bundle(model, Path(folder) / "bundle")
        return load_model(path), model_digest(path)


def _rejects(cases: CheckedCases, rows: np.ndarray) -> pa.RecordBatch:
    refused = np.flatnonzero(~cases.is_valid)
    keys = [cases.keys[name].take(pa.array(refused)) for name in ("child_id", "plan_id")]
    coded = [
        pa.DictionaryArray.from_arrays(pa.array(code[refused].astype(np.int32)), pa.array(names, pa.string()))
        for code, names in ((cases.code, CODES), (cases.column, cases.names))
    ]
    return pa.RecordBatch.from_arrays([pa.array(rows[refused], pa.int64()), *keys, *coded], schema=REJECTS)


def _nulls_for_nan(values: Any) -> pa.Array:
    """Numbers that are not known are null, as an analyst's tools expect."""
    return values if isinstance(values, pa.Array) else pa.array(np.ascontiguousarray(values), from_pandas=True)


def _repeated(text: str, n_rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n_rows, dtype=np.int32)), pa.array([text]))
