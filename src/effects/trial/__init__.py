"""Target-trial emulation: copies of children that follow a strategy for when plans end, censored and weighted.

Others use ``emulated_trial``, ``policy``.
"""
