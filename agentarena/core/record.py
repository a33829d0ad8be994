"""The record of a match: one JSON line with everything needed to play it again, and nothing that depends on the clock."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from . import jsonl, limits, registry
from .display import shown
from .errors import CorruptRecord, RecordMismatch
from .game import Game
from .samples import decode_samples, encode_samples, sample_errors
from .schema import COST, problem_of, schema_errors, token_errors

__all__ = ["FORMAT", "Cost", "Finished", "Fixture", "Outcome", "Record", "Seat"]

FORMAT = 2
"""Version of the record format; raised when a line of an older version can no longer be read as it is."""

Outcome = Literal["won", "drawn", "ended", "truncated", "forfeited"]
"""How a match finished: with a winner; without one; without anything to win (common payoff, one seat); cut short by
its limit of steps; by an agent's fault."""


Moves = tuple[tuple[int, Any], ...]
"""The moves of one step: seat and action, encoded as JSON. Tuples, which the garbage collector need not look into."""


@dataclass(slots=True)
class Seat:
    """Who held a seat and what came of it. Fields are also items: `seat["return"]`, `getattr(seat, "return")`.

    Attributes:
        agent: The agent's spec string.
        index: Its position in the list of agents of the run.
        version: Its version.
        role: The seat's role in this match, if the game has roles.
        team: The side it played for, if the game has sides.
        return_: Its return, in the game's unit; the price of a forfeit where it forfeited.
    """

    agent: str
    index: int
    version: str
    role: str | None
    team: str | None
    return_: float

    def __getitem__(self, key: str) -> Any:
        if key in ("agent", "index", "version", "role", "team"):
            return getattr(self, key)
        if key == "return":
            return self.return_
        raise KeyError(key)


setattr(Seat, "return", property(lambda seat: seat.return_, doc="`return_` under its plain name, for `getattr`; the name is a keyword."))


@dataclass(slots=True, kw_only=True)
class Record:
    """One finished match. A value: not to be changed. (It is no frozen dataclass because those take twice as long to make.)

    Attributes:
        env: Id of the environment.
        options: Every option of the game and its value, as JSON.
        package: Version of agentarena that played it.
        seed: Seed of the run.
        match: Number within the run.
        deal: Number of the deal; the match's stream of randomness is `stream(seed, CHANCE, deal)`.
        policy: What happens to unreadable replies, as JSON (`OnUnreadable`).
        seats: One entry a seat.
        actions: One entry a step: `((seat, action), ...)`, actions encoded as JSON by `core.actions.encode`.
        aborted: Moves of a step that was not taken because another seat forfeited: `((seat, action), ...)`.
        replies: Every decision that was given in words: `{"step", "seat", "attempts"}`, an attempt being `{"text",
            "thinking", "outcome", "reason", "extra"}` with outcome "read", "unreadable", "empty", "truncated", "illegal" or
            "refused", and `"finish"` ("length" or "refusal") where the reply did not end by itself.
        faults: What went wrong: `{"step", "seat", "kind", "reason", "then"}`, kind being "raised", "timeout", "died",
            "nonsense", "resigned" (the agent raised `AgentFault` itself) or the outcome of a last reply, `then` "forfeit", "random" or "pass".
        winner: Seat, name of a team, or `None`.
        outcome: How the match finished.
        turns: Decisions taken, of all seats together.
        steps: Steps of the rules.
        samples: The token samples behind replies: `{"step", "seat", "attempt", "samples"}`, the last a tuple of `TokenSample`.
        with_samples: Whether `line` holds them.
        trusted: Whether it may name code of its own as environment or option, as a record made in this process may; one
            that was read from a file may not, unless its reader said so.
    """

    env: str
    options: Mapping[str, Any]
    package: str
    seed: int
    match: int
    deal: int
    policy: Mapping[str, Any]
    seats: tuple[Seat, ...]
    actions: list[Moves]
    aborted: Moves
    replies: list[dict[str, Any]]
    faults: list[dict[str, Any]]
    winner: int | str | None
    outcome: Outcome
    turns: int
    steps: int
    samples: list[dict[str, Any]] = field(default_factory=list)
    with_samples: bool = False
    trusted: bool = field(default=True, compare=False)

    @property
    def returns(self) -> tuple[float, ...]:
        """Return of each seat. Shape (S,), in the game's unit."""
        return tuple(seat.return_ for seat in self.seats)

    def game(self) -> Game[Any]:
        """The rules it was played under; the same object for all records of a run.

        Raises:
            UntrustedRecord: It names code that is not registered, and is not trusted.
            UnknownName, BadOption: There is no such game.
        """
        return _rules(self.env, json.dumps(self.options), self.trusted)

    def line(self) -> str:
        """The record as one line of JSON, without a line break. Equal records give equal lines.

        Raises:
            ValueError: A number is not finite, or a reply's `extra` is not JSON.
        """
        seats = [[s.agent, s.index, s.version, s.role, s.team, s.return_] for s in self.seats]
        data = {
            "format": FORMAT,
            **{name: getattr(self, name) for name in _BEFORE_SEATS},
            "seats": [dict(zip(_SEAT_KEYS, seat, strict=True)) for seat in seats],
            **{name: getattr(self, name) for name in _AFTER_SEATS},
        }
        if self.with_samples:
            data["samples"] = encode_samples(self.samples)
        return json.dumps(data, separators=(",", ":"), allow_nan=False)

    @classmethod
    def parse(cls, line: str | bytes, where: str = "record", *, trust: bool = False) -> Record:
        """The inverse of `line`.

        Args:
            line: One line of JSON, as text or as UTF-8.
            where: Place to name in errors, e.g. "runs/a.jsonl, line 3".
            trust: Whether it may name code of its own (`trusted`).

        Raises:
            CorruptRecord: The line is no record.
            RecordMismatch: It was written in another version of the format.
        """
        try:
            data = jsonl.parse(line)
        except ValueError as error:
            raise CorruptRecord(f"{where}: the line cannot be read: {error}. {_ADVICE}") from None
        if not isinstance(data, dict) or "format" not in data:
            raise CorruptRecord(f"{where}: the line is no record of a match (it has no 'format'). {_ADVICE}")
        if data["format"].__class__ is int and data["format"] != FORMAT:
            raise RecordMismatch(f"{where}: format {shown(data['format'])}, this version of agentarena reads format {FORMAT}")
        samples = data.get("samples", [])
        wrong = schema_errors(data) or sample_errors(samples) or token_errors(samples)
        if wrong is not None:
            raise CorruptRecord(f"{where}: the record is damaged: {wrong}. {_ADVICE}")
        seats = tuple(Seat(*map(seat.get, _SEAT_KEYS)) for seat in data["seats"])
        for seat in seats:
            seat.return_ = float(seat.return_)  # whole ones may be written as integers
        fields = {name: data[name] for name in _BEFORE_SEATS + _AFTER_SEATS}
        fields["actions"] = [tuple(map(tuple, moves)) for moves in data["actions"]]
        fields["aborted"] = tuple(map(tuple, data["aborted"]))
        return cls(seats=seats, **fields, samples=decode_samples(samples), with_samples="samples" in data, trusted=trust)


@functools.lru_cache(maxsize=16)
def _rules(env: str, options: str, trust: bool) -> Game[Any]:
    return registry.recorded_game(env, json.loads(options), trust=trust)


_BEFORE_SEATS = ("env", "options", "package", "seed", "match", "deal", "policy")
_AFTER_SEATS = ("actions", "aborted", "replies", "faults", "winner", "outcome", "turns", "steps")
_SEAT_KEYS = ("agent", "index", "version", "role", "team", "return")
_ADVICE = "Remove the line to have the match played again when the run is continued, or start a new file"


class Cost(NamedTuple):
    """What one seat's decisions in one match took. Depends on clock and machine, hence kept beside the record.

    Attributes:
        match: Number of the match.
        seat: The seat.
        agent: Index of the agent.
        decisions: Answers it gave, those asked again included.
        seconds: Time from question to answer, summed.
        usage: Sums of `Reply.usage`, e.g. tokens.
    """

    match: int
    seat: int
    agent: int
    decisions: int
    seconds: float
    usage: Mapping[str, float]

    def line(self) -> str:
        """The entry as one line of JSON."""
        return json.dumps({**self._asdict(), "seconds": round(self.seconds, 6)}, separators=(",", ":"))

    @classmethod
    def parse(cls, line: str | bytes, where: str = "ledger") -> Cost:
        """The inverse of `line`; raises `CorruptRecord`."""
        try:
            data = jsonl.parse(line)
            problem = problem_of(data, COST)
        except ValueError as error:
            problem = str(error)
        if problem is not None:
            raise CorruptRecord(f"{where}: the line is no ledger entry: {problem}. Remove it")
        return cls(**data)


@dataclass(slots=True)
class Finished:
    """A record and what it cost."""

    record: Record
    costs: tuple[Cost, ...] = field(default=())


class Fixture(NamedTuple):
    """One match to be played.

    Attributes:
        match: Its number within the run, which names the agents' streams of randomness.
        deal: Number of its deal, which names the match's own stream: matches of one deal get the same cards.
        seats: For each seat, the index of the agent that holds it; may be left out where no record is made.
    """

    match: int
    deal: int
    seats: tuple[int, ...] = ()


_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def stable(reason: str, limit: int = limits.REASON) -> str:
    """A reason without memory addresses and of bounded length, so that equal matches give equal records.

    >>> stable("expected an integer, got <object object at 0x7f3b>")
    'expected an integer, got <object object>'
    """
    return _ADDRESS.sub("", reason)[:limit]
