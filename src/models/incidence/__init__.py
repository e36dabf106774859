"""Incidences from hazards that jump, and their errors: exact sums, quadrature, influence functions."""
