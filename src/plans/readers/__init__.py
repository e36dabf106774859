"""Readers of the formats that councils hold: rows of text from files or databases, and what becomes of them.

Each format has a module of its name; all hand their rows to :mod:`.combining`, which says what rows look like.
"""
