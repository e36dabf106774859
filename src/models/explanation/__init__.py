"""What a fitted model says of its features: the effect of one column, and what makes a row's risk what it is.

Others use ``average_risks``, ``column_effect``, ``contributions``, ``local_effects``, ``partial_effect``,
``standardised_risks``.
"""
