"""The Cox model: coefficients, baseline, curves, diagnostics, profiles, penalised paths."""
