"""What seats see of many matches: `observation.Layout.vector`, in arrays."""

from __future__ import annotations

import numpy as np

from agentarena.envs.werewolf.options import DOCTOR, ROLES, SEER, WOLF
from agentarena.envs.werewolf.state import HUNT, NIGHT, OVER

from .position import Position, Tables

__all__ = ["observe"]

_QUARTER = np.float32(0.25)


def observe(tables: Tables, position: Position, seats: np.ndarray, moving: np.ndarray) -> np.ndarray:
    """What one seat of each match sees.

    Args:
        tables: What follows from the options.
        position: B matches.
        seats: The seats. Shape (B,).
        moving: Whether it is to move. Shape (B,), bool.

    Returns:
        Shape (B, size), float32; each row is the scalar rules' observation, bit for bit.
    """
    layout, rows = tables.layout, np.arange(len(seats))
    out = np.zeros((len(seats), layout.size), np.float32)
    parts = {name: np.zeros((len(seats), *layout.shapes[name]), np.float32) for name in _SHOWN}
    _situation(tables, position, seats, moving, parts, rows)
    _knowledge(position, seats, parts, rows)
    _deeds(tables, position, seats, parts, rows)
    _speeches(tables, position, parts)
    for name, part in parts.items():
        out[:, layout.slices[name]] = part.reshape(len(seats), -1)
    return out


_SHOWN = (
    "self", "role", "phase", "asked", "day", "turn", "alive", "standing", "known", "wolf", "clean", "tested", "died", "when", "order",
    "votes", "prey", "proposals", "shield", "signals", "before",
)  # fmt: skip
"""Parts that are not always zero in the games that array rules cover."""

Parts = dict[str, np.ndarray]


def _situation(tables: Tables, position: Position, seats: np.ndarray, moving: np.ndarray, parts: Parts, rows: np.ndarray) -> None:
    options, players = tables.options, tables.options.players
    parts["self"][rows, seats] = 1
    parts["role"][rows, position.roles[rows, seats]] = 1
    night = (position.phase == HUNT) | (position.phase == NIGHT)
    parts["phase"][rows, np.where(night & ~moving, NIGHT, position.phase)] = 1
    parts["asked"][:, 0] = moving
    parts["day"][:, 0] = np.minimum(1.0, position.day / options.last_day)
    parts["alive"][:] = position.alive
    open_ = ~night
    parts["standing"][:] = position.standing & open_[:, None]
    speeches = max(1, options.speech_rounds * players)
    parts["turn"][:, 0] = np.where(open_, np.minimum(1.0, position.turn / speeches), 0.0)
    place = np.arange(players)
    row, at = np.nonzero((position.order >= 0) & open_[:, None])
    parts["order"][row, position.order[row, at]] = (1 - place / players)[at]


def _knowledge(position: Position, seats: np.ndarray, parts: Parts, rows: np.ndarray) -> None:
    """Roles that are known, tests, and who is known to be a werewolf or none."""
    roles = position.roles
    role = roles[rows, seats]
    wolves = roles == WOLF
    known, wolf, clean = parts["known"], parts["wolf"], parts["clean"]
    known[rows, seats, role] = 1
    pack = role == WOLF
    known[:, :, WOLF] += (wolves & pack[:, None]) & (known[:, :, WOLF] == 0)
    clean[:] = ~wolves & pack[:, None]
    seer = (role == SEER)[:, None]
    parts["tested"][:] = (position.tested > 0) & seer
    wolf[:] = (position.tested == 2) & seer
    clean[:] = np.maximum(clean, (position.tested == 1) & seer)
    over = np.flatnonzero(position.phase == OVER)
    known[over] = roles[over][:, :, None] == np.arange(len(ROLES))
    np.maximum(wolf, known[:, :, WOLF], out=wolf)
    np.maximum(clean, known.sum(2) - known[:, :, WOLF], out=clean)


def _deeds(tables: Tables, position: Position, seats: np.ndarray, parts: Parts, rows: np.ndarray) -> None:
    """Deaths, votes, and what the wolves and the doctor chose."""
    options = tables.options
    for how in (1, 2):
        parts["died"][:, :, how - 1] = position.died == how
    parts["when"][:] = np.minimum(1.0, position.when / options.last_day)
    match, day, voter = np.nonzero(position.votes >= 0)
    parts["votes"][match, day, voter, position.votes[match, day, voter]] = 1
    role = position.roles[rows, seats]
    wolf = role == WOLF
    hunted = np.flatnonzero(wolf & (position.prey >= 0))
    parts["prey"][hunted, position.prey[hunted]] = 1
    match, hunter = np.nonzero((position.hunts >= 0) & wolf[:, None])
    parts["proposals"][match, hunter, position.hunts[match, hunter]] = 1
    doctor = np.flatnonzero((role == DOCTOR) & (position.shield >= 0))
    parts["shield"][doctor, position.shield[doctor]] = 1


def _speeches(tables: Tables, position: Position, parts: Parts) -> None:
    symbols = tables.layout.symbols
    match, who, when = np.nonzero(position.signals[..., 0] >= 0)
    symbol, named = position.signals[match, who, when].T
    signals = parts["signals"]
    signals[match, who, when, symbol] = 1
    about = named >= 0
    signals[match[about], who[about], when[about], symbols + named[about]] = 1
    parts["before"][:] = np.minimum(1.0, position.before * _QUARTER)
