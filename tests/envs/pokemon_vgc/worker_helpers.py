"""A plain client of the Node worker for its tests: one line out, one line in; and teams that are hard on masks."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from agentarena.envs.pokemon_vgc.engine.install import worker_command
from agentarena.envs.pokemon_vgc.teams import default_pools

sys.path.append(str(Path(__file__).parents[3]))
from benchmarks.pokemon_hard import CUSTOM, hard_teams
from benchmarks.pokemon_same import change_hidden as change_hidden

CHAMPIONS, REG_I, RANDOM = "gen9championsvgc2026regmb", "gen9vgc2025regi", "gen9randomdoublesbattle"
FORMATS = (CHAMPIONS, REG_I, RANDOM, CUSTOM)


def teams_of(format: str, count: int) -> list[str] | None:
    """Teams to play a format with; `None` where the format draws its own."""
    if format == RANDOM:
        return None
    return hard_teams(count) if format == CUSTOM else list(default_pools(format).train_teams(count))


def pair_of(format: str, number: int, count: int = 8) -> list[str | None]:
    """The two teams of a battle."""
    teams = teams_of(format, count)
    return [None, None] if teams is None else [teams[number % count], teams[(3 * number + 1) % count]]


class Worker:
    """One Node process; `ask` sends commands in one line, `ok` one command whose reply must be no error."""

    def __init__(self, *options: str) -> None:
        launch = worker_command()
        environment = {**os.environ, **launch.environment}
        self.process = subprocess.Popen([*launch.argv, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self.count = 0

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *details: object) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            stream.close()

    def send(self, line: bytes) -> dict[str, Any]:
        """Write one raw line and read the answer."""
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def ask(self, *commands: Any) -> list[dict[str, Any]]:
        self.count += 1
        answer = self.send(json.dumps({"id": self.count, "commands": commands}).encode())
        assert answer["id"] == self.count
        return answer["replies"]

    def ok(self, op: str, **arguments: Any) -> Any:
        (reply,) = self.ask({"op": op, **arguments})
        assert "ok" in reply, reply
        return reply["ok"]

    def error(self, op: str, **arguments: Any) -> str:
        (reply,) = self.ask({"op": op, **arguments})
        assert set(reply["error"]) == {"kind", "message"}
        return reply["error"]["kind"]


def action(side: dict[str, Any], rng: random.Random) -> list[int] | None:
    """A random legal action of one side; `None` where it waits."""
    if side["kind"] in ("wait", "over"):
        return None
    if side["kind"] == "preview":
        return rng.sample(side["slots"][0], side["pick"])
    while True:
        left, right = (rng.choice(slot) for slot in side["slots"])
        same = left == right and 1 <= left <= 6
        passes = side["passes"] is None or [left, right].count(0) == side["passes"]
        if passes and not same and not (left >= 23 and right >= 23):
            return [left, right]


def play(worker: Worker, battle: str, update: dict[str, Any], rng: random.Random, decisions: int = 1000) -> list[dict[str, Any]]:
    """Play on at random; all updates, the first included."""
    updates = [update]
    while not update["over"] and len(updates) <= decisions:
        update = worker.ok("choose", battle=battle, actions=[action(side, rng) for side in update["sides"]])
        updates.append(update)
    return updates


def without_lines(update: dict[str, Any]) -> dict[str, Any]:
    """An update without the lines, which are handed out once."""
    return {**update, "sides": [{key: value for key, value in side.items() if key != "lines"} for side in update["sides"]]}
