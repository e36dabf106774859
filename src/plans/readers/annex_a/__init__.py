"""Annex A lists of Ofsted's inspections."""
