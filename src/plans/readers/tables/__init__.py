"""Plain tables with a map of their columns."""
