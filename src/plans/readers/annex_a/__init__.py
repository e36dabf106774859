"""Annex A lists of Ofsted's inspections.

Others use ``reader``.
"""
