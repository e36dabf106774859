"""Royston-Parmar: splines of log time for the log cumulative hazard of each event.

Others use ``model``.
"""
