"""Werewolf in words: the rules as configured, what a seat knows, and how replies are read."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from agentarena.core.actions import Action, Spoken
from agentarena.core.events import Event
from agentarena.core.text import REPLY, Choices, Pattern, TextFace, Unreadable, answer_in, quote, words_in

from . import manual, record, telling
from .chronicle import label_of
from .hearing import beliefs_in, objection
from .moves import BIDS, antidote, bid, pass_, speech
from .roles import ROLES
from .state import BID, BREW, HUNT, NIGHT, SHOT, SPEAK, STRAW, TALK, VOTE, State

if TYPE_CHECKING:
    from .game import Werewolf

__all__ = ["WerewolfText"]

_SAY = re.compile(r"<say>(.*?)</say>", re.IGNORECASE | re.DOTALL)
_GUESS = re.compile(r"<guess>(.*?)</guess>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?(?:say|guess)>", re.IGNORECASE)
_BELIEF = re.compile(r"\s*(.+?)\s*[:=]?\s*(\d*\.?\d+)\s*(%?)\s*")
_KEPT = 256
_VERBS = {HUNT: ("attack",), NIGHT: ("attack", "test", "check", "protect", "save"), BREW: ("poison",), SHOT: ("shoot",), VOTE: ("vote",)}
_VERBS[STRAW] = ("vote",)


class WerewolfText(TextFace[State]):
    """Text face. A player is named by name or as `seat 3`; in the discussion words may be said with or without a move."""

    game: Werewolf

    def rules(self, seat: int) -> str:
        return f"{manual.rules(self.game)}\n{REPLY}"

    def look(self, state: State, seat: int) -> str:
        return record.summary(self.game, state, seat)

    def tell(self, event: Event, seat: int) -> str:
        return telling.tell(event, seat)

    def ask(self, state: State, seat: int) -> str:
        return manual.question(self.game, state, seat, self._names(state, seat))

    # --- replies -------------------------------------------------------------------------------------------------------

    def _names(self, state: State, seat: int) -> tuple[str, ...]:
        """The legal moves of a seat by the names of this match."""
        return tuple(self.name(state, seat, action) for action in self.game.legal(state, seat))

    def name(self, state: State, seat: int, action: int) -> str:
        """A move in the names of this match, e.g. "vote Ada"."""
        return self._named(action, lambda other: label_of(state, other), state.roles[seat])

    def _named(self, action: int, label: object, role: int | None) -> str:
        game = self.game
        seats = game.players
        assert callable(label)
        if action < seats:
            return str(label(action))
        if action == pass_(seats):
            return "pass"
        if action == antidote(seats):
            return "antidote"
        if action < speech(seats):
            return f"bid {action - bid(seats, 0)}"
        index = action - speech(seats)
        if role is None and not self._one_space:
            return f"speech {index}"
        return game.space_of(role or 0).name(index, label)

    @cached_property
    def _one_space(self) -> bool:
        return len({id(self.game.space_of(role)) for role in range(len(ROLES))}) == 1

    def write(self, state: State, seat: int, action: Action) -> str:
        return self._named(int(action), lambda seat: f"seat {seat}", None)

    def options(self, state: State, seat: int) -> Choices | Pattern:
        names = self._names(state, seat)
        if state.phase not in (SPEAK, TALK) or not self.game.words:
            return Choices(names)
        written = {*names, *(self.write(state, seat, action) for action in self.game.legal(state, seat))}
        moves = "|".join(map(re.escape, sorted(written)))
        return Pattern(rf"(?:<say>[^<>]{{1,{self.game.words}}}</say>)?(?:<answer>(?:{moves})</answer>|{moves})")

    def read(self, state: State, seat: int, reply: str) -> Action | Unreadable:
        guess = self._guess(state, reply)
        words = words_in(reply)
        for part in (guess, words):
            if isinstance(part, Unreadable):
                return part
        assert isinstance(guess, dict)
        assert isinstance(words, str)
        rest = _GUESS.sub("", _SAY.sub("", reply))
        if _TAG.search(rest):
            return Unreadable("a <say> or <guess> was opened or closed without its partner", "truncated")
        speaks = state.phase in (SPEAK, TALK)
        heard = bool(speaks and words and "<answer" not in rest.lower())
        action = self.game.hear(state, seat, words) if heard else self._move(state, seat, rest)
        if isinstance(action, Unreadable) or not (guess or (speaks and words)):
            return action
        notes = {**({"wolves": guess} if guess else {}), **({"heard": True} if heard else {})}
        spoken = Spoken(action, words if speaks else "", notes)
        reason = objection(self.game, spoken)
        return Unreadable(reason) if reason else spoken

    def _move(self, state: State, seat: int, reply: str) -> int | Unreadable:
        answer = answer_in(reply)
        if isinstance(answer, Unreadable):
            return answer
        key = _key(answer)
        verbs = _VERBS.get(state.phase, ())
        verb, _, rest = key.partition(" ")
        if verb in verbs and rest:
            key = rest.removeprefix("for ")
        found = self._moves(state, seat).get(key)
        if found is None:
            return Unreadable(f"{quote(answer, 60)} is not exactly one move of this game; a move looks like {self._names(state, seat)[0]}")
        return found

    @cached_property
    def _written(self) -> dict[tuple[tuple[int, ...], int, bool], dict[str, int]]:
        return {}

    def _moves(self, state: State, seat: int) -> dict[str, int]:
        """Every way to write every move of this game, legal now or not; kept for the last few matches."""
        kept = self._written
        key = (state.names, state.roles[seat], state.phase == BID)
        moves = kept.get(key)
        if moves is None:
            if len(kept) >= _KEPT:
                kept.clear()
            moves = kept[key] = self._ways(state, seat)
        return moves

    def _ways(self, state: State, seat: int) -> dict[str, int]:
        game = self.game
        size = int(game.action_space(seat).n)
        own = speech(game.players) + game.space_of(state.roles[seat]).size
        moves = {"abstain": pass_(game.players), "nobody": pass_(game.players), "heal": antidote(game.players)}
        for action in range(size):
            moves[_key(self.write(state, seat, action))] = action
        for action in range(own):
            moves[_key(self.name(state, seat, action))] = action
        if state.phase == BID:
            moves.update({str(amount): bid(game.players, amount) for amount in range(BIDS)})
        return moves

    def _guess(self, state: State, reply: str) -> dict[str, float] | Unreadable:
        """Privately stated probabilities of being a werewolf, by seat."""
        found = _GUESS.findall(reply)
        if len(found) > 1:
            return Unreadable(f"found {len(found)} <guess> parts, expected at most one")
        seats = {_key(label_of(state, other)): other for other in range(self.game.players)}
        seats.update({f"seat {other}": other for other in range(self.game.players)})
        guess: dict[str, float] = {}
        for item in filter(None, (part.strip() for part in re.split(r"[,;\n]", found[0] if found else ""))):
            belief = _BELIEF.fullmatch(item)
            target = seats.get(_key(belief[1])) if belief else None
            if belief is None or target is None:
                return Unreadable(f"{quote(item, 60)} is no belief; write <guess>NAME 0.7, NAME 0.1</guess>")
            guess[str(target)] = float(belief[2]) / (100 if belief[3] else 1)
        reason = objection(self.game, Spoken(0, "", {"wolves": guess})) if guess else None
        return Unreadable(reason) if reason else {str(seat): chance for seat, chance in beliefs_in({"wolves": guess})}


def _key(text: str) -> str:
    return " ".join(text.lower().split())
