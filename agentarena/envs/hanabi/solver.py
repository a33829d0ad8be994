"""The most that players who see every card could score: a bound on all play, by search over all lines."""

from __future__ import annotations

from .game import Hanabi, State

__all__ = ["best_score"]


def best_score(game: Hanabi, state: State) -> int:
    """Greatest final score reachable from a state when everybody knows the whole deck.

    A depth-first search over the score, stopping at the bound min(cards of all piles, turns left). All hints count as
    one move, which passes the turn at the price of a token. Exponential: for the small configurations.

    >>> game = Hanabi(colors=1, ranks=2, hand=2)
    >>> best_score(game, game.deal(bytes((0, 0, 0, 1))))
    2
    """
    return _best(game, _plain(state), int(game.info.high), {})


_Plain = tuple[tuple[tuple[int, ...], ...], tuple[int, ...], tuple[int, ...], int, int, int, int]


def _plain(state: State) -> _Plain:
    """Hands as sorted kinds, stock, piles, tokens, lives, turns, seat: all that matters to those who see everything."""
    hands = tuple(tuple(sorted(state.deck[place] for place in hand)) for hand in state.hands)
    return hands, tuple(state.deck[state.drawn :]), state.fireworks, state.tokens, state.lives, state.turns, state.seat


def _best(game: Hanabi, plain: _Plain, bound: int, known: dict[_Plain, int]) -> int:
    _, stock, piles, _, lives, turns, seat = plain
    score = sum(piles)
    if seat < 0 or not turns or score == game.kinds or not lives:
        return score if lives or game.keep_score else 0
    found = known.get(plain)
    if found is not None:
        return found
    reach = min(bound, score + len(stock) + turns)
    best = 0
    for after in _moves(game, plain):
        best = max(best, _best(game, after, bound, known))
        if best >= reach:
            break
    known[plain] = best
    return best


def _moves(game: Hanabi, plain: _Plain) -> list[_Plain]:
    """What each move leads to, the promising ones first."""
    hands, stock, piles, tokens, lives, turns, seat = plain
    left = turns if stock else turns - 1
    after = (seat + 1) % game.players
    plays, discards, misplays = [], [], []
    for slot, kind in enumerate(hands[seat]):
        if slot and hands[seat][slot - 1] == kind:
            continue
        hand = tuple(sorted((*hands[seat][:slot], *hands[seat][slot + 1 :], *stock[:1])))
        held, rest = (*hands[:seat], hand, *hands[seat + 1 :]), stock[1:]
        color, rank = divmod(kind, game.ranks)
        if piles[color] == rank:
            grown = (*piles[:color], rank + 1, *piles[color + 1 :])
            gained = min(game.tokens, tokens + (rank + 1 == game.ranks))
            plays.append((held, rest, grown, gained, lives, left, after))
        else:
            misplays.append((held, rest, piles, tokens, lives - 1, left, after))
        if tokens < game.tokens:
            discards.append((held, rest, piles, tokens + 1, lives, left, after))
    passes = (
        [(hands, stock, piles, tokens - 1, lives, left, after)] if tokens and any(map(len, (*hands[:seat], *hands[seat + 1 :]))) else []
    )
    return [*plays, *passes, *discards, *misplays]
