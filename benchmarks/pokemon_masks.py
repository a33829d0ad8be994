"""Pokémon VGC: masks beside the simulator's own validator, on sampled requests of random battles.

    python benchmarks/pokemon_masks.py --requests 300        # of each format
    python benchmarks/pokemon_masks.py --quick

Every pair of candidate choices of a sampled request (pass, switches, moves with every target and gimmick) is offered to the simulator, see
engine/js/exactness.js. "Wrong" are pairs that the mask has and the simulator refuses, and the opposite.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agentarena.envs.pokemon_vgc.engine.install import worker_command
from agentarena.envs.pokemon_vgc.teams import default_pools

try:
    from benchmarks.pokemon_hard import CUSTOM, hard_teams
except ImportError:  # run as a file
    from pokemon_hard import CUSTOM, hard_teams  # type: ignore[no-redef]

FORMATS = ("gen9championsvgc2026regmb", "gen9vgc2025regi", "gen9randomdoublesbattle", CUSTOM)
COLUMNS = ("format", "requests", "offered", "wrong", "battles", "switches", "reviving", "commanding", "trapped")


def teams_of(format: str) -> list[str] | None:
    """Teams to play a format with; `None` where it draws its own."""
    if "random" in format:
        return None
    return hard_teams(64) if format == CUSTOM else list(default_pools(format).train_teams(64))


def compared(format: str, requests: int, seed: str = "1,2,3,4") -> dict[str, Any]:
    """Counts of what was offered and what was wrong.

    Raises:
        RuntimeError: A pair is wrong; the message has the first ones.
    """
    launch, teams = worker_command(), teams_of(format)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "teams.txt"
        file.write_text("\n".join(teams or ()) + "\n", encoding="utf-8")
        script = Path(launch.argv[-1]).with_name("exactness.js")
        argv = [*launch.argv[:-1], str(script), format, str(requests), "-" if teams is None else str(file), seed]
        done = subprocess.run(argv, env={**os.environ, **launch.environment}, capture_output=True, text=True, check=False)
    if done.stderr or done.returncode:
        raise RuntimeError(f"{format}: {done.stderr[:5000] or done.returncode}")
    counts: dict[str, Any] = json.loads(done.stdout)
    return counts


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Pokémon VGC: masks beside the simulator's validator.")
    parser.add_argument("--requests", type=int, default=300, help="sampled requests of each format")
    parser.add_argument("--seed", default="1,2,3,4")
    parser.add_argument("--quick", action="store_true", help="five requests of each format")
    options = parser.parse_args(arguments)
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for format in FORMATS:
        counts = compared(format, 5 if options.quick else options.requests, options.seed)
        print(f"| {' | '.join(f'{counts[one]:,}' if one != 'format' else format for one in COLUMNS)} |", flush=True)


if __name__ == "__main__":
    main()
