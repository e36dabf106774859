"""An example of each model, and small data: what the tests that run over every model share.

Whoever enters a model in ``secondplan.models.registry`` gives an example here; all of these tests then run for it.
"""

import numpy as np
import pandas as pd

from secondplan.models import (
    AalenJohansen,
    BoostedHazard,
    CauseSpecificCox,
    CoxElasticNetCV,
    CoxPH,
    DiscreteTimeHazard,
    FineGray,
    ParametricAFT,
    RoystonParmar,
    StackedIncidence,
)

MODELS = {
    "AalenJohansen": AalenJohansen(),
    "AalenJohansen by stratum": AalenJohansen(strata="category"),
    # One strength: the choice between several would depend on how rows fall into folds.
    "CoxElasticNetCV": CoxElasticNetCV(lambdas=[0.001], n_folds=3),
    "CoxPH": CoxPH(),
    "CoxPH breslow, strata": CoxPH(ties="breslow", strata="category"),
    "CauseSpecificCox": CauseSpecificCox(),
    "CauseSpecificCox product limit, strata": CauseSpecificCox(form="product_limit", strata="category"),
    "FineGray": FineGray(),
    "FineGray efron, strata of the censoring": FineGray(
        ties="efron", censoring_ties="finegray", censoring_strata="category"
    ),
    "ParametricAFT": ParametricAFT(),
    "RoystonParmar": RoystonParmar(),
    "DiscreteTimeHazard": DiscreteTimeHazard(period_days=60, period_df=2),
    "StackedIncidence": StackedIncidence(
        {"average": AalenJohansen(), "Cox": CauseSpecificCox(ties="breslow", form="product_limit")}, n_folds=3
    ),
    "BoostedHazard": BoostedHazard(max_iter=8, min_samples_leaf=5, period_days=60),
}
REGRESSIONS = [name for name in MODELS if not name.startswith(("Aalen", "Boosted", "Stacked"))]
WITHOUT_STRATA = [name for name in MODELS if "strat" not in name]
INTERVALS = [name for name in MODELS if hasattr(MODELS[name], "predict_cumulative_incidence_interval")]
KNOWN_END = [name for name in MODELS if "known_end_event" in MODELS[name].get_params(deep=False)]
TIMES = [0, 30, 91, 182, 365, 540, 730]
# Models of one event; the second takes data with others, of which it says nothing.
ONE_HAZARD = (CoxPH, CoxElasticNetCV)
ONE_EVENT = (*ONE_HAZARD, FineGray)
# Sums in another order differ by this much.
ROUNDING = 1e-11


def simulate(n_rows=240, random_state=0, events=(1, 2)):
    rng = np.random.default_rng(random_state)
    X = pd.DataFrame(
        {
            "age": rng.uniform(0, 17, n_rows).round(1),
            "disabled": rng.random(n_rows) < 0.3,
            "category": pd.Series(rng.choice(["NEG", "EMO", "PHY"], n_rows), dtype="string"),
        }
    )
    first = rng.exponential(900 * np.exp(0.04 * X["age"] - 0.5 * X["disabled"]))
    second = rng.exponential(1200 * np.exp(-0.05 * X["age"]))
    end = rng.uniform(200, 1100, n_rows)
    duration = np.floor(np.minimum.reduce([first, second if 2 in events else np.full(n_rows, np.inf), end]))
    event = np.select([duration == np.floor(first), duration == np.floor(end)], [1, 0], 2)
    return X, pd.DataFrame({"duration": duration, "event": event})


X, Y = simulate()
Y_ONE = simulate(events=(1,))[1]
NUMBERS = pd.DataFrame({"x0": X["age"], "x1": X["disabled"].astype(float)}).to_numpy()


def known(model, found, times, eligible_days=np.inf):
    """``found`` (n_rows, n_times), carried forward where it is NaN for lack of follow-up, which is the only reason."""
    last = getattr(model, "model_", model).follow_up_.min()
    stated = np.minimum(times, np.reshape(eligible_days, (-1, 1))) <= last
    assert np.all(np.isfinite(found[np.broadcast_to(stated | model._goes_on, found.shape)]))
    return pd.DataFrame(found).ffill(axis=1).to_numpy()


def outcome_for(model):
    return Y_ONE if isinstance(model, ONE_HAZARD) else Y
