"""Institutions: collective choice of a norm, graduated sanctions, and payoff-biased social learning."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from agentarena.envs.commons.options import CommonsOptions
from agentarena.envs.commons.state import State, active_seats, last_note

from .harvest import gains

__all__ = ["chance_of_learning", "draw_other", "learn", "lower_median", "offences", "plurality"]


def lower_median(values: list[float]) -> float:
    """The middle of the sorted values, of an even number the lower of the two.

    >>> lower_median([5.0, 1.0, 3.0]), lower_median([4.0, 1.0, 2.0, 9.0])
    (3.0, 2.0)
    """
    return sorted(values)[(len(values) - 1) // 2]


def plurality(proposed: tuple[float, ...], ballots: tuple[int, ...]) -> float:
    """The cap with the most votes, equal caps counted together; of tied caps the lowest. -1 without a vote.

    >>> plurality((5.0, 3.0, 5.0), (0, 1, 2)), plurality((5.0, 3.0, 4.0), (0, 1, -1))
    (5.0, 3.0)
    """
    votes: dict[float, int] = {}
    for chosen in ballots:
        if chosen >= 0:
            votes[proposed[chosen]] = votes.get(proposed[chosen], 0) + 1
    return min(votes, key=lambda cap: (-votes[cap], cap)) if votes else -1.0


def offences(options: CommonsOptions, state: State) -> list[int]:
    """How often each seat was punished in earlier rounds; all 0 where sanctions are not graduated."""
    counts = [0] * options.players
    if options.graduation:
        for done in state.past:
            for target in done.punished:
                if target >= 0:
                    counts[target] += 1
    return counts


def draw_other(active: tuple[int, ...], seat: int, rng: np.random.Generator) -> int:
    """A seat drawn uniformly among the active ones other than `seat`."""
    others = [other for other in active if other != seat]
    return others[int(rng.integers(len(others)))]


def chance_of_learning(own: float, other: float, intensity: float) -> float:
    """The Fermi rule: how likely a seat learns from another that gained `other` while it gained `own`.

        P = 1 / (1 + exp(-s (pi_other - pi_own)))

    >>> f"{chance_of_learning(0.0, 1.0, 1.0):.6f}", f"{chance_of_learning(0.0, 2.0, 1.0):.6f}"
    ('0.731059', '0.880797')
    """
    return 1.0 / (1.0 + math.exp(-min(700.0, max(-700.0, intensity * (other - own)))))


def learn(options: CommonsOptions, state: State, rng: np.random.Generator) -> State:
    """Payoff-biased social learning: from whom each seat learns, drawn seat by seat."""
    active = active_seats(options, state)
    if options.learning == "none" or len(active) < 2:
        return state
    earned = [gain - cost for gain, cost in zip(gains(options, state.current), state.current.cost, strict=True)]
    model, model_note = [-1] * options.players, [""] * options.players
    for seat in active:
        other = draw_other(active, seat, rng)
        if options.learning == "better":
            learns = earned[other] > earned[seat]
        else:
            learns = rng.random() < chance_of_learning(earned[seat], earned[other], options.intensity)
        if learns:
            model[seat], model_note[seat] = other, last_note(state, other)
    current = replace(state.current, model=tuple(model), model_note=tuple(model_note))
    return replace(state, current=current, news=(*state.news, ("learned", state.number)))
