"""A league on Connect Four: self-play, fictitious play, double oracle and an exploiter, ranked together with a scripted player.

    python examples/league_connectfour.py                                    # tiny: two generations of 1,024 steps, a minute
    python examples/league_connectfour.py --generations 5 --steps 98304      # VGC-Bench's steps a checkpoint

Run it again with the same `--out` and it goes on where it stopped; `agentarena train league --config recipes/league_connectfour.toml` is
the same from a file.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from agentarena.train.populations import LeagueConfig, league, write_report
from agentarena.train.populations.leagues import Role


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--generations", type=int, default=2)
    parser.add_argument("--steps", type=int, default=1024)
    parser.add_argument("--deals", type=int, default=10)
    parser.add_argument("--out", default="runs/league-connectfour")
    arguments = parser.parse_args()
    config = LeagueConfig(
        env="ConnectFour-v0",
        players={"sp": Role("sp"), "fp": Role("fp"), "do": Role("do"), "exploiter": Role("exploiter", target="fp", reset=True)},
        fixed=("random", "connectfour/tactical"),
        generations=arguments.generations,
        steps=arguments.steps,
        deals=arguments.deals,
        rl={"num_envs": 16, "n_steps": 32, "hidden": [64], "batch_size": 128, "stage_steps": arguments.steps},
        output_dir=arguments.out,
    )
    run = league(config, report=lambda one: print(f"generation {one.number}: {one.members} members, {one.seconds:.0f} s"))
    for name, share, mean in run.rows():
        print(f"{name:24s} alpha-Rank {share}  mean return {mean}")
    write_report(arguments.out, Path(arguments.out) / "report.html")


if __name__ == "__main__":
    main()
