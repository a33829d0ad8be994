"""Dhumbal (Jhyap), the Nepalese relative of Yaniv: shed points, then call when you believe your hand is lowest.

A turn is two decisions: call or discard, then take a card from the stock or from the discard pile. The preset `paper`
follows S. R. Malla, arXiv 2510.11736, quirks included; the defaults are the preset `standard`. `card.md` names every
rule, its source and where they differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.errors import BadOption
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option

from . import hidden, news, observation
from .cards import CALL, DISCARDS, STOCK, TAKE, Deck, deck, mask_of
from .scoring import next_alive, purses_after, settle, survivors
from .state import DEALT, ENDED, RESHUFFLED, State, Table
from .text import DhumbalText

__all__ = ["HAND", "Dhumbal"]

HAND = 5
"""Cards dealt to each seat; no hand grows beyond."""

_CODES = tuple(action.to_bytes(2, "big") for action in range(2048))
_BYTES = tuple(bytes((card,)) for card in range(54))
_MASKS = tuple(map(mask_of, DISCARDS))
_SEATS = tuple((seat,) for seat in range(7))
_TAKES = tuple((STOCK, *range(TAKE, TAKE + count)) for count in range(HAND + 1))
_new: Any = tuple.__new__  # a named tuple's own constructor takes twice as long

_OFFERS = {"previous": 1, "ends": 2, "any": HAND, "own_top": 1, "stock": 0}
"""The most cards on offer under each pick-up rule."""


@dataclass(frozen=True)
class Dhumbal(Game[State]):
    """The rules. Returns are coins won or lost, or points collected times -1."""

    players: int = option(4, "Number of seats.", low=2, high=7)
    threshold: int = option(10, "Greatest hand value with which a seat may call.", low=1, high=64)
    court: str = option("rank", "Value of J, Q, K: their ranks 11, 12, 13, or ten each.", choices=("rank", "ten"))
    jokers: int = option(0, "Jokers in the deck: worth 0, wild in runs only.", choices=(0, 2))
    pickup: str = option(
        "previous",
        "What may be taken instead of the stock: the top card, the first or last, or any card of the previous discard; "
        "the top card of one's own discard; nothing.",
        choices=tuple(_OFFERS),
    )
    pickup_after: int = option(
        1, "Cards a seat must have dropped at once, in this round, before it may take from the pile.", choices=(1, 2)
    )
    empty: str = option(
        "ends", "A hand emptied by a discard ends the round with that seat as caller, or takes a card.", choices=("ends", "takes")
    )
    ties: str = option(
        "turn", "Who wins among equals that did not call: the first in turn order, or the lowest seat.", choices=("turn", "seat")
    )
    forced: str = option("caller", "Who counts as caller when nobody called: the lowest hand, or nobody.", choices=("caller", "nobody"))
    starter: str = option(
        "rotate", "Who starts a round: each in turn from a random seat, seat 0, or the last winner.", choices=("rotate", "fixed", "winner")
    )
    turn_cap: int = option(100, "Turns of a round after which it ends by a showdown.", low=1, high=1000)
    reshuffle: bool = option(True, "Whether an empty stock is refilled from the pile; else the round ends.", choices=(True, False))
    rounds: int = option(1, "Rounds of a match; coins or points carry over.", low=1, high=100_000)
    scoring: str = option("coins", "Coins paid between the seats, or points collected by each.", choices=("coins", "points"))
    coins: int = option(10_000, "Coins of each seat at the start.", low=1, high=1_000_000_000)
    broke: str = option("out", "A seat without coins is out, or plays on while two seats have coins.", choices=("out", "plays"))
    penalty: int = option(30, "Points on top of the hand for a failed call.", low=0, high=1000)
    limit: int = option(0, "Points with which a seat is out; 0 for no limit.", low=0, high=100_000)
    exact: str = option(
        "out", "Landing exactly on the limit: out, the score is halved, or lowered by 50.", choices=("out", "half", "minus50")
    )

    presets = {
        "standard": {},
        "paper": {"pickup": "own_top", "ties": "seat", "starter": "fixed", "broke": "plays"},
        "nepal": {"threshold": 5, "rounds": 100, "scoring": "points", "penalty": 25, "limit": 100},
        "yaniv": {
            "threshold": 7,
            "court": "ten",
            "jokers": 2,
            "pickup": "ends",
            "starter": "winner",
            "rounds": 100,
            "scoring": "points",
            "penalty": 30,
            "limit": 200,
            "exact": "minus50",
        },
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        clashes = (
            (self.scoring == "coins" and self.limit > 0, "limit needs scoring='points'; with coins a seat is out when it is broke"),
            (self.exact != "out" and self.limit == 0, f"exact={self.exact!r} needs a limit above 0"),
            (self.exact == "minus50" and 0 < self.limit < 50, f"exact='minus50' needs a limit of at least 50, got {self.limit}"),
            (self.pickup == "stock" and self.pickup_after != 1, "pickup_after has no meaning with pickup='stock'; leave it at 1"),
            (self.scoring == "points" and self.broke != "out", "broke='plays' needs scoring='coins'"),
        )
        for wrong, reason in clashes:
            if wrong:
                raise BadOption(f"Dhumbal: {reason}")

    # --- fixed by the options -----------------------------------------------------------------------------------

    @cached_property
    def info(self) -> GameInfo:
        top = sorted(self.deck.values, reverse=True)
        most = sum(top[: HAND * self.players])  # all hands together; nobody pays more
        worst = sum(top[:HAND]) + self.penalty
        low = -self.rounds * (most if self.scoring == "coins" else worst)
        if self.limit:
            low = max(low, 1 - self.limit - worst)
        return GameInfo(
            seats=self.players,
            low=float(low),
            high=float(-low) if self.scoring == "coins" else 0.0,
            unit="coin" if self.scoring == "coins" else "point",
            sum="zero" if self.scoring == "coins" else "general",
            hidden=True,
            chance=True,
            max_steps=2 * self.turn_cap * self.rounds,
        )

    @cached_property
    def text(self) -> DhumbalText:
        return DhumbalText(self)

    @cached_property
    def deck(self) -> Deck:
        """The deck and its tables of discards."""
        return deck(self.court, self.jokers)

    @cached_property
    def layout(self) -> dict[str, slice]:
        """Where the parts of an observation lie, by name; see `observation.layout`."""
        return observation.layout(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(len(self.deck.discards) if self.jokers else TAKE + max(1, _OFFERS[self.pickup]))

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        return observation.space(self)

    @cached_property
    def _nothing(self) -> tuple[float, ...]:
        return (0.0,) * self.players

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """See `cards`: 315 discards, call, two ways to take a card; more with jokers or a wider pick-up rule."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """A float32 vector; `layout` names its parts."""
        return self._observation_space

    # --- play -----------------------------------------------------------------------------------------------------

    def start(self, rng: np.random.Generator) -> State:
        first = 0 if self.starter == "fixed" else int(rng.integers(self.players))
        purse = self.coins if self.scoring == "coins" else 0
        everyone = tuple(range(self.players))
        table = Table(1, first, (purse,) * self.players, everyone, (), (), 0, None, ((),) * self.players)
        return self._deal(table, self._nothing, (-1, -1, (), DEALT), rng)

    def to_move(self, state: State) -> tuple[int, ...]:
        return state.asked

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return state.legal

    def rewards(self, state: State) -> tuple[float, ...]:
        return state.rewards

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        seat = state.seat
        action = actions.get(seat)
        if action.__class__ is not int or len(actions) != 1 or action not in state.legal:
            self.check(state, actions)
            action = int(actions[seat])
        if state.phase:
            return self._take(state, action, rng)
        if action == CALL:
            return self._finish(state._replace(past=state.past + _CODES[CALL], last=(seat, CALL, (), 0)), "call", seat, rng)
        return self._discard(state, action, rng)

    def _discard(self, state: State, action: int, rng: np.random.Generator) -> State:
        seat, _, asked, _, hands, known, stock, left, pile, _, offer, turn, opened, pools, past, draws, _, _, table = state
        if action < CALL:
            cards, mask = DISCARDS[action], _MASKS[action]
        else:
            cards = self.deck.cards(action, hands[seat])
            mask = mask_of(cards)
        held = list(hands)
        held[seat] ^= mask
        if known[seat] & mask:
            known = (*known[:seat], known[seat] & ~mask, *known[seat + 1 :])
        if len(cards) > 1:
            opened |= 1 << seat
        if self.pickup == "own_top":
            offer = cards[-1:]
        if self.pickup_after > 1 and not opened >> seat & 1:
            offer = ()
        last, takes = (seat, action, cards, 0), _TAKES[len(offer)]
        past += _CODES[action]
        pile |= mask
        # fmt: off
        after: State = _new(State, (
            seat, 1, asked, takes, tuple(held), known, stock, left, pile, cards, offer, turn, opened, pools, past, draws, last,
            self._nothing, table,
        ))
        # fmt: on
        if not held[seat] and self.empty == "ends":
            return self._finish(after, "empty", seat, rng)
        return after

    def _take(self, state: State, action: int, rng: np.random.Generator) -> State:
        flag = 0
        if action == STOCK and not state.left:
            state, flag = self._refill(state, rng), RESHUFFLED
        seat, _, _, _, hands, known, stock, left, pile, laid, offer, turn, opened, pools, past, draws, _, _, table = state
        held = list(hands)
        if action == STOCK:
            left -= 1
            card = stock[left]
            drawn = list(draws)
            drawn[seat] += _BYTES[card]
            draws = tuple(drawn)
        else:
            card = offer[action - TAKE]
            known = (*known[:seat], known[seat] | 1 << card, *known[seat + 1 :])
            pile ^= 1 << card
            if laid[-1] == card:
                laid = laid[:-1]
        held[seat] |= 1 << card
        following = table.after[seat]
        legal = self.deck.moves(held[following], self.threshold)
        offer = laid[-1:] if self.pickup == "previous" else self._offer(laid)
        last = (seat, action, (card,), flag)
        past += _CODES[action]
        # fmt: off
        after: State = _new(State, (
            following, 0, _SEATS[following], legal, tuple(held), known, stock, left, pile, laid, offer, turn + 1, opened, pools, past,
            draws, last, self._nothing, table,
        ))
        # fmt: on
        if turn >= self.turn_cap:
            return self._finish(after, "turns", -1, rng)
        if not left and not self.reshuffle:
            return self._finish(after, "stock", -1, rng)
        return after

    def _offer(self, laid: tuple[int, ...]) -> tuple[int, ...]:
        """The cards of the previous discard that may be taken, first choice first."""
        if self.pickup in ("own_top", "stock"):
            return ()
        if self.pickup == "ends" and len(laid) > 1:
            return (laid[-1], laid[0])
        return laid[::-1] if self.pickup == "any" else laid[-1:]

    def _refill(self, state: State, rng: np.random.Generator) -> State:
        """The pile but for its top card (where more is on offer, its top discard) becomes the stock.

        There is always enough: with at most 5 cards in each of 7 hands, 17 or more lie on the pile.
        """
        laid = state.laid if self.pickup in ("ends", "any") else state.laid[-1:]
        back = state.pile & ~mask_of(laid)
        cards = hidden.shuffled(back, rng)
        pools = tuple(pool & ~back for pool in state.pools)
        return state._replace(stock=tuple(cards), left=len(cards), pile=state.pile ^ back, laid=laid, pools=(*filter(None, pools), back))

    # --- rounds ---------------------------------------------------------------------------------------------------

    def _deal(
        self, table: Table, rewards: tuple[float, ...], last: tuple[int, int, tuple[int, ...], int], rng: np.random.Generator
    ) -> State:
        """Five cards to each seat of the table, one turned up."""
        alive, first = table.alive, table.first
        after = tuple(next_alive(seat, alive) for seat in range(self.players))
        cards = hidden.shuffled(self.deck.all, rng)
        left = self.deck.size - HAND * len(alive) - 1
        hands = [0] * self.players
        for place, seat in enumerate(alive):
            hands[seat] = mask_of(cards[left + 1 + place :: len(alive)])
        up, deal = cards[left], tuple(hands)
        table = table._replace(after=after, deal=deal, up=up)
        blank = (0,) * self.players
        return State(
            *(first, 0, (first,), self.deck.moves(deal[first], self.threshold), deal, blank, tuple(cards[:left]), left, 1 << up, (up,)),
            *(self._offer((up,)), 1, 0, (self.deck.all,), b"", (b"",) * self.players, last, rewards, table),
        )

    def _finish(self, state: State, how: str, caller: int, rng: np.random.Generator) -> State:
        """The round is over: settle it, then deal the next one or end the match."""
        table = state.table
        turns = state.turn - (state.phase == 0 and how != "call")
        shown = settle(self, how, caller, state.hands, table.purses, table.alive, state.seat, turns)
        purses = purses_after(self, table.purses, shown.payments)
        alive = survivors(self, purses, table.alive)
        table = table._replace(purses=purses, shown=shown, pasts=hidden.remembering(state))
        rewards = tuple(map(float, shown.payments))
        seat, action, cards, flag = state.last
        if table.number >= self.rounds or len(alive) < 2:
            last = (seat, action, cards, flag | ENDED)
            return state._replace(seat=-1, phase=0, asked=(), legal=(), offer=(), last=last, rewards=rewards, table=table)
        first = self._next_first(table, alive, shown.winner)
        table = table._replace(number=table.number + 1, first=first, alive=alive)
        return self._deal(table, rewards, (seat, action, cards, flag | ENDED | DEALT), rng)

    def _next_first(self, table: Table, alive: tuple[int, ...], winner: int) -> int:
        if self.starter == "fixed":
            return alive[0]
        if self.starter == "winner":
            return winner if winner in alive else next_alive(winner, alive)
        return next_alive(table.first, alive)

    def winner(self, state: State, returns: tuple[float, ...]) -> int | str | None:
        """The winner of the round, in a match of one; else the seat with the greatest return."""
        shown = state.table.shown
        if self.rounds == 1 and shown is not None:
            return shown.winner
        return super().winner(state, returns)

    # --- what seats know -------------------------------------------------------------------------------------------

    def observe(self, state: State, seat: int) -> np.ndarray:
        return observation.observe(self, state, seat)

    def information(self, state: State, seat: int) -> str:
        return hidden.information(state, seat)

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        return hidden.resample(self, state, seat, rng)

    def news(self, state: State) -> tuple[Event, ...]:
        return news.news(state)
