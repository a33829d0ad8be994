"""Does a model know the rules, or does it read the legal moves? The same model free, with the moves listed, and constrained to them.

    python examples/llm_rules.py "hf:Qwen/Qwen3-0.6B" --env ConnectFour-v0

"free" hides the list of legal moves and decodes freely; "listed" shows it; "constrained" decodes under the legal replies, so that
every reply is legal and what is left to judge is the play.
"""

from __future__ import annotations

import argparse
from collections import Counter

import agentarena as aa

WAYS = {"free": "choices=false", "listed": "choices=true", "constrained": "choices=true&constrain=true"}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("agent", nargs="?", default="tiny")
    parser.add_argument("--env", default="TicTacToe-v0")
    parser.add_argument("--matches", type=int, default=40)
    arguments = parser.parse_args()
    print(f"{'':11s} {'legal':>7s} {'forfeits':>9s}  mean return")
    for name, parameters in WAYS.items():
        spec = f"{arguments.agent}{'&' if '?' in arguments.agent else '?'}{parameters}"
        runs = aa.play(arguments.env, [spec, "random"], matches=arguments.matches, seed=0)
        replies = Counter(attempt["outcome"] for one in runs.records for reply in one.replies for attempt in reply["attempts"])
        forfeits = sum(one.outcome == "forfeited" for one in runs.records)
        returns = [seat["return"] for one in runs.records for seat in one.seats if seat.index == 0]
        print(f"{name:11s} {replies['read'] / max(1, replies.total()):7.1%} {forfeits:9d}  {sum(returns) / len(returns):+.2f}")


if __name__ == "__main__":
    main()
