"""Werewolf in words: what a seat reads, and how its replies are read and written.

A view is made from the log, and a log only grows; what a seat knows is therefore kept in lines (`_Notes`) that are extended by what
happened since the seat last looked. The notes are a cache: a view depends on the state alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cached_property
from typing import Any

from agentarena.core.actions import Action, Spoken
from agentarena.core.charset import lower_ascii
from agentarena.core.display import shown
from agentarena.core.errors import NotSupported
from agentarena.core.events import Event
from agentarena.core.text import REPLY, Choices, Pattern, TextFace, Unreadable, answer_in, parts_in, quote, tags_in, words_in
from agentarena.envs.werewolf.actions import (
    BIDS,
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
from agentarena.envs.werewolf.events import reveal_name
from agentarena.envs.werewolf.options import ROLES, WITCH, Options
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
    Entry,
    State,
    labels,
    seats_in,
    visible,
)

from . import wording
from .wording import hear, role_phrase, was

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
        self._notes: dict[tuple[int, int], _Notes] = {}
        self._names: dict[tuple[tuple[int, ...], SpeechSpace], tuple[str, ...]] = {}
        self._moves: dict[tuple[tuple[int, ...], int, bool], dict[str, int]] = {}

    def rules(self, seat: int) -> str:
        return f"{wording.rules(self.game)}\n{REPLY}"

    def look(self, state: State, seat: int) -> str:
        return self._notes_of(state, seat).summary(state)

    def tell(self, event: Event, seat: int) -> str:
        return wording.event_line(event, seat)

    def ask(self, state: State, seat: int) -> str:
        questions = self._notes_of(state, seat).questions
        key = (state.phase, legal_bits(self.game, state, seat))
        if key not in questions:
            names = self._action_names(state, seat)
            legal = ", ".join([names[action] for action in tuple_of(key[1])])
            questions[key] = wording.question(self.game, state.phase, state.deal.roles[seat], legal)
        return questions[key]

    def _notes_of(self, state: State, seat: int) -> _Notes:
        """What the seat knows in this match, brought up to date."""
        key = (id(state.log[0]), seat)  # of one match; `read` makes sure that it is this one
        notes = self._notes.get(key)
        if notes is None or not notes.read(state.log):
            if len(self._notes) >= _CACHED:
                del self._notes[next(iter(self._notes))]
            notes = self._notes[key] = _Notes(self.game, state, seat)
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
        return space.name(index, label) if space else f"speech {index}"

    @cached_property
    def _common_space(self) -> SpeechSpace | None:
        """The speech space that all roles share; `None` when they differ, since its name for a move would tell the role."""
        spaces = {space_of(self.game, role) for role in range(len(ROLES))}
        return spaces.pop() if len(spaces) == 1 else None

    # --- replies -------------------------------------------------------------------------------------------------------

    def write(self, state: State, seat: int, action: Action) -> str:
        """The reply that reads as `action`, with its words and stated beliefs.

        Words are written without outer white space, and only where they are heard.

        Raises:
            NotSupported: The words hold tags with which they would be read as something else.
        """
        move = self._named(int(action), _seat_name, self._common_space)
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


# --- what a seat knows -------------------------------------------------------------------------------------------------------------


class _Notes:
    """What a seat has learned in one match, in lines; extended as the log grows."""

    def __init__(self, options: Options, state: State, seat: int) -> None:
        self.options, self.seat = options, seat
        self.names = labels(state.deal.names)
        role = state.deal.roles[seat]
        if ("shared", role) not in options.memo:  # the kinds of entries that the role may know of whoever they are about
            options.memo["shared", role] = frozenset(kind for kind in _NOTES if visible(options, state, Entry(kind), seat))
        self.shared: frozenset[str] = options.memo["shared", role]
        self.header = f"You are {self.names[seat]} (seat {seat}), {role_phrase(ROLES[role])}."
        self.log: tuple[Entry, ...] = ()
        self.questions: dict[tuple[int, int], str] = {}  # by phase and legal moves
        self.alive, self.alive_line = -1, ""
        self.deaths: list[str] = []
        self.learned: list[str] = []
        self.tonight: list[str] = []  # the wolves' proposals, or the victim that the witch is told of
        self.tonight_phases = (BREW,) if role == WITCH else (HUNT, NIGHT)
        self.potions = 3 if role == WITCH else 0
        self.protection = ""
        self.claims: dict[str, None] = {}
        self.day = 1
        self.votes: dict[int, str] = {}  # of today: voter -> target; a later ballot replaces the earlier one
        self.past_votes: list[str] = []
        self.read(state.log)

    def read(self, log: tuple[Entry, ...]) -> bool:
        """Take in what the log says beyond what is known; `False` when this is another match or another course of it."""
        known = len(self.log)
        if log is self.log:
            return True
        if log[:known] != self.log:
            return False
        for entry in log[known:]:
            note = _NOTES.get(entry.kind)
            if note and (entry.kind in self.shared or entry.seat == self.seat):
                note(self, entry)
        self.log = log
        return True

    def summary(self, state: State) -> str:
        """What the seat knows now."""
        if state.alive != self.alive:
            alive = ", ".join([f"{self.names[seat]} (seat {seat})" for seat in seats_in(state.alive)]) or "nobody"
            self.alive, self.alive_line = state.alive, f"Alive: {alive}."
        lines = [
            self.header if state.alive >> self.seat & 1 else f"{self.header} You are dead.",
            wording.time_line(self.options, state),
            self.alive_line,
            *self.deaths,
            *self.learned,
        ]
        if state.phase in self.tonight_phases:
            lines += self.tonight
        if self.potions:
            lines.append(f"You still have the {('antidote', 'poison', 'antidote and the poison')[self.potions - 1]}.")
        if self.protection:
            lines.append(self.protection)
        if self.claims:
            lines.append(f"Claimed so far: {'; '.join(self.claims)}.")
        lines += self.past_votes
        if self.votes:
            lines.append(self._votes_of_the_day())
        return "\n".join(lines)

    def _votes_of_the_day(self) -> str:
        return f"Votes on day {self.day}: {', '.join([f'{self.names[voter]} for {target}' for voter, target in self.votes.items()])}."

    # --- one method for each kind of entry that leaves a line ----------------------------------------------------------

    def _night(self, entry: Entry) -> None:
        if self.votes:
            self.past_votes.append(self._votes_of_the_day())
        self.day, self.votes, self.tonight = entry.day, {}, []

    def _pack(self, entry: Entry) -> None:
        self.learned.append(f"The werewolves are {', '.join(self.names[seat] for seat in entry.items)}.")

    def _masons(self, entry: Entry) -> None:
        self.learned.append(f"The masons are {', '.join(self.names[seat] for seat in entry.items)}.")

    def _hunt(self, entry: Entry) -> None:
        self.tonight.append(f"{self.names[entry.seat]} wants to attack {self.names[entry.target]}.")

    def _victim(self, entry: Entry) -> None:
        self.tonight.append(f"Tonight the werewolves attack {self.names[entry.target]}.")

    def _check(self, entry: Entry) -> None:
        result = ROLES[entry.value] if self.options.seer_sees == "role" else ("not a werewolf", "werewolf")[entry.value]
        self.learned.append(f"You tested {self.names[entry.target]}: {result}.")

    def _sense(self, entry: Entry) -> None:
        self.learned.append(f"You sensed that {self.names[entry.target]} was {'a werewolf' if entry.value else 'no werewolf'}.")

    def _protect(self, entry: Entry) -> None:
        self.protection = f"You last protected {self.names[entry.target]}."

    def _potion(self, entry: Entry) -> None:
        self.potions &= ~entry.value

    def _dawn(self, entry: Entry) -> None:
        self.deaths += [f"{self.names[seat]} was killed in night {entry.day}{was(reveal_name(code))}." for seat, code in entry.items]

    def _exile(self, entry: Entry) -> None:
        if entry.seat >= 0:
            self.deaths.append(f"{self.names[entry.seat]} was exiled on day {entry.day}{was(reveal_name(entry.value))}.")

    def _shot(self, entry: Entry) -> None:
        killed = f"{self.names[entry.target]}{was(reveal_name(entry.value))}"
        self.deaths.append(f"{self.names[entry.seat]} was the hunter and shot {killed}.")

    def _speech(self, entry: Entry) -> None:
        assert entry.speech is not None
        act, speaker = entry.speech.act, self.names[entry.seat]
        if act.kind == "claim":
            self.claims[f"{speaker} claims to be {role_phrase(ROLES[act.value])}"] = None
        elif act.kind == "result":
            result = "a werewolf" if act.value else "no werewolf"
            self.claims[f"{speaker} reports that {self.names[act.target]} is {result}"] = None

    def _vote(self, entry: Entry) -> None:
        self.votes[entry.seat] = self.names[entry.target] if entry.target < len(self.names) else "nobody"


_NOTES: dict[str, Callable[[_Notes, Entry], Any]] = {
    "night": _Notes._night,
    "pack": _Notes._pack,
    "masons": _Notes._masons,
    "hunt": _Notes._hunt,
    "victim": _Notes._victim,
    "check": _Notes._check,
    "sense": _Notes._sense,
    "protect": _Notes._protect,
    "potion": _Notes._potion,
    "dawn": _Notes._dawn,
    "exile": _Notes._exile,
    "shot": _Notes._shot,
    "speech": _Notes._speech,
    "vote": _Notes._vote,
}
