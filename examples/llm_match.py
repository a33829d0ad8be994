"""A language model against a scripted player: results with intervals, what went wrong, and what it cost.

    python examples/llm_match.py                                                   # the small model in the box
    python examples/llm_match.py "vllm:Qwen/Qwen3-4B?temperature=0.7"              # vLLM in this process
    python examples/llm_match.py "openai:gpt-5-mini?concurrency=64"                # a service; OPENAI_API_KEY is read
    python examples/llm_match.py "openai:tiny?base_url=http://localhost:8000/v1"   # any compatible server

Run it again with the same `--out` and it goes on where it stopped.
"""

from __future__ import annotations

import argparse
from collections import Counter

import agentarena as aa


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("agent", nargs="?", default="tiny")
    parser.add_argument("--env", default="TicTacToe-v0")
    parser.add_argument("--opponent", default="random")
    parser.add_argument("--matches", type=int, default=100)
    parser.add_argument("--out")
    arguments = parser.parse_args()
    runs = aa.play(arguments.env, [arguments.agent, arguments.opponent], matches=arguments.matches, seed=0, out=arguments.out)
    for row in runs.table():
        print(row)
    replies = Counter(attempt["outcome"] for one in runs.records for reply in one.replies for attempt in reply["attempts"])
    print("replies:", dict(replies))
    print("forfeits:", dict(Counter(fault["kind"] for one in runs.records for fault in one.faults if fault["then"] == "forfeit")))
    used: Counter[str] = Counter()
    for cost in runs.costs:
        used.update(cost.usage)
    print("used:", {name: round(value, 6) for name, value in used.items()})


if __name__ == "__main__":
    main()
