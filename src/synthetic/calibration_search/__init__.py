"""Calibration: figures of a store, the published figures they must meet, and the search for parameters.

Others use ``calibrate``, ``calibration_report``, ``store_moments``, ``target_figures``.
"""
