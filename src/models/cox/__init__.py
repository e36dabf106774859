"""The Cox model: coefficients, baseline, curves, diagnostics, profiles, penalised paths.

Others use ``baseline``, ``fitted_influence``, ``hazard_influence``, ``model``, ``path``, ``proportionality``.
"""
