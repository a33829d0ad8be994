"""What each level of isolation costs: start-up of a small program until it is ready, and one question with its answer.

python -m benchmarks.sandbox_speed
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from agentarena.agents.sandbox.agent import CommandAgent
from agentarena.agents.sandbox.levels import available_levels
from agentarena.agents.sandbox.limits import Limits
from agentarena.core import registry
from agentarena.core.agent import View
from agentarena.core.rng import CHANCE, stream

_PROGRAM = """\
while read -r line; do
  case "$line" in
    *'"start"'*) echo '{"type": "ready"}' ;;
    *) id=${line#*'"id": '}; echo "{\\"id\\": ${id%%,*}, \\"action\\": 0}" ;;
  esac
done
"""
"""A shell script, so that the program's own start-up is small."""

_STARTS, _QUESTIONS = 20, 300


def _measure(level: str, folder: Path) -> tuple[list[float], list[float]]:
    """Seconds of each start with its first question, and of each further question."""
    game = registry.game("TicTacToe-v0")
    state = game.start(stream(0, CHANCE, 0))
    agent = CommandAgent(["sh", "agent.sh"], folder, name="speed", version="1", level=level, limits=Limits(answer_s=30, start_s=60))
    try:
        starts = [_seconds(agent, View(game, state, 0)) for _ in range(_STARTS)]
        memory: dict[str, object] = {}
        _seconds(agent, View(game, state, 0, memory=memory))
        return starts, [_seconds(agent, View(game, state, 0, memory=memory)) for _ in range(_QUESTIONS)]
    finally:
        agent.close()


def _seconds(agent: CommandAgent, view: View) -> float:
    began = time.perf_counter()
    agent.act([view])
    return time.perf_counter() - began


def main() -> None:
    """Print a row a level."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "agent.sh").write_text(_PROGRAM, encoding="ascii")
        (folder / "agent.sh").chmod(0o644)
        print("| level | start-up, least and median (ms) | question, least and median (ms) |\n|---|---|---|")
        for level in available_levels():
            if not level.available:
                print(f"| `{level.name}` | {level.reason} | |")
                continue
            rows = [f"{1000 * min(one):.2f}, {1000 * statistics.median(one):.2f}" for one in _measure(level.name, folder)]
            print(f"| `{level.name}` | {' | '.join(rows)} |")


if __name__ == "__main__":
    main()
