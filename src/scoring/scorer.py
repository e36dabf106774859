"""The one function that scores a batch, for frames, for files in parts, and for pipelines of others."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ..errors import InputError
from ..models.numerics.blas_threads import one_blas_thread
from .bands import RiskBands, yardsticks
from .cases import CODES, Cases, CheckedCases, check_cases
from .columns import batch_columns
from .duplicate_keys import SeenKeys
from .horizons import HORIZONS, Horizons, Origin
from .reasons import N_REASONS, reasons

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel

SECOND_PLAN = 1
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
    with_intervals, with_reasons : bool
    """

    model: IncidenceModel
    digest: str
    horizons: Horizons
    bands: RiskBands
    with_intervals: bool = True
    with_reasons: bool = True

    @classmethod
    def of(
        cls,
        model: IncidenceModel,
        times: Sequence[float] = HORIZONS,
        origin: Origin = "scoring_day",
        bands: RiskBands | None = None,
        *,
        intervals: bool = True,
        reasons: bool = True,
    ) -> Scorer:
        """The scorer of a fitted model.

        Raises
        ------
        InputError
            The model says nothing of second plans, or the horizons are none.
        """
        horizons = Horizons.of(times, origin)
        if SECOND_PLAN not in model.events_:
            raise InputError("the model says nothing of second plans (event 1)")
        saved, digest = as_saved(model)
        return cls(
            saved.made_ready(), digest, horizons, bands or RiskBands(), intervals and has_interval(saved), reasons
        )

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
        with warnings.catch_warnings(), np.errstate(all="ignore"), one_blas_thread():
            warnings.simplefilter("ignore", RuntimeWarning)
            scores = self._scores(checked)
        valid = checked.is_valid
        return scores if valid.all() else scores.filter(pa.array(valid)), _rejects(checked, rows)

    def _scores(self, cases: CheckedCases) -> pa.RecordBatch:
        n_rows, names, flags = len(cases.X), self.horizons.names, cases.flags
        days = self.horizons.after_plan_end(cases.elapsed)
        is_over = (cases.elapsed[:, None] >= days) | (cases.eligible_days <= cases.elapsed)[:, None]
        todo = np.flatnonzero(cases.is_valid & ~is_over[:, -1])
        X = cases.X if todo.size == n_rows else cases.X.take(todo)
        asked, past = self.model.rows_asked(
            X, days[todo], eligible_days=cases.eligible_days[todo], elapsed=cases.elapsed[todo]
        )
        risk, is_past = np.full((n_rows, len(names)), np.nan), np.zeros((n_rows, len(names)), dtype=bool)
        of_todo = self.model.risk_of_rows(asked, SECOND_PLAN)
        risk[todo], is_past[todo] = of_todo, past
        risk[is_over] = np.nan
        cases.reject((~np.isfinite(risk) & ~is_over & ~is_past).any(axis=1), "no_score")
        flags.raise_for(np.asarray(is_past.any(axis=1)), "past_follow_up")
        flags.raise_for(risk[:, -1] == 0, "no_events_in_training")
        columns: dict[str, Any] = {name: cases.keys[name] for name in ("child_id", "plan_id")}
        columns |= {f"risk_{name}": risk[:, place] for place, name in enumerate(names)}
        if self.with_intervals:
            bounds = np.full((*risk.shape, 2), np.nan)
            bounds[todo] = self.model.interval_of_rows(asked, of_todo, SECOND_PLAN)
            bounds[is_over] = np.nan
            flags.raise_for(np.any(np.isnan(bounds).any(axis=2) & ~np.isnan(risk), axis=1), "no_interval")
            for place, name in enumerate(names):
                columns |= {f"lower_{name}": bounds[:, place, 0], f"upper_{name}": bounds[:, place, 1]}
        columns["band"] = self.bands.assign(risk[:, -1], yardsticks(self.model, cases.elapsed, days[:, -1]))
        if self.with_reasons:
            columns |= _reasons_of(reasons(self.model, X, asked, of_todo[:, -1], SECOND_PLAN), todo, n_rows)
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
    intervals: bool = True,
    reasons: bool = True,
    find_duplicates: bool = True,
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
    intervals, reasons : bool
        Whether they are stated; without them scoring is several times as fast.
    find_duplicates : bool
        Whether rows are rejected whose authority, child and plan came before, in any of the batches.

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
    >>> import pyarrow as pa
    >>> from secondplan.models import AalenJohansen
    >>> y = {"duration": [100, 400, 900, 900], "event": [1, 1, 0, 0]}
    >>> model = AalenJohansen().fit([[1.0], [2.0], [3.0], [2.0]], y)
    >>> rows = {"child_id": ["a", None], "plan_id": ["a1", "b1"], "x0": [4, 1], "elapsed": [200, 10]}
    >>> for scores, rejects in score_batches(model, pa.table(rows), times=(365,)):
    ...     print(scores.num_rows, rejects["code"].to_pylist())
    1 ['missing_key']
    """
    scorer = Scorer.of(model, times, origin, bands, intervals=intervals, reasons=reasons)
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


def has_interval(model: IncidenceModel) -> bool:
    """Whether the model gives intervals of its incidences, given the days already passed and those eligible."""
    return hasattr(model, "_asked_interval")


def as_saved(model: IncidenceModel) -> tuple[IncidenceModel, str]:
    """The model as it would be loaded from its bundle, and the bundle's digest of 64 hexadecimal digits.

    A saved model holds no rows, and states no interval from which a child could be told. Scores are those of the
    bundle, so that one digest means one set of numbers. A model that was loaded, and holds what its bundle does, is not
    written again; of a fitted one the loaded one is kept.
    """
    from ..models.bundle import load_model
    from ..models.estimator.bundle_files import described, fingerprint, save_bundle

    holds = fingerprint(*described(model))
    loaded: Any = getattr(model, "_reloaded", model)
    if getattr(loaded, "_loaded_from", ("", ""))[0] != holds:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # predicting says which intervals are not stated
            loaded = model._reloaded = load_model(save_bundle(model, Path(folder) / "bundle"))
    own = object.__new__(type(loaded))
    own.__dict__.update(loaded.__dict__)  # being made ready to score is no change of the caller's model
    return own, loaded._loaded_from[1]


def _rejects(cases: CheckedCases, rows: np.ndarray) -> pa.RecordBatch:
    refused = np.flatnonzero(~cases.is_valid)
    keys = [cases.keys[name].take(pa.array(refused)) for name in ("child_id", "plan_id")]
    coded = [
        pa.DictionaryArray.from_arrays(pa.array(code[refused].astype(np.int32)), pa.array(names, pa.string()))
        for code, names in ((cases.code, CODES), (cases.column, cases.names))
    ]
    return pa.RecordBatch.from_arrays([pa.array(rows[refused], pa.int64()), *keys, *coded], schema=REJECTS)


def _reasons_of(found: pa.DictionaryArray, rows: np.ndarray, n_rows: int) -> dict[str, pa.DictionaryArray]:
    """The reasons of some rows as columns of all; those of the others are empty."""
    codes = np.zeros((N_REASONS, n_rows), dtype=np.int32)
    codes[:, rows] = found.indices.to_numpy().reshape(N_REASONS, -1)
    return {
        f"reason_{place + 1}": pa.DictionaryArray.from_arrays(pa.array(own), found.dictionary)
        for place, own in enumerate(codes)
    }


def _nulls_for_nan(values: Any) -> pa.Array:
    """Numbers that are not known are null, as an analyst's tools expect."""
    return values if isinstance(values, pa.Array) else pa.array(np.ascontiguousarray(values), from_pandas=True)


def _repeated(text: str, n_rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n_rows, dtype=np.int32)), pa.array([text]))
