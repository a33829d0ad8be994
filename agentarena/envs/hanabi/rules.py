"""The rules of Hanabi in the order of play: the deal, what is legal, a turn (hint, discard or play), the score.

Every function takes the options and returns a new value. Nothing is random but the order of the deck.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from agentarena.core.errors import NotSupported

from .actions import hints_of
from .options import HanabiOptions
from .state import COLOR_NAMED, RANK_NAMED, State, replace_state

__all__ = ["all_deals", "deal", "legal_actions", "named_cards", "orders", "score", "step"]

_LISTED = 20_000


# --- the deal ---------------------------------------------------------------------------------------------------------


def deal(options: HanabiOptions, deck: bytes) -> State:
    """The first position with the deck in a given order; seat 0 gets the first `hand` cards, then seat 1, and so on."""
    size, players = options.hand, options.players
    hands = tuple(tuple(range(seat * size, (seat + 1) * size)) for seat in range(players))
    return State(
        seat=0,
        legal=legal_actions(options, deck, hands, 0, options.tokens),
        deck=deck,
        drawn=players * size,
        hands=hands,
        known=((options.any_kind,) * size,) * players,
        used=b"",
        fireworks=(0,) * options.colors,
        tokens=options.tokens,
        lives=options.lives,
        turns_left=players,
        moves=b"",
    )


def all_deals(options: HanabiOptions) -> tuple[tuple[float, State], ...]:
    """Every first position with its probability, where the deck has at most some thousands of orders.

    Raises:
        NotSupported: The deck has too many orders.
    """
    cards = options.cards
    count = math.factorial(len(cards)) // math.prod(math.factorial(cards.count(kind)) for kind in range(options.kinds))
    if count > _LISTED:
        raise NotSupported(f"{type(options).__name__}: the deck has {count} orders, too many to list (at most {_LISTED})")
    return tuple((1.0 / count, deal(options, deck)) for deck in orders(cards))


def orders(cards: bytes) -> Iterator[bytes]:
    """Every distinct order of the cards, in lexicographic order.

    >>> [order.hex() for order in orders(bytes((0, 0, 1)))]
    ['000001', '000100', '010000']
    """
    order = sorted(cards)
    while True:
        yield bytes(order)
        descent = next((i for i in range(len(order) - 2, -1, -1) if order[i] < order[i + 1]), None)
        if descent is None:
            return
        swap = next(i for i in range(len(order) - 1, -1, -1) if order[i] > order[descent])
        order[descent], order[swap] = order[swap], order[descent]
        order[descent + 1 :] = reversed(order[descent + 1 :])


# --- what is legal ----------------------------------------------------------------------------------------------------


def legal_actions(options: HanabiOptions, deck: bytes, hands: tuple[tuple[int, ...], ...], seat: int, tokens: int) -> tuple[int, ...]:
    """Discards while a token is missing, plays, and with a token left the hints that match a card, in increasing order."""
    size = len(hands[seat])
    plays = tuple(range(options.hand, options.hand + size))
    legal = (*range(size), *plays) if tokens < options.tokens else plays
    if not tokens:
        return legal
    about = hints_of(options).about
    colors: tuple[int, ...] = ()
    ranks: tuple[int, ...] = ()
    for offset in range(1, options.players):
        held = 0
        for place in hands[(seat + offset) % options.players]:
            held |= 1 << deck[place]
        of_color, of_rank = about(offset, held)
        colors += of_color
        ranks += of_rank
    return legal + colors + ranks


# --- a turn -----------------------------------------------------------------------------------------------------------


def step(options: HanabiOptions, state: State, action: int) -> State:
    """The seat to move plays a legal action; once the deck is empty, it uses up one of the last turns."""
    turns_left = state.turns_left - 1 if state.drawn == len(state.deck) else state.turns_left
    if action >= 2 * options.hand:
        return _hint(options, state, action, turns_left)
    return _use_card(options, state, action, turns_left)


def _hint(options: HanabiOptions, state: State, action: int, turns_left: int) -> State:
    """A token is spent, and another seat learns which of its cards match and which do not."""
    hints, deck, hands, known = hints_of(options), state.deck, state.hands, state.known
    offset, what = hints.decode(action)
    kinds, named = hints.kinds[what], COLOR_NAMED if what < options.colors else RANK_NAMED
    target = (state.seat + offset) % options.players
    matching, others = kinds | COLOR_NAMED | RANK_NAMED, ~kinds
    learned = tuple(
        knowledge & matching | named if kinds >> deck[place] & 1 else knowledge & others
        for place, knowledge in zip(hands[target], known[target], strict=True)
    )
    tokens = state.tokens - 1
    seat = (state.seat + 1) % options.players if turns_left else -1
    return replace_state(
        state,
        seat=seat,
        legal=legal_actions(options, deck, hands, seat, tokens) if turns_left else (),
        known=(*known[:target], learned, *known[target + 1 :]),
        tokens=tokens,
        turns_left=turns_left,
        moves=state.moves + bytes((action,)),
        token_won=False,
        reward=0.0,
    )


def _use_card(options: HanabiOptions, state: State, action: int, turns_left: int) -> State:
    """A card is played or discarded, and the next one drawn."""
    deck, drawn, mover = state.deck, state.drawn, state.seat
    playing, slot = divmod(action, options.hand)
    hand, known = state.hands[mover], state.known[mover]
    place = hand[slot]
    fireworks, tokens, lives, token_won, reward = state.fireworks, state.tokens, state.lives, False, 0.0
    color, rank = divmod(deck[place], options.ranks)
    if not playing:
        tokens += 1
    elif fireworks[color] == rank:
        fireworks = (*fireworks[:color], rank + 1, *fireworks[color + 1 :])
        token_won = rank + 1 == options.ranks and tokens < options.tokens
        tokens += token_won
        reward = 1.0
    else:
        lives -= 1
        if not lives and not options.keep_score:
            reward = -float(sum(fireworks))
    hand, known = hand[:slot] + hand[slot + 1 :], known[:slot] + known[slot + 1 :]
    if drawn < len(deck):
        hand, known = (*hand, drawn), (*known, options.any_kind)
        drawn += 1
    hands = (*state.hands[:mover], hand, *state.hands[mover + 1 :])
    over = not turns_left or not lives or sum(fireworks) == options.kinds
    seat = -1 if over else (mover + 1) % options.players
    return replace_state(
        state,
        seat=seat,
        legal=() if over else legal_actions(options, deck, hands, seat, tokens),
        drawn=drawn,
        hands=hands,
        known=(*state.known[:mover], known, *state.known[mover + 1 :]),
        used=state.used + bytes((place,)),
        fireworks=fireworks,
        tokens=tokens,
        lives=lives,
        turns_left=turns_left,
        moves=state.moves + bytes((action,)),
        token_won=token_won,
        reward=reward,
    )


def named_cards(options: HanabiOptions, state: State) -> tuple[int, ...]:
    """Positions of the cards that the last move, a hint, named."""
    offset, what = hints_of(options).decode(state.moves[-1])
    target = (len(state.moves) - 1 + offset) % options.players
    kinds = hints_of(options).kinds[what]
    return tuple(slot for slot, place in enumerate(state.hands[target]) if kinds >> state.deck[place] & 1)


# --- the score --------------------------------------------------------------------------------------------------------


def score(options: HanabiOptions, state: State) -> int:
    """Cards on the piles; 0 after the last life is lost, unless `keep_score`."""
    return sum(state.fireworks) if state.lives or options.keep_score else 0
