"""The text face of the tax economy, put together from this folder."""

from __future__ import annotations

from agentarena.core.actions import Action
from agentarena.core.events import Event
from agentarena.core.text import Options, TextFace, Unreadable
from agentarena.envs.economist.rules.society import Society
from agentarena.envs.economist.state import State

from . import replies
from .events import sentence
from .rules import rules
from .view import look, question

__all__ = ["EconomistText"]


class EconomistText(TextFace[State]):
    """Seat 0 is "the planner", the others "worker 1" and so on."""

    game: Society

    def rules(self, seat: int) -> str:
        return rules(self.game, seat)

    def look(self, state: State, seat: int) -> str:
        return look(self.game, state, seat)

    def tell(self, event: Event, seat: int) -> str:
        return sentence(self.game, event, seat)

    def ask(self, state: State, seat: int) -> str:
        return question(self.game, state, seat)

    def options(self, state: State, seat: int) -> Options:
        return replies.reply_options(self.game, state, seat)

    def read(self, state: State, seat: int, reply: str) -> Action | Unreadable:
        return replies.read(self.game, state, seat, reply)

    def write(self, state: State, seat: int, action: Action) -> str:
        return replies.write(self.game, state, seat, action)
