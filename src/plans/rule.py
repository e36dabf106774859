"""What a rule is."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Rule:
    """What a finding's code means.

    Attributes
    ----------
    severity : "error", "warning" or "note"
        Whether records are lost or wrong, may mislead, or are only worth knowing.
    meaning : str
    advice : str
        What the reader of the report can do.
    """

    severity: Severity
    meaning: str
    advice: str
