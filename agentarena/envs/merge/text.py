"""The merge in words. A move is "go" or "yield"."""

from __future__ import annotations

from typing import Any

from agentarena.core.events import Event
from agentarena.core.text import REPLY, ChoiceFace

__all__ = ["MergeText"]

_NAMES = ("go", "yield")


class MergeText(ChoiceFace[Any]):
    """Text face."""

    def rules(self, seat: int) -> str:
        game = self.game
        return (
            "Two cars come to a merge where two lanes become one. You drive one of them. Both drivers choose at the same moment, without "
            f"talking, to go or to yield. A driver who goes gains {game.gain:g} seconds; a driver who yields gains nothing. If both go, then "
            f"with a chance of {100 * game.crash_chance:g} % they crash, and instead of gaining anything both lose {game.cost:g} seconds.\n"
            f"A move is go or yield. {REPLY}"
        )

    def look(self, state: Any, seat: int) -> str:
        if not state.actions:
            return "Both cars are at the merge."
        if state.crashed:
            return "The cars have crashed."
        return "Both cars have passed the merge."

    def tell(self, event: Event, seat: int) -> str:
        own, other = (event.data["actions"][one] for one in (seat, 1 - seat))
        return f"You chose to {_NAMES[own]}, the other driver to {_NAMES[other]}.{' You crashed.' if event.data['crashed'] else ''}"

    def name(self, action: int) -> str:
        return _NAMES[action]
