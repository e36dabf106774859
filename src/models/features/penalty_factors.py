"""Factors by which a penalty weighs on each feature, named by column or by feature."""

from collections.abc import Mapping

import numpy as np

from .encoder import FeatureEncoder


def feature_factors(factors: Mapping[str, float] | None, encoder: FeatureEncoder) -> np.ndarray:
    """Factor of each feature, shape (p,): its own, else its column's, else 1.

    Parameters
    ----------
    factors : mapping of str to float, or None
        By column of the frame or by feature of the design; 0 unpenalised, infinite left out.
    encoder : FeatureEncoder
        Fitted.

    Raises
    ------
    ValueError
        A name that is neither a column nor a feature, a factor that is negative or missing, or none above 0.
    """
    features = [str(name) for name in encoder.get_feature_names_out()]
    found = np.ones(len(features))
    if not factors:
        return found
    place = {name: position for position, name in enumerate(features)}
    unknown = [str(name) for name in factors if name not in place and name not in encoder.columns_]
    if unknown:
        raise ValueError(f"penalty_factor names neither a column nor a feature: {', '.join(unknown)}")
    values = {name: float(value) for name, value in factors.items()}
    bad = [str(name) for name, value in values.items() if not value >= 0]
    if bad:
        raise ValueError(f"penalty_factor must be 0 or more; it is not for {', '.join(bad)}")
    for name, value in values.items():
        if name in encoder.columns_:
            for feature in encoder.columns_[name].feature_names:
                if feature in place:
                    found[place[feature]] = value
    for name, value in values.items():
        if name in place:
            found[place[name]] = value
    if not np.any(found > 0):
        raise ValueError(f"penalty_factor must be above 0 for at least one feature; got 0 for all {found.size}")
    return found
