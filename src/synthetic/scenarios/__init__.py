"""Scenarios: every true parameter, where it comes from, and which calibration may turn."""
