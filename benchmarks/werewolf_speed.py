"""Random play of six-player Werewolf and of TextArena's SecretMafia, decisions per CPU-second, in one run.

    python benchmarks/werewolf_speed.py [rounds]

TextArena (0.7.4 was used) need not be installed; without it only our figures are shown. Both play with three rounds of talk a day,
public votes one by one, random ties, and a doctor who may not protect himself. A step is one player's decision in both; ours shows
no text, TextArena's `-raw` variant returns its messages unjoined. Rounds alternate; the best of each is shown.
"""

from __future__ import annotations

import contextlib
import random
import sys
import time
from collections.abc import Callable

import numpy as np

from agentarena.core.rng import stream
from agentarena.envs.werewolf import Werewolf

GAMES = 400


def ours(game: Werewolf, look: Callable[[object, int], object] | None = None) -> int:
    """Play GAMES matches; the number of decisions."""
    rng = stream(0)
    draws = iter(rng.random(60_000).tolist())
    decisions = 0
    for _ in range(GAMES):
        state = game.start(rng)
        while state.to_move:
            actions = {}
            for seat in state.to_move:
                if look:
                    look(state, seat)
                legal = game.legal(state, seat)
                actions[seat] = legal[int(next(draws) * len(legal))]
            state = game.step(state, actions, rng)
            decisions += len(actions)
    return decisions


def theirs() -> int:
    """Play GAMES / 4 matches of SecretMafia; the number of steps."""
    import textarena as ta

    draws = random.Random(0)
    steps = 0
    for number in range(GAMES // 4):
        env = ta.make("SecretMafia-v0-raw")
        env.reset(num_players=6, seed=number)
        done = False
        while not done:
            env.get_observation()
            done, _ = env.step(f"[{draws.randrange(6)}]")
            steps += 1
    return steps


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    same = {"players": 6, "wolves": 2, "self_save": False, "wolf_rule": "vote", "voting": "sequential", "rounds": 3}
    mafia, default = Werewolf.build(**same), Werewolf.build(players=6, wolves=2)
    cases: dict[str, Callable[[], int]] = {
        "ours, SecretMafia's protocol": lambda: ours(mafia),
        "ours, default protocol": lambda: ours(default),
        "ours, SecretMafia's protocol, every prompt rendered": lambda: ours(mafia, lambda s, seat: mafia.text.view(s, seat, mafia.news(s))),
    }
    with contextlib.suppress(ImportError):
        import textarena

        cases[f"TextArena {getattr(textarena, '__version__', '')} SecretMafia-v0-raw"] = theirs
    best = dict.fromkeys(cases, 0.0)
    for _ in range(rounds):
        for name, play in cases.items():
            began = time.process_time()
            count = play()
            best[name] = max(best[name], count / (time.process_time() - began))
    print(f"numpy {np.__version__}, Python {sys.version.split()[0]}; decisions per CPU-second, best of {rounds}")
    for name, speed in best.items():
        print(f"{speed:12,.0f}  {name}")


if __name__ == "__main__":
    main()
