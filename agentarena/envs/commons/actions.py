"""Which moves there are and how they are encoded as actions: flat integers, a single number, or parts.

Flat, where harvests are whole units, tokens or levels of effort. With A amounts and N seats the actions are

    0 .. A-1      amounts: units, tokens, or levels of effort; when talking or proposing the cap a seat names
    A             nothing: silence, no, nobody
    A+1           yes: watch, punish, agree
    A+2 .. A+N+1  a seat: to punish, to blame, to vote for
    A+N+2 ..      signals, where one speaks by latent moves: those are then all that is said by number

Words are attached to a flat action as `Spoken`. Where effort is a real number, a match that is nothing but harvests has actions in a box
[0, 1]; any other has parts: `amount` (a number), `choice` (0 nothing, 1 yes, 2 + j seat j, 2 + N + i signal i) and `words`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action, Box, Legal, Product, Spoken, Text
from agentarena.core.text import CHARSET

from .options import CommonsOptions
from .state import HARVEST, PROPOSE, SANCTION, TALK, VOTE, WATCH, WORDY, Move, State, active_seats

__all__ = ["action_of", "amount_of", "is_plainly_legal", "legal", "move_of", "signals", "space"]


def space(options: CommonsOptions) -> gymnasium.Space[Any]:
    """The action space of every seat."""
    if options.num_amounts:
        return gymnasium.spaces.Discrete(options.num_amounts + options.num_choices)
    if options.harvest_only:
        return gymnasium.spaces.Box(0.0, 1.0, (), np.float32)
    return gymnasium.spaces.Dict(
        {
            "amount": gymnasium.spaces.Box(0.0, max(1.0, options.highest_cap), (), np.float32),
            "choice": gymnasium.spaces.Discrete(options.num_choices),
            "words": gymnasium.spaces.Text(options.words, min_length=0, charset=CHARSET),
        }
    )


def _choices(options: CommonsOptions, state: State, seat: int) -> tuple[int, ...]:
    """The choices of a phase, as `Move.choice`."""
    phase, active = state.phase, active_seats(options, state)
    if phase == TALK and options.latent:
        return signals(options, active, seat)
    if phase == TALK:
        return (0, 1, *(2 + other for other in active if other != seat))
    if phase == WATCH or (phase == SANCTION and options.sanction == "random"):
        return (0, 1)
    if phase == SANCTION:
        return (0, *(2 + other for other in active if other != seat))
    if phase == VOTE:
        return tuple(2 + other for other in active)
    return (0,)


def signals(options: CommonsOptions, active: Sequence[int], seat: int) -> tuple[int, ...]:
    """The signals a seat can give, as `Move.choice`: about others who take part; silence where there is none."""
    first = 2 + options.players
    legal = (first + at for at, (_, target) in enumerate(options.signals) if target < 0 or (target != seat and target in active))
    return tuple(legal) or (0,)


def legal(options: CommonsOptions, state: State, seat: int) -> Legal:
    """What a seat that is to move may do."""
    names_caps = state.phase == TALK and not options.latent
    if not options.num_amounts:
        high = 1.0 if state.phase == HARVEST else options.highest_cap if state.phase == PROPOSE or names_caps else 0.0
        if options.harvest_only:
            return _box(1.0)
        return _parts(high, _choices(options, state, seat), options.words if state.phase in WORDY else 0)
    if state.phase == HARVEST:
        return _range(0, min(options.num_amounts, int(state.stock) + 1) if options.resource == "doubling" else options.num_amounts)
    if state.phase == PROPOSE:
        return _range(0, options.num_amounts)
    return _flat(options.num_amounts, _choices(options, state, seat), names_caps)


@lru_cache(maxsize=4096)
def _flat(amounts: int, choices: tuple[int, ...], names_caps: bool) -> tuple[int, ...]:
    return (*(range(1, amounts) if names_caps else ()), *(amounts + choice for choice in choices))


@lru_cache(maxsize=4096)
def _range(low: int, high: int) -> tuple[int, ...]:
    return tuple(range(low, high))


@lru_cache(maxsize=64)
def _box(high: float) -> Box:
    return Box(0.0, high)


@lru_cache(maxsize=4096)
def _parts(high: float, choices: tuple[int, ...], words: int) -> Product:
    return Product({"amount": _box(high), "choice": choices, "words": Text(words)})


def is_plainly_legal(action: Action, allowed: Legal) -> bool:
    """Whether an action is certainly legal, so that the full check can be skipped; False decides nothing."""
    if isinstance(allowed, tuple):
        return action.__class__ is int and action in allowed
    if isinstance(allowed, Box):
        return _within(action, allowed)
    if action.__class__ is not dict or len(action) != 3:
        return False
    amount, choice, words = action.get("amount"), action.get("choice"), action.get("words")
    assert isinstance(allowed, Product)
    box, choices, text = allowed.parts["amount"], allowed.parts["choice"], allowed.parts["words"]
    assert isinstance(box, Box)
    assert isinstance(choices, tuple)
    assert isinstance(text, Text)
    fits = _within(amount, box) and choice.__class__ is int and choice in choices
    return fits and words.__class__ is str and len(words) <= text.max_chars


def _within(amount: Any, box: Box) -> bool:
    """Whether an amount is certainly a number within bounds; NaN is not."""
    scalar = amount.__class__ is float or (amount.__class__ is np.ndarray and amount.dtype == np.float64 and not amount.shape)
    return bool(scalar and 0.0 <= amount <= _high(box))


@lru_cache(maxsize=64)
def _high(box: Box) -> float:
    return float(box.high)


def amount_of(options: CommonsOptions, phase: int, index: int) -> float:
    """The amount that a flat action names in a phase: units, tokens, an effort, or a cap in units."""
    if options.resource != "logistic":
        return float(index)
    return index / options.levels if phase == HARVEST else index / options.levels * options.highest_cap


def move_of(options: CommonsOptions, phase: int, action: Action) -> Move:
    """What a legal action means."""
    if not options.num_amounts:
        if options.harvest_only:
            return Move(min(1.0, max(0.0, float(action))))
        high = 1.0 if phase == HARVEST else options.highest_cap
        return Move(min(high, max(0.0, float(action["amount"]))), int(action["choice"]), str(action["words"]))
    words = action.words if action.__class__ is Spoken and phase in WORDY else ""
    if action < options.num_amounts:
        return Move(amount_of(options, phase, int(action)), 0, words)
    return Move(0.0, int(action) - options.num_amounts, words)


def action_of(options: CommonsOptions, phase: int, move: Move) -> Action:
    """The action that means a move; an amount that the encoding lacks becomes the nearest one it has.

    A flat action says one thing: the choice where there is one, else the amount.
    """
    if not options.num_amounts:
        if options.harvest_only:
            return np.asarray(move.amount, np.float64)
        return {"amount": float(move.amount), "choice": int(move.choice), "words": move.words}
    names_amount = phase in (HARVEST, PROPOSE) or (phase == TALK and not move.choice and move.amount > 0)
    index = options.num_amounts + move.choice
    if names_amount:
        index = min(options.num_amounts - 1, max(1 if phase == TALK else 0, round(move.amount / amount_of(options, phase, 1))))
    return Spoken(index, move.words) if move.words else index
