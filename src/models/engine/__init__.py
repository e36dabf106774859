"""The numerical kernels: arrays in, small results out. Compiled by numba; imported only when a model is fitted."""
