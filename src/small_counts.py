"""Which counts are withheld wherever numbers of children are shown, in tables and beneath curves.

Counts of 1 to 5 are marked ``c``; 0 is shown. Source: Department for Education, *Children in need* methodology,
"Confidentiality".
"""

import numpy as np
import pandas as pd

SUPPRESSED = "c"
SMALLEST_SHOWN = 6


def is_small(counts: pd.Series | np.ndarray) -> np.ndarray:
    """Whether each count is one of 1 to 5 and must be withheld."""
    values = np.asarray(counts, dtype=float)
    return (values > 0) & (values < SMALLEST_SHOWN)


def count_words(count: int) -> str:
    """A count for a reader; 1 to 5 are withheld."""
    return f"fewer than {SMALLEST_SHOWN}" if 0 < count < SMALLEST_SHOWN else f"{count:,}"
