"""The Fine-Gray model of the subdistribution hazard.

Others use ``model``.
"""
