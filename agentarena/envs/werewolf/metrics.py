"""What happened in matches, as numbers, from their logs of events alone: no model judges anything.

Claims are checked against the hidden roles, so deception is decided, not estimated. `measure` looks at one match's full log
(`Episode.log`: all events, the private ones too); `summary.summarize` adds up many.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agentarena.core.events import Event

from .hearing import Reader, keywords
from .roles import ROLES, side

__all__ = ["MatchMetrics", "entropy", "measure"]


@dataclass
class MatchMetrics:
    """One match.

    Attributes:
        winner: "village", "wolves" or "nobody".
        days: Votes held.
        cast: Votes of the village side that named somebody, of last ballots; `hits`, those that named a werewolf.
        won_cast: The same on days when a werewolf was exiled; `won_hits`, those that named that wolf ("VSS").
        survived: Role -> (players of it alive at the end, players of it).
        seer_day: Day on which a true seer first claimed or reported; None if never, or without a seer.
        followed: Of the living village but the seer, how many voted for a wolf on the day a true seer first reported it, and of how many.
        seer_lost: Whether the seer was exiled on the day of its reveal or killed in the night after; None without a reveal.
        said: (side, kind of act) -> (lies, statements); a lie contradicts what the speaker knows.
        false: (side, kind of act) -> statements that are untrue, known to the speaker or not.
        bids: (side, bid) -> how often.
        entropies: Entropy in nats of the straw votes after each speech, in order.
        first_prey: Seat attacked in the first night; -1 without one.
        first_votes: Seats voted for in the first ballot.
        beliefs: (stated probability, whether it is a werewolf) of every belief that was stated.
        spoken: Speeches in free words with a stated act; `consistent`, those whose words are heard as an act of that kind and target.
    """

    winner: str = "nobody"
    days: int = 0
    cast: int = 0
    hits: int = 0
    won_cast: int = 0
    won_hits: int = 0
    survived: dict[str, tuple[int, int]] = field(default_factory=dict)
    seer_day: int | None = None
    followed: tuple[int, int] = (0, 0)
    seer_lost: bool | None = None
    said: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    false: Counter[tuple[str, str]] = field(default_factory=Counter)
    bids: Counter[tuple[str, int]] = field(default_factory=Counter)
    entropies: list[float] = field(default_factory=list)
    first_prey: int = -1
    first_votes: list[int] = field(default_factory=list)
    beliefs: list[tuple[float, bool]] = field(default_factory=list)
    spoken: int = 0
    consistent: int = 0


def measure(log: Sequence[Event], reader: Reader = keywords) -> MatchMetrics:
    """The metrics of one match.

    Args:
        log: All its events in order, private ones too.
        reader: How free words are heard, for `consistent`.

    Raises:
        ValueError: The log has no deal.
    """
    witness = _Witness(log, reader)
    for event in log:
        handler = _HANDLERS.get(event.kind)
        if handler:
            handler(witness, event.data)
    return witness.close()


class _Witness:
    """Walks through a log once."""

    def __init__(self, log: Sequence[Event], reader: Reader) -> None:
        roles = {event.data["seat"]: event.data["role"] for event in log if event.kind == "role"}
        if not roles:
            raise ValueError("the log has no 'role' events; give all events of the match, the private ones too (Episode.log)")
        self.roles = [roles[seat] for seat in sorted(roles)]
        self.names: tuple[str, ...] = ()
        self.reader = reader
        self.made = MatchMetrics()
        self.alive = [True] * len(self.roles)
        self.tests: dict[tuple[int, int], bool] = {}
        self.votes: dict[int, int | None] = {}
        self.straws: list[int | None] = []
        self.day = 1
        self.report: int | None = None  # the wolf that a true seer reported today
        self.first_ballot = True

    def wolf(self, seat: int) -> bool:
        return self.roles[seat] == "werewolf"

    def side(self, seat: int) -> str:
        return side(ROLES.index(self.roles[seat]))

    # --- events --------------------------------------------------------------------------------------------------------------

    def named(self, data: Any) -> None:
        self.names = tuple(data["names"])

    def night(self, data: Any) -> None:
        self.day = data["day"]

    def check(self, data: Any) -> None:
        self.tests[data["seat"], data["target"]] = data["result"] == "werewolf"

    def prey(self, data: Any) -> None:
        if self.made.first_prey < 0:
            self.made.first_prey = data["target"]

    def dawn(self, data: Any) -> None:
        for death in data["deaths"]:
            self.alive[death["seat"]] = False
            if self.roles[death["seat"]] == "seer" and self.made.seer_day == self.day - 1:
                self.made.seer_lost = True

    def bid(self, data: Any) -> None:
        self.made.bids[self.side(data["seat"]), data["bid"]] += 1

    def speech(self, data: Any) -> None:
        self._count_straws()
        seat, kind, target = data["seat"], data["act"], data["target"]
        untrue, lie = self._judged(seat, kind, target, data["value"])
        key = (self.side(seat), kind)
        lies, count = self.made.said.get(key, (0, 0))
        self.made.said[key] = (lies + lie, count + 1)
        if untrue:
            self.made.false[key] += 1
        if data["own_words"] and not data["heard"]:
            heard = self.reader(data["words"], self.names)
            self.made.spoken += 1
            self.made.consistent += heard.kind == kind and (heard.target == target or target is None)
        if self.roles[seat] == "seer" and (kind == "result" or (kind == "claim" and data["value"] == "seer")):
            if self.made.seer_day is None:
                self.made.seer_day, self.made.seer_lost = self.day, False
            if kind == "result" and data["value"] == "wolf" and self.wolf(target) and self.made.followed == (0, 0):
                self.report = target

    def _judged(self, seat: int, kind: str, target: int | None, value: str | None) -> tuple[bool, bool]:
        """Whether a statement is untrue, and whether its speaker knows better."""
        if kind == "claim":
            untrue = value != self.roles[seat]
            return untrue, untrue
        if target is None or kind not in ("accuse", "defend", "result"):
            return False, False
        says_wolf = kind == "accuse" or (kind == "result" and value == "wolf")
        untrue = says_wolf != self.wolf(target)
        tested = self.tests.get((seat, target))
        if kind == "result":  # to report a test one did not make is a lie even where it happens to be right
            return untrue, tested is None or tested != says_wolf
        knows = self.wolf(seat) or tested is not None
        return untrue, untrue and knows

    def straw(self, data: Any) -> None:
        self.straws.append(data["target"])

    def _count_straws(self) -> None:
        if self.straws:
            self.made.entropies.append(entropy(Counter(self.straws).values()))
            self.straws = []

    def guess(self, data: Any) -> None:
        self.made.beliefs += [(chance, self.wolf(int(seat))) for seat, chance in data["wolves"].items()]

    def vote(self, data: Any) -> None:
        self._count_straws()
        self.votes[data["seat"]] = data["target"]

    def revote(self, data: Any) -> None:
        self._note_first()
        self.votes = {}

    def _note_first(self) -> None:
        if self.first_ballot:
            self.made.first_votes = [target for target in self.votes.values() if target is not None]
            self.first_ballot = False

    def exile(self, data: Any) -> None:
        self._note_first()
        made, exiled = self.made, data["seat"]
        made.days += 1
        village = {seat: target for seat, target in self.votes.items() if self.side(seat) == "village" and target is not None}
        made.cast += len(village)
        made.hits += sum(self.wolf(target) for target in village.values())
        if exiled is not None and self.wolf(exiled):
            made.won_cast += len(village)
            made.won_hits += sum(target == exiled for target in village.values())
        if self.report is not None:
            others = [seat for seat in self.votes if self.side(seat) == "village" and self.roles[seat] != "seer"]
            made.followed = (sum(self.votes[seat] == self.report for seat in others), len(others))
            self.report = None
        if exiled is not None:
            self.alive[exiled] = False
            if self.roles[exiled] == "seer" and made.seer_day == self.day:
                made.seer_lost = True
        self.votes = {}

    def shot(self, data: Any) -> None:
        self.alive[data["target"]] = False

    def end(self, data: Any) -> None:
        self.made.winner = data["winner"]

    def close(self) -> MatchMetrics:
        self._count_straws()
        for role in sorted(set(self.roles)):
            held = [seat for seat, other in enumerate(self.roles) if other == role]
            self.made.survived[role] = (sum(self.alive[seat] for seat in held), len(held))
        return self.made


_HANDLERS: dict[str, Any] = {
    "names": _Witness.named,
    "night": _Witness.night,
    "check": _Witness.check,
    "prey": _Witness.prey,
    "dawn": _Witness.dawn,
    "bid": _Witness.bid,
    "speech": _Witness.speech,
    "straw": _Witness.straw,
    "guess": _Witness.guess,
    "vote": _Witness.vote,
    "revote": _Witness.revote,
    "exile": _Witness.exile,
    "shot": _Witness.shot,
    "end": _Witness.end,
}


def entropy(counts: Iterable[int]) -> float:
    """Entropy of a distribution given by counts, in nats; 0 when all agree.

    >>> round(entropy([1, 1]), 4), entropy([5])
    (0.6931, 0.0)
    """
    positive = [count for count in counts if count]
    total = sum(positive)
    return -sum(count / total * math.log(count / total) for count in positive) + 0.0
