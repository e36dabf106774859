"""Draws that are the same bits on every machine, by stream and block.

Others use ``columns``, ``day_numbers``, ``ordered_pool``, ``portable``, ``streams``, ``waiting_times``.
"""
