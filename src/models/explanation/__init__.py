"""What a fitted model says of its features: the effect of one column, and what makes a row's risk what it is.

Others use ``contributions``, ``partial_effect``.
"""
