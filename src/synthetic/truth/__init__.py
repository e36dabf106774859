"""The truth behind simulated plans: true risks, effects of plan length, expected coefficients.

Others use ``files``, ``result``, ``tables``, ``true_risk``.
"""
