"""The metrics of many matches, added up, each share with the count behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .metrics import MatchMetrics

__all__ = ["Summary", "calibration", "summarize", "uniformity"]


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
    said: Counter[tuple[str, str]] = Counter()
    lies: Counter[tuple[str, str]] = Counter()
    for m in matches:
        said.update({key: total for key, (_, total) in m.said.items()})
        lies.update({key: lie for key, (lie, _) in m.said.items()})
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
        deception={key: _share(lies[key], said[key]) for key in sorted(said)},
        falsehood={key: _share(false[key], said[key]) for key in sorted(said)},
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
