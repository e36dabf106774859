"""The arithmetic of the Cox model: arrays in, small results out. Compiled by numba; imported only to fit."""
