"""Does a model know the rules, or was it told the legal moves? The same model free, with the moves listed, and held to them.

    python examples/llm_rules.py "hf:Qwen/Qwen3-0.6B" --env ConnectFour-v0

"free" hides the list of legal moves and decodes freely; "listed" shows it; "held" decodes under the legal replies, so that
every reply is legal and what is left to judge is the play.
"""

from __future__ import annotations

import argparse
from collections import Counter

import agentarena as aa

WAYS = {"free": "choices=false", "listed": "choices=true", "held": "choices=true&constrain=true"}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("agent", nargs="?", default="tiny")
    parser.add_argument("--env", default="TicTacToe-v0")
    parser.add_argument("--matches", type=int, default=40)
    given = parser.parse_args()
    print(f"{'':8s} {'legal':>7s} {'forfeits':>9s}  mean return")
    for name, parameters in WAYS.items():
        spec = f"{given.agent}{'&' if '?' in given.agent else '?'}{parameters}"
        runs = aa.play(given.env, [spec, "random"], matches=given.matches, seed=0)
        replies = Counter(attempt["outcome"] for one in runs.records for reply in one.replies for attempt in reply["attempts"])
        forfeits = sum(one.outcome == "forfeited" for one in runs.records)
        returns = [seat["return"] for one in runs.records for seat in one.seats if seat.index == 0]
        print(f"{name:8s} {replies['read'] / max(1, replies.total()):7.1%} {forfeits:9d}  {sum(returns) / len(returns):+.2f}")


if __name__ == "__main__":
    main()
