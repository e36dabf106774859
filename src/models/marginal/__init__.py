"""The model without covariates: everybody's incidence.

Others use ``aalen_johansen``.
"""
