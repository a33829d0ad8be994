"""Dhumbal on arrays: B matches stepped at once, on numpy, under every option.

Axis letters: B matches, S seats, D cards of the deck, A actions, F cards on offer, R rows that a part of a step is about.
Sets of cards are int64 with bit c for card c; lists of cards end in -1. `rules` says in words what each part does.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from agentarena.core.batch import Batch
from agentarena.envs.dhumbal.actions import CALL, STOCK, TAKE
from agentarena.envs.dhumbal.observation import LEFT, PURSE, ROUND, SIZE, TURN, VALUE, layout
from agentarena.envs.dhumbal.options import HAND, DhumbalOptions
from agentarena.envs.dhumbal.rules import memories
from agentarena.envs.dhumbal.state import State

from .state import EMPTY, HOW, Matches, blank, scalar_state
from .tables import BIT, Tables, as_bits, counts

__all__ = ["DhumbalBatch", "Matches"]

_NOBODY = np.iinfo(np.int64).max


class DhumbalBatch(Batch[Matches]):
    """Array rules of one configuration.

    Args:
        options: The configuration; the `Dhumbal` is one.
        history: Whether matches keep what was played, so that `unbatch` gives scalar states with their past. It costs time
            and memory; without it their actions, draws and memories are empty, as in redrawn states.
    """

    def __init__(self, options: DhumbalOptions, history: bool = False) -> None:
        self.options, self.history = options, history
        self.tables = Tables(options)
        self._everyone = np.arange(options.players)
        self._deck = np.int64(self.tables.deck.all)
        self._layout = layout(options)
        self._next = _next_seats(options.players)
        self._shares_top = options.pickup in ("ends", "any")

    # --- what Batch asks for ----------------------------------------------------------------------------------------

    def start(self, size: int, rng: np.random.Generator) -> Matches:
        options = self.options
        state = blank(options, self.tables, size, self.history)
        if options.starter != "fixed":
            state.first[:] = rng.integers(options.players, size=size)
        self._deal(state, np.arange(size), rng)
        return state

    def over(self, state: Matches) -> np.ndarray:
        return state.seat < 0

    def to_move(self, state: Matches) -> np.ndarray:
        return state.seat

    def legal(self, state: Matches) -> np.ndarray:
        rows = np.arange(len(state.seat))
        going = state.seat >= 0
        return self.tables.legal(state.hands[rows, state.seat], state.offer, going & ~state.taking, going & state.taking)

    def step(self, state: Matches, actions: np.ndarray, rng: np.random.Generator) -> Matches:
        out = Matches(**{f.name: getattr(state, f.name).copy() for f in fields(Matches)})
        out.paid[:] = False
        actions = np.asarray(actions, np.int64)
        going = out.seat >= 0
        calls = going & (actions == CALL)
        kinds = ((calls, self._call), (going & ~calls & ~out.taking, self._discard), (going & out.taking, self._take))
        for chosen, play in kinds:
            rows = np.flatnonzero(chosen)
            if len(rows):
                self._note(out, rows, actions[rows])
                play(out, rows, actions[rows], rng)
        return out

    def rewards(self, state: Matches) -> np.ndarray:
        return np.where(state.paid[:, None], state.payments, 0).astype(np.float64)

    def winners(self, state: Matches, returns: np.ndarray) -> np.ndarray:
        if self.options.rounds == 1:
            return state.winner
        best = returns == returns.max(axis=1, keepdims=True)
        return np.where(best.sum(axis=1) == 1, best.argmax(axis=1), -1)

    def unbatch(self, state: Matches, index: int) -> State:
        return scalar_state(self.options, state, index)

    # --- what seats see ----------------------------------------------------------------------------------------------

    def observe(self, state: Matches, seats: Any) -> np.ndarray:
        """As the scalar rules show it, float32. Shape (B, N)."""
        size, n = self.tables.size, self.options.players
        seats = np.broadcast_to(np.asarray(seats, np.int64), state.seat.shape)
        rows = np.arange(len(seats))
        places = rows[:, None] * n + (seats[:, None] + self._everyone) % n  # where in a (B, S) array the seats' entries lie
        out = np.empty((len(seats), self._layout["alive"].stop), np.float32)
        over = state.seat < 0
        public = np.where(over[:, None], state.hands, state.known).take(places)
        planes = np.empty((len(seats), 4 + n), np.int64)
        hand = state.hands[rows, seats]
        planes[:, 0], planes[:, 1], planes[:, 2], planes[:, 3] = hand, 0, state.laid, state.discards
        visible = state.discards | hand | np.bitwise_or.reduce(public, axis=1)
        planes[:, 4] = np.where(state.left > 0, self._deck & ~visible & state.pool, 0)
        planes[:, 5:] = public[:, 1:]
        width = planes.shape[1] * size
        out[:, :width].reshape(len(seats), -1, size)[...] = as_bits(planes, size)
        for place in range(state.offer.shape[1]):
            offering = np.flatnonzero(state.offer[:, place] >= 0)
            out[offering, size + state.offer[offering, place]] = 0.5**place
        out[:, width:] = self._numbers(state, hand, seats, places)
        return out

    def _numbers(self, state: Matches, hand: np.ndarray, seats: np.ndarray, places: np.ndarray) -> np.ndarray:
        """The entries behind the sets of cards, float32."""
        n = self.options.players
        out = np.empty((len(seats), 5 + 6 * n), np.float32)
        stake = self.options.coins if self.options.scoring == "coins" else 0
        out[:, 0] = state.taking
        out[:, 1] = self.tables.value(hand) / VALUE
        out[:, 2] = state.turn / TURN
        out[:, 3] = state.left / LEFT
        out[:, 4] = state.number / ROUND
        out[:, 5 : 5 + n] = (seats[:, None] + self._everyone) % n == np.where(state.seat < 0, -1, state.seat)[:, None]
        out[:, 5 + n : 5 + 2 * n] = (seats[:, None] + self._everyone) % n == state.first[:, None]
        out[:, 5 + 2 * n : 5 + 3 * n] = counts(state.hands).take(places) / SIZE
        out[:, 5 + 3 * n : 5 + 4 * n] = (state.purses.take(places) - stake) / PURSE
        out[:, 5 + 4 * n : 5 + 5 * n] = state.dropped.take(places)
        out[:, 5 + 5 * n :] = state.alive.take(places)
        return out

    # --- the parts of a step: each writes to its rows of fresh arrays ---------------------------------------------------

    def _note(self, out: Matches, rows: np.ndarray, actions: np.ndarray) -> None:
        """The last step, and where matches keep it the round's history."""
        if self.history:
            out.actions[rows, out.steps[rows]] = actions
        out.steps[rows] += 1
        out.last_seat[rows] = out.seat[rows]
        out.last_action[rows] = actions
        out.last_cards[rows] = -1
        out.reshuffled[rows] = out.ended[rows] = out.dealt[rows] = False

    def _call(self, out: Matches, rows: np.ndarray, actions: np.ndarray, rng: np.random.Generator) -> None:
        self._end_round(out, rows, "call", out.seat[rows], out.turn[rows], rng)

    def _discard(self, out: Matches, rows: np.ndarray, actions: np.ndarray, rng: np.random.Generator) -> None:
        tables, options = self.tables, self.options
        seats = out.seat[rows]
        cards, masks = tables.thrown_by(actions, out.hands[rows, seats])
        thrown = tables.thrown[actions]
        hands = out.hands[rows, seats] ^ masks
        out.hands[rows, seats] = hands
        out.known[rows, seats] &= ~masks
        out.dropped[rows, seats] |= thrown > 1
        if options.pickup == "own_top":
            out.offer[rows, 0] = cards[np.arange(len(rows)), thrown - 1]
        if options.pickup_after > 1:
            out.offer[rows[~out.dropped[rows, seats]]] = -1
        out.taking[rows] = True
        out.discards[rows] |= masks
        out.newest[rows], out.newest_count[rows], out.laid[rows] = cards, thrown, masks
        out.last_cards[rows] = cards
        if options.empty == "ends" and not hands.all():
            emptied = rows[hands == 0]
            self._end_round(out, emptied, EMPTY, out.seat[emptied], out.turn[emptied], rng)

    def _take(self, out: Matches, rows: np.ndarray, actions: np.ndarray, rng: np.random.Generator) -> None:
        seats, from_stock = out.seat[rows], actions == STOCK
        drawing = rows[from_stock]
        self._refill(out, drawing[out.left[drawing] == 0], rng)
        out.left[drawing] -= 1
        cards = np.where(from_stock, 0, out.offer[rows, np.where(from_stock, 0, actions - TAKE)]).astype(np.int64)
        cards[from_stock] = out.stock[drawing, out.left[drawing]]
        if self.history:
            out.draws[drawing, out.drawn[drawing]] = cards[from_stock]
            out.drawn[drawing] += 1
        picking, picked = rows[~from_stock], BIT[cards[~from_stock]]
        out.discards[picking] ^= picked
        out.known[picking, seats[~from_stock]] |= picked
        if self.options.pickup == "own_top":  # the only pick-up that takes from one's own discard
            out.newest_count[picking] -= 1
            out.newest[picking, out.newest_count[picking]] = -1
            out.laid[picking] ^= picked
        out.hands[rows, seats] |= BIT[cards]
        out.last_cards[rows, 0] = cards
        turns = out.turn[rows]
        out.turn[rows] = turns + 1
        out.taking[rows] = False
        out.seat[rows] = self._after(out, rows, seats)
        self._offer(out, rows)
        late = turns >= self.options.turn_cap
        if late.any():
            self._end_round(out, rows[late], "turns", None, turns[late], rng)
        if not self.options.reshuffle:
            dry = ~late & (out.left[rows] == 0)
            if dry.any():
                self._end_round(out, rows[dry], "stock", None, turns[dry], rng)

    def _offer(self, out: Matches, rows: np.ndarray) -> None:
        """What the next seat may take: nothing, or cards of the newest discard, first choice first."""
        if self.options.pickup in ("own_top", "stock"):
            out.offer[rows] = -1
            return
        top = out.newest_count[rows] - 1
        newest = out.newest[rows]
        count = out.offer.shape[1] if self.options.pickup == "any" else 1
        for place in range(count):
            out.offer[rows, place] = np.where(top >= place, newest[np.arange(len(rows)), top - place], -1)
        if self.options.pickup == "ends":
            out.offer[rows, 1] = np.where(top > 0, newest[:, 0], -1)

    def _refill(self, out: Matches, rows: np.ndarray, rng: np.random.Generator) -> None:
        """The pile but for its top card (where more is on offer, its top discard) is shuffled and becomes the stock."""
        if not len(rows):
            return
        if not self._shares_top:
            top = out.newest[rows, out.newest_count[rows] - 1]
            out.newest[rows], out.newest[rows, 0] = -1, top
            out.newest_count[rows], out.laid[rows] = 1, BIT[top]
        turned = out.discards[rows] & ~out.laid[rows]
        members = as_bits(turned, self.tables.size) != 0
        keys = rng.random(members.shape) + ~members
        out.stock[rows] = keys.argsort(axis=1)
        out.left[rows] = out.stocked[rows] = members.sum(axis=1)
        out.ages[rows] = np.where(members, out.ages[rows].max(axis=1, keepdims=True) + 1, out.ages[rows])
        out.pool[rows] = turned
        out.discards[rows] ^= turned
        out.reshuffled[rows] = True

    def _after(self, out: Matches, rows: np.ndarray, seats: np.ndarray) -> np.ndarray:
        """The seats whose turn comes after those of `seats`."""
        if self.options.rounds == 1:
            return (seats + 1) % self.options.players
        return self._next[out.alive[rows] @ BIT[self._everyone], seats]

    # --- the showdown and the next round ----------------------------------------------------------------------------------

    def _end_round(
        self, out: Matches, rows: np.ndarray, how: str, callers: np.ndarray | None, turns: np.ndarray, rng: np.random.Generator
    ) -> None:
        """Settle the round, then deal the next one or end the match. `callers` is `None` where nobody called."""
        options = self.options
        if self.history:
            for row in rows.tolist():
                out.past[row, 0] = memories(scalar_state(options, out, row))
        out.how[rows], out.turns[rows] = HOW.index(how), turns
        self._settle(out, rows, callers)
        out.purses[rows] += out.payments[rows] if options.scoring == "coins" else -out.payments[rows]
        out.ended[rows] = out.paid[rows] = True
        alive = self._survivors(out, rows)
        final = (out.number[rows] >= options.rounds) | (alive.sum(axis=1) < 2)
        last, more = rows[final], rows[~final]
        out.seat[last], out.taking[last], out.offer[last] = -1, False, -1
        if len(more):
            alive = alive[~final]
            if options.starter == "fixed":
                out.first[more] = alive.argmax(axis=1)
            else:
                winner = options.starter == "winner"
                seats = (out.winner if winner else out.first)[more]
                following = self._next[alive @ BIT[self._everyone], seats]
                out.first[more] = np.where(winner & alive[np.arange(len(more)), seats], seats, following)
            out.alive[more] = alive
            out.number[more] += 1
            self._deal(out, more, rng)

    def _settle(self, out: Matches, rows: np.ndarray, callers: np.ndarray | None) -> None:
        """Who wins and what is paid; see `rules`."""
        options, n, here = self.options, self.options.players, np.arange(len(rows))
        alive, hands = out.alive[rows], out.hands[rows]
        values = self.tables.value(hands)
        lowest = (values == np.where(alive, values, _NOBODY).min(axis=1, keepdims=True)) & alive
        start = out.seat[rows] if callers is None else callers + 1
        order = np.broadcast_to(self._everyone, lowest.shape) if options.ties == "seat" else (self._everyone - start[:, None]) % n
        if callers is None:
            nobody = options.forced == "nobody"
            callers = np.full(len(rows), -1) if nobody else np.where(lowest, order, n).argmin(axis=1)
        others = lowest & (self._everyone != callers[:, None])
        winners = np.where(others.any(axis=1), np.where(others, order, n).argmin(axis=1), callers)
        if options.scoring == "coins":
            payments = np.zeros_like(values)
            total, success = values.sum(axis=1), callers == winners
            payments[success] = -values[success]
            payments[here[success], callers[success]] += total[success]
            failed = ~success & (callers >= 0)
            payments[here[failed], callers[failed]] = -total[failed]
            payments[here[failed], winners[failed]] = total[failed]
        else:
            payments = self._points(out, rows, values, callers, winners)
        out.caller[rows], out.winner[rows] = callers, winners
        out.shown[rows], out.values[rows], out.payments[rows] = hands, values, payments

    def _points(self, out: Matches, rows: np.ndarray, values: np.ndarray, callers: np.ndarray, winners: np.ndarray) -> np.ndarray:
        """Points collected, times -1. Shape (R, S)."""
        options = self.options
        called = self._everyone == callers[:, None]
        points = values + np.where(called, options.penalty, 0)
        points[~out.alive[rows] | (called & (callers == winners)[:, None])] = 0
        before = out.purses[rows]
        after = before + points
        exact = (points != 0) & (after == options.limit)
        lowered = {"out": after, "half": after // 2, "minus50": after - 50}[options.exact]
        return np.asarray(before - np.where(exact, lowered, after))

    def _survivors(self, out: Matches, rows: np.ndarray) -> np.ndarray:
        """The seats that are dealt into another round. Shape (R, S), bool."""
        options, alive, purses = self.options, out.alive[rows], out.purses[rows]
        if options.scoring == "points":
            return alive & (purses < options.limit) if options.limit else alive
        solvent = alive & (purses > 0)
        if options.broke == "out":
            return solvent
        return np.where(solvent.sum(axis=1, keepdims=True) > 1, alive, solvent)

    def _deal(self, out: Matches, rows: np.ndarray, rng: np.random.Generator) -> None:
        """Five cards to each seat that is in the round, one at a time, and one card turned up to open the pile."""
        here, alive = np.arange(len(rows)), out.alive[rows]
        cards = rng.permuted(np.broadcast_to(np.arange(self.tables.size), (len(rows), self.tables.size)), axis=1)
        players = alive.sum(axis=1)
        left = self.tables.size - HAND * players - 1
        places = alive.cumsum(axis=1) - 1
        hands = np.zeros(alive.shape, np.int64)
        for number in range(HAND):
            at = left[:, None] + 1 + places + number * players[:, None]
            hands |= BIT[cards[here[:, None], np.where(alive, at, 0)]]
        hands[~alive] = 0
        up = cards[here, left]
        out.seat[rows], out.taking[rows], out.turn[rows] = out.first[rows], False, 1
        out.hands[rows], out.deal[rows], out.known[rows], out.dropped[rows] = hands, hands, 0, False
        out.stock[rows], out.left[rows], out.stocked[rows] = cards, left, left
        out.pool[rows], out.ages[rows], out.up[rows], out.discards[rows] = self._deck, 0, up, BIT[up]
        out.newest[rows], out.newest[rows, 0], out.newest_count[rows], out.laid[rows] = -1, up, 1, BIT[up]
        out.offer[rows] = -1
        self._offer(out, rows)
        out.steps[rows] = out.drawn[rows] = 0
        out.dealt[rows] = True


def _next_seats(players: int) -> np.ndarray:
    """[seats that are in, as bits, seat] -> the first seat after it, in turn order, that is in. Shape (2^S, S)."""
    table = np.zeros((1 << players, players), np.int64)
    for bits in range(1, 1 << players):
        for seat in range(players):
            table[bits, seat] = next(other % players for other in range(seat + 1, seat + 1 + players) if bits >> other % players & 1)
    return table
