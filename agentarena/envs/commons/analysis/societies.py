"""Societies of scripted players: playing them by the rules, and the treatments with which findings about people are compared.

Every treatment states what its players are assumed to do. Nothing here is a model of people; it asks whether the rules let institutions do what
they are reported to do, given such players.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agentarena.core.agent import Agent, Reply, View
from agentarena.core.episode import Episode
from agentarena.core.rng import CHANCE, stream
from agentarena.core.text import Unreadable
from agentarena.envs.commons.bots import Imitator, NormFollower, Punisher
from agentarena.envs.commons.game import Commons
from agentarena.envs.commons.state import State

from .metrics import Outcome, measure

__all__ = ["LABORATORY", "SPREAD", "Treatment", "learning_only", "outcomes", "play", "with_collective_choice"]

SPREAD = (6, 7, 8, 8, 8, 8, 9, 10)
"""Tokens that the eight members of the laboratory society invest when nothing binds them: around the equilibrium of 8 each."""


def play(game: Commons, members: Sequence[Agent], *, seed: int = 0, match: int = 0) -> State:
    """One match between agents that decide at once, member k in seat k; the same deal and draws as match `match` of `agentarena.play`.

    Returns:
        The last state, which remembers every round.
    """
    episode = Episode(game, stream(seed, CHANCE, match))
    memory: list[dict[str, Any]] = [{} for _ in members]
    turns = [0] * len(members)
    while not episode.over:
        actions = {}
        for seat in episode.to_move:
            view = View(game, episode.state, seat, news=episode.unread(seat), seed=seed, match=match, turn=turns[seat], memory=memory[seat])
            chosen = members[seat].choose(view)
            action = view.read(chosen.text) if isinstance(chosen, Reply) else chosen
            assert not isinstance(action, Unreadable)
            actions[seat] = action
            turns[seat] += 1
        episode.step(actions)
    state: State = episode.state
    return state


def outcomes(game: Commons, members: Sequence[Agent], matches: int, seed: int = 0) -> list[Outcome]:
    """The figures of several matches."""
    return [measure(game, play(game, members, seed=seed, match=match)) for match in range(matches)]


@dataclass(frozen=True)
class Treatment:
    """A game and who plays it.

    Attributes:
        game: The rules.
        members: One agent a seat.
        assumes: What the members do, in a sentence.
    """

    game: Commons
    members: tuple[Agent, ...]
    assumes: str


def _commons(preset: str, **options: Any) -> Commons:
    game = Commons.build(preset, **options)
    assert isinstance(game, Commons)
    return game


def _laboratory(talk: bool, sanction: bool) -> Treatment:
    options: dict[str, Any] = {"talk": 1, "floor": "together", "talk_when": "before"} if talk else {}
    if sanction:
        options.update(sanction="chosen", harvests="public")
    game = _commons("owg25", **options)
    kind: Any = Punisher if sanction else NormFollower
    extra: dict[str, Any] = {"punishes": 0.15} if sanction else {}
    members = tuple(kind(otherwise=tokens / game.tokens, obeys=0.95, fear=0.8, resents=0.5, **extra) for tokens in SPREAD)
    return Treatment(game, members, _ASSUMED)


_ASSUMED = (
    "Left alone, members invest 6 to 10 tokens, 8 on average, the equilibrium. Where all can talk, each names the cap of the greatest group return "
    "(4.5 tokens) and keeps to the median of the caps with chance 0.95 a round; after a round in which the group broke it and nobody was punished, each "
    "ignores it with chance 0.5. Where members can punish, each fines with chance 0.15 the highest investor above the cap, or without a cap above the mean. "
    "Who was fined keeps with chance 0.8 to the cap, or without one to the mean, in the next round."
)

LABORATORY = {
    "neither": lambda: _laboratory(False, False),
    "talk": lambda: _laboratory(True, False),
    "sanctions": lambda: _laboratory(False, True),
    "talk and sanctions": lambda: _laboratory(True, True),
}
"""Ostrom, Walker and Gardner's treatments with the same members: covenants without and with a sword, and swords alone."""


def _imitators(voting: str, rounds: int) -> Treatment:
    game = _commons("scarce_selfish", voting=voting, rounds=rounds)
    return Treatment(game, tuple(Imitator() for _ in range(game.players)), str(Imitator.__doc__))


def learning_only(rounds: int = 100) -> Treatment:
    """A scarce society of selfish imitators that learn from each other and cannot decide together."""
    return _imitators("none", rounds)


def with_collective_choice(voting: str = "plurality", rounds: int = 100) -> Treatment:
    """The same, with a norm proposed and voted each round."""
    return _imitators(voting, rounds)
