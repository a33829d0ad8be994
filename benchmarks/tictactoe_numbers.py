"""Tic-tac-toe's exact numbers, by enumeration with fractions.

python benchmarks/tictactoe_numbers.py
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

from agentarena.core import registry
from agentarena.envs.tictactoe.bots import value

GAME: Any = registry.game("TicTacToe-v0")
CHILDREN: dict[Any, list[Any]] = {}


def enumerate_positions() -> Any:
    """The start; every position's successors are in CHILDREN, cells in increasing order."""
    ((_, start),) = GAME.chance(None, None)
    stack = [start]
    while stack:
        state = stack.pop()
        if state not in CHILDREN:
            moves = [{seat: cell} for seat in GAME.to_move(state) for cell in GAME.legal(state, seat)]
            CHILDREN[state] = [GAME.chance(state, move)[0][1] for move in moves]
            stack += CHILDREN[state]
    return start


def result(state: Any, seat: int) -> tuple[int, int, int]:
    """(win, loss, draw) of a finished match for a seat."""
    won = GAME.rewards(state)[seat]
    return (int(won > 0), int(won < 0), int(won == 0))


@cache
def games(state: Any) -> tuple[int, int, int]:
    """Numbers of different games from here: won by X, won by O, drawn."""
    if not GAME.to_move(state):
        return result(state, 0)
    x, o, draws = map(sum, zip(*map(games, CHILDREN[state]), strict=True))
    return (x, o, draws)


@cache
def outcome(state: Any, seat: int, best: bool) -> tuple[Fraction, ...]:
    """(win, loss, draw, moves left) for a seat against random play; it plays at random, too, or as well as it can."""
    if not GAME.to_move(state):
        return (*map(Fraction, result(state, seat)), Fraction(0))
    below = [outcome(child, seat, best) for child in CHILDREN[state]]
    if best and GAME.to_move(state) == (seat,):
        win, loss, draw, moves = max(below, key=lambda o: o[0] - o[1])
    else:
        win, loss, draw, moves = (sum(column, Fraction(0)) / len(below) for column in zip(*below, strict=True))
    return (win, loss, draw, moves + 1)


def main() -> None:
    start = enumerate_positions()
    print("games (X wins, O wins, draws):", games(start), "in all", sum(games(start)))
    print("positions:", len({state.board for state in CHILDREN}))
    print("value with perfect play:", value())
    print("random play (X wins, O wins, draw, mean length):", *outcome(start, 0, best=False))
    for name, cell in (("centre", 4), ("corner", 0), ("edge", 1)):
        print(f"X wins under random play after a first move in the {name}: {float(outcome(CHILDREN[start][cell], 0, best=False)[0]):.6f}")
    for seat, name in enumerate("XO"):
        print(f"best response to random as {name} (win, loss, draw):", *outcome(start, seat, best=True)[:3])


if __name__ == "__main__":
    main()
