"""An `.efg` game in words: the file's names, and the whole tree where it is small."""

from __future__ import annotations

from typing import Any

from agentarena.core.events import Event
from agentarena.core.text import REPLY, ChoiceFace

from .engine.played import plain
from .engine.words import outline, set_name

__all__ = ["EFGText"]

_LONGEST_COMMENT = 2000


class EFGText(ChoiceFace[Any]):
    """Text face. Seats are called player 0, player 1, ...; the file's names for them stand in the rules."""

    def rules(self, seat: int) -> str:
        form, played = self.game.form, self.game.played
        names = [plain(name) for name in form.players]
        called = ", ".join(f"player {at}" + (f' is "{name}"' if name else "") for at, name in enumerate(names))
        comment = plain(form.comment, _LONGEST_COMMENT)
        about = f"About it: {comment}\n" if comment else ""
        tree = f"The whole game:\n{outline(played)}\n" if len(form.nodes) <= self.game.outline else ""
        return (
            f'You play the game "{plain(form.title)}": {called}. '
            "At each of your turns you are told your information set: what you may know. "
            "Situations that share a number look the same to you.\n"
            f"{about}{tree}You are player {seat}. Your result is what you get at the end. "
            f"A move is the name of an action of your information set. {REPLY}"
        )

    def look(self, state: Any, seat: int) -> str:
        mover = self.game.played.mover(state.node)
        if mover is None:
            return f"The game is over. You are player {seat}; your result: {self.game.rewards(state)[seat]:+g}."
        if mover != seat:
            return f"You are player {seat}. It is not your turn."
        return f"You are player {seat}, at information set {set_name(self.game.played, self.game.form.nodes[state.node].info_set)}."

    def tell(self, event: Event, seat: int) -> str:
        return f"You chose {event.data['name']} at information set {set_name(self.game.played, event.data['set'])}."

    def name(self, action: int) -> str:
        return str(self.game.played.actions[action])
