"""Whether a game's observations, as numbers, say all that a seat may know: a network can tell apart nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agentarena.agents.search.size import histories
from agentarena.agents.search.tree import tree_of
from agentarena.core.display import shown
from agentarena.core.errors import NotSupported
from agentarena.core.game import Game, Information
from agentarena.core.rng import stream

from .decisions import Seat

__all__ = ["Recall", "check", "observation_recall"]

_SMALL = 100_000
"""Histories up to which every information set is looked at."""
_MATCHES = 200
_MOST_SETS = 50_000


@dataclass(frozen=True, slots=True)
class Recall:
    """What was seen of a game's observations.

    Attributes:
        sets: Information sets that were compared; 0 where the game has no information keys.
        complete: Whether these are all there are.
        ambiguous: Two information sets of one seat that look alike, in words; `None` where none do.
        seats_differ: Whether no observation is common to two seats, all having equal spaces, so that one network can play all.
    """

    sets: int
    complete: bool
    ambiguous: str | None
    seats_differ: bool


def observation_recall(game: Game[Any], seats: Sequence[Seat] | None = None) -> Recall:
    """Compare the observations of all information sets of a small game, or of those that random matches meet.

    Two sets that look alike get one policy, whatever the algorithm: a limit of the observation, to be known beforehand.

    Args:
        game: The rules.
        seats: The seats' vector faces, if they exist already.

    Raises:
        NotSupported: The game has no vector face for networks (`decisions.Seat`).

    >>> import agentarena as aa
    >>> observation_recall(aa.game("KuhnPoker-v0"))
    Recall(sets=12, complete=True, ambiguous=None, seats_differ=True)
    """
    faces = [Seat(game, seat) for seat in range(game.info.seats)] if seats is None else seats
    equal = len({(face.inputs, face.actions, repr(face.space)) for face in faces}) == 1
    owners: dict[bytes, int] = {}
    keys: list[dict[bytes, str]] = [{} for _ in faces]
    ambiguous, seats_differ = None, equal
    complete, decisions = _decisions(game)
    for seat, state in decisions:
        observation = faces[seat].rows([state])[0].tobytes()
        seats_differ = seats_differ and owners.setdefault(observation, seat) == seat
        if isinstance(game, Information):
            key = game.information(state, seat)
            known = keys[seat].setdefault(observation, key)
            if known != key and ambiguous is None:
                ambiguous = f"seat {seat} has the same observation at information sets {shown(known)} and {shown(key)}"
    return Recall(sum(map(len, keys)), complete, ambiguous, seats_differ)


def _decisions(game: Game[Any]) -> tuple[bool, Iterator[tuple[int, Any]]]:
    """Seats with states where they are to move: all information sets of a small game (True), or those of random matches."""
    try:
        small = isinstance(game, Information) and histories(game).mean <= _SMALL
        tree = tree_of(game, 10 * _SMALL) if small else None
    except NotSupported:
        tree = None
    if tree is None:
        return False, _met(game)
    return True, ((seat, one.state) for seat, side in enumerate(tree.sides) for one in side.sets)


def _met(game: Game[Any]) -> Iterator[tuple[int, Any]]:
    count = 0
    for match in range(_MATCHES):
        rng = stream(0, match)
        state = game.start(rng)
        for _ in range(game.info.max_steps):
            movers = game.to_move(state)
            if not movers or count > _MOST_SETS:
                break
            actions = {}
            for seat in movers:
                count += 1
                yield seat, state
                legal: Any = game.legal(state, seat)
                actions[seat] = legal[int(rng.integers(len(legal)))]
            state = game.step(state, actions, rng)


def check(game: Game[Any], seats: Sequence[Seat], allow: bool) -> Recall:
    """The game's recall, good enough to train on.

    Raises:
        NotSupported: Two information sets look alike, and that is not allowed.
    """
    recall = observation_recall(game, seats)
    if recall.ambiguous is not None and not allow:
        raise NotSupported(
            f"deep CFR: the observation of {type(game).__name__} does not say all that a seat knows: {recall.ambiguous}. "
            "A network gives both one policy; allow it with allow_ambiguous=true"
        )
    return recall
