"""Payloads of the Department for Education's daily data API (JSON).

Others use ``reader``.
"""
