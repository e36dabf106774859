"""Tests that groups have the same hazards (log-rank) or incidences (Gray).

Others use ``gray``, ``logrank``, ``restricted_means``.
"""
