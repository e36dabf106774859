"""Child protection data: schema, plan store, readers, quality, cohorts."""

from .store import Plans, read_plans

__all__ = ["Plans", "read_plans"]
