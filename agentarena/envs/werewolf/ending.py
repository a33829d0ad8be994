"""Deaths and what they lead to: the hunter's shot, the test for the end, the pay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .chronicle import END, SHOTFIRED
from .roles import ROLES, side
from .state import OVER, SHOT, Draft, Script

if TYPE_CHECKING:
    from .game import Werewolf

__all__ = ["STEPS", "after_deaths", "begin_shot", "finish", "shown", "verdict"]

Rng = np.random.Generator | Script

_SIDES = len(ROLES)
"""What `shown` gives for a death that reveals a side: 10 the village, 11 the wolves."""


def shown(reveal: str, role: int) -> int:
    """What a death reveals: -1 nothing, a role's number, or 10 for the village and 11 for the wolves."""
    if reveal == "none":
        return -1
    return role if reveal == "role" else _SIDES + (side(role) == "wolves")


def verdict(rule: str, wolves: int, others: int) -> str:
    """Who has won with so many werewolves and others alive: "village", "wolves" or "" for nobody yet.

    The village wins when no werewolf lives, even if nobody does. The wolves win by parity (as many as others), when they are
    "more" than the others, or by "extinction" of the others.

    >>> verdict("parity", 1, 1), verdict("more", 1, 1), verdict("extinction", 2, 1), verdict("parity", 0, 0)
    ('wolves', '', '', 'village')
    """
    if wolves == 0:
        return "village"
    won = wolves >= others if rule == "parity" else wolves > others if rule == "more" else others == 0
    return "wolves" if won else ""


def begin_shot(draft: Draft, hunter: int, *, evening: bool) -> None:
    """The dying hunter is asked whom to take along."""
    draft.phase, draft.asked, draft.shooter, draft.evening = SHOT, (hunter,), hunter, evening


def _shoot(game: Werewolf, draft: Draft, actions: Mapping[int, Any], rng: Rng) -> None:
    target = int(actions[draft.shooter])
    draft.alive &= ~(1 << target)
    reveal = game.reveal if draft.evening else game.night_reveal
    draft.fresh.append((SHOTFIRED, draft.shooter, target, shown(reveal, draft.roles[target]), draft.day))
    draft.shooter = -1
    after_deaths(game, draft, rng, evening=draft.evening)


def after_deaths(game: Werewolf, draft: Draft, rng: Rng, *, evening: bool) -> None:
    """The test for the end; then the day begins, or the night, or the last day is over."""
    wolves = (draft.alive & draft.pack).bit_count()
    winner = verdict(game.wolves_win, wolves, draft.alive.bit_count() - wolves)
    if evening:
        game.pay_day(draft)
    if winner:
        finish(game, draft, winner)
    elif not evening:
        game.begin_day(draft, rng)
    elif draft.day >= game.last_day:
        finish(game, draft, "nobody")
    else:
        game.begin_night(draft, rng)


def finish(game: Werewolf, draft: Draft, winner: str) -> None:
    """The match is over: everything about roles is told, and the winners are paid, the dead among them."""
    draft.phase, draft.asked, draft.winner = OVER, (), winner
    draft.fresh.append((END, winner, draft.roles))
    if winner != "nobody":
        stake = game.stake
        pay = tuple(stake if side(role) == winner else -stake for role in draft.roles)
        draft.rewards = tuple(a + b for a, b in zip(draft.rewards, pay, strict=True))


STEPS = {SHOT: _shoot}
"""What a step does when the hunter dies."""
