"""Scoring on a Spark cluster; the only room that knows Spark, which it imports inside functions.

Others use ``frames`` and ``folder``.
"""
