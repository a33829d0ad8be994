"""What a seat cannot see, drawn anew: roles first, then every hidden choice, so that all it saw happens again.

Roles are uniform over the deals that what the seat saw allows (its role, its fellows, tests, reveals, who died how, that the match
went on); hidden choices are then drawn night by night, uniformly over those that lead to what was seen. Two things are
approximate: a deal is not weighted by how many hidden choices explain it, that is, by what others would have done; and where a
choice ties the hands of later nights (potions, protecting nobody twice running) a dead end starts the whole draw again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agentarena.core.errors import NotSupported

from . import chronicle as c
from .retelling import Impossible, Retelling
from .roles import HUNTER, MASON, POSSESSED, ROLES, WOLF
from .state import Entry, State, pick

if TYPE_CHECKING:
    from .game import Werewolf

__all__ = ["resample"]

_TRIES = 200_000
_ALL = (1 << len(ROLES)) - 1


def resample(game: Werewolf, state: State, seat: int, rng: np.random.Generator) -> State:
    """A state that `seat` cannot tell from this one; see this module.

    Raises:
        NotSupported: None was found: votes are secret and too rare a result is to be explained.
    """
    known = c.known_log(game, state, seat)
    domains = _domains(game, known, seat)
    for _ in range(_TRIES):
        roles = _deal(game, domains, rng)
        if roles is None:
            continue
        try:
            return Retelling(game, state, seat, known, roles, rng).state()
        except Impossible:
            continue
    raise NotSupported(f"Werewolf: no other course of the match was found in {_TRIES} tries that seat {seat} could not tell from this one")


def _domains(game: Werewolf, known: list[Entry], seat: int) -> list[int]:
    """The roles each seat may have as far as single facts tell, as bit sets over roles."""
    domains = [_ALL] * game.players
    wolf, mason = 1 << WOLF, 1 << MASON

    def only(who: int, roles: int) -> None:
        domains[who] &= roles

    for kind, *rest in known:
        if kind == c.DEALT:
            only(rest[0], 1 << rest[1])
        elif kind in (c.PACK, c.MASONS):
            role = wolf if kind == c.PACK else mason
            for who in range(game.players):
                only(who, role if who in rest[0] else _ALL & ~role)
        elif kind == c.CHECK:
            only(rest[1], 1 << rest[2] if game.seer_sees == "role" else wolf if rest[2] else _ALL & ~wolf)
        elif kind == c.SENSED:
            only(rest[1], wolf if rest[2] else _ALL & ~wolf)
        elif kind == c.VICTIM and game.wolf_targets == "village":
            only(rest[1], _ALL & ~wolf)
        elif kind == c.DAWN:
            for who, code in rest[1]:
                only(who, _shown(code))
                if game.wolf_targets == "village" and not game.witch:
                    only(who, _ALL & ~wolf)
        elif kind == c.EXILE and rest[0] >= 0:
            only(rest[0], _shown(rest[1]))
        elif kind == c.SHOTFIRED:
            only(rest[0], 1 << HUNTER)
            only(rest[1], _shown(rest[2]))
        elif kind == c.END:
            for who, role in enumerate(rest[1]):
                only(who, 1 << role)
    return domains


def _shown(code: int) -> int:
    """The roles that a reveal leaves."""
    if code < 0:
        return _ALL
    if code < len(ROLES):
        return 1 << code
    wolfish = 1 << WOLF | 1 << POSSESSED
    return wolfish if code > len(ROLES) else _ALL & ~wolfish


def _deal(game: Werewolf, domains: list[int], rng: np.random.Generator) -> tuple[int, ...] | None:
    """A deal in which everybody has a role of his domain, each as likely as any other; `None` when the try failed.

    Seats with one possible role get it; of the others the wolves are drawn first, among those who may be wolves, then the rest.
    """
    roles = [domain.bit_length() - 1 if domain & (domain - 1) == 0 else -1 for domain in domains]
    deck = list(game.deck)
    for role in roles:
        if role >= 0:
            deck.remove(role)
    open_ = [who for who, role in enumerate(roles) if role < 0]
    candidates = [who for who in open_ if domains[who] >> WOLF & 1]
    wolves = deck.count(WOLF)
    if wolves > len(candidates):
        return None
    for _ in range(wolves):
        roles[candidates.pop(pick(rng, len(candidates)))] = WOLF
    rest = [role for role in deck if role != WOLF]
    for who in open_:
        if roles[who] < 0:
            role = rest.pop(pick(rng, len(rest)))
            if not domains[who] >> role & 1:
                return None
            roles[who] = role
    return tuple(roles)
