"""Calibration: figures of a store, the published figures they must meet, and the search for parameters."""
