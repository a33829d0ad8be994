"""Kuhn poker: exact values and NashConv of the reference players.

python benchmarks/kuhn_numbers.py
"""

from __future__ import annotations

from agentarena.agents.specs import agent
from agentarena.core import registry
from agentarena.evaluate.exact import best_response, expected_returns, nash_conv


def main() -> None:
    game = registry.game("KuhnPoker-v0")
    print(f"uniform: value {expected_returns(game, 'uniform')[0]:+.6f}, NashConv {nash_conv(game, 'uniform'):.6f}, best responses", end=" ")
    print(", ".join(f"{best_response(game, 'uniform', seat).value:.6f}" for seat in (0, 1)))
    for players in (3, 4):
        print(f"uniform, {players} players: NashConv {nash_conv(registry.game('KuhnPoker-v0', players=players), 'uniform'):.10f}")
    for spec in ("kuhnpoker/always_pass", "kuhnpoker/always_bet", "kuhnpoker/honest"):
        print(f"{spec}: NashConv {nash_conv(game, agent(spec)):.6f}")
    for alpha in (0.0, 0.1, 0.2, 1 / 3):
        nash = agent(f"kuhnpoker/nash?alpha={alpha}")
        values = [expected_returns(game, pair)[0] for pair in (nash, [nash, "uniform"], ["uniform", nash])]
        print(f"nash, alpha {alpha:.3f}: NashConv {nash_conv(game, nash):.1e}, value {values[0]:+.6f};", end=" ")
        print(f"against uniform {values[1]:+.6f} as seat 0, uniform against it {values[2]:+.6f}")


if __name__ == "__main__":
    main()
