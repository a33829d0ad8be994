"""Pokémon VGC: populations after VGC-Bench: last self, fictitious play, double oracle, and an exploiter of what came of them.

    python benchmarks/pokemon_populations.py --method double-oracle --start runs/pokemon/bc-4.safetensors --teams 4 --out runs/pokemon-do
    python benchmarks/pokemon_populations.py --method exploiter --start runs/pokemon/ppo-4.safetensors --teams 4 --out runs/pokemon-exploiter

| method | meta-solver over the population | what an answer is trained against |
|---|---|---|
| last-self | latest | the newest policy |
| fictitious-play | uniform | every policy alike |
| double-oracle | nash | the equilibrium of the payoff table |
| exploiter | | the network of `--start`, frozen |

Self-play itself is `benchmarks/pokemon_table.py`. Every answer begins from the newest policy, the first from `--start` (a cloned network:
the warm-started variants of VGC-Bench). A run that was stopped goes on.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from agentarena.core import registry
from agentarena.train.populations import exploit, psro
from agentarena.train.populations.network_oracle import OwnNetworkOracle

SOLVERS = {"last-self": "latest", "fictitious-play": "uniform", "double-oracle": "nash"}
METHODS = (*SOLVERS, "exploiter")
_SCHEME = "pokemonvgc/network?path="


def oracle(start: Path, rounds: int, settings: dict[str, Any]) -> OwnNetworkOracle:
    """Answers by PPO on pair networks, from the newest policy, or from the network of a file."""
    from agentarena.envs.pokemon_vgc.bots.learning.files import load_network, save_network

    def begin(previous: str) -> Any:
        path = previous.removeprefix(_SCHEME) if previous.startswith(_SCHEME) else start
        return load_network(path).network.requires_grad_(True).train()

    def save(folder: Path, network: Any) -> str:
        save_network(folder / "network.safetensors", network, {"algorithm": "ppo against a mixture"})
        return f"{_SCHEME}{folder / 'network.safetensors'}"

    return OwnNetworkOracle(f"pair network from {start.name}", begin, save, settings, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", choices=METHODS, required=True)
    parser.add_argument("--start", type=Path, required=True, help="a network, e.g. a cloned one")
    parser.add_argument("--teams", default="4")
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--envs", type=int, default=32)
    parser.add_argument("--deals", type=int, default=50, help="of each cell of the payoff table")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    game = registry.game("PokemonVGC-v0", options={"teams": arguments.teams, "patch": True})
    answers = oracle(arguments.start, arguments.rounds, {"num_envs": arguments.envs, "value_rounds": 1})
    first = f"{_SCHEME}{arguments.start}"
    if arguments.method == "exploiter":
        found = exploit(game, [{first: 1.0}] * 2, answers, folder=arguments.out, deals=arguments.deals)
        print(found)
        return
    solver = SOLVERS[arguments.method]
    run = psro(
        game,
        answers,
        solver,
        folder=arguments.out,
        iterations=arguments.iterations,
        initial=(first,),
        shared=True,
        deals=arguments.deals,
        report=print,
    )
    print(run.mixtures)


if __name__ == "__main__":
    main()
