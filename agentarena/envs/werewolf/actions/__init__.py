"""What moves there are, how they are numbered, which are legal, and what can be said by number.

With N seats the actions are

    0 .. N-1        a seat: to attack, test, protect, poison, shoot or vote for
    N               pass: abstain from the vote, use no potion
    N+1             the witch's antidote
    N+2 .. N+6      a bid of 0 to 4 for the floor
    N+7 ..          the moves of the speech space of the seat's role

A `SpeechSpace` numbers its moves from 0. The default, `Acts`, is hand-written: claim a role, accuse, defend, report a result, agree,
question, stay silent. `Latent` are moves that are heard as symbols, e.g. `"werewolf=latent:0.2@.1,*=latent:0.1@"`. Any other space is a
subclass that offers `size` moves and a sentence for each; the option `speech` names it, e.g. `"werewolf=mypkg.latent:Wolves,*=acts"`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from agentarena.core.actions import Spoken
from agentarena.core.display import shown
from agentarena.envs.werewolf.options import DOCTOR, GUARD, SEER, WOLF, Options
from agentarena.envs.werewolf.state import BID, BREW, HUNT, NIGHT, SHOT, SPEAK, STRAW, TALK, VOTE, Act, State

from .spaces import KINDS, Acts, Latent, Silence, SpeechSpace, sentence_of, space_of, spaces_for

__all__ = [
    "BIDS",
    "KINDS",
    "Act",
    "Acts",
    "Latent",
    "Silence",
    "SpeechSpace",
    "antidote",
    "beliefs_in",
    "bid",
    "legal_bits",
    "named_in",
    "night_movers",
    "pass_",
    "sentence_of",
    "space_of",
    "spaces_for",
    "speech",
    "spoken_violation",
    "targets",
    "tuple_of",
]

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


# --- what is legal, as bit sets over the flat action space -------------------------------------------------------------------


def legal_bits(options: Options, state: State, seat: int) -> int:
    """What `seat` may do if it is to move, as a bit set; never empty."""
    phase = state.phase
    if phase in _SPEAKING:
        return speech_bits(options, state.deal.roles[seat], seat, state.alive)
    if phase in _VOTING:
        bits = state.ballot.candidates if phase == VOTE else state.alive
        return (bits if options.self_vote else bits & ~(1 << seat)) | (1 << options.players if options.abstain else 0)
    if phase in _CHOOSING:
        role = state.deal.roles[seat]
        return wolf_targets(options, state, seat) if role == WOLF else targets(options, state, seat, role)
    if phase == BID:
        return 0b11111 << bid(options.players, 0)
    if phase == BREW:
        return _potions(options, state, seat)
    assert phase == SHOT
    return state.alive


def wolf_targets(options: Options, state: State, seat: int) -> int:
    """Whom a wolf may attack."""
    return state.alive & ~(state.deal.wolves if options.wolf_targets == "village" else 1 << seat)


def targets(options: Options, state: State, seat: int, role: int) -> int:
    """Whom the seer, doctor or guard may choose tonight; 0 when there is nobody left."""
    others = state.alive & ~(1 << seat)
    if role == SEER:
        return others if options.seer_repeat else others & ~state.night.tested
    if role == DOCTOR:
        return _protect(state.alive if options.self_save else others, options.repeat_save, state.night.protected[0])
    assert role == GUARD
    return _protect(state.alive if options.guard_self else others, options.guard_repeat, state.night.protected[1])


def night_movers(options: Options, state: State, wolves: tuple[int, ...]) -> tuple[int, ...]:
    """Who chooses tonight, at once: these wolves, the seer, and when there is an attack the doctor and the guard."""
    acting = (SEER, DOCTOR, GUARD) if options.attacks(state.day) else (SEER,)
    others = [
        seat
        for seat, role in enumerate(state.deal.roles)
        if role in acting and state.alive >> seat & 1 and targets(options, state, seat, role)
    ]
    return tuple(sorted((*wolves, *others))) if others else wolves


def _protect(bits: int, repeat: bool, last: int) -> int:
    return bits if repeat or last < 0 else bits & ~(1 << last)


def _potions(options: Options, state: State, seat: int) -> int:
    seats, night = options.players, state.night
    bits = 1 << pass_(seats)
    if night.potions & 1 and night.victim >= 0 and (options.witch_self or night.victim != seat):
        bits |= 1 << antidote(seats)
    if night.potions & 2:
        bits |= state.alive & ~(1 << seat)
    return bits


def speech_bits(options: Options, role: int, seat: int, alive: int) -> int:
    """The speech moves of a seat with this role when these live."""
    memo, key = options.memo, (role, seat, alive)
    if key not in memo:
        memo[key] = space_of(options, role).legal(seat, alive) << speech(options.players)
    bits: int = memo[key]
    return bits


@lru_cache(maxsize=1 << 16)
def tuple_of(bits: int) -> tuple[int, ...]:
    """The members of a bit set of actions, in increasing order."""
    return tuple(a for a in range(bits.bit_length()) if bits >> a & 1)


# --- words and remarks that ride on an action ----------------------------------------------------------------------------------


def spoken_violation(options: Options, action: Spoken) -> str | None:
    """Why the words or notes on an action cannot be taken; `None` when they can."""
    if not isinstance(action.words, str):
        return f"its words are {shown(action.words, 60)}, expected a string"
    if len(action.words) > options.words:
        return f"its words are {len(action.words)} characters long, at most {options.words} are heard; say it shorter"
    beliefs = action.notes.get("wolves", {})
    if not isinstance(beliefs, Mapping):
        return "notes['wolves'] must give a probability for each seat named, e.g. {'3': 0.7}"
    for seat, chance in beliefs.items():
        if not _is_seat(seat, options.players) or isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 <= chance <= 1:
            return f"notes['wolves'] holds {shown(seat)}: {shown(chance)}; expected a seat below {options.players} and a probability"
    return None


def _is_seat(seat: Any, seats: int) -> bool:
    """Whether it is a seat's number, plain or as a key of JSON."""
    if isinstance(seat, str):
        return len(seat) <= 9 and seat.isdecimal() and int(seat) < seats
    return isinstance(seat, int) and not isinstance(seat, bool) and 0 <= seat < seats


def beliefs_in(notes: Mapping[str, Any]) -> tuple[tuple[int, float], ...]:
    """The stated probabilities that seats are werewolves, by seat."""
    return tuple(sorted((int(seat), float(chance)) for seat, chance in notes["wolves"].items()))


@lru_cache(maxsize=4096)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(name)}\b", re.IGNORECASE)


def named_in(words: str, names: Sequence[str]) -> int:
    """The seats whose names occur as whole words, as a bit set.

    >>> bin(named_in("Ann, not ANNABEL.", ("Ann", "Bel", "Annabel")))
    '0b101'
    """
    return sum(1 << seat for seat, name in enumerate(names) if _pattern(name).search(words))
