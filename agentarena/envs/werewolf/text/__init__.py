"""Werewolf in words: what a seat reads, and how its replies are read and written.

A view is made from the log, and a log only grows; what a seat knows is therefore kept in lines (`notes.Notes`) that are extended by what
happened since the seat last looked. The notes are a cache: a view depends on the state alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cached_property

from agentarena.core.actions import Action, Spoken
from agentarena.core.charset import lower_ascii
from agentarena.core.display import shown
from agentarena.core.errors import NotSupported
from agentarena.core.events import Event
from agentarena.core.text import REPLY, Choices, Pattern, TextFace, Unreadable, answer_in, parts_in, quote, tags_in, words_in
from agentarena.envs.werewolf.actions import (
    BIDS,
    Latent,
    SpeechSpace,
    antidote,
    beliefs_in,
    bid,
    legal_bits,
    pass_,
    space_of,
    speech,
    spoken_violation,
    tuple_of,
)
from agentarena.envs.werewolf.options import ROLES, Options
from agentarena.envs.werewolf.state import (
    BID,
    BREW,
    HUNT,
    NIGHT,
    SHOT,
    SPEAK,
    STRAW,
    TALK,
    VOTE,
    State,
    labels,
)

from . import wording
from .compact import compact
from .notes import Notes
from .wording import hear

__all__ = ["WerewolfText"]

_BELIEF = re.compile(r"(.+?) ?[:=]? ?(\d+(?:\.\d+)?|\.\d+) ?(%?)")
_LONGEST_MOVE, _LONGEST_BELIEF = 1000, 200  # in characters
_CACHED = 4096
_VERBS = {HUNT: ("attack",), NIGHT: ("attack", "test", "check", "protect", "save"), BREW: ("poison",), SHOT: ("shoot",), VOTE: ("vote",)}
_VERBS[STRAW] = ("vote",)


class WerewolfText(TextFace[State]):
    """Text face. A player is named by name or as `seat 3`; in the discussion words may be said with or without a move."""

    game: Options

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._notes: dict[tuple[int, int], Notes] = {}
        self._names: dict[tuple[tuple[int, ...], SpeechSpace], tuple[str, ...]] = {}
        self._moves: dict[tuple[tuple[int, ...], int, bool], dict[str, int]] = {}

    def rules(self, seat: int) -> str:
        return f"{wording.rules(self.game)}\n{REPLY}"

    def look(self, state: State, seat: int) -> str:
        return self._notes_of(state, seat).summary(state)

    def tell(self, event: Event, seat: int) -> str:
        return wording.event_line(event, seat)

    def compact(self, state: State, seat: int) -> str:
        return compact(self.game, state, seat)

    def ask(self, state: State, seat: int) -> str:
        questions = self._notes_of(state, seat).questions
        key = (state.phase, legal_bits(self.game, state, seat))
        if key not in questions:
            names = self._action_names(state, seat)
            legal = ", ".join([names[action] for action in tuple_of(key[1])])
            questions[key] = wording.question(self.game, state.phase, state.deal.roles[seat], legal)
        return questions[key]

    def _notes_of(self, state: State, seat: int) -> Notes:
        """What the seat knows in this match, brought up to date."""
        key = (id(state.log[0]), seat)  # of one match; `read` makes sure that it is this one
        notes = self._notes.get(key)
        if notes is None or not notes.read(state.log):
            if len(self._notes) >= _CACHED:
                del self._notes[next(iter(self._notes))]
            notes = self._notes[key] = Notes(self.game, state, seat)
        return notes

    # --- the names of moves --------------------------------------------------------------------------------------------

    def name(self, state: State, seat: int, action: int) -> str:
        """A move in the names of this match, e.g. "accuse Ada"."""
        return self._action_names(state, seat)[action]

    def _action_names(self, state: State, seat: int) -> tuple[str, ...]:
        """All moves of a seat by the names of this match."""
        space = space_of(self.game, state.deal.roles[seat])
        key = (state.deal.names, space)
        names = self._names.get(key)
        if names is None:
            if len(self._names) >= _CACHED:
                self._names.clear()
            label = labels(state.deal.names).__getitem__
            size = speech(self.game.players) + space.size
            names = self._names[key] = tuple(self._named(action, label, space) for action in range(size))
        return names

    def _named(self, action: int, label: Callable[[int], str], space: SpeechSpace | None) -> str:
        seats = self.game.players
        if action < seats:
            return label(action)
        if action == pass_(seats):
            return "pass"
        if action == antidote(seats):
            return "antidote"
        if action < speech(seats):
            return f"bid {action - bid(seats, 0)}"
        index = action - speech(seats)
        return space.name(index, label) if space and index < space.size else f"speech {index}"

    @cached_property
    def _common_space(self) -> SpeechSpace | None:
        """The speech space that all roles share; `None` when they differ, since its name for a move would tell the role."""
        spaces = {space_of(self.game, role) for role in range(len(ROLES))}
        return spaces.pop() if len(spaces) == 1 else None

    def _public_space(self, role: int) -> SpeechSpace | None:
        """The space by whose names this role's moves are written: the common one, or its own where names tell only symbols."""
        own = space_of(self.game, role)
        return own if isinstance(own, Latent) else self._common_space

    # --- replies -------------------------------------------------------------------------------------------------------

    def write(self, state: State, seat: int, action: Action) -> str:
        """The reply that reads as `action`, with its words and stated beliefs.

        Words are written without outer white space, and only where they are heard.

        Raises:
            NotSupported: The words hold tags with which they would be read as something else.
        """
        move = self._named(int(action), _seat_name, self._public_space(state.deal.roles[seat]))
        if not isinstance(action, Spoken):
            return move
        words = action.words.strip() if state.phase in (SPEAK, TALK) else ""
        guess = ""
        if action.notes.get("wolves") and not parts_in(words, "guess")[0]:
            beliefs = ", ".join(f"seat {other} {Decimal(repr(chance)):f}" for other, chance in beliefs_in(action.notes))
            guess = f"<guess>{beliefs}</guess>"
        say = f"<say>{words}</say>" if words else ""
        heard = words and action.notes.get("heard") and hear(self.game, state, seat, words) == action
        reply = f"{guess}{say}" if heard else f"{guess}{say}<answer>{move}</answer>"
        if "<" in words and getattr(self.read(state, seat, reply), "words", None) != words:
            raise NotSupported(f"Werewolf: the words {shown(words)} cannot be written as <say>WORDS</say>; leave the tags out of them")
        return reply

    def options(self, state: State, seat: int) -> Choices | Pattern:
        names, actions = self._action_names(state, seat), tuple_of(legal_bits(self.game, state, seat))
        legal = tuple(names[action] for action in actions)
        if state.phase not in (SPEAK, TALK) or not self.game.words:
            return Choices(legal)
        replies = {*legal, *(self.write(state, seat, action) for action in actions)}
        moves = "|".join(map(re.escape, sorted(replies)))
        return Pattern(rf"(?:<say>[^<>]{{1,{self.game.words}}}</say>)?(?:<answer>(?:{moves})</answer>|{moves})")

    def read(self, state: State, seat: int, reply: str) -> Action | Unreadable:
        guess = self._guess(state, reply)
        words = words_in(reply)
        for part in (guess, words):
            if isinstance(part, Unreadable):
                return part
        assert isinstance(guess, dict)
        assert isinstance(words, str)
        rest = parts_in(parts_in(reply, "say")[1], "guess")[1]
        if tags_in(rest, "say", "guess"):
            return Unreadable("a <say> or <guess> was opened or closed without its partner", "truncated")
        speaks = state.phase in (SPEAK, TALK)
        if speaks and (reason := spoken_violation(self.game, Spoken(0, words))):  # before any reader looks at them
            return Unreadable(reason)
        heard = bool(speaks and words and "<answer" not in lower_ascii(rest))
        action = hear(self.game, state, seat, words) if heard else self._move(state, seat, rest)
        if isinstance(action, Unreadable) or not (guess or (speaks and words)):
            return action
        notes = {**({"wolves": guess} if guess else {}), **({"heard": True} if heard else {})}
        return Spoken(action, words if speaks else "", notes)

    def _move(self, state: State, seat: int, reply: str) -> int | Unreadable:
        answer = answer_in(reply)
        if isinstance(answer, Unreadable):
            return answer
        key = _key(answer) if len(answer) <= _LONGEST_MOVE else ""
        verb, _, rest = key.partition(" ")
        if verb in _VERBS.get(state.phase, ()) and rest:
            key = rest.removeprefix("for ")
        action = self._readable_moves(state, seat).get(key)
        if action is None:
            example = self.name(state, seat, tuple_of(legal_bits(self.game, state, seat))[0])
            return Unreadable(f"{quote(answer, 60)} is not exactly one move of this game; a move looks like {example}")
        return action

    def _readable_moves(self, state: State, seat: int) -> dict[str, int]:
        """Every way to write every move of this game, legal now or not."""
        key = (state.deal.names, state.deal.roles[seat], state.phase == BID)
        moves = self._moves.get(key)
        if moves is None:
            if len(self._moves) >= _CACHED // 16:
                self._moves.clear()
            seats = self.game.players
            moves = {"abstain": pass_(seats), "nobody": pass_(seats), "heal": antidote(seats)}
            for action in range(speech(seats) + max(space_of(self.game, role).size for role in range(len(ROLES)))):
                moves[_key(self.write(state, seat, action))] = action
            for action, name in enumerate(self._action_names(state, seat)):
                moves[_key(name)] = action
            if state.phase == BID:
                moves.update({str(amount): bid(seats, amount) for amount in range(BIDS)})
            self._moves[key] = moves
        return moves

    def _guess(self, state: State, reply: str) -> dict[str, float] | Unreadable:
        """Privately stated probabilities of being a werewolf, by seat."""
        parts, _ = parts_in(reply, "guess")
        if len(parts) > 1:
            return Unreadable(f"found {len(parts)} <guess> parts, expected at most one")
        if not parts:
            return {}
        seats = {_key(name): other for other, name in enumerate(labels(state.deal.names))}
        seats.update({_seat_name(other): other for other in range(self.game.players)})
        guess: dict[str, float] = {}
        for item in filter(None, (part.strip() for part in re.split(r"[,;\n]", parts[0], maxsplit=_LONGEST_BELIEF))):
            belief = _BELIEF.fullmatch(" ".join(item.split())) if len(item) <= _LONGEST_BELIEF else None
            target = seats.get(_key(belief[1])) if belief else None
            if belief is None or target is None:
                return Unreadable(f"{quote(item, 60)} is no belief; write <guess>NAME 0.7, NAME 0.1</guess>")
            guess[str(target)] = float(belief[2]) / (100 if belief[3] else 1)
        reason = spoken_violation(self.game, Spoken(0, "", {"wolves": guess})) if guess else None
        return Unreadable(reason) if reason else {str(seat): chance for seat, chance in beliefs_in({"wolves": guess})}


def _key(text: str) -> str:
    return " ".join(text.lower().split())


def _seat_name(seat: int) -> str:
    return f"seat {seat}"
