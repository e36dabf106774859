"""Columns of a frame as a design matrix: numbers, categories, splines."""
