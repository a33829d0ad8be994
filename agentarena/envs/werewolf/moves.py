"""Which moves are legal, as bit sets over the flat action space.

With N seats the actions are

    0 .. N-1        a seat: to attack, test, protect, poison, shoot or vote for
    N               pass: abstain from the vote, leave the potions corked
    N+1             the witch's antidote
    N+2 .. N+6      a bid of 0 to 4 for the floor
    N+7 ..          the moves of the seat's speech space
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from .roles import DOCTOR, GUARD, SEER, WOLF
from .state import BID, BREW, HUNT, NIGHT, SHOT, SPEAK, STRAW, TALK, VOTE, Draft, State

if TYPE_CHECKING:
    from .game import Werewolf

__all__ = ["BIDS", "antidote", "bid", "legal_bits", "pass_", "speech", "tuple_of"]

BIDS = 5

_SPEAKING, _VOTING, _CHOOSING = (SPEAK, TALK), (VOTE, STRAW), (HUNT, NIGHT)


def pass_(seats: int) -> int:
    """The action that names nobody."""
    return seats


def antidote(seats: int) -> int:
    """The witch's healing potion, for tonight's victim."""
    return seats + 1


def bid(seats: int, amount: int) -> int:
    """A bid of 0 to 4."""
    return seats + 2 + amount


def speech(seats: int) -> int:
    """The first speech move."""
    return seats + 2 + BIDS


def legal_bits(game: Werewolf, state: State, seat: int) -> int:
    """What `seat` may do if it is asked, as a bit set; never empty."""
    phase = state.phase
    if phase in _SPEAKING:
        return game.speech_bits(state.roles[seat], seat, state.alive)
    seats = game.players
    if phase in _VOTING:
        bits = state.standing if phase == VOTE else state.alive
        return (bits if game.self_vote else bits & ~(1 << seat)) | (1 << seats if game.abstain else 0)
    if phase in _CHOOSING:
        return _night(game, state, seat)
    if phase == BID:
        return 0b11111 << seats + 2
    if phase == BREW:
        return _witch(game, state, seat)
    assert phase == SHOT
    return state.alive


def _night(game: Werewolf, state: State, seat: int) -> int:
    role = state.roles[seat]
    if role == WOLF:
        return state.alive & ~state.pack if game.wolf_targets == "village" else state.alive & ~(1 << seat)
    return targets(game, state, seat, role)


def targets(game: Werewolf, state: State | Draft, seat: int, role: int) -> int:
    """Whom the seer, doctor or guard may choose tonight; 0 when there is nobody left."""
    others = state.alive & ~(1 << seat)
    if role == SEER:
        return others if game.seer_repeat else others & ~state.seen
    if role == DOCTOR:
        return _protect(state.alive if game.self_save else others, game.repeat_save, state.shields[0])
    assert role == GUARD
    return _protect(state.alive if game.guard_self else others, game.guard_repeat, state.shields[1])


def _protect(bits: int, repeat: bool, last: int) -> int:
    return bits if repeat or last < 0 else bits & ~(1 << last)


def _witch(game: Werewolf, state: State, seat: int) -> int:
    seats = game.players
    bits = 1 << seats
    if state.potions & 1 and state.prey >= 0 and (game.witch_self or state.prey != seat):
        bits |= 1 << seats + 1
    if state.potions & 2:
        bits |= state.alive & ~(1 << seat)
    return bits


@lru_cache(maxsize=1 << 16)
def tuple_of(bits: int) -> tuple[int, ...]:
    """The members of a bit set of actions, in increasing order."""
    return tuple(a for a in range(bits.bit_length()) if bits >> a & 1)
