"""Codes given in words: what councils write for each code of a list, and how it is read.

Others use ``reading``.
"""
