"""Twin matches of Werewolf, the same to one seat but for other hidden roles: does it see a difference before it is told one?

    python benchmarks/werewolf_leaks.py [matches]

By default 10,000 random matches over all ways to speak; observation, mask, prompt, choices and information key are compared byte for
byte at every step until a private signal or a death differs. Ends with exit code 1 at the first difference.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "envs"))

from werewolf_twins import compare

from agentarena.envs.werewolf import Werewolf

MODES = [
    {"discussion": "none"},
    {"discussion": "round_robin", "voting": "sequential"},
    {"discussion": "random"},
    {"discussion": "random", "wolf_talk": 1, "reveal": "role", "wolf_rule": "vote"},
    {"discussion": "simultaneous", "straw": True, "ballots": "tally"},
    {"discussion": "bidding", "rounds": 4, "ballots": "secret", "tie": "revote"},
    {"discussion": "random", "speech": "werewolf=silence,*=acts", "witch": True, "hunter": True, "players": 9},
    {"discussion": "round_robin", "mason": 2, "guard": True, "medium": True, "possessed": True, "players": 9, "abstain": True},
]


def main() -> None:
    """Compare and count."""
    matches = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    games = [Werewolf.build(**mode) for mode in MODES]
    began, moments, pairs = time.process_time(), 0, 0
    for number in range(matches):
        equal_moments = compare(games[number % len(games)], number)
        moments, pairs = moments + equal_moments, pairs + bool(equal_moments)
    print(f"{matches} matches in {len(MODES)} ways to speak, {pairs} with a twin, {moments} moments compared, no difference")
    print(f"{time.process_time() - began:.0f} CPU-seconds")


if __name__ == "__main__":
    main()
