"""Where scores go: each kind takes parts, keeps them whole, and publishes all of them at once or nothing.

Others use ``opening`` and ``sink``.
"""
