"""Round days, such as half years, at which a table or an axis of days shows what it has to say."""

import numpy as np

DAYS_SHOWN = 8
ROUND_STEPS = (1, 2, 5, 10, 20, 30, 91.25, 182.5, 365, 730, 1825, 3650)


def shown_days(last: float) -> np.ndarray:
    """At most eight days, evenly spread over the curve: round numbers, months, half years or years where it is long."""
    if last <= 0:
        return np.zeros(1)
    for step in ROUND_STEPS:
        if last >= step and last / step < DAYS_SHOWN + 1:
            return np.arange(step, last + 1e-9, step).round()
    return np.linspace(0.0, last, DAYS_SHOWN + 1)[1:]
