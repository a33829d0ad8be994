"""What the paper's tables report, from the event logs of matches: wins, coins, calls, cards discarded, risk.

Axis letters: S seats.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agentarena.core.events import Event

__all__ = ["SeatTally", "Tally", "tally"]

_Z = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


@dataclass(slots=True)
class SeatTally:
    """Counts and sums of one seat over rounds.

    Attributes:
        rounds: Rounds it was dealt in.
        wins: Rounds it won.
        gains: Sum of its payments, in coins, or in points times -1.
        gains_squared: Sum of their squares.
        calls: Calls it made itself, an emptied hand included.
        successes: Of these, those that won.
        discarded: Cards it discarded.
        called: Hand value and success of each of its calls.
    """

    rounds: int = 0
    wins: int = 0
    gains: float = 0.0
    gains_squared: float = 0.0
    calls: int = 0
    successes: int = 0
    discarded: int = 0
    called: list[tuple[int, bool]] = field(default_factory=list)

    @property
    def win_share(self) -> float:
        """Share of its rounds that it won; nan without rounds."""
        return self.wins / self.rounds if self.rounds else math.nan

    @property
    def win_interval(self) -> float:
        """Half-width of the normal 95 % interval of `win_share`: 1.96 sqrt(p (1 - p) / n)."""
        return _Z * math.sqrt(self.win_share * (1 - self.win_share) / self.rounds) if self.rounds else math.nan

    @property
    def gain_per_round(self) -> float:
        """Mean payment of a round; nan without rounds."""
        return self.gains / self.rounds if self.rounds else math.nan

    @property
    def gain_interval(self) -> float:
        """Half-width of the normal 95 % interval of `gain_per_round`, from the population variance, as in the paper."""
        if not self.rounds:
            return math.nan
        variance = self.gains_squared / self.rounds - self.gain_per_round**2
        return _Z * math.sqrt(max(0.0, variance) / self.rounds)

    @property
    def call_success(self) -> float:
        """Share of its calls that won; nan without calls."""
        return self.successes / self.calls if self.calls else math.nan

    @property
    def cards_per_round(self) -> float:
        """Cards it discarded a round, really discarded (see the card on what the paper reports under this name)."""
        return self.discarded / self.rounds if self.rounds else math.nan

    @property
    def risk_correlation(self) -> float:
        """Pearson correlation of the caller's hand value and success; nan when either does not vary."""
        values = [float(value) for value, _ in self.called]
        return _correlation(values, [float(success) for _, success in self.called])


@dataclass(slots=True)
class Tally:
    """Counts over rounds.

    Attributes:
        seats: One `SeatTally` a seat.
        rounds: Finished rounds.
        turns: Sum of their turns.
        least: Sum of their lowest hands.
        ends: How many ended in each way, see `Showdown.how`.
    """

    seats: list[SeatTally]
    rounds: int = 0
    turns: int = 0
    least: int = 0
    ends: dict[str, int] = field(default_factory=dict)

    @property
    def mean_turns(self) -> float:
        """Turns of a round; nan without rounds."""
        return self.turns / self.rounds if self.rounds else math.nan

    @property
    def mean_least(self) -> float:
        """Lowest hand at the end of a round; nan without rounds."""
        return self.least / self.rounds if self.rounds else math.nan

    @property
    def called_share(self) -> float:
        """Share of rounds that ended by a call; nan without rounds."""
        return self.ends.get("call", 0) / self.rounds if self.rounds else math.nan


def tally(logs: Iterable[Sequence[Event]], seats: int) -> Tally:
    """Count what happened in matches of one table.

    Args:
        logs: The events of each match, in order, private ones or not.
        seats: Number of seats.

    >>> showdown = Event("showdown", {"how": "call", "caller": 1, "winner": 1, "hands": [["KS"], ["AS"]],
    ...     "values": [13, 1], "payments": [-13, 13], "turns": 9})
    >>> counts = tally([[Event("discard", {"seat": 0, "cards": ["2S", "2H"]}), showdown]], seats=2)
    >>> counts.seats[1].win_share, counts.seats[0].cards_per_round, counts.mean_least
    (1.0, 2.0, 1.0)
    """
    out = Tally([SeatTally() for _ in range(seats)])
    for log in logs:
        for event in log:
            if event.kind == "discard":
                out.seats[event.data["seat"]].discarded += len(event.data["cards"])
            elif event.kind == "showdown":
                _count(out, event)
    return out


def _count(out: Tally, showdown: Event) -> None:
    data = showdown.data
    caller, how = data["caller"], data["how"]
    playing = [seat for seat, gain in enumerate(data["payments"]) if data["hands"][seat] or gain or seat in (caller, data["winner"])]
    out.rounds += 1
    out.turns += data["turns"]
    out.least += min(data["values"][seat] for seat in playing)
    out.ends[how] = out.ends.get(how, 0) + 1
    for seat in playing:
        row, gain = out.seats[seat], data["payments"][seat]
        row.rounds += 1
        row.gains += gain
        row.gains_squared += gain * gain
    out.seats[data["winner"]].wins += 1
    if how in ("call", "empty"):
        row, success = out.seats[caller], caller == data["winner"]
        row.calls += 1
        row.successes += success
        row.called.append((data["values"][caller], success))


def _correlation(x: list[float], y: list[float]) -> float:
    if len(x) < 2:
        return math.nan
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    sxx = sum((a - mean_x) ** 2 for a in x)
    syy = sum((b - mean_y) ** 2 for b in y)
    sxy = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return sxy / math.sqrt(sxx * syy) if sxx > 0 and syy > 0 else math.nan
