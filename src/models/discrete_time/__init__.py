"""Hazards by period: logistic regression and boosted trees on person-periods.

Others use ``boosting``, ``model``.
"""
