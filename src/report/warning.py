"""What stands first on a page about synthetic children, and what no model is for."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..plans.provenance import SYNTHETIC, source_kinds

WARNING = (
    "Synthetic data: not for use on children",
    "The children on this page were made by a simulator. What was learned from them says nothing about any real child. "
    "A model fitted to them must not be used to score, rank or decide about children; it shows how the software works.",
)

NOT_FOR = (
    "Not for a decision about one child: a risk says how often something happened to children like these. Not for "
    "other authorities or years than those it was fitted on without checking its calibration there. Not for the "
    "effect of changing a plan's length: a hazard ratio describes an association."
)


def synthetic_warning(sources: pd.Series | Sequence[str]) -> tuple[str, ...]:
    """The warning where any of the sources is synthetic; nothing otherwise."""
    return WARNING if SYNTHETIC in source_kinds(pd.Series(list(sources), dtype="string")) else ()
