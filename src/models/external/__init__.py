"""Models of other libraries in our comparisons: lifelines, statsmodels, scikit-survival, or two functions.

Others use ``model``.
"""
