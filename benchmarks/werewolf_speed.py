"""Random play of six-player Werewolf and of TextArena's SecretMafia, decisions per CPU-second, in one run.

    python benchmarks/werewolf_speed.py [rounds]

TextArena (0.7.4 was used) need not be installed; without it only our figures are shown. Both play with three rounds of talk a day,
public votes one by one, random ties, and a doctor who may not protect himself. A decision is one player's move in both. "With views"
makes the text that a player is shown at each decision, what happened since its last one included; TextArena's default wrapper joins
the messages since a player's last move, its `-raw` variant returns them unjoined. Rounds alternate; the best of each is shown.
"""

from __future__ import annotations

import contextlib
import random
import sys
import time
from collections.abc import Callable

import numpy as np

from agentarena.core.episode import Episode
from agentarena.core.rng import stream
from agentarena.envs.werewolf import Werewolf

GAMES = 400


def rules(game: Werewolf) -> int:
    """Play GAMES matches by the rules alone; the number of decisions."""
    rng = stream(0)
    draws = iter(rng.random(60_000).tolist())
    decisions = 0
    for _ in range(GAMES):
        state = game.start(rng)
        while to_move := game.to_move(state):
            actions = {}
            for seat in to_move:
                legal = game.legal(state, seat)
                actions[seat] = legal[int(next(draws) * len(legal))]
            state = game.step(state, actions, rng)
            decisions += len(actions)
    return decisions


def views(game: Werewolf) -> int:
    """The same for GAMES / 4 matches, with every player's text at every decision."""
    rng = stream(0)
    decisions = 0
    for _ in range(GAMES // 4):
        episode = Episode(game, rng)
        while to_move := episode.to_move:
            actions = {}
            for seat in to_move:
                game.text.view(episode.state, seat, episode.unread(seat))
                episode.mark_read(seat)
                legal = game.legal(episode.state, seat)
                actions[seat] = legal[int(rng.random() * len(legal))]
            episode.step(actions)
            decisions += len(actions)
    return decisions


def textarena(name: str) -> int:
    """Play GAMES / 4 matches of a variant of SecretMafia; the number of steps."""
    import textarena as ta

    draws = random.Random(0)
    steps = 0
    for number in range(GAMES // 4):
        env = ta.make(name)
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
        "ours, SecretMafia's protocol": lambda: rules(mafia),
        "ours, default protocol": lambda: rules(default),
        "ours, SecretMafia's protocol, with views": lambda: views(mafia),
    }
    with contextlib.suppress(ImportError):
        import textarena as ta

        version = getattr(ta, "__version__", "")
        cases[f"TextArena {version} SecretMafia-v0"] = lambda: textarena("SecretMafia-v0")
        cases[f"TextArena {version} SecretMafia-v0-raw"] = lambda: textarena("SecretMafia-v0-raw")
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
