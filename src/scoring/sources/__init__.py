"""Where cases come from: each kind reads its rows in order, in chunks of a fixed number, and loses none.

Others use ``opening`` and ``source``.
"""
