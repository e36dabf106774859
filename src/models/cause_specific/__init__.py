"""Cox models of every event together, and the incidences that follow."""
