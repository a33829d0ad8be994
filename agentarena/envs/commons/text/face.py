"""The text face of the commons, put together from this folder."""

from __future__ import annotations

from dataclasses import asdict

from agentarena.core.actions import Action
from agentarena.core.events import Event
from agentarena.core.text import REPLY, Choices, Pattern, TextFace, Unreadable
from agentarena.envs.commons.options import CommonsOptions
from agentarena.envs.commons.state import State

from . import replies
from .events import sentence
from .rules import rules
from .view import look, question

__all__ = ["CommonsText"]

_SPEECHES = 12
"""How many utterances of a round the short view shows, the latest."""


class CommonsText(TextFace[State]):
    """Players are called player 0, player 1, ... and "you"; words go in <say>...</say>."""

    game: CommonsOptions

    def rules(self, seat: int) -> str:
        return f"{rules(self.game, seat)}\n{REPLY}"

    def look(self, state: State, seat: int) -> str:
        return look(self.game, state, seat)

    def compact(self, state: State, seat: int) -> str:
        speeches = [Event("said", asdict(utterance)) for utterance in state.utterances if utterance.number == state.number]
        return "\n".join([f"You are player {seat}.", self.look(state, seat), *(self.tell(event, seat) for event in speeches[-_SPEECHES:])])

    def tell(self, event: Event, seat: int) -> str:
        return sentence(self.game, event, seat)

    def ask(self, state: State, seat: int) -> str:
        return question(self.game, state, seat)

    def options(self, state: State, seat: int) -> Choices | Pattern:
        return replies.reply_options(self.game, state, seat)

    def read(self, state: State, seat: int, reply: str) -> Action | Unreadable:
        return replies.read(self.game, state, seat, reply)

    def write(self, state: State, seat: int, action: Action) -> str:
        return replies.write(self.game, state, action)
