"""Incidences from hazards that jump, and their errors: exact sums, quadrature, influence functions.

Others use ``errors``, ``exact_sums``, ``hazard_moments``, ``influence_error``, ``moments``, ``predictor_region``,
``quadrature``, ``simultaneous``, ``sums``, ``total_slopes``, ``window_errors``, ``windows``.
"""
