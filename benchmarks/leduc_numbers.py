"""Leduc poker: exact values and NashConv of the reference players, and the number of information sets.

python benchmarks/leduc_numbers.py
"""

from __future__ import annotations

from typing import Any

from agentarena.agents.specs import agent
from agentarena.core import registry
from agentarena.evaluate.exact import best_response, expected_returns, nash_conv


def information_sets(game: Any) -> int:
    """Different keys at which somebody decides."""
    keys, stack = set(), [state for _, state in game.chance(None, None)]
    while stack:
        state = stack.pop()
        for seat in game.to_move(state):
            keys.add((seat, game.information(state, seat)))
            stack += [game.chance(state, {seat: action})[0][1] for action in game.legal(state, seat)]
    return len(keys)


def main() -> None:
    game = registry.game("LeducPoker-v0")
    print("information sets:", information_sets(game))
    print(f"uniform: value {expected_returns(game, 'uniform')[0]:+.6f}, NashConv {nash_conv(game, 'uniform'):.6f}, best responses", end=" ")
    print(", ".join(f"{best_response(game, 'uniform', seat).value:.6f}" for seat in (0, 1)))
    for name in ("always_call", "always_raise", "fold_or_check", "heuristic"):
        bot = agent(f"leducpoker/{name}")
        values = [expected_returns(game, [bot, "uniform"])[0], expected_returns(game, ["uniform", bot])[1]]
        print(f"{name}: NashConv {nash_conv(game, bot):.6f}; against uniform {values[0]:+.6f} as seat 0, {values[1]:+.6f} as seat 1")


if __name__ == "__main__":
    main()
