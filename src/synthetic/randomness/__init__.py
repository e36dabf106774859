"""Draws that are the same bits on every machine, by stream and block."""
