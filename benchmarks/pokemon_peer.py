"""The peer of `pokemon_speed.py`: poke-env with a local server of Pokémon Showdown. Needs a Python of its own with poke-env 0.16.1.

    python -m venv peer && peer/bin/pip install poke-env==0.16.1
    mkdir server && cd server && npm install pokemon-showdown@0.11.11        # with all its packages: this one is a server
    peer/bin/python benchmarks/pokemon_peer.py --server server/node_modules/pokemon-showdown --format gen9vgc2025regi --teams teams.txt

It writes a configuration and the folders that the server needs into the server's folder, starts it on the loopback interface, and answers requests: a line
of JSON on stdin, {"way": "doubles" or "concurrent", "battles": n, "seed": n}, gives a line on stdout, {"seconds", "cpu_seconds", "battles", "turns",
"resets"}. CPU seconds are those of this process and of all of the server's.

DoublesEnv: legal choices drawn from its mask (pairs that its own rules exclude are drawn again), an empty observation, so that only masks and battles cost
time; `choose_on_teampreview=False`, as its mask and its checker disagree at the preview. "concurrent": two of its RandomPlayer with ten battles at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

CONFIG = """
exports.bindaddress = '127.0.0.1';
exports.port = {port};
exports.repl = false;
exports.nothrottle = true;
exports.noguestsecurity = true;
"""
CONCURRENT = 10


class Server:
    """A server of Pokémon Showdown on a free port."""

    def __init__(self, folder: Path, node: str) -> None:
        for name in ("logs/repl", "logs/chat", "logs/modlog", "databases", "config/chat-plugins"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        example = (folder / "config" / "config-example.js").read_text(encoding="utf-8")
        (folder / "config" / "config.js").write_text(example + CONFIG.format(port=self.port), encoding="utf-8")
        argv = [node, "pokemon-showdown", "start", "--no-security", "--skip-build", str(self.port)]
        self.log = (folder / "logs" / "peer.log").open("wb")
        self.process = subprocess.Popen(argv, cwd=folder, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise SystemExit(f"the server does not answer on port {self.port}; see {self.log.name}")

    def pids(self) -> list[int]:
        """The server's processes."""
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                except OSError:
                    continue
        pids, latest = [self.process.pid], [self.process.pid]
        while latest:
            latest = [pid for pid, parent in parents.items() if parent in latest]
            pids += latest
        return pids

    def cpu_seconds(self) -> float:
        ticks, total = os.sysconf("SC_CLK_TCK"), 0
        for pid in self.pids():
            try:
                words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            total += int(words[11]) + int(words[12])
        return total / ticks

    def close(self) -> None:
        for pid in reversed(self.pids()):
            try:
                os.kill(pid, 15)
            except ProcessLookupError:
                continue
        self.process.wait()


def configuration(server: Server):
    from poke_env.ps_client import ServerConfiguration

    return ServerConfiguration(f"ws://127.0.0.1:{server.port}/showdown/websocket", "https://play.pokemonshowdown.com/action.php?")


def teambuilder(teams: list[str]):
    """Draws one of these packed teams for every battle; `None` where the format draws them."""
    from poke_env.teambuilder import Teambuilder

    class Drawn(Teambuilder):
        def yield_team(self) -> str:
            return random.choice(teams)

    return Drawn() if teams else None


def environment(server: Server, battle_format: str, teams: list[str]):
    from poke_env.environment import DoublesEnv

    class Env(DoublesEnv):
        def embed_battle(self, battle):
            return np.zeros(1, np.float32)

        def calc_reward(self, battle) -> float:
            return 0.0

    env = Env(
        battle_format=battle_format,
        server_configuration=configuration(server),
        team=teambuilder(teams),
        choose_on_teampreview=False,
        strict=False,
        log_level=50,
        open_timeout=None,
    )
    from gymnasium.spaces import Box

    env.observation_spaces = {agent: Box(0, 1, (1,), np.float32) for agent in env.possible_agents}
    return env


def pair(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Two choices that the mask allows, not one switch twice nor two gimmicks, nor two passes where one of them need not."""
    half = len(mask) // 2
    first, second = np.flatnonzero(mask[:half]), np.flatnonzero(mask[half:])
    for _ in range(20):
        one, other = int(rng.choice(first)), int(rng.choice(second))
        if not (one == other and 1 <= one <= 6) and not (one >= 27 and other >= 27) and (one or other or len(first) == len(second) == 1):
            break
    return np.array([one, other])


def doubles(env, battles: int, seed: int) -> tuple[int, list[float]]:
    """Random battles of one DoublesEnv: turns, and seconds of each reset."""
    rng, turns, resets = np.random.default_rng(seed), 0, []
    for _ in range(battles):
        begun = time.perf_counter()
        observations, _ = env.reset()
        resets.append(time.perf_counter() - begun)
        while env.agents:
            battle = env.battle1
            observations, *_ = env.step({agent: pair(observations[agent]["action_mask"], rng) for agent in env.agents})
        turns += battle.turn
    return turns, resets


class Players:
    """Two players that draw at random, ten battles at once."""

    def __init__(self, server: Server, battle_format: str, teams: list[str]) -> None:
        from poke_env.player import RandomPlayer

        settings = {"battle_format": battle_format, "server_configuration": configuration(server), "max_concurrent_battles": CONCURRENT}
        self.pair = [RandomPlayer(team=teambuilder(teams), log_level=50, open_timeout=None, **settings) for _ in (0, 1)]

    def play(self, battles: int) -> int:
        one, other = self.pair
        one.reset_battles()
        other.reset_battles()
        asyncio.run(one.battle_against(other, n_battles=battles))
        return sum(battle.turn for battle in one.battles.values())


def main() -> None:
    parser = argparse.ArgumentParser(description="poke-env, measured for pokemon_speed.py")
    parser.add_argument("--server", type=Path, required=True, help="folder of the package pokemon-showdown, which is written into")
    parser.add_argument("--node", default="node")
    parser.add_argument("--format", default="gen9vgc2025regi")
    parser.add_argument("--teams", type=Path, help="packed teams, one a line")
    options = parser.parse_args()
    teams = options.teams.read_text(encoding="utf-8").split("\n") if options.teams else []
    teams = [team for team in teams if team]
    server = Server(options.server, options.node)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what poke-env prints is no answer
    try:
        env, players = environment(server, options.format, teams), Players(server, options.format, teams)
        for line in sys.stdin:
            request = json.loads(line)
            cpu, begun, resets = time.process_time() + server.cpu_seconds(), time.perf_counter(), []
            if request["way"] == "doubles":
                turns, resets = doubles(env, request["battles"], request["seed"])
            else:
                turns = players.play(request["battles"])
            seconds = time.perf_counter() - begun
            used = time.process_time() + server.cpu_seconds() - cpu
            answer = {"seconds": seconds, "cpu_seconds": used, "battles": request["battles"], "turns": turns, "resets": resets}
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
    finally:
        server.close()
        os._exit(0)  # poke-env's loop lives in a thread


if __name__ == "__main__":
    main()
