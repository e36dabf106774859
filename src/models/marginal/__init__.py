"""The model without covariates: everybody's incidence."""
