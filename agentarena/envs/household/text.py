"""The household in words: ALFWorld's observations, the task, the step, and the admissible commands."""

from __future__ import annotations

from typing import Any

from agentarena.core.events import Event
from agentarena.core.text import REPLY, CommandFace, Options, Pattern

from .engine.scene import admissible
from .engine.words import verb_of_put

__all__ = ["HouseholdText"]

_LONGEST_BARE = 200


class HouseholdText(CommandFace[Any]):
    """Text face. What the household says stands as it is; an agent's own words are never repeated."""

    longest = 1000

    def rules(self, seat: int) -> str:
        put, into = verb_of_put(self.game.profile)
        free = "Any other command does nothing and still counts as a step. " if self.game.commands == "free" else ""
        helps = "help, " if self.game.profile != "0.3" else ""
        return (
            "You are in a household and have a task. Each turn you give one command and read what comes of it. Commands are: go to (receptacle), "
            f"open (receptacle), close (receptacle), take (object) from (receptacle), {put} (object) {into} (receptacle), examine (receptacle or "
            "held object), use (lamp), clean (object) with (sinkbasin), heat (object) with (microwave), cool (object) with (fridge), "
            f"slice (object) with (knife), look, inventory, {helps}with names as they are shown, such as cabinet 3. "
            "You can hold one object at a time, see into a closed receptacle only after opening it, and act only where you are. "
            f"{free}You have {self.game.max_steps} steps. You win by doing the task. A move is one command. {REPLY}"
        )

    def look(self, state: Any, seat: int) -> str:
        if state.turn and not self.game.to_move(state):
            return f"The task is {'done' if state.won else 'not done'}. Steps taken: {state.turn}."
        task = f"{state.house.task}\n" if state.turn else ""
        return f"{task}Step {state.turn + 1} of {self.game.max_steps}."

    def tell(self, event: Event, seat: int) -> str:
        return str(event.data["text"]) if event.kind == "answer" else ""

    def ask(self, state: Any, seat: int) -> str:
        if not self.game.admissible:
            return "Your command."
        return "Admissible commands:\n" + "\n".join(admissible(state.house, state.scene))

    def write(self, state: Any, seat: int, action: Any) -> str:
        if "<" in action or not action.strip():
            return "look"  # words that cannot stand in a reply do nothing; so does this
        return str(action) if len(action) <= _LONGEST_BARE else f"<answer>{action}</answer>"

    def options(self, state: Any, seat: int) -> Options:
        return super().options(state, seat) if self.game.admissible else Pattern(rf"[^<>]{{1,{_LONGEST_BARE}}}")

    def _commands(self, state: Any, seat: int) -> tuple[str, ...]:
        return admissible(state.house, state.scene)  # also where they are not listed: a reply is read alike
