"""Skill games in words: what the world says, the task, the step, and the admissible commands."""

from __future__ import annotations

from typing import Any

from agentarena.core.events import Event
from agentarena.core.text import REPLY, CommandFace, Options, Pattern

from .engine.scene import admissible
from .engine.words import task

__all__ = ["SkillText"]

_LONGEST_BARE = 200


class SkillText(CommandFace[Any]):
    """Text face. What the world says stands as it is; an agent's own words are never repeated."""

    longest = _LONGEST_BARE

    def rules(self, seat: int) -> str:
        free = "Any other command does nothing and still counts as a step. " if self.game.commands == "free" else ""
        return (
            "You walk through rooms, carry things and use skills on them, and have a task. Each turn you give one command and read what comes "
            f"of it. Commands are: go to (room), take (object), drop (object), look, inventory, and the skills of this world: {self._skills()}. "
            "You can act on what lies in your room or is in your hands; tools must be in your hands, and some skills need a station in the "
            f"room. {free}You have {self.game.max_steps} steps. You win by doing the task. "
            f"A move is one command. {REPLY}"
        )

    def _skills(self) -> str:
        """Each skill with what it needs, e.g. "chop (vegetable) with (knife) at the counter, when washed"."""
        spec, lines = self.game.spec, []
        for skill in spec.skills:
            words = f"{skill.verb} ({skill.kind})" + (f" with ({skill.tool})" if skill.tool else "")
            words += f" at the {skill.station}" if skill.station else ""
            needs, lacks = spec.words(skill.needs), spec.words(skill.lacks).replace(" and ", " or ")
            words += f", when {needs}" if needs else ""
            words += f", unless {lacks}" if lacks else ""
            lines.append(words)
        return "; ".join(lines) or "none"

    def look(self, state: Any, seat: int) -> str:
        if state.turn and not self.game.to_move(state):
            return f"The task is {'done' if state.won else 'not done'}. Steps taken: {state.turn}."
        about = f"{task(state.world)}\n" if state.turn else ""
        return f"{about}Step {state.turn + 1} of {self.game.max_steps}."

    def tell(self, event: Event, seat: int) -> str:
        return str(event.data["text"]) if event.kind == "answer" else ""

    def ask(self, state: Any, seat: int) -> str:
        if not self.game.admissible:
            return "Your command."
        return "Admissible commands:\n" + "\n".join(admissible(state.world, state.scene))

    def write(self, state: Any, seat: int, action: Any) -> str:
        if "<" in action or not action.strip() or len(action) > _LONGEST_BARE:
            return "look"  # words that cannot stand in a reply do nothing; so does this
        return str(action)

    def options(self, state: Any, seat: int) -> Options:
        return super().options(state, seat) if self.game.admissible else Pattern(rf"[^<>]{{1,{_LONGEST_BARE}}}")

    def _commands(self, state: Any, seat: int) -> tuple[str, ...]:
        return admissible(state.world, state.scene)  # also where they are not listed: a reply is read alike
