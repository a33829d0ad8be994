"""What happened in matches, as numbers, from their logs of events alone: no model judges anything.

Claims are checked against the hidden roles, so deception is decided, not estimated. `measure` reads one match's full log
(`Episode.log`: all events, the private ones too); `summarize` adds up many, each share with the count behind it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agentarena.core.events import Event
from agentarena.envs.werewolf.options import ROLES, side
from agentarena.envs.werewolf.text.wording import Reader, keywords

__all__ = ["MatchMetrics", "Summary", "calibration", "entropy", "measure", "summarize", "uniformity"]


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
        statements: (side, kind of act) -> (lies, statements); a lie contradicts what the speaker knows.
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
    statements: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
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
    walk = _Walk(log, reader)
    for event in log:
        handler = getattr(walk, f"on_{event.kind}", None)
        if handler:
            handler(event.data)
    return walk.close()


class _Walk:
    """Walks through a log once."""

    def __init__(self, log: Sequence[Event], reader: Reader) -> None:
        roles = {event.data["seat"]: event.data["role"] for event in log if event.kind == "role"}
        if not roles:
            raise ValueError("the log has no 'role' events; give all events of the match, the private ones too (Episode.log)")
        self.roles = [roles[seat] for seat in sorted(roles)]
        self.names: tuple[str, ...] = ()
        self.reader = reader
        self.metrics = MatchMetrics()
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

    def on_names(self, data: Any) -> None:
        self.names = tuple(data["names"])

    def on_night(self, data: Any) -> None:
        self.day = data["day"]

    def on_check(self, data: Any) -> None:
        self.tests[data["seat"], data["target"]] = data["result"] == "werewolf"

    def on_prey(self, data: Any) -> None:
        if self.metrics.first_prey < 0:
            self.metrics.first_prey = data["target"]

    def on_dawn(self, data: Any) -> None:
        for death in data["deaths"]:
            self.alive[death["seat"]] = False
            if self.roles[death["seat"]] == "seer" and self.metrics.seer_day == self.day - 1:
                self.metrics.seer_lost = True

    def on_bid(self, data: Any) -> None:
        self.metrics.bids[self.side(data["seat"]), data["bid"]] += 1

    def on_speech(self, data: Any) -> None:
        self._count_straws()
        seat, kind, target = data["seat"], data["act"], data["target"]
        untrue, lie = self._judged(seat, kind, target, data["value"])
        key = (self.side(seat), kind)
        lies, count = self.metrics.statements.get(key, (0, 0))
        self.metrics.statements[key] = (lies + lie, count + 1)
        if untrue:
            self.metrics.false[key] += 1
        if data["own_words"] and not data["heard"]:
            heard = self.reader(data["words"], self.names)
            self.metrics.spoken += 1
            self.metrics.consistent += heard.kind == kind and (heard.target == target or target is None)
        if self.roles[seat] == "seer" and (kind == "result" or (kind == "claim" and data["value"] == "seer")):
            if self.metrics.seer_day is None:
                self.metrics.seer_day, self.metrics.seer_lost = self.day, False
            if kind == "result" and data["value"] == "wolf" and self.wolf(target) and self.metrics.followed == (0, 0):
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

    def on_straw(self, data: Any) -> None:
        self.straws.append(data["target"])

    def _count_straws(self) -> None:
        if self.straws:
            self.metrics.entropies.append(entropy(Counter(self.straws).values()))
            self.straws = []

    def on_guess(self, data: Any) -> None:
        self.metrics.beliefs += [(chance, self.wolf(int(seat))) for seat, chance in data["wolves"].items()]

    def on_vote(self, data: Any) -> None:
        self._count_straws()
        self.votes[data["seat"]] = data["target"]

    def on_revote(self, data: Any) -> None:
        self._note_first()
        self.votes = {}

    def _note_first(self) -> None:
        if self.first_ballot:
            self.metrics.first_votes = [target for target in self.votes.values() if target is not None]
            self.first_ballot = False

    def on_exile(self, data: Any) -> None:
        self._note_first()
        metrics, exiled = self.metrics, data["seat"]
        metrics.days += 1
        village = {seat: target for seat, target in self.votes.items() if self.side(seat) == "village" and target is not None}
        metrics.cast += len(village)
        metrics.hits += sum(self.wolf(target) for target in village.values())
        if exiled is not None and self.wolf(exiled):
            metrics.won_cast += len(village)
            metrics.won_hits += sum(target == exiled for target in village.values())
        if self.report is not None:
            others = [seat for seat in self.votes if self.side(seat) == "village" and self.roles[seat] != "seer"]
            metrics.followed = (sum(self.votes[seat] == self.report for seat in others), len(others))
            self.report = None
        if exiled is not None:
            self.alive[exiled] = False
            if self.roles[exiled] == "seer" and metrics.seer_day == self.day:
                metrics.seer_lost = True
        self.votes = {}

    def on_shot(self, data: Any) -> None:
        self.alive[data["target"]] = False

    def on_end(self, data: Any) -> None:
        self.metrics.winner = data["winner"]

    def close(self) -> MatchMetrics:
        self._count_straws()
        for role in sorted(set(self.roles)):
            held = [seat for seat, other in enumerate(self.roles) if other == role]
            self.metrics.survived[role] = (sum(self.alive[seat] for seat in held), len(held))
        return self.metrics


def entropy(counts: Iterable[int]) -> float:
    """Entropy of a distribution given by counts, in nats; 0 when all agree.

    >>> round(entropy([1, 1]), 4), entropy([5])
    (0.6931, 0.0)
    """
    positive = [count for count in counts if count]
    total = sum(positive)
    return -sum(count / total * math.log(count / total) for count in positive) + 0.0


# --- many matches ------------------------------------------------------------------------------------------------------------------


def uniformity(targets: Sequence[int], seats: int) -> tuple[float, float]:
    """Chi-square of how often each seat was the target, against uniform, with its p-value; (0, 1) without targets.

        chi2 = sum_s (O_s - E)^2 / E,   E = targets / seats,   seats - 1 degrees of freedom

    First attacks of players without seat bias are uniform, since roles are dealt anew. The votes of one ballot are not independent of
    each other, so that the p-value of votes is only a hint. Needs scipy.

    >>> uniformity([0, 1, 2, 3], 4)
    (0.0, 1.0)
    """
    if not targets:
        return 0.0, 1.0
    from scipy import stats

    counts = Counter(targets)
    test = stats.chisquare([counts[seat] for seat in range(seats)])
    return float(test.statistic), float(test.pvalue)


def calibration(beliefs: Sequence[tuple[float, bool]], bins: int = 10) -> tuple[float, float, list[tuple[float, float, int]]]:
    """How well stated probabilities fit: Brier score, expected calibration error, and the bins.

        brier = mean (p - y)^2,   ece = sum_b |mean p - mean y| * n_b / n

    Returns:
        (brier, ece, [(mean stated, share of werewolves, count) of each bin that is not empty]); zeros without beliefs.

    >>> calibration([(0.5, True), (0.5, False)])
    (0.25, 0.0, [(0.5, 0.5, 2)])
    """
    if not beliefs:
        return 0.0, 0.0, []
    groups: dict[int, list[tuple[float, bool]]] = {}
    for chance, wolf in beliefs:
        groups.setdefault(min(int(chance * bins), bins - 1), []).append((chance, wolf))
    table = [
        (sum(p for p, _ in group) / len(group), sum(y for _, y in group) / len(group), len(group)) for _, group in sorted(groups.items())
    ]
    brier = sum((p - y) ** 2 for p, y in beliefs) / len(beliefs)
    return brier, sum(abs(p - y) * n for p, y, n in table) / len(beliefs), table


@dataclass(frozen=True)
class Summary:
    """Many matches. Shares come as (share, count behind it); a share of nothing is 0 of 0.

    Attributes:
        matches: How many.
        wins: Winner -> share of matches.
        days: Mean number of votes held.
        vote_accuracy: Share of the village's votes that named a werewolf ("IRP").
        vote_skill: Share of the village's votes for the wolf who was exiled, on days when one was ("VSS").
        survival: Role -> share of its players alive at the end.
        reveal: Share of matches with a seer in which it revealed itself; `reveal_day`, the mean day.
        believed: Share of the village that voted for the wolf which the seer reported, on that day.
        backfired: Share of reveals after which the seer was lost at once.
        deception: (side, kind of act) -> share of its statements that were lies.
        falsehood: (side, kind of act) -> share that were untrue.
        bids: (side, bid) -> share of the side's bids.
        entropy: Mean entropy of straw votes after the first, second, ... speech of a match, in nats.
        first_prey: Chi-square and p-value of the first attacks by seat; `first_votes`, of the first ballots.
        brier: Brier score of stated beliefs; `calibration_error`, see `calibration`; `beliefs`, how many.
        consistency: Share of speeches in free words that are heard as their stated act.
    """

    matches: int
    wins: dict[str, float]
    days: float
    vote_accuracy: tuple[float, int]
    vote_skill: tuple[float, int]
    survival: dict[str, tuple[float, int]]
    reveal: tuple[float, int]
    reveal_day: float
    believed: tuple[float, int]
    backfired: tuple[float, int]
    deception: dict[tuple[str, str], tuple[float, int]]
    falsehood: dict[tuple[str, str], tuple[float, int]]
    bids: dict[tuple[str, int], tuple[float, int]]
    entropy: list[float]
    first_prey: tuple[float, float]
    first_votes: tuple[float, float]
    brier: float
    calibration_error: float
    beliefs: int
    consistency: tuple[float, int]


def _share(part: int, whole: int) -> tuple[float, int]:
    return (part / whole if whole else 0.0, whole)


def summarize(matches: Sequence[MatchMetrics]) -> Summary:
    """The metrics of many matches of one game, added up.

    Raises:
        ValueError: There are none.
    """
    if not matches:
        raise ValueError("expected at least one match, got none")
    count = len(matches)
    seats = sum(held for _, held in matches[0].survived.values())
    reveals = [m for m in matches if m.seer_day is not None]
    with_seer = sum("seer" in m.survived for m in matches)
    statements: Counter[tuple[str, str]] = Counter()
    lies: Counter[tuple[str, str]] = Counter()
    for m in matches:
        statements.update({key: total for key, (_, total) in m.statements.items()})
        lies.update({key: lie for key, (lie, _) in m.statements.items()})
    false = sum((m.false for m in matches), Counter())
    bids = sum((m.bids for m in matches), Counter())
    sides = Counter({who: sum(n for (other, _), n in bids.items() if other == who) for who in ("village", "wolves")})
    brier, error, _ = calibration([belief for m in matches for belief in m.beliefs])
    return Summary(
        matches=count,
        wins={winner: sum(m.winner == winner for m in matches) / count for winner in ("village", "wolves", "nobody")},
        days=sum(m.days for m in matches) / count,
        vote_accuracy=_share(sum(m.hits for m in matches), sum(m.cast for m in matches)),
        vote_skill=_share(sum(m.won_hits for m in matches), sum(m.won_cast for m in matches)),
        survival=_survival(matches),
        reveal=_share(len(reveals), with_seer),
        reveal_day=sum(m.seer_day or 0 for m in reveals) / len(reveals) if reveals else 0.0,
        believed=_share(sum(m.followed[0] for m in matches), sum(m.followed[1] for m in matches)),
        backfired=_share(sum(bool(m.seer_lost) for m in reveals), len(reveals)),
        deception={key: _share(lies[key], statements[key]) for key in sorted(statements)},
        falsehood={key: _share(false[key], statements[key]) for key in sorted(statements)},
        bids={key: _share(bids[key], sides[key[0]]) for key in sorted(bids)},
        entropy=_entropies(matches),
        first_prey=uniformity([m.first_prey for m in matches if m.first_prey >= 0], seats),
        first_votes=uniformity([seat for m in matches for seat in m.first_votes], seats),
        brier=brier,
        calibration_error=error,
        beliefs=sum(len(m.beliefs) for m in matches),
        consistency=_share(sum(m.consistent for m in matches), sum(m.spoken for m in matches)),
    )


def _survival(matches: Sequence[MatchMetrics]) -> dict[str, tuple[float, int]]:
    alive: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for m in matches:
        for role, (living, players) in m.survived.items():
            alive[role] += living
            held[role] += players
    return {role: _share(alive[role], held[role]) for role in sorted(held)}


def _entropies(matches: Sequence[MatchMetrics]) -> list[float]:
    longest = max(len(m.entropies) for m in matches)
    columns = [[m.entropies[at] for m in matches if at < len(m.entropies)] for at in range(longest)]
    return [sum(column) / len(column) for column in columns]
