"""Rows of text become records, each row accounted for.

Others use ``cleaning``, ``combining``, ``dated_names``, ``extract_span``, ``extracts``, ``records``,
``restated_plans``, ``stacking``.
"""
