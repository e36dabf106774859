"""Rows of text become records, each row accounted for.

Others use ``cleaning``, ``combining``, ``extract_span``, ``extracts``, ``records``.
"""
