"""Curves without a model: Kaplan-Meier, Nelson-Aalen, Aalen-Johansen, what is read from them, and their intervals.

Others use ``confidence``, ``nonparametric``, ``results``, ``state_counts``, ``tables``, ``weighted_incidence``.
"""
