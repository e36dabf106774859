"""The standard safeguarding dataset, from a folder or a database.

Others use ``reader``.
"""
