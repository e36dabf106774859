"""The arithmetic of Fine-Gray: arrays in, small results out. Compiled by numba; imported only to fit.

Others use ``fit``, ``total_influence``.
"""
