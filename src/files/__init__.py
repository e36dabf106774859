"""Files: locked while they are written, whole or absent, YAML checked as it is read; databases and secrets."""
