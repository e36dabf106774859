"""The shipped experiments: YAML files, installed with the package so that they can be run by name."""
