"""Who there is and what happens to them: authorities, families, plans, care, workers."""
