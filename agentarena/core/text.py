"""The text face of a game: what a language model or a person reads, and how its reply is read.

One reply grammar for every game. A reply is read strictly:

    <answer>MOVE</answer>     exactly one answer, anything around it is ignored as thinking aloud; or
    MOVE                      the whole reply is a move and nothing else.

No answer, two answers, or an answer that is not exactly one move is `Unreadable`, with a reason the speaker can
act on. A reply is never repaired or guessed. In games with speech, `<say>WORDS</say>` carries the words.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Generic, Literal, TypeVar

import gymnasium

from .actions import Action
from .charset import CHARSET, fold, lower_ascii, quote
from .events import Event
from .limits import REPLY as LONGEST

__all__ = [
    "CHARSET",
    "REPLY",
    "ChoiceFace",
    "Choices",
    "CommandFace",
    "Options",
    "Pattern",
    "Schema",
    "TextFace",
    "Unreadable",
    "answer_in",
    "fold",
    "parts_in",
    "quote",
    "tags_in",
    "words_in",
]

S = TypeVar("S")

REPLY = "Reply with exactly one move, written as <answer>MOVE</answer>."
"""How every `rules` text says what a reply looks like; quoting it back names no move."""

_LONGEST_BARE = 200
_LONGEST_MOVE = 1000
"""Longest answer, in characters, that may be a move with a name."""
_MOST_BRACKETS = 1000
"""Most opening angle brackets of a reply that can be read: each may begin a tag."""
_TAG = re.compile(r"<(/?[a-z]{1,20})>")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A reply that could not be read as a move, and why.

    Attributes:
        reason: A sentence the speaker can act on.
        kind: "empty", "truncated" (an answer was opened and never closed) or "unreadable".
    """

    reason: str
    kind: Literal["empty", "truncated", "unreadable"] = "unreadable"


@dataclass(frozen=True, slots=True)
class Choices:
    """The legal replies, each a complete reply, for guided decoding."""

    replies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON schema that every readable reply fits."""

    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that every readable reply matches in full."""

    regex: str


Options = Choices | Schema | Pattern


def parts_in(reply: str, name: str) -> tuple[list[str], str]:
    """The contents of the parts `<name>...</name>` of a reply, and what is left of it without them; tags in any case.

    A part goes from an opening to the next closing. The time is linear in the length of the reply, whatever is in it.

    >>> parts_in("<say>I am the seer.</say> <answer>3</answer>", "say")
    (['I am the seer.'], ' <answer>3</answer>')
    """
    inside: list[str] = []
    outside: list[str] = []
    end, opened = 0, -1
    for start, stop, tag in _tags(reply):
        if opened < 0 and tag == name:
            opened = stop
            outside.append(reply[end:start])
        elif opened >= 0 and tag == f"/{name}":
            inside.append(reply[opened:start])
            end, opened = stop, -1
    rest = reply[end:]
    return inside, "".join([*outside[: len(inside)], rest]) if inside else reply


def tags_in(text: str, *names: str) -> int:
    """How many opening and closing tags of these names there are, in any case.

    >>> tags_in("<say>one</say> <SAY>", "say", "answer")
    3
    """
    return sum(tag.removeprefix("/") in names for _, _, tag in _tags(text))


@lru_cache(maxsize=8)  # one reply is looked at several times
def _tags(text: str) -> tuple[tuple[int, int, str], ...]:
    """Every tag: where it begins and ends, and its name in lower case, with a slash before it where it closes."""
    low = lower_ascii(text) if "<" in text else ""
    return tuple((match.start(), match.end(), match[1]) for match in _TAG.finditer(low, 0, _end_of_tags(low)))


def _end_of_tags(text: str) -> int:
    """Where tags are no longer looked for: after the first thousand angle brackets."""
    return len(text) - len(text.split("<", _MOST_BRACKETS)[-1]) if text.count("<") > _MOST_BRACKETS else len(text)


def answer_in(reply: str) -> str | Unreadable:
    """The move text of a reply by the grammar of this module, stripped of surrounding white space.

    >>> answer_in("Centre it is. <answer> 4 </answer>")
    '4'
    >>> answer_in("4")
    '4'
    >>> answer_in("<answer>4</answer> or <answer>5</answer>").reason
    'found 2 answers, expected exactly one <answer>...</answer>'
    """
    if not reply.strip():
        return Unreadable("the reply is empty; expected <answer>your move</answer>", "empty")
    if len(reply) > LONGEST:
        return Unreadable(f"the reply is longer than the {LONGEST} characters that are read; say it shorter")
    if reply.count("<") > _MOST_BRACKETS:
        return Unreadable(f"the reply holds more than {_MOST_BRACKETS} times '<'; write one <answer>your move</answer>")
    answers, _ = parts_in(reply, "answer")
    if len(answers) > 1:
        return Unreadable(f"found {len(answers)} answers, expected exactly one <answer>...</answer>")
    if answers:
        if tags_in(parts_in(reply, "say")[1], "answer", "say") != 2:
            return Unreadable("found a stray <answer> tag, expected exactly one <answer>...</answer>")
        answer = answers[0].strip()
        return answer or Unreadable("the answer is empty; expected <answer>your move</answer>", "empty")
    if any(tag == "answer" for _, _, tag in _tags(reply)):
        return Unreadable("the answer was opened with <answer> and never closed with </answer>", "truncated")
    if len(reply.strip()) > _LONGEST_BARE:
        return Unreadable("no answer found; write your move as <answer>your move</answer>")
    return reply.strip()


def words_in(reply: str) -> str | Unreadable:
    """What a reply says aloud: the text of its one `<say>...</say>`, `""` when there is none.

    >>> words_in("<say>I am the seer.</say><answer>vote 3</answer>")
    'I am the seer.'
    """
    parts, _ = parts_in(reply, "say")
    if len(parts) > 1:
        return Unreadable(f"found {len(parts)} <say> parts, expected at most one")
    return parts[0].strip() if parts else ""


class TextFace(ABC, Generic[S]):
    """A game in words. Stateless, like the game; `game.text` is the one instance.

    Subclasses write `rules`, `look`, `tell`, `options`, `read` and `write`. Games whose moves are integers with
    fixed names derive from `ChoiceFace` and need only `rules`, `look`, `tell` and `name`.
    """

    def __init__(self, game: Any) -> None:
        self.game = game

    @abstractmethod
    def rules(self, seat: int) -> str:
        """The system message: the rules, who the seat is, and how moves are written. The same for the whole match."""

    @abstractmethod
    def look(self, state: S, seat: int) -> str:
        """What the seat sees now."""

    def tell(self, event: Event, seat: int) -> str:
        """One event that `seat` may know, as a sentence; `""` to leave it out."""
        return ""

    def compact(self, state: S, seat: int) -> str:
        """What the seat knows in a few short lines, for a model that words what it says; by default what it sees now."""
        return self.look(state, seat)

    def ask(self, state: S, seat: int) -> str:
        """The closing question to a seat that is to move, naming what it may reply."""
        options = self.options(state, seat)
        if isinstance(options, Choices):
            return "Your move. Legal: " + ", ".join(options.replies)
        return "Your move."

    def view(self, state: S, seat: int, news: Sequence[Event] = (), *, choices: bool = True) -> str:
        """The user message: what changed since the seat last looked, what it sees now, what it is asked.

        Args:
            state: The state to show.
            seat: Who looks.
            news: Events since the seat last looked, those it may know.
            choices: Whether to list the legal moves; leave out to measure whether a player knows the rules.
        """
        lines = [line for event in news if event.visible_to(seat) and (line := self.tell(event, seat))]
        lines.append(self.look(state, seat))
        if seat in self.game.to_move(state):
            lines.append(self.ask(state, seat) if choices else "Your move.")
        return "\n".join(filter(None, lines))

    @abstractmethod
    def options(self, state: S, seat: int) -> Options:
        """The readable, legal replies of a seat that is to move, for guided decoding."""

    @abstractmethod
    def read(self, state: S, seat: int, reply: str) -> Action | Unreadable:
        """The move a reply names, legal now or not, or why it names none. See this module's grammar."""

    @abstractmethod
    def write(self, state: S, seat: int, action: Action) -> str:
        """The reply that `read(state, seat, ...)` reads as `action`."""


class ChoiceFace(TextFace[S]):
    """Text face of a game whose moves are the integers of a `Discrete` space, each with one fixed `name`.

    Names are matched whole, ignoring case and spacing.
    """

    @abstractmethod
    def name(self, action: int) -> str:
        """The one name of an action; no two actions share one."""

    def write(self, state: S, seat: int, action: Action) -> str:
        return self.name(action)

    @cached_property
    def _names(self) -> _Names:
        return _Names(self.name)

    @cached_property
    def _moves(self) -> dict[str, int]:
        moves: dict[str, int] = {}
        for seat in range(self.game.info.seats):
            space = self.game.action_space(seat)
            assert isinstance(space, gymnasium.spaces.Discrete)
            moves.update({_key(self.name(action)): action for action in range(int(space.n))})
        return moves

    def options(self, state: S, seat: int) -> Choices:
        return Choices(tuple(map(self._names.__getitem__, self.game.legal(state, seat))))

    def read(self, state: S, seat: int, reply: str) -> int | Unreadable:
        answer = answer_in(reply)
        if isinstance(answer, Unreadable):
            return answer
        action = self._moves.get(_key(answer)) if len(answer) <= _LONGEST_MOVE else None
        if action is None:
            example = self.name(self.game.legal(state, seat)[0])
            return Unreadable(f"{quote(answer, 60)} is not exactly one move of this game; a move looks like {example}")
        return action


class _Names(dict[int, str]):
    """The name of each action, made when it is first needed."""

    def __init__(self, name: Callable[[int], str]) -> None:
        super().__init__()
        self._name = name

    def __missing__(self, action: int) -> str:
        return self.setdefault(action, self._name(action))


def _key(text: str) -> str:
    return " ".join(text.lower().split())


class CommandFace(TextFace[S]):
    """Text face of a game whose actions are commands: listed strings, such as the commands that a household admits, or a `Text`
    that suggests them and takes any other words too.

    A reply names a command in full, ignoring case and spacing. A command that is not listed is read as it stands; where actions
    are listed it is then illegal, not unreadable. Subclasses write `rules`, `look` and `tell`.
    """

    longest = 200
    """Longest command in characters."""

    def write(self, state: S, seat: int, action: Action) -> str:
        return str(action)

    def options(self, state: S, seat: int) -> Options:
        commands = self._commands(state, seat)
        return Choices(commands) if commands else Pattern(rf"[^<>]{{1,{self.longest}}}")

    def read(self, state: S, seat: int, reply: str) -> str | Unreadable:
        answer = answer_in(reply)
        if isinstance(answer, Unreadable):
            return answer
        command = _key(answer) if len(answer) <= _LONGEST_MOVE + self.longest else answer
        if len(command) > self.longest:
            return Unreadable(f"a command has at most {self.longest} characters")
        unlisted = command if isinstance(self.game.legal(state, seat), tuple) else answer
        return next((listed for listed in self._commands(state, seat) if _key(listed) == command), unlisted)

    def _commands(self, state: S, seat: int) -> tuple[str, ...]:
        """The commands that are legal, or suggested."""
        legal = self.game.legal(state, seat)
        return legal if isinstance(legal, tuple) else legal.suggestions
