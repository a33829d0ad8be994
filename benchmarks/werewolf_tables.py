"""Random play of Werewolf: the exact solver, the array simulator and the environment itself, for every row of the card's tables.

    python benchmarks/werewolf_tables.py [matches] [environment matches]

By default 160,000 simulated matches a row, which is 0.005 at four standard errors, and 2,000 of the environment itself (0 leaves them
out). Columns: exact value, simulated value and its distance in standard errors, the environment's and its distance, expected votes.
"""

from __future__ import annotations

import math
import sys
import time

from agentarena.core.rng import stream
from agentarena.envs.werewolf import Werewolf
from agentarena.envs.werewolf.analysis.random_play import simulate
from agentarena.envs.werewolf.solver import solve

PLAIN = {"seer": False, "doctor": False}
SIZES = [(n, m) for n in range(3, 12) for m in (1, 2, 3) if 2 * m < n]
MAFIA = [(3, 1), (3, 2), (4, 1), (4, 2), (4, 3), *((n, m) for n in range(5, 12) for m in (1, 2, 3))]
DOCTORS = ({"doctor": False}, {"doctor": True}, {"doctor": True, "self_save": False})
ROWS: list[tuple[str, dict[str, object]]] = [
    *((f"preset {name}", {"preset": name}) for name in Werewolf.presets),
    *((f"day first, parity, {n} of them {m}", {"players": n, "wolves": m, "start": "day", **PLAIN}) for n, m in SIZES),
    *(
        (f"day first, extinction, {n} of them {m}", {"players": n, "wolves": m, "start": "day", "wolves_win": "extinction", **PLAIN})
        for n, m in MAFIA
    ),
    *(
        (f"night first, {n} of them {m}, {how}", {"players": n, "wolves": m, **how})
        for n, m in ((4, 1), (5, 1), (6, 1), (6, 2), (7, 2), (8, 2))
        for how in DOCTORS
    ),
    ("abstain", {"abstain": True}),
    ("abstain, no self-save", {"abstain": True, "self_save": False}),
    ("majority", {"majority": True}),
    ("majority, no self-save", {"majority": True, "self_save": False}),
    ("more wolves than others, abstain", {"wolves_win": "more", "abstain": True}),
    ("tie: nobody", {"tie": "nobody"}),
    ("tie: revote, then nobody", {"tie": "revote", "revote_tie": "nobody"}),
    ("tie: revote, then nobody, abstain", {"tie": "revote", "revote_tie": "nobody", "abstain": True}),
    ("wolves may hit their own, vote", {"players": 9, "wolves": 3, "wolf_targets": "others", "wolf_rule": "vote"}),
    ("wolves may hit their own, first", {"players": 9, "wolves": 3, "wolf_targets": "others", "wolf_rule": "first"}),
    ("hunter", {"hunter": True}),
    ("witch", {"witch": True}),
    ("guard instead of doctor", {"doctor": False, "guard": True}),
    ("9: 3 wolves, seer, witch, guard", {"players": 9, "wolves": 3, "doctor": False, "witch": True, "guard": True}),
    (
        "12: 4 wolves, seer, witch, hunter, guard",
        {"players": 12, "wolves": 4, "doctor": False, "witch": True, "guard": True, "hunter": True},
    ),
]


def environment(game: Werewolf, matches: int) -> float:
    """Share of village wins over matches of the environment itself."""
    rng = stream(1)
    draws = rng.random(1 << 16).tolist()
    at = won = 0
    for _ in range(matches):
        state = game.start(rng)
        while state.to_move:
            moves = {}
            for seat in state.to_move:
                legal = game.legal(state, seat)
                moves[seat] = legal[int(draws[at & 0xFFFF] * len(legal))]
                at += 1
                if not at & 0xFFFF:
                    draws = rng.random(1 << 16).tolist()
            state = game.step(state, moves, rng)
        won += state.winner == "village"
    return won / matches


def main() -> None:
    """Print the table."""
    matches = int(sys.argv[1]) if len(sys.argv) > 1 else 160_000
    own = int(sys.argv[2]) if len(sys.argv) > 2 else 2_000
    worst = 0.0
    simulated = spent = 0.0
    print(f"{'village wins':46} {'exact':>10} {'simulated':>10} {'z':>6} {'itself':>8} {'z':>6} {'votes':>9}")
    for name, options in ROWS:
        game = Werewolf.build(**options)  # type: ignore[arg-type]  # options of mixed types
        exact = solve(game)
        chance = float(exact.village)
        began = time.process_time()
        simulated_share = simulate(game, matches, stream(0)).share("village")
        spent, simulated = spent + time.process_time() - began, simulated + matches
        error = math.sqrt(chance * (1 - chance) / matches) or 1.0
        z = (simulated_share - chance) / error
        worst = max(worst, abs(z))
        line = f"{name:46} {chance:10.6f} {simulated_share:10.6f} {z:6.2f}"
        if own:
            played = environment(game, own)
            line += f" {played:8.4f} {(played - chance) / (math.sqrt(chance * (1 - chance) / own) or 1.0):6.2f}"
        print(f"{line:90} {float(exact.votes):9.6f}")
    print(f"largest |z| of the simulator: {worst:.2f} over {len(ROWS)} rows; {simulated / spent:,.0f} matches per CPU-second")


if __name__ == "__main__":
    main()
