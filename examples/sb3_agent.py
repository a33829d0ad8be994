"""Train MaskablePPO of SB3-contrib on Connect Four, save it, and play the file by its spec string.

    python examples/sb3_agent.py --steps 50000 --out sb3_connectfour.zip

Needs the extra "rl". 50,000 steps take about two minutes on one core.
"""

from __future__ import annotations

import argparse
import warnings

from sb3_contrib import MaskablePPO

import agentarena as aa

ENV = "ConnectFour-v0"


def train(steps: int, seed: int, out: str) -> None:
    """A model against random play, in both seats."""
    env = aa.make_solo(ENV, opponents="random", seat="random")
    model = MaskablePPO("MultiInputPolicy", env, n_steps=min(1024, steps), batch_size=128, ent_coef=0.01, seed=seed, device="cpu")
    model.learn(steps)
    model.save(out)


def main(arguments: list[str] | None = None) -> aa.Results:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=50_000)
    parser.add_argument("--matches", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="sb3_connectfour.zip")
    args = parser.parse_args(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", (DeprecationWarning, FutureWarning))  # of the library, about itself
        train(args.steps, args.seed, args.out)
    results = aa.play(ENV, [f"sb3:{args.out}", "random"], matches=args.matches, seed=args.seed)
    print(results)
    return results


if __name__ == "__main__":
    main()
