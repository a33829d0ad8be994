"""What happens, in arrays: the same transitions as `rules.py`, for the games that array rules cover."""

from __future__ import annotations

from dataclasses import fields
from typing import NamedTuple

import numpy as np

from agentarena.envs.werewolf.actions import speech
from agentarena.envs.werewolf.options import DOCTOR, SEER, WOLF
from agentarena.envs.werewolf.state import HUNT, NIGHT, OVER, SPEAK, VOTE

from .position import NOBODY, ONGOING, VILLAGE, WOLVES, Position, Tables

__all__ = ["Draws", "advance", "begin_night", "copied", "leaders", "legal", "rows_of"]


class Draws(NamedTuple):
    """What chance decides in a step.

    Attributes:
        keys: The living speak in the order of increasing keys. Shape (B, N).
        ties: Uniform numbers in [0, 1) that pick among tied seats. Shape (B,).
    """

    keys: np.ndarray
    ties: np.ndarray


def copied(position: Position) -> Position:
    """A copy that may be written to."""
    return Position(**{field.name: getattr(position, field.name).copy() for field in fields(Position)})


def rows_of(position: Position, rows: np.ndarray) -> Position:
    """These matches, in this order."""
    return Position(**{field.name: getattr(position, field.name)[rows] for field in fields(Position)})


# --- what is legal -----------------------------------------------------------------------------------------------------------


def legal(tables: Tables, position: Position) -> np.ndarray:
    """What each seat may do; nothing where it is not to move. Shape (B, N, A), int8."""
    size, seats = position.roles.shape
    out = np.zeros((size, seats, tables.actions), np.int8)
    night = np.flatnonzero((position.phase == HUNT) | (position.phase == NIGHT))
    if len(night):
        out[night, :, :seats] = _night_targets(tables, position, night)
    speaking = np.flatnonzero(position.phase == SPEAK)
    if len(speaking):
        speakers = speaker(position, speaking)
        targets = tables.targets[position.roles[speaking, speakers]]
        named = np.take_along_axis(position.alive[speaking], np.maximum(targets, 0), 1) & (targets != speakers[:, None])
        symbols = tables.symbols[position.roles[speaking, speakers]]
        out[speaking, speakers, speech(seats) :] = (symbols >= 0) & ((targets < 0) | named)
    voting = np.flatnonzero(position.phase == VOTE)
    if len(voting):
        alive = position.alive[voting]
        candidates = np.broadcast_to(alive[:, None, :], (len(voting), seats, seats))
        if not tables.options.self_vote:
            candidates = candidates & ~tables.own
        out[voting, :, :seats] = candidates & alive[:, :, None]
    return out


def _night_targets(tables: Tables, position: Position, rows: np.ndarray) -> np.ndarray:
    """Whom each seat may choose at night. Shape (R, N, N), bool."""
    options, own = tables.options, tables.own
    roles, alive = position.roles[rows], position.alive[rows]
    living = alive[:, None, :]
    prey = living & (roles != WOLF)[:, None, :] if options.wolf_targets == "village" else living & ~own
    wolf = (np.arange(len(own)) == next_wolf(position, rows)[:, None])[:, :, None] & prey
    calm = (position.phase[rows] == NIGHT)[:, None, None]
    unknown = living & ~own
    if not options.seer_repeat:
        unknown = unknown & (position.tested[rows] == 0)[:, None, :]
    seer = calm & ((roles == SEER) & alive)[:, :, None] & unknown
    shielded = living & np.ones_like(own) if options.self_save else living & ~own
    if not options.repeat_save:
        shielded = shielded & (np.arange(len(own)) != position.shield[rows][:, None])[:, None, :]
    doctor = calm & ((roles == DOCTOR) & alive)[:, :, None] & shielded
    return wolf | seer | doctor


def next_wolf(position: Position, rows: np.ndarray) -> np.ndarray:
    """The first living wolf that has not named a victim tonight. Shape (R,)."""
    waiting = (position.roles[rows] == WOLF) & position.alive[rows] & (position.hunts[rows] < 0)
    return waiting.argmax(1)


def speaker(position: Position, rows: np.ndarray) -> np.ndarray:
    """Who speaks. Shape (R,)."""
    living = position.alive[rows].sum(1)
    return np.asarray(position.order[rows, position.turn[rows] % living], np.intp)


# --- the night -----------------------------------------------------------------------------------------------------------------


def begin_night(tables: Tables, position: Position, rows: np.ndarray) -> None:
    """Night falls in these matches, in place: today's symbols become counts."""
    _sunset(tables, position, rows)
    position.day[rows] += 1
    position.turn[rows] = 0
    position.hunts[rows] = -1
    position.prey[rows] = -1
    position.votes[rows, 1:] = position.votes[rows, :-1]
    position.votes[rows, 0] = -1
    wolves = ((position.roles[rows] == WOLF) & position.alive[rows]).sum(1)
    position.phase[rows] = np.where(wolves > 1, HUNT, NIGHT)


def _sunset(tables: Tables, position: Position, rows: np.ndarray) -> None:
    row, who, when = np.nonzero(position.signals[rows, :, :, 0] >= 0)
    row = rows[row]
    symbol, named = position.signals[row, who, when].T
    np.add.at(position.before, (row, who, symbol, np.where(named < 0, tables.named, named)), 1)
    position.signals[rows] = -1


def _hunt(tables: Tables, position: Position, actions: np.ndarray, rows: np.ndarray) -> None:
    wolf = next_wolf(position, rows)
    position.hunts[rows, wolf] = actions[rows, wolf]
    waiting = ((position.roles[rows] == WOLF) & position.alive[rows] & (position.hunts[rows] < 0)).sum(1)
    position.phase[rows] = np.where(waiting == 1, NIGHT, HUNT)


def _choose(tables: Tables, position: Position, actions: np.ndarray, moving: np.ndarray, rows: np.ndarray, draws: Draws) -> None:
    """The choices of a night, and its dawn. `moving`: who was to move. Shape (B, N)."""
    wolf = next_wolf(position, rows)
    victim = actions[rows, wolf]
    position.hunts[rows, wolf] = victim
    position.prey[rows] = victim
    roles = position.roles[rows]
    row, seer = np.nonzero((roles == SEER) & moving[rows])
    target = actions[rows[row], seer]
    position.tested[rows[row], target] = 1 + (roles[row, target] == WOLF)
    row, doctor = np.nonzero((roles == DOCTOR) & moving[rows])
    position.shield[rows[row]] = actions[rows[row], doctor]
    guarded = np.full(len(rows), -1, np.int64)
    guarded[row] = actions[rows[row], doctor]
    killed = rows[guarded != victim]
    dead = position.prey[killed]
    position.alive[killed, dead] = False
    position.died[killed, dead], position.when[killed, dead] = 1, position.day[killed]
    position.turn[rows] = 0
    going_on = _end(tables, position, rows)
    _begin_day(tables, position, going_on, draws)


def _begin_day(tables: Tables, position: Position, rows: np.ndarray, draws: Draws) -> None:
    alive = position.alive[rows]
    seats = np.arange(alive.shape[1])
    keys = draws.keys[rows] if tables.options.discussion == "random" else np.broadcast_to(seats.astype(float), alive.shape)
    order = np.where(alive, keys, np.inf).argsort(1, kind="stable")
    position.order[rows] = np.where(seats < alive.sum(1)[:, None], order, -1)
    position.phase[rows] = SPEAK


# --- the day ---------------------------------------------------------------------------------------------------------------------


def _speak(tables: Tables, position: Position, actions: np.ndarray, rows: np.ndarray) -> None:
    who = speaker(position, rows)
    living = position.alive[rows].sum(1)
    index = actions[rows, who] - speech(position.roles.shape[1])
    role = position.roles[rows, who]
    when = position.turn[rows] // living
    position.signals[rows, who, when, 0] = tables.symbols[role, index]
    position.signals[rows, who, when, 1] = tables.targets[role, index]
    position.turn[rows] += 1
    done = rows[position.turn[rows] >= tables.options.speech_rounds * living]
    position.phase[done] = VOTE
    position.standing[done] = position.alive[done]


def leaders(position: Position, actions: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Who has the most votes. Shape (R, N), bool."""
    seats = position.roles.shape[1]
    votes = np.where(position.alive[rows], actions[rows], seats)
    counts = (votes[:, :, None] == np.arange(seats)).sum(1)
    return np.asarray(counts == counts.max(1, keepdims=True))


def _vote(tables: Tables, position: Position, actions: np.ndarray, rows: np.ndarray, draws: Draws) -> None:
    position.votes[rows, 0] = np.where(position.alive[rows], actions[rows], -1)
    most = leaders(position, actions, rows)
    tied = most.sum(1)
    place = (draws.ties[rows] * tied).astype(np.intp)
    exiled = (most.cumsum(1) > place[:, None]).argmax(1)
    held = np.ones(len(rows), bool) if tables.options.tie == "random" else tied == 1
    gone, who = rows[held], exiled[held]
    position.alive[gone, who] = False
    position.died[gone, who], position.when[gone, who] = 2, position.day[gone]
    going_on = _end(tables, position, rows)
    late = position.day[going_on] >= tables.options.last_day
    _finish(position, going_on[late], np.full(int(late.sum()), NOBODY))
    begin_night(tables, position, going_on[~late])


# --- the end ---------------------------------------------------------------------------------------------------------------------


def _end(tables: Tables, position: Position, rows: np.ndarray) -> np.ndarray:
    """Finish those of these matches that are decided; the others' rows."""
    wolves = ((position.roles[rows] == WOLF) & position.alive[rows]).sum(1)
    others = position.alive[rows].sum(1) - wolves
    rule = tables.options.wolves_win
    won = wolves >= others if rule == "parity" else wolves > others if rule == "more" else others == 0
    winner = np.where(wolves == 0, VILLAGE, np.where(won, WOLVES, ONGOING))
    over = winner != ONGOING
    _finish(position, rows[over], winner[over])
    return rows[~over]


def _finish(position: Position, rows: np.ndarray, winner: np.ndarray) -> None:
    position.phase[rows] = OVER
    position.winner[rows] = winner
    village = (position.roles[rows] != WOLF) == (winner == VILLAGE)[:, None]
    position.rewards[rows] = np.where(village, 1.0, -1.0) * (winner != NOBODY)[:, None]


def advance(tables: Tables, before: Position, actions: np.ndarray, draws: Draws) -> Position:
    """The matches after these actions, shape (B, N), of which only those of seats to move count."""
    position = copied(before)
    actions = np.asarray(actions)
    position.rewards[:] = 0.0
    phase = before.phase
    rows = np.flatnonzero(phase == HUNT)
    if len(rows):
        _hunt(tables, position, actions, rows)
    rows = np.flatnonzero(phase == NIGHT)
    if len(rows):
        _choose(tables, position, actions, np.any(legal(tables, before), axis=2), rows, draws)
    rows = np.flatnonzero(phase == SPEAK)
    if len(rows):
        _speak(tables, position, actions, rows)
    rows = np.flatnonzero(phase == VOTE)
    if len(rows):
        _vote(tables, position, actions, rows, draws)
    return position
