"""Speed and memory against peers and against the floor, and the coverage of intervals; each in one run.

``python -m benchmarks`` (or ``make bench``) and ``python -m benchmarks.coverage`` write into ``benchmarks/results/``.
"""
