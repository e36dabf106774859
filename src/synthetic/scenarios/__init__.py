"""Scenarios: every true parameter, where it comes from, and which calibration may turn.

Others use ``birmingham``, ``calibrated``, ``definition``, ``england``, ``free_parameters``, ``named``, ``trends``.
"""
