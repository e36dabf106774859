"""The version, on its own at the bottom, as models and pages state it."""

__version__ = "0.2.0"
