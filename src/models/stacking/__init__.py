"""A weighted mean of other models, with weights by cross-validation."""
