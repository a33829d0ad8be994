"""The commons in words: what a seat is told, what it sees, and how its replies are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agentarena.core.actions import Action, Spoken
from agentarena.core.events import Event
from agentarena.core.text import REPLY, Choices, Pattern, TextFace, Unreadable, answer_in, quote, words_in

from . import manual, telling
from .state import HARVEST, PROPOSE, REFLECT, SANCTION, TALK, VOTE, WATCH, Move, State

if TYPE_CHECKING:
    from .game import Commons

__all__ = ["CommonsText"]

_SAY = re.compile(r"<say>(.*?)</say>", re.IGNORECASE | re.DOTALL)
_STRAY = re.compile(r"</?say>", re.IGNORECASE)
_NUMBER = r"\d+(?:\.\d+)?(?:e-?\d+)?"
_MOVE = re.compile(
    rf"(?:(?P<pass>pass|no|none|nobody|nothing|silent)|(?P<yes>yes|agree|watch|punish)|(?:(?:punish|blame|vote|vote for) )?player (?P<seat>\d+))"
    rf"(?: (?P<also>{_NUMBER}))?|(?:(?:effort|take|cap|at most) )?(?P<number>{_NUMBER})|level (?P<level>\d+)"
)


class CommonsText(TextFace[State]):
    """Text face. Players are called player 0, player 1, ... and "you"; words go in <say>...</say>."""

    game: Commons

    def rules(self, seat: int) -> str:
        return f"{manual.rules(self.game, seat)}\n{REPLY}"

    def look(self, state: State, seat: int) -> str:
        return telling.look(self.game, state, seat)

    def tell(self, event: Event, seat: int) -> str:
        return telling.tell(self.game, event, seat)

    def ask(self, state: State, seat: int) -> str:
        return telling.question(self.game, state, seat)

    # --- replies -------------------------------------------------------------------------------------------------------

    def write(self, state: State, seat: int, action: Action) -> str:
        game = self.game
        if game.bare and not game.amounts:
            return repr(float(action))
        if game.amounts:
            written = self._flat(int(action))
            words = action.words if isinstance(action, Spoken) else ""
        else:
            written, words = _compound(float(action["amount"]), int(action["choice"])), str(action["words"])
        if not words.strip():
            return written
        return f"<say>{words.replace('<', '(').replace('>', ')')}</say><answer>{written}</answer>"

    def _flat(self, action: int) -> str:
        game = self.game
        if action < game.amounts:
            return f"level {action}" if game.levels else str(action)
        return _chosen(action - game.amounts)

    def options(self, state: State, seat: int) -> Choices | Pattern:
        game, wordy = self.game, state.phase in (TALK, REFLECT)
        legal = game.legal(state, seat)
        if isinstance(legal, tuple):
            names = tuple(self._flat(action) for action in legal)
            if not wordy:
                return Choices(names)
            moves = "|".join(map(re.escape, names))
        elif game.bare:
            return Pattern(_NUMBER)
        else:
            moves = rf"(?:pass|yes|player \d+)(?: {_NUMBER})?|{_NUMBER}"
        say = rf"(?:<say>[^<>]{{1,{game.words}}}</say>)?" if wordy else ""
        return Pattern(rf"{say}(?:<answer>(?:{moves})</answer>|(?:{moves}))")

    def read(self, state: State, seat: int, reply: str) -> Action | Unreadable:
        game = self.game
        words = words_in(reply)
        if isinstance(words, Unreadable):
            return words
        rest = _SAY.sub("", reply)
        if _STRAY.search(rest):
            return Unreadable("a <say> was opened or closed without its partner", "truncated")
        wordy = state.phase in (TALK, REFLECT)
        if wordy and words and not rest.strip():
            move: Move | Unreadable = Move()  # words alone are a move where one speaks
        else:
            answer = answer_in(rest)
            move = answer if isinstance(answer, Unreadable) else self._move(state, answer)
        if isinstance(move, Unreadable):
            return move
        if wordy and len(words) > game.words:
            return Unreadable(f"the words are {len(words)} characters long, at most {game.words} are heard; say it shorter")
        return self._action(state, move._replace(words=words if wordy else ""))

    def _move(self, state: State, answer: str) -> Move | Unreadable:
        game = self.game
        found = _MOVE.fullmatch(" ".join(answer.lower().split()))
        if found is None or (found["also"] and game.amounts) or (found["level"] and not game.levels):
            return self._unclear(state, answer)
        if found["level"]:
            level = int(found["level"])
            return Move(game.amount(state.phase, level)) if level <= game.levels else self._unclear(state, answer)
        amount = float(found["number"] or found["also"] or 0.0)
        if found["seat"]:
            other = int(found["seat"])
            return Move(amount, 2 + other) if other < game.players else self._unclear(state, answer)
        return Move(amount, 1 if found["yes"] else 0)

    def _action(self, state: State, move: Move) -> Action | Unreadable:
        game = self.game
        if not game.amounts:
            if not game.bare:
                return {"amount": move.amount, "choice": move.choice, "words": move.words}
            return float(move.amount)
        takes_number = state.phase in (HARVEST, PROPOSE)
        index = game.amounts + move.choice
        if takes_number or move.amount:
            step = game.amount(state.phase, 1)
            index = round(move.amount / step)
            if abs(index * step - move.amount) > 1e-9 or index >= game.amounts:
                return Unreadable(f"{telling.number(move.amount)} is no amount here; {self._example(state)}")
            if move.choice:
                return Unreadable(f"a move is one thing; {self._example(state)}")
        return Spoken(index, move.words) if move.words else index

    def _unclear(self, state: State, answer: str) -> Unreadable:
        return Unreadable(f"{quote(answer, 60)} is not exactly one move; {self._example(state)}")

    def _example(self, state: State) -> str:
        return f"a move looks like {_EXAMPLES[state.phase]}" if state.phase in _EXAMPLES else self._amounts()

    def _amounts(self) -> str:
        game = self.game
        if game.levels:
            return f"a move looks like level 1, up to level {game.levels}"
        return f"a move is a whole number up to {game.amounts - 1}" if game.amounts else "a move is a number such as 0.25"


_EXAMPLES = {
    TALK: "pass, yes, player 1, or a number",
    WATCH: "yes or pass",
    SANCTION: "yes, pass or player 1",
    REFLECT: "pass",
    VOTE: "player 1",
}


def _chosen(choice: int) -> str:
    return ("pass", "yes")[choice] if choice < 2 else f"player {choice - 2}"


def _compound(amount: float, choice: int) -> str:
    if not choice:
        return repr(amount) if amount else "pass"
    return f"{_chosen(choice)} {amount!r}" if amount else _chosen(choice)
