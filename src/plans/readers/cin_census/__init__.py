"""The children in need census (XML).

Others use ``reader``.
"""
