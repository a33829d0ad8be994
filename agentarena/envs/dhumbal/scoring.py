"""The end of a round: who won it, who pays what, and who plays on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .state import Showdown

if TYPE_CHECKING:
    from .game import Dhumbal

__all__ = ["next_alive", "purses_after", "settle", "survivors"]


def settle(
    game: Dhumbal,
    how: str,
    caller: int,
    hands: tuple[int, ...],
    purses: tuple[int, ...],
    alive: tuple[int, ...],
    next_seat: int,
    turns: int,
) -> Showdown:
    """Compare the hands and work out the payments.

    The caller wins only when uniquely lowest; on a tie or a lower hand elsewhere, the winner is the first other seat
    with the lowest hand, in the order of option `ties`. A round that ends by the turn cap or the stock has no caller
    (pass -1): by option `forced` the first seat with the lowest hand counts as one, or nobody does.

    Args:
        game: The rules.
        how: See `Showdown`.
        caller: The seat that called or emptied its hand, or -1.
        hands: The hands as sets of cards.
        purses: Coins or points before the round.
        alive: The seats that were dealt in.
        next_seat: Whose turn would be next; ties without a caller are broken from there under `ties="turn"`.
        turns: Number of turns played.
    """
    values = tuple(map(game.deck.value, hands))
    best = min(values[seat] for seat in alive)
    lowest = [seat for seat in _order(game, alive, next_seat if caller < 0 else caller + 1) if values[seat] == best]
    if caller < 0 and game.forced == "caller":
        caller = lowest[0]
    others = [seat for seat in lowest if seat != caller]
    winner = others[0] if others else caller
    gains = _coins(caller, winner, values, alive) if game.scoring == "coins" else _points(game, caller, winner, values, purses, alive)
    return Showdown(how, caller, winner, hands, values, gains, turns)


def _order(game: Dhumbal, alive: tuple[int, ...], first: int) -> list[int]:
    if game.ties == "seat":
        return list(alive)
    return sorted(alive, key=lambda seat: (seat - first) % game.players)


def _coins(caller: int, winner: int, values: tuple[int, ...], alive: tuple[int, ...]) -> tuple[int, ...]:
    gains = [0] * len(values)
    if caller < 0:
        return tuple(gains)
    if caller == winner:
        for seat in alive:
            if seat != caller:
                gains[seat] = -values[seat]
        gains[caller] = -sum(gains)
    else:
        gains[caller] = -sum(values)
        gains[winner] = sum(values)
    return tuple(gains)


def _points(
    game: Dhumbal, caller: int, winner: int, values: tuple[int, ...], purses: tuple[int, ...], alive: tuple[int, ...]
) -> tuple[int, ...]:
    scores = list(purses)
    for seat in alive:
        if seat != caller:
            scores[seat] += values[seat]
        elif caller != winner:
            scores[seat] += values[seat] + game.penalty
        if game.limit and scores[seat] == game.limit and scores[seat] != purses[seat]:
            scores[seat] = {"out": game.limit, "half": game.limit // 2, "minus50": game.limit - 50}[game.exact]
    return tuple(old - new for old, new in zip(purses, scores, strict=True))


def purses_after(game: Dhumbal, purses: tuple[int, ...], gains: tuple[int, ...]) -> tuple[int, ...]:
    """Coins or points after a round."""
    sign = 1 if game.scoring == "coins" else -1
    return tuple(purse + sign * gain for purse, gain in zip(purses, gains, strict=True))


def survivors(game: Dhumbal, purses: tuple[int, ...], alive: tuple[int, ...]) -> tuple[int, ...]:
    """The seats that are dealt into another round; fewer than two end the match."""
    if game.scoring == "points":
        return tuple(seat for seat in alive if not game.limit or purses[seat] < game.limit)
    solvent = tuple(seat for seat in alive if purses[seat] > 0)
    return alive if game.broke == "plays" and len(solvent) > 1 else solvent


def next_alive(seat: int, alive: tuple[int, ...]) -> int:
    """The first seat after `seat`, in turn order, that is in `alive`."""
    return next((other for other in alive if other > seat), alive[0])
