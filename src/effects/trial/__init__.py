"""Target-trial emulation: copies of children that follow a strategy for when plans end, censored and weighted.

Others use ``control_outcome``, ``emulated_trial``, ``policy``.
"""
