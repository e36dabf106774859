"""Every model of the package, by name: the one list that namespaces, saved models and experiment files are made from.

A new model is entered here, imported for type checkers in ``models/__init__.py``, and given an example in
``tests/models/all_models.py``; tests fail until the three agree.
"""

# Name of the class -> its module, within this package.
MODELS = {
    "AalenJohansen": "marginal.aalen_johansen",
    "BoostedHazard": "discrete_time.boosting",
    "CauseSpecificCox": "cause_specific.model",
    "CoxElasticNetCV": "cox.path",
    "CoxPH": "cox.model",
    "DiscreteTimeHazard": "discrete_time.model",
    "FineGray": "fine_gray.model",
    "ParametricAFT": "aft.model",
    "RoystonParmar": "royston_parmar.model",
    "StackedIncidence": "stacking.model",
}
