"""What uniformly random play comes to, exactly: the chance that the village wins, how long it takes, who survives.

Under random play speech, the seer, masons, the medium and reveals change nothing, and players of one kind are exchangeable. A
position is therefore a count of players by kind and by what has been done to them, plus the witch's potions. One pass forward
over the days carries the probability of every position; no position is reached twice at the same day by different rules, and the
cap on days ends the pass. All numbers are fractions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from agentarena.core.errors import NotSupported

from .analysis.random_play import exile_chance
from .game import Werewolf
from .options import DOCTOR, GUARD, HUNTER, ROLES, VILLAGER, WITCH, WOLF, verdict

__all__ = ["MAX_POSITIONS", "Solution", "solve", "village_win"]

MAX_POSITIONS = 20_000
"""Most positions that are worked out unless more are asked for: a few minutes. The presets have at most 88; twelve players with doctor,
guard, witch and hunter 5,992."""
_SHOWN_EVERY = 256

_KINDS = (WOLF, DOCTOR, GUARD, HUNTER, WITCH)  # all others are alike under random play, and count as villagers
_LAST_DOCTOR, _LAST_GUARD, _DOCTOR, _GUARD, _ATTACKED, _VICTIM, _POISONED = (1 << i for i in range(7))

Group = tuple[tuple[int, int, int], ...]
"""The living: (kind, marks, how many), sorted."""
Position = tuple[Group, int]
"""The living and the witch's potions."""
Branches = Iterator[tuple[Fraction, Group]]
Progress = Callable[[int, int], None]
"""See `solve`."""


@dataclass(frozen=True)
class Solution:
    """What random play comes to.

    Attributes:
        village: Probability that the village wins.
        wolves: That the wolves win.
        truncated: That the last day goes by undecided. The three add up to 1.
        outcomes: Probability of each (winner, number of votes held); the winner of a cut-short match is "nobody".
        votes: Expected number of votes held.
        alive: For each kind of role the probability that a player of that kind is alive at the end; "villager" stands for all
            roles that random play does not tell apart: villager, seer, mason, medium, possessed.
        accuracy: Expected votes of non-wolves for wolves over expected votes of non-wolves, in first ballots ("IRP").
    """

    village: Fraction
    wolves: Fraction
    truncated: Fraction
    outcomes: dict[tuple[str, int], Fraction]
    votes: Fraction
    alive: dict[str, Fraction]
    accuracy: Fraction


def village_win(
    game: Werewolf | str | None = None, *, max_positions: int = MAX_POSITIONS, progress: Progress | None = None, **options: Any
) -> Fraction:
    """Probability that the village wins when everybody plays uniformly at random.

    Args:
        game: The game, or the name of a preset; by default the game of the options.
        max_positions: See `solve`.
        progress: See `solve`.
        options: As for `agentarena.game("Werewolf-v0", ...)`.

    Raises:
        NotSupported: See `solve`.

    >>> village_win(players=7, wolves=2, seer=True, doctor=False)
    Fraction(1, 12)
    >>> village_win("lspo7")
    Fraction(343117, 2646000)
    """
    rules = game if isinstance(game, Werewolf) else Werewolf.build(game, **options)
    return solve(rules, max_positions, progress).village


@lru_cache(maxsize=256)
def solve(game: Werewolf, max_positions: int = MAX_POSITIONS, progress: Progress | None = None) -> Solution:
    """Everything about random play under `game`'s options; kept for the next call.

    Args:
        game: The rules.
        max_positions: Most positions, of nights and of votes together, that are worked out.
        progress: Called now and then as `progress(day, positions)`, with the day that is being worked out and the number of
            positions so far.

    Raises:
        NotSupported: More than six wolves vote on a victim that may be one of them, or there are more positions.
    """
    deck: defaultdict[int, int] = defaultdict(int)
    for role in game.deck:
        deck[role if role in _KINDS else VILLAGER] += 1
    start = tuple(sorted((kind, 0, count) for kind, count in deck.items()))
    tally = _Tally(game)
    counter = _Counter(max_positions, progress)
    nights, votes = _Branching(game, _night, counter), _Branching(game, _vote, counter)
    positions: dict[Position, Fraction] = {(start, 3 if game.witch else 0): Fraction(1)}
    for day in range(1, game.last_day + 1):
        counter.day = day
        if day >= game.first_night:
            positions = tally.settle(positions, nights, day - 1) if game.attacks(day) else positions
        tally.ballot(positions)
        positions = tally.settle(positions, votes, day)
    return tally.solution(positions, dict(deck))


class _Counter:
    """Counts the positions that are worked out, tells of them, and ends what takes too long."""

    def __init__(self, most: int, progress: Progress | None) -> None:
        self.most, self.progress = most, progress
        self.day = self.count = 0

    def add(self) -> None:
        """One more."""
        self.count += 1
        if self.count > self.most:
            raise NotSupported(
                f"random play under these options has more than {self.most} positions on day {self.day}; pass max_positions for more, or "
                "simulate it with agentarena.envs.werewolf.analysis.random_play.simulate"
            )
        if self.progress is not None and self.count % _SHOWN_EVERY == 0:
            self.progress(self.day, self.count)


class _Branching(dict[Position, "list[tuple[Fraction, Position]]"]):
    """What a position leads to, worked out once and with equal outcomes added up."""

    def __init__(
        self, game: Werewolf, branches: Callable[[Werewolf, Position], Iterator[tuple[Fraction, Position]]], counter: _Counter
    ) -> None:
        super().__init__()
        self.game, self.branches, self.counter = game, branches, counter

    def __missing__(self, position: Position) -> list[tuple[Fraction, Position]]:
        self.counter.add()
        merged: defaultdict[Position, Fraction] = defaultdict(Fraction)
        for chance, after in self.branches(self.game, position):
            merged[after] += chance
        branches = self[position] = [(chance, after) for after, chance in merged.items()]
        return branches


class _Tally:
    """Sums over finished matches."""

    def __init__(self, game: Werewolf) -> None:
        self.game = game
        self.outcomes: defaultdict[tuple[str, int], Fraction] = defaultdict(Fraction)
        self.alive: defaultdict[int, Fraction] = defaultdict(Fraction)
        self.cast = self.hits = Fraction(0)

    def settle(self, positions: dict[Position, Fraction], branches: _Branching, votes: int) -> dict[Position, Fraction]:
        """Branch every position; count those that end, return the others."""
        going: defaultdict[Position, Fraction] = defaultdict(Fraction)
        for position, weight in positions.items():
            for chance, after in branches[position]:
                wolves, others = _sides(after[0])
                winner = verdict(self.game.wolves_win, wolves, others)
                if winner:
                    self._end(winner, votes, after[0], weight * chance)
                else:
                    going[after] += weight * chance
        return dict(going)

    def _end(self, winner: str, votes: int, living: Group, weight: Fraction) -> None:
        self.outcomes[winner, votes] += weight
        for kind, _, count in living:
            self.alive[kind] += weight * count

    def ballot(self, positions: dict[Position, Fraction]) -> None:
        """Count the votes of non-wolves that will be cast, and those for wolves."""
        game = self.game
        for (living, _), weight in positions.items():
            wolves, others = _sides(living)
            named = wolves + others - 1 + game.self_vote
            options = named + game.abstain
            self.cast += weight * others * Fraction(named, options)
            self.hits += weight * others * Fraction(wolves, options)

    def solution(self, undecided: dict[Position, Fraction], deck: dict[int, int]) -> Solution:
        for (living, _), weight in undecided.items():
            self._end("nobody", self.game.last_day, living, weight)
        outcomes = dict(sorted(self.outcomes.items()))
        total = {winner: sum((p for (who, _), p in outcomes.items() if who == winner), Fraction(0)) for winner in _WINNERS}
        return Solution(
            village=total["village"],
            wolves=total["wolves"],
            truncated=total["nobody"],
            outcomes=outcomes,
            votes=sum((votes * p for (_, votes), p in outcomes.items()), Fraction(0)),
            alive={ROLES[kind]: self.alive[kind] / count for kind, count in sorted(deck.items()) if count},
            accuracy=self.hits / self.cast if self.cast else Fraction(0),
        )


_WINNERS = ("village", "wolves", "nobody")


def _sides(living: Group) -> tuple[int, int]:
    wolves = sum(count for kind, _, count in living if kind == WOLF)
    return wolves, sum(count for _, _, count in living) - wolves


def _pick(living: Group, eligible: Callable[[int, int], bool], mark: int) -> Branches:
    """One eligible player, uniformly, gets a mark; nobody when none is eligible."""
    total = sum(count for kind, marks, count in living if eligible(kind, marks))
    if total == 0:
        yield Fraction(1), living
        return
    for kind, marks, count in living:
        if eligible(kind, marks):
            yield Fraction(count, total), _moved(living, (kind, marks), (kind, marks | mark))


def _moved(living: Group, old: tuple[int, int], new: tuple[int, int] | None) -> Group:
    """One player's marks changed, or the player taken out."""
    counts = {(kind, marks): count for kind, marks, count in living}
    counts[old] -= 1
    if new is not None:
        counts[new] = counts.get(new, 0) + 1
    return tuple(sorted((kind, marks, count) for (kind, marks), count in counts.items() if count))


def _has(living: Group, role: int) -> bool:
    return any(kind == role for kind, _, _ in living)


def _night(game: Werewolf, position: Position) -> Iterator[tuple[Fraction, Position]]:
    living, potions = position
    drawn = _merged(_attack(game, living))
    for role, own, repeat, last, mark in (
        (DOCTOR, game.self_save, game.repeat_save, _LAST_DOCTOR, _DOCTOR),
        (GUARD, game.guard_self, game.guard_repeat, _LAST_GUARD, _GUARD),
    ):
        if _has(living, role):
            drawn = _merged(
                (weight * chance, _shielded(after, last, mark, bool(repeat)))
                for before, weight in drawn.items()
                for chance, after in _protect(before, role, bool(own), bool(repeat), last, mark)
            )
    for before, weight in drawn.items():
        for chance, brewed, left in _brew(game, before, potions):
            for share, after in _dawn(brewed):
                yield weight * chance * share, (after, left)


def _merged(branches: Branches) -> dict[Group, Fraction]:
    merged: defaultdict[Group, Fraction] = defaultdict(Fraction)
    for chance, group in branches:
        merged[group] += chance
    return merged


def _shielded(living: Group, last: int, mark: int, repeat: bool) -> Group:
    """What a protector's choice leaves behind: an attack undone, and whom it was where that matters tomorrow."""
    counts: defaultdict[tuple[int, int], int] = defaultdict(int)
    for kind, marks, count in living:
        kept = marks & ~(last | mark) & ~(_ATTACKED if marks & mark else 0)
        if marks & _ATTACKED and marks & mark:
            kept |= _VICTIM
        counts[kind, kept | (last if marks & mark and not repeat else 0)] += count
    return tuple(sorted((kind, marks, count) for (kind, marks), count in counts.items()))


def _attack(game: Werewolf, living: Group) -> Branches:
    wolves, others = _sides(living)
    own = wolf_hit_chance(game.wolf_rule, wolves, others) if game.wolf_targets == "others" else Fraction(0)
    for chance, wolf in ((own, True), (1 - own, False)):
        if chance:
            for share, marked in _pick(living, lambda kind, marks, wolf=wolf: (kind == WOLF) == wolf, _ATTACKED):  # type: ignore[misc]
                yield chance * share, marked


def _protect(living: Group, role: int, own: bool, repeat: bool, last: int, mark: int) -> Branches:
    return _pick(living, lambda kind, marks: (own or kind != role) and (repeat or not marks & last), mark)


def _brew(game: Werewolf, living: Group, potions: int) -> Iterator[tuple[Fraction, Group, int]]:
    """What the witch does: chance, the living, potions left. She is told who was attacked, protected or not."""
    if not potions or not _has(living, WITCH):
        yield Fraction(1), living, potions
        return
    herself = any(kind == WITCH and marks & (_ATTACKED | _VICTIM) for kind, marks, _ in living)
    heal = bool(potions & 1) and (game.witch_self or not herself)
    others = sum(_sides(living)) - 1
    options = 1 + heal + (others if potions & 2 else 0)
    yield Fraction(1, options), living, potions
    if heal:
        yield Fraction(1, options), tuple((kind, marks & ~_ATTACKED, count) for kind, marks, count in living), potions & ~1
    if potions & 2 and others:
        for share, marked in _pick(living, lambda kind, marks: kind != WITCH, _POISONED):
            yield Fraction(others, options) * share, marked, potions & ~2


def _dawn(living: Group) -> Branches:
    """Deaths of the night and the hunter's shot."""
    counts: defaultdict[tuple[int, int], int] = defaultdict(int)
    hunter = False
    for kind, marks, count in living:
        if marks & (_ATTACKED | _POISONED):
            hunter |= kind == HUNTER and not marks & _POISONED
        else:
            counts[kind, marks & (_LAST_DOCTOR | _LAST_GUARD)] += count
    after = _forget(tuple((kind, marks, count) for (kind, marks), count in counts.items()))
    return _remove(after) if hunter else iter([(Fraction(1), after)])


def _forget(living: Group) -> Group:
    """Memories of protectors who are dead do not matter."""
    kept = (_LAST_DOCTOR if _has(living, DOCTOR) else 0) | (_LAST_GUARD if _has(living, GUARD) else 0)
    counts: defaultdict[tuple[int, int], int] = defaultdict(int)
    for kind, marks, count in living:
        counts[kind, marks & kept] += count
    return tuple(sorted((kind, marks, count) for (kind, marks), count in counts.items()))


def _remove(living: Group) -> Branches:
    """A uniform player leaves; nobody when nobody is left."""
    total = sum(count for _, _, count in living)
    if not total:
        yield Fraction(1), living
    for kind, marks, count in living:
        yield Fraction(count, total), _forget(_moved(living, (kind, marks), None))


def _vote(game: Werewolf, position: Position) -> Iterator[tuple[Fraction, Position]]:
    living, potions = position
    voters = sum(_sides(living))
    exiled = exile_chance(voters, game.tie, bool(game.majority), bool(game.abstain), bool(game.self_vote), game.revotes, game.revote_tie)
    if exiled < 1:
        yield 1 - exiled, position
    for kind, marks, count in living:
        after = _forget(_moved(living, (kind, marks), None))
        chance = exiled * Fraction(count, voters)
        if kind == HUNTER:
            for share, shot in _remove(after):
                yield chance * share, (shot, potions)
        else:
            yield chance, (after, potions)


@lru_cache(maxsize=4096)
def wolf_hit_chance(rule: str, wolves: int, others: int) -> Fraction:
    """Probability that wolves who may attack each other do, each naming any other player at random.

    >>> wolf_hit_chance("last", 2, 5), wolf_hit_chance("vote", 2, 5)
    (Fraction(1, 6), Fraction(1, 6))
    """
    if rule in ("last", "random") or wolves == 1:
        return Fraction(wolves - 1, wolves + others - 1)
    if wolves > 6:
        raise NotSupported(
            f"the exact chance that {wolves} voting wolves hit one of their own is not worked out beyond 6; simulate instead"
        )
    return _proposals(rule, wolves, others, ())


def _proposals(rule: str, wolves: int, others: int, named: tuple[int, ...]) -> Fraction:
    """The same, given the proposals of the first wolves: a wolf's number, or -1, -2, ... for non-wolves as they come up."""
    if len(named) == wolves:
        most = max(map(named.count, named))
        leaders = [target for target in dict.fromkeys(named) if named.count(target) == most]
        return Fraction(leaders[0] >= 0) if rule == "first" else Fraction(sum(target >= 0 for target in leaders), len(leaders))
    options = wolves + others - 1
    known = -min((0, *named))
    total = Fraction(0)
    for target in (*(wolf for wolf in range(wolves) if wolf != len(named)), *range(-known, 0)):
        total += Fraction(1, options) * _proposals(rule, wolves, others, (*named, target))
    if known < others:
        total += Fraction(others - known, options) * _proposals(rule, wolves, others, (*named, -known - 1))
    return total
