"""The most that players who see every card could score: a bound on all play, by search over all lines."""

from __future__ import annotations

from typing import NamedTuple

from .options import HanabiOptions
from .state import State

__all__ = ["best_score"]


def best_score(options: HanabiOptions, state: State) -> int:
    """Greatest final score reachable from a state when everybody knows the whole deck.

    A depth-first search over the score, stopping at the bound min(cards of all piles, turns left). All hints count as
    one move, which passes the turn at the price of a token. Exponential: for the small configurations.

    >>> from .rules import deal
    >>> options = HanabiOptions(colors=1, ranks=2, hand=2)
    >>> best_score(options, deal(options, bytes((0, 0, 0, 1))))
    2
    """
    hands = tuple(tuple(sorted(state.deck[place] for place in hand)) for hand in state.hands)
    stock = tuple(state.deck[state.drawn :])
    position = _Position(hands, stock, state.fireworks, state.tokens, state.lives, state.turns_left, state.seat)
    return _best(options, position, options.greatest_score, {})


class _Position(NamedTuple):
    """All that matters to players who see everything: hands as sorted kinds, stock, piles, and what is left."""

    hands: tuple[tuple[int, ...], ...]
    stock: tuple[int, ...]
    piles: tuple[int, ...]
    tokens: int
    lives: int
    turns_left: int
    seat: int


def _best(options: HanabiOptions, at: _Position, bound: int, solved: dict[_Position, int]) -> int:
    score = sum(at.piles)
    if at.seat < 0 or not at.turns_left or score == options.kinds or not at.lives:
        return score if at.lives or options.keep_score else 0
    if at in solved:
        return solved[at]
    reach = min(bound, score + len(at.stock) + at.turns_left)
    best = 0
    for after in _moves(options, at):
        best = max(best, _best(options, after, bound, solved))
        if best >= reach:
            break
    solved[at] = best
    return best


def _moves(options: HanabiOptions, at: _Position) -> list[_Position]:
    """What each move leads to, the promising ones first: cards that fit, a hint, discards, cards that do not fit."""
    hand = at.hands[at.seat]
    turns_left = at.turns_left if at.stock else at.turns_left - 1
    after = at._replace(seat=(at.seat + 1) % options.players, turns_left=turns_left)
    plays, discards, misplays = [], [], []
    for slot, kind in enumerate(hand):
        if slot and hand[slot - 1] == kind:
            continue
        held = tuple(sorted((*hand[:slot], *hand[slot + 1 :], *at.stock[:1])))
        without = after._replace(hands=(*at.hands[: at.seat], held, *at.hands[at.seat + 1 :]), stock=at.stock[1:])
        color, rank = divmod(kind, options.ranks)
        if at.piles[color] == rank:
            piles = (*at.piles[:color], rank + 1, *at.piles[color + 1 :])
            tokens = min(options.tokens, at.tokens + (rank + 1 == options.ranks))
            plays.append(without._replace(piles=piles, tokens=tokens))
        else:
            misplays.append(without._replace(lives=at.lives - 1))
        if at.tokens < options.tokens:
            discards.append(without._replace(tokens=at.tokens + 1))
    others_hold_cards = any(held for seat, held in enumerate(at.hands) if seat != at.seat)
    hints = [after._replace(tokens=at.tokens - 1)] if at.tokens and others_hold_cards else []
    return [*plays, *hints, *discards, *misplays]
