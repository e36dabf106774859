"""What a fitted model says of its features: the effect of one column.

Others use ``partial_effect``.
"""
