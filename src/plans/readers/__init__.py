"""Readers of the formats that councils hold: rows of text from files or databases, and what becomes of them.

Each format has a folder of its name; all hand their rows to :mod:`.records.combining`, which says what rows look like.
"""
