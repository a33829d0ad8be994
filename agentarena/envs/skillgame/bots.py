"""Reference players: the planner that sees everything, and an explorer that tries what it has not tried."""

from __future__ import annotations

from typing import Any

from agentarena.core.agent import Agent, Decision, View
from agentarena.core.game import Game

__all__ = ["BOTS", "Explorer", "Solver"]


class Solver(Agent):
    """Follows the plan. It needs `hints=True`."""

    def cannot_play(self, game: Game[Any]) -> str | None:
        return None if game.options.get("hints") else "it follows the hints of the planner; make the game with hints=True"

    def choose(self, view: View) -> Decision:
        for event in reversed(view.news):
            if event.kind == "hint":
                return str(event.data["command"])
        return "look"


class Explorer(Agent):
    """Takes the admissible command that it has given least often in a room, skills first; it knows nothing of the world or the task."""

    def cannot_play(self, game: Game[Any]) -> str | None:
        return None if game.options.get("admissible") else "it chooses among listed commands; make the game with admissible=True"

    def choose(self, view: View) -> Decision:
        legal = view.legal
        commands = legal if isinstance(legal, tuple) else getattr(legal, "suggestions", ())
        memory = view.memory
        for event in view.news:
            if event.kind == "task":
                memory.update(counts={}, room=-1)
            elif event.kind == "answer":
                memory["room"] = event.data["room"]
        counts: dict[str, int] = memory["counts"]
        chosen = min(commands, key=lambda command: (counts.get(f"{memory['room']} {command}", 0), _rank(command), command))
        memory["counts"] = {**counts, f"{memory['room']} {chosen}": counts.get(f"{memory['room']} {chosen}", 0) + 1}
        return chosen


def _rank(command: str) -> int:
    """Skills, then taking, then doors, then the rest."""
    verb = command.partition(" ")[0]
    return {"take": 1, "go": 2, "drop": 3, "look": 4, "inventory": 5}.get(verb, 0)


BOTS: dict[str, Any] = {"skillgame/solver": Solver, "skillgame/explorer": Explorer}
"""Name -> class."""
