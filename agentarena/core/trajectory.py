"""What each seat did in a match, turn by turn, with its rewards: what a trainer learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .actions import Action
from .episode import Episode
from .game import Anchors, Information
from .record import Fixture
from .reply import Reply
from .samples import TokenSample

__all__ = ["Trajectory", "Turn", "TurnLog", "turn_of"]


@dataclass(slots=True)
class Turn:
    """One answer of one seat: a decision, or an attempt at one that was not accepted.

    Attributes:
        seat: Who answered.
        step: Number of steps of the rules before.
        attempt: How many answers to the same question were not accepted before this one.
        action: The action that was played; `None` where none was.
        reward: What the seat was credited from this turn to its next one, or to the end: the rewards of a seat's turns and
            `Trajectory.initial` add up to its return. What a forfeit costs and brings is credited to each seat's last turn.
        information: Information-set key at the decision; `None` in games without keys.
        anchor: Key of how things stood, which may recur (`Anchors`); `None` in games without.
        text: The reply in words; `None` for a bare action.
        samples: Every generation behind the answer, as it was sampled.
        fault: What went wrong: "raised", "timeout", "died", "nonsense", "resigned", "unreadable", "empty", "truncated", "illegal"
            or "refused"; `None` where nothing did.
        forced: Whether the action was chosen in the seat's place after its last attempt (`OnUnreadable.then`).
    """

    seat: int
    step: int
    attempt: int = 0
    action: Action = None
    reward: float = 0.0
    information: str | None = None
    text: str | None = None
    samples: tuple[TokenSample, ...] = ()
    fault: str | None = None
    forced: bool = False
    anchor: str | None = None


def turn_of(episode: Episode, seat: int, step: int, attempt: int, action: Action, reply: Reply | None, fault: str | None) -> Turn:
    """The turn of a seat that answers now: with a bare action, a reply, or neither where it failed."""
    game = episode.game
    information = game.information(episode.state, seat) if isinstance(game, Information) else None
    anchor = game.anchor(episode.state, seat) if isinstance(game, Anchors) else None
    text, samples = (None, ()) if reply is None else (reply.text, reply.samples)
    forced = fault is not None and action is not None
    return Turn(seat, step, attempt, action, 0.0, information, text, samples, fault, forced, anchor)


@dataclass(slots=True)
class Trajectory:
    """A match, turn by turn.

    Attributes:
        match: Number of the match within its run.
        deal: Number of its deal.
        turns: All seats' turns in the order in which they were answered.
        initial: What each seat was credited before its first turn. Shape (S,), in the game's unit.
        returns: Return of each seat. Shape (S,); after a forfeit those of `forfeits`.
        truncated: Whether the match was cut short: its end is no end of the game, and decided nothing.
        outcome: How it finished, as in `Record.outcome`.
    """

    match: int
    deal: int
    turns: list[Turn] = field(default_factory=list)
    initial: list[float] = field(default_factory=list)
    returns: tuple[float, ...] = ()
    truncated: bool = False
    outcome: str = ""

    def of(self, seat: int) -> list[Turn]:
        """The turns of one seat."""
        return [turn for turn in self.turns if turn.seat == seat]


class TurnLog:
    """The turns of a match under way, each with the rewards that came after it.

    Args:
        rewards: What the start credited to each seat. Shape (S,).
    """

    def __init__(self, rewards: Sequence[float]) -> None:
        self._turns: list[Turn] = []
        self._initial = list(rewards)
        self._last: dict[int, Turn] = {}

    def append(self, turn: Turn) -> None:
        """An answer was given."""
        self._turns.append(turn)
        self._last[turn.seat] = turn

    def undo(self) -> None:
        """The last answer does not stand."""
        turn = self._turns.pop()
        earlier = [other for other in self._turns if other.seat == turn.seat]
        self._last.pop(turn.seat)
        if earlier:
            self._last[turn.seat] = earlier[-1]

    def credit(self, rewards: Sequence[float]) -> None:
        """The rewards of a step, shape (S,), each to its seat's last turn."""
        for seat, reward in enumerate(rewards):
            if reward:
                self.charge(seat, reward)

    def charge(self, seat: int, reward: float) -> None:
        """One seat's reward, to its last turn."""
        if seat in self._last:
            self._last[seat].reward += reward
        else:
            self._initial[seat] += reward

    def trajectory(self, fixture: Fixture, returns: Sequence[float], truncated: bool, outcome: str) -> Trajectory:
        """What the log comes to."""
        return Trajectory(fixture.match, fixture.deal, self._turns, self._initial, tuple(returns), truncated, outcome)
