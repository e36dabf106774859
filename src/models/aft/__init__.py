"""Accelerated failure time models: parametric shapes of the time to each event.

Others use ``distributions``, ``likelihood``, ``model``.
"""
