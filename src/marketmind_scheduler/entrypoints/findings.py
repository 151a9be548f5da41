"""What a check of this installation has found."""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    WELL = "✓"
    DOUBTFUL = "!"
    WRONG = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """``remedy`` is what to do, and empty where nothing is."""

    mark: Mark
    check: str
    found: str
    remedy: str = ""
