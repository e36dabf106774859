"""Scores of cases: risk by each horizon, interval, band, reasons, flags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ..caller_warnings import warn
from ..errors import InputError
from ..models.inputs.follow_up import FollowUpWarning
from .bands import RiskBands
from .cases import as_cases
from .duplicate_keys import SeenKeys
from .horizons import HORIZONS, Origin
from .scorer import Scorer

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel


def score(
    model: IncidenceModel,
    cases: Any,
    *,
    times: Sequence[float] = HORIZONS,
    origin: Origin = "scoring_day",
    bands: RiskBands | None = None,
) -> pd.DataFrame:
    r"""Risk of a second plan for each case from the day of scoring on, :math:`F_1(s + t \mid T > s, x)`.

    Parameters
    ----------
    model : IncidenceModel
        Fitted; it models event 1.
    cases : OpenCases, Cohort or DataFrame
        A frame has ``child_id``, ``plan_id``, the model's features, ``elapsed`` (days :math:`s` since the plan's end
        without a second plan) and, where known, ``la_code``, ``eligible_days`` (days from the plan's end to the 18th
        birthday) and ``flags``; other columns are ignored. A cohort has no ``elapsed``: score it from the plan's end.
    times : sequence of float
        Horizons in days, ascending.
    origin : {"scoring_day", "plan_end"}
        Where horizons count from: the day on which a case stands, ``elapsed`` days after the plan's end, or that end.
        With ``"plan_end"`` a missing ``elapsed`` is 0, and a horizon that is over has no number.
    bands : RiskBands, optional
        By default those against the average risk in training over the same window, given the same days passed.

    Returns
    -------
    DataFrame, one row per case, in the order of the cases
        ``child_id, plan_id``; ``risk_<days>``; ``lower_<days>, upper_<days>`` where the model gives a 95 % interval;
        ``band`` of the last horizon; ``reason_1..3`` for the last horizon; ``flags`` (those of the cases and of
        :data:`~secondplan.scoring.FLAGS`, joined by semicolons); ``model_digest``. A number is missing only beside a
        flag: past the last follow-up in training, for a child who is 18, and for a horizon that is over.

    Raises
    ------
    InputError
        Columns are absent or of another kind, or rows cannot be scored: the message counts them by code.
        :func:`score_batch` scores the others and accounts for these.

    Examples
    --------
    >>> import pandas as pd
    >>> from secondplan.models import AalenJohansen
    >>> y = pd.DataFrame({"duration": [100, 400, 900, 900], "event": [1, 1, 0, 0]})
    >>> model = AalenJohansen().fit(pd.DataFrame({"n_reviews": [1.0, 2.0, 3.0, 2.0]}), y)
    >>> cases = pd.DataFrame({"child_id": ["a"], "plan_id": ["a1"], "n_reviews": [4], "elapsed": [200]})
    >>> score(model, cases, times=(91, 365))[["risk_91", "risk_365"]].round(3)
       risk_91  risk_365
    0      0.0     0.333
    """
    given = as_cases(cases)
    scorer = Scorer.of(model, times, origin, bands)
    checked = scorer.check(given)
    duplicate = SeenKeys().add(checked.keys) & checked.is_valid
    if duplicate.any():
        raise InputError(f"{int(duplicate.sum())} of {len(duplicate)} cases have the keys of an earlier one")
    scores, rejects = scorer.score(checked, np.arange(len(duplicate)) + 1)
    if rejects.num_rows:
        counts = Counter(rejects["code"].to_pylist())
        why = ", ".join(f"{counts[code]} {code}" for code in sorted(counts))
        raise InputError(f"{why} of {len(duplicate)} cases cannot be scored")
    n_past = int(checked.flags.has("past_follow_up").sum())
    if n_past:
        warn(
            f"{n_past} of {len(duplicate)} cases have a horizon past the last follow-up in training, for which a "
            "parametric model alone states a number (flag past_follow_up); it takes shorter times, or training data "
            "with a longer follow-up",
            FollowUpWarning,
        )
    return as_frame(scores)


def as_frame(batch: pa.RecordBatch) -> pd.DataFrame:
    """A batch of scores or rejected rows as a frame, text as text."""
    return plain(batch).to_pandas(types_mapper={pa.string(): pd.StringDtype()}.get)


def plain(batch: pa.RecordBatch | pa.Table) -> pa.RecordBatch | pa.Table:
    """The batch with text that is not dictionary-encoded."""
    kinds = [(field.name, pa.string() if pa.types.is_dictionary(field.type) else field.type) for field in batch.schema]
    return batch.cast(pa.schema(kinds))
