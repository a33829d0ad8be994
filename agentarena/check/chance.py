"""Checks of listed randomness: `chance` is the distribution that `start` and `step` draw from."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from agentarena.core.errors import NotSupported
from agentarena.core.game import Chance

from .clauses import NotApplicable, contract, expect
from .fingerprint import fingerprint
from .subject import Subject

_DRAWS = 1500
_LARGEST = 20_000
_SIGMAS = 5.5


@contract("chance matches sampling", forkable=True)
def chance_matches_sampling(subject: Subject) -> None:
    """The listed probabilities of the start and of steps are positive, add up to 1, and are those that are drawn."""
    game = subject.game
    if not isinstance(game, Chance):
        raise NotApplicable("the game does not list its randomness")
    listed = _listed(game, None, None, "the start")
    if listed is not None:
        _compare(listed, [game.start(subject.chance(9, i)) for i in range(_DRAWS)], "the start")
    looked = 0
    for moment in subject.moments(12):
        if not moment.to_move:
            continue
        listed = _listed(game, moment.state, moment.actions, str(moment))
        if listed is not None:
            draws = _DRAWS if 1 < len(listed) <= 200 and looked < 3 else 10
            _compare(listed, [game.step(moment.state, moment.actions, subject.chance(10, i)) for i in range(draws)], str(moment))
            looked += len(listed) > 1


def _listed(game: Any, state: Any, actions: Any, where: str) -> dict[str, float] | None:
    """Probabilities by fingerprint; `None` where the game declines because there are too many outcomes."""
    try:
        outcomes = game.chance(state, actions)
    except NotSupported:
        return None
    total = math.fsum(probability for probability, _ in outcomes)
    expect(abs(total - 1.0) <= 1e-9, f"{where}: chance lists probabilities that add up to {total!r}")
    expect(all(probability > 0 for probability, _ in outcomes), f"{where}: chance lists a probability that is not positive")
    listed: dict[str, float] = {}
    if len(outcomes) > _LARGEST:
        return None
    for probability, outcome in outcomes:
        key = fingerprint(outcome)
        listed[key] = listed.get(key, 0.0) + probability
    return listed


def _compare(listed: dict[str, float], drawn: list[Any], where: str) -> None:
    """Every draw must be listed; when there are few outcomes each must come up as often as it should."""
    counts, draws = Counter(map(fingerprint, drawn)), len(drawn)
    strays = [key for key in counts if key not in listed]
    expect(not strays, f"{where}: {len(strays)} of {len(counts)} outcomes that were drawn are not listed by chance")
    if draws < 5 * len(listed):
        return
    for key, probability in listed.items():
        spread = _SIGMAS * math.sqrt(draws * probability * max(0.0, 1 - probability)) + 2
        as_often = abs(counts[key] - draws * probability) <= spread
        expect(as_often, f"{where}: an outcome of probability {probability:.4f} came up {counts[key]} times in {draws}")
