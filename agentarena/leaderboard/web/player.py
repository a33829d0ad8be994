"""A process that plays one submission: a task as JSON on standard input, progress and the end as JSON lines on standard output.

A process of its own, so that pages are answered while matches are played.
"""

from __future__ import annotations

import json
import sys
import time
from typing import IO, Any

from agentarena.core.errors import ArenaError
from agentarena.leaderboard.leaderboard import Leaderboard

__all__ = ["main"]

_EVERY_S = 0.5


def main() -> None:
    """Play the task on standard input."""
    task, out = json.load(sys.stdin), sys.stdout
    last = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > _EVERY_S or done == total:
            last = time.monotonic()
            _say(out, {"done": done, "total": total})

    end = {"state": "refused", "name": "", "edition": "", "reason": "", "stderr": ""}
    try:
        with Leaderboard(task["board"], task["home"], store=task["store"]) as leaderboard:
            end["edition"] = leaderboard.edition.key
            state = leaderboard.submit(task["folder"], progress=progress).state
            end.update(state=state.state, name=state.name, reason=state.reason, stderr=state.stderr)
    except (ArenaError, OSError) as error:
        end["reason"] = str(error)
    _say(out, end)


def _say(out: IO[str], news: dict[str, Any]) -> None:
    out.write(json.dumps(news) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
