"""Sums over risk sets, and the partial likelihood made of them. Compiled by numba; imported only to fit."""
