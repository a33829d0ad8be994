"""Hanabi: everybody sees all hands but their own, and together they lay one pile a colour in the order of ranks.

Rules and numbering follow the Hanabi Learning Environment (Bard et al., "The Hanabi challenge", arXiv 1902.00506), and
so does the observation; the small configurations are those of MARS (arXiv 2510.15414).

A card is one of K = colors * ranks kinds, numbered color * ranks + rank, both from 0. The whole deck lies fixed in the
state, and hands hold places in it, so that redrawing what a seat cannot see means redrawing some places of the deck.

Actions, with H cards a hand, C colours, R ranks and P players:

    0 .. H-1            discard the card at that position, oldest first
    H .. 2H-1           play it
    next (P-1)*C        tell player +1 the cards of one colour, then player +2, ...
    next (P-1)*R        tell them the cards of one rank
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import gymnasium
import numpy as np

from agentarena.core.actions import Action
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option

from .deals import deals, draw_hand
from .observation import Encoder, Layout, encode
from .text import HanabiText

__all__ = ["COLOR_TOLD", "RANK_TOLD", "Hanabi", "State"]

COLOR_TOLD = 1 << 25
"""Bit of a card's knowledge: its colour was named. The bits below 25 are the kinds it may still be."""
RANK_TOLD = 1 << 26
"""Bit of a card's knowledge: its rank was named."""
_LISTED = 20_000


class State(NamedTuple):
    """A position.

    Attributes:
        deck: Kind of every card, in the order they are drawn; length N.
        drawn: How many have been drawn, P * H to N.
        hands: Places in the deck of each seat's cards, oldest first.
        known: What each seat knows of each of its cards from hints: bits of kinds, and two bits for what was named.
        gone: Places of the cards played or discarded, in order.
        fireworks: Height of each colour's pile, 0 to R.
        tokens: Hints that may still be given, 0 to `tokens`.
        lives: 0 to `lives`.
        turns: Turns left once the deck is empty, 0 to P; P before.
        seat: The seat to move; -1 when the match is over.
        moves: Every action so far; move i was made by seat i mod P.
        gained: Whether the last move completed a pile and so won a token back.
        legal: Legal actions of the seat to move; `()` when the match is over.
        reward: What the last step credited to everybody.
    """

    deck: bytes
    drawn: int
    hands: tuple[tuple[int, ...], ...]
    known: tuple[tuple[int, ...], ...]
    gone: bytes
    fireworks: tuple[int, ...]
    tokens: int
    lives: int
    turns: int
    seat: int
    moves: bytes
    gained: bool
    legal: tuple[int, ...]
    reward: float


@dataclass(frozen=True)
class Hanabi(Game[State]):
    """The rules under any configuration; the defaults are the standard game for two."""

    players: int = option(2, "Number of players.", low=2, high=5)
    colors: int = option(5, "Number of colours.", low=1, high=5)
    ranks: int = option(5, "Number of ranks; a pile is complete at this height.", low=1, high=5)
    hand: int = option(5, "Cards in a hand.", low=1, high=5)
    tokens: int = option(8, "Information tokens at the start, and the most there can be.", low=1, high=20)
    lives: int = option(3, "Misplayed cards that end the match.", low=1, high=10)
    keep_score: bool = option(False, "Whether the score stands when the last life is lost; otherwise it falls to 0.", choices=(False, True))

    presets = {
        "standard": {"players": 2, "colors": 5, "ranks": 5, "hand": 5, "tokens": 8, "lives": 3},
        "standard4": {"players": 4, "colors": 5, "ranks": 5, "hand": 4, "tokens": 8, "lives": 3},
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.players * self.hand > len(self.cards):
            raise BadOption(
                f"{type(self).__name__}: {self.players} hands of {self.hand} cards need {self.players * self.hand} cards, "
                f"the deck has {len(self.cards)}; lower `hand` or raise `colors` or `ranks`"
            )

    @cached_property
    def cards(self) -> bytes:
        """The kinds of all cards, sorted: of each colour three 1s, one of the highest rank, two of each between."""
        copies = [3, *[2] * (self.ranks - 2), 1] if self.ranks > 1 else [3]
        return bytes(color * self.ranks + rank for color in range(self.colors) for rank in range(self.ranks) for _ in range(copies[rank]))

    @cached_property
    def _cards(self) -> np.ndarray:
        return np.frombuffer(self.cards, np.uint8)

    @cached_property
    def _kinds(self) -> np.ndarray:
        return np.arange(self.kinds, dtype=np.uint8)

    @cached_property
    def kinds(self) -> int:
        """K: how many different cards there are."""
        return self.colors * self.ranks

    @cached_property
    def info(self) -> GameInfo:
        stock = len(self.cards) - self.players * self.hand
        return GameInfo(
            seats=self.players,
            low=0,
            high=min(self.kinds, stock + self.players),  # every card played costs a turn, and the deck sets their number
            unit="card",
            sum="common",
            hidden=True,
            chance=True,
            # all tokens are spent, then every discard buys one hint, until the last card is drawn and all move once more
            max_steps=self.tokens + 2 * stock - 1 + self.players if stock else self.players,
        )

    @cached_property
    def text(self) -> HanabiText:
        return HanabiText(self)

    @cached_property
    def layout(self) -> Layout:
        """Where each part of the observation lies."""
        return Layout(self.players, self.colors, self.ranks, self.hand, self.tokens, self.lives, len(self.cards))

    @cached_property
    def encoder(self) -> Encoder:
        """The layout worked out, for `observe`."""
        return Encoder(self.layout, self.cards)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Discrete:
        return gymnasium.spaces.Discrete(2 * self.hand + (self.players - 1) * (self.colors + self.ranks))

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Box:
        return gymnasium.spaces.Box(0, 1, (self.layout.size,), np.int8)

    @cached_property
    def _any(self) -> int:
        """All kinds, as a bit set."""
        return (1 << self.kinds) - 1

    @cached_property
    def _sets(self) -> tuple[int, ...]:
        """The kinds of each colour, then of each rank, as bit sets."""
        colors = [sum(1 << (color * self.ranks + rank) for rank in range(self.ranks)) for color in range(self.colors)]
        ranks = [sum(1 << (color * self.ranks + rank) for color in range(self.colors)) for rank in range(self.ranks)]
        return (*colors, *ranks)

    @cached_property
    def _hint_actions(self) -> dict[tuple[int, int], tuple[tuple[int, ...], tuple[int, ...]]]:
        return {}  # by offset and kinds held: what may be told of colours, and of ranks

    def action_space(self, seat: int) -> gymnasium.spaces.Discrete:
        """Numbered as in this module's head."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Box:
        """(n,) int8 of 0 and 1, laid out as `layout` says: the encoding of the Hanabi Learning Environment, seats counted from one's own."""
        return self._observation_space

    def start(self, rng: np.random.Generator) -> State:
        return self.deal(rng.permutation(self._cards).tobytes())

    def deal(self, deck: bytes) -> State:
        """The first position with the deck in a given order; seat 0 gets the first `hand` cards, then seat 1, and so on."""
        size, players = self.hand, self.players
        hands = tuple(tuple(range(seat * size, (seat + 1) * size)) for seat in range(players))
        known = ((self._any,) * size,) * players
        legal = self._legal(deck, hands, 0, self.tokens)
        fresh = (0,) * self.colors
        return State(deck, players * size, hands, known, b"", fresh, self.tokens, self.lives, players, 0, b"", False, legal, 0.0)

    def to_move(self, state: State) -> tuple[int, ...]:
        return (state.seat,) if state.seat >= 0 else ()

    def legal(self, state: State, seat: int) -> tuple[int, ...]:
        return state.legal

    def _legal(self, deck: bytes, hands: tuple[tuple[int, ...], ...], seat: int, tokens: int) -> tuple[int, ...]:
        size = len(hands[seat])
        legal = (*range(size), *range(self.hand, self.hand + size)) if tokens < self.tokens else tuple(range(self.hand, self.hand + size))
        if not tokens:
            return legal
        colors: tuple[int, ...] = ()
        ranks: tuple[int, ...] = ()
        for offset in range(1, self.players):
            held = 0
            for place in hands[(seat + offset) % self.players]:
                held |= 1 << deck[place]
            found = self._hint_actions.get((offset, held)) or self._hints_about(offset, held)
            colors += found[0]
            ranks += found[1]
        return legal + colors + ranks

    def _hints_about(self, offset: int, held: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        first = 2 * self.hand + (offset - 1) * self.colors
        second = 2 * self.hand + (self.players - 1) * self.colors + (offset - 1) * self.ranks
        colors = tuple(first + color for color in range(self.colors) if held & self._sets[color])
        ranks = tuple(second + rank for rank in range(self.ranks) if held & self._sets[self.colors + rank])
        self._hint_actions[offset, held] = (colors, ranks)
        return colors, ranks

    def hint(self, action: int) -> tuple[int, int]:
        """What a hint says: the offset of the player told, and a number, colour c as c and rank r as colors + r."""
        action -= 2 * self.hand
        if action < (self.players - 1) * self.colors:
            return action // self.colors + 1, action % self.colors
        action -= (self.players - 1) * self.colors
        return action // self.ranks + 1, self.colors + action % self.ranks

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        action = actions.get(state.seat)
        if action.__class__ is not int or len(actions) != 1 or action not in state.legal:
            self.check(state, actions)
            action = int(actions[state.seat])
        turns = state.turns - 1 if state.drawn == len(state.deck) else state.turns
        return self._tell(state, action, turns) if action >= 2 * self.hand else self._use(state, action, turns)

    def _tell(self, state: State, action: int, turns: int) -> State:
        offset, what = self.hint(action)
        target = (state.seat + offset) % self.players
        kinds, told = self._sets[what], COLOR_TOLD if what < self.colors else RANK_TOLD
        ruled_out = ~kinds
        keep = kinds | COLOR_TOLD | RANK_TOLD
        deck = state.deck
        cards = tuple(
            bits & keep | told if kinds >> deck[place] & 1 else bits & ruled_out
            for place, bits in zip(state.hands[target], state.known[target], strict=True)
        )
        known = (*state.known[:target], cards, *state.known[target + 1 :])
        seat = (state.seat + 1) % self.players if turns else -1
        tokens = state.tokens - 1
        legal = self._legal(deck, state.hands, seat, tokens) if turns else ()
        return State(
            deck, state.drawn, state.hands, known, state.gone, state.fireworks, tokens, state.lives, turns,
            seat, state.moves + bytes((action,)), False, legal, 0.0,
        )  # fmt: skip

    def _use(self, state: State, action: int, turns: int) -> State:
        """Play or discard a card and draw the next."""
        deck, drawn, mover = state.deck, state.drawn, state.seat
        play, slot = divmod(action, self.hand)
        hand, cards = state.hands[mover], state.known[mover]
        place = hand[slot]
        fireworks, tokens, lives, reward, gained = state.fireworks, state.tokens, state.lives, 0.0, False
        if not play:
            tokens += 1
        else:
            color, rank = divmod(deck[place], self.ranks)
            if fireworks[color] == rank:
                fireworks = (*fireworks[:color], rank + 1, *fireworks[color + 1 :])
                reward = 1.0
                gained = rank + 1 == self.ranks and tokens < self.tokens
                tokens += gained
            else:
                lives -= 1
                if not lives and not self.keep_score:
                    reward = -float(sum(fireworks))
        hand, cards = hand[:slot] + hand[slot + 1 :], cards[:slot] + cards[slot + 1 :]
        if drawn < len(deck):
            hand, cards = (*hand, drawn), (*cards, self._any)
            drawn += 1
        hands = (*state.hands[:mover], hand, *state.hands[mover + 1 :])
        known = (*state.known[:mover], cards, *state.known[mover + 1 :])
        over = not turns or not lives or sum(fireworks) == self.kinds
        seat = -1 if over else (mover + 1) % self.players
        legal = () if over else self._legal(deck, hands, seat, tokens)
        return State(
            deck, drawn, hands, known, state.gone + bytes((place,)), fireworks, tokens, lives, turns,
            seat, state.moves + bytes((action,)), gained, legal, reward,
        )  # fmt: skip

    def rewards(self, state: State) -> tuple[float, ...]:
        return (state.reward,) * self.players

    def score(self, state: State) -> int:
        """Cards on the piles; 0 after the last life is lost, unless `keep_score`."""
        return sum(state.fireworks) if state.lives or self.keep_score else 0

    def observe(self, state: State, seat: int) -> np.ndarray:
        return encode(self, state, seat)

    def touched(self, state: State) -> tuple[int, ...]:
        """Positions of the cards that the last move, a hint, named."""
        offset, what = self.hint(state.moves[-1])
        target = (len(state.moves) - 1 + offset) % self.players
        return tuple(slot for slot, place in enumerate(state.hands[target]) if self._sets[what] >> state.deck[place] & 1)

    def news(self, state: State) -> tuple[Event, ...]:
        if not state.moves:
            return tuple(
                Event("deal", {"seat": seat, "cards": [self._card(state.deck[place]) for place in hand]}, self._others(seat))
                for seat, hand in enumerate(state.hands)
            )
        mover, action = (len(state.moves) - 1) % self.players, state.moves[-1]
        if action >= 2 * self.hand:
            offset, what = self.hint(action)
            told = {"color": what} if what < self.colors else {"rank": what - self.colors}
            target = (mover + offset) % self.players
            return (Event("hint", {"seat": mover, "target": target, **told, "cards": list(self.touched(state))}),)
        play, slot = divmod(action, self.hand)
        data = {"seat": mover, "position": slot, "card": self._card(state.deck[state.gone[-1]])}
        used = Event("play", {**data, "success": state.reward > 0}) if play else Event("discard", data)
        if len(state.hands[mover]) < self.hand:
            return (used,)
        return (used, Event("draw", {"seat": mover, "card": self._card(state.deck[state.drawn - 1])}, self._others(mover)))

    def _card(self, kind: int) -> list[int]:
        """A kind as [colour, rank], both from 0."""
        return list(divmod(kind, self.ranks))

    def _others(self, seat: int) -> tuple[int, ...]:
        return tuple(other for other in range(self.players) if other != seat)

    # --- what a seat knows -----------------------------------------------------------------------------------------

    def information(self, state: State, seat: int) -> str:
        """All moves, the cards the seat has seen in the order of the deck, and what hints said of its own."""
        own = state.hands[seat]
        seen = ",".join("?" if place in own else str(state.deck[place]) for place in range(state.drawn))
        return f"{seat}|{state.moves.hex()}|{seen}|{','.join(map(str, state.known[seat]))}"

    def resample(self, state: State, seat: int, rng: np.random.Generator) -> State:
        """Own hand and stock drawn anew, uniformly over all orders of the unseen cards that agree with the hints."""
        own = state.hands[seat]
        deck = bytearray(state.deck)
        counts = [0] * self.kinds  # of the cards this seat has not seen
        for place in (*own, *range(state.drawn, len(deck))):
            counts[deck[place]] += 1
        hand = draw_hand(tuple(bits & self._any for bits in state.known[seat]), counts, rng)
        for place, kind in zip(own, hand, strict=True):
            deck[place] = kind
        deck[state.drawn :] = rng.permutation(np.repeat(self._kinds, counts)).tobytes()
        new = bytes(deck)
        if state.seat in (seat, -1):
            return state._replace(deck=new)
        return state._replace(deck=new, legal=self._legal(new, state.hands, state.seat, state.tokens))

    def chance(self, state: State | None, actions: Mapping[int, Action] | None) -> tuple[tuple[float, State], ...]:
        """Every order of the deck at the start, where there are at most some thousands; steps are certain.

        Raises:
            NotSupported: The deck has too many orders.
        """
        if state is not None and actions is not None:
            return ((1.0, self.step(state, actions, np.random.default_rng(0))),)
        orders = math.factorial(len(self.cards)) // math.prod(math.factorial(self.cards.count(kind)) for kind in range(self.kinds))
        if orders > _LISTED:
            raise NotSupported(f"{type(self).__name__}: the deck has {orders} orders, too many to list (at most {_LISTED})")
        return tuple((1.0 / orders, self.deal(deck)) for deck in deals(self.cards))

    def pack(self, state: State) -> bytes:
        """The order of the deck and the moves: a position is what comes of them."""
        return state.deck + state.moves

    def unpack(self, data: bytes) -> State:
        state = self.deal(data[: len(self.cards)])
        rng = np.random.default_rng(0)  # steps draw nothing from it
        for action in data[len(self.cards) :]:
            state = self.step(state, {state.seat: action}, rng)
        return state
