"""Random openings: the first steps of a match, played by the referee, so that agents that always play alike meet in different positions."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from .actions import Action, sample
from .episode import Episode
from .errors import IllegalAction
from .game import Game
from .rng import OPENING, stream

__all__ = ["TRIES", "draw_opening"]

TRIES = 20
"""How many openings are drawn until one leaves the match undecided."""
_TOGETHER = 10
"""How often the actions of one step are drawn anew where the rules forbid them together."""

Step = dict[int, Action]
"""The action of each seat that moves in a step."""


def draw_opening(game: Game[Any], plies: int, chance: np.random.Generator, seed: int, deal: int) -> list[Step]:
    """Up to `plies` steps of random legal moves, after which somebody is to move. Shape (plies,).

    Actions are drawn as random players draw them (`core.actions.sample`), from streams of their own: equal for all matches of a
    deal, whoever sits where. An opening that ends the match is drawn anew, `TRIES` times in all; where none is left, the longest
    one stands without the step that ended it, so that a game of one step has no opening.

    Args:
        game: The rules.
        plies: Steps; a step in which several seats move counts once.
        chance: The match's stream of chance before its start. It is copied, not used.
        seed: Of the run.
        deal: Number of the deal.
    """
    longest: list[Step] = []
    for attempt in range(TRIES if plies else 0):
        steps = _random_steps(game, plies, copy.deepcopy(chance), stream(seed, OPENING, deal, attempt))
        if len(steps) > len(longest):
            longest = steps
        if len(steps) == plies:
            break
    return longest


def _random_steps(game: Game[Any], plies: int, chance: np.random.Generator, rng: np.random.Generator) -> list[Step]:
    """The steps of a random match up to `plies`, without the one that ended it."""
    steps: list[Step] = []
    with Episode(game, chance) as episode:
        while len(steps) < plies:
            step = _random_step(episode, rng)
            if step is None or not episode.to_move:
                break
            steps.append(step)
    return steps


def _random_step(episode: Episode, rng: np.random.Generator) -> Step | None:
    """Random actions of all seats to move, which were played; `None` where the rules forbade them together every time."""
    for _ in range(_TOGETHER):
        step = {seat: sample(episode.game.legal(episode.state, seat), rng) for seat in episode.to_move}
        try:
            episode.step(step)
        except IllegalAction:
            continue
        return step
    return None
