"""What a step made known, and to whom. Text, replays and viewers are filters of the one log of events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Event"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that became known.

    Attributes:
        kind: A short verb or noun of the game's own vocabulary, e.g. "drop", "vote", "speech".
        data: JSON-ready facts; a speaker's words are stored here raw and quoted when rendered.
        audience: Seats that learn it; `None` means everybody, `()` only the record.
    """

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)
    audience: tuple[int, ...] | None = None

    def visible_to(self, seat: int) -> bool:
        """Whether `seat` learns of this event."""
        return self.audience is None or seat in self.audience
