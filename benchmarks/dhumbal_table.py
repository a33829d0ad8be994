"""Reproduce the Dhumbal tables: heuristics, random players and variants, beside the figures they should show.

    python benchmarks/dhumbal_table.py --rounds 20000 --seed 0                       # every setting
    python benchmarks/dhumbal_table.py --setting paper previous-rotate --workers 2

The coins carry over from round to round within a match of `--match` rounds (by default all of them), from a stake so
large that nobody goes broke. That matters to Opportunistic alone, which calls more often while it is ahead: under a
rotating start it does well when ahead and is level when behind, so its share depends on the path its coins happen to
take. The settings ending in `-ahead` and `-behind` hold it in one state. Each line gives win % and coins a round of every seat with
95 % intervals, and below it the expected figures, which carry a Monte-Carlo error of their own.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from agentarena.agents.specs import agent
from agentarena.core.agent import View
from agentarena.core.events import Event
from agentarena.core.rng import CHANCE, stream
from agentarena.envs.dhumbal import Dhumbal
from agentarena.envs.dhumbal.analysis.metrics import Tally, tally

FOUR = ("aggressive", "conservative", "balanced", "opportunistic")
AHEAD = (*FOUR[:3], "opportunistic?behind=0.8")
BEHIND = (*FOUR[:3], "opportunistic?ahead=0.3")
RANDOM = ("aggressive", "random", "random", "random")


@dataclass(frozen=True)
class Setting:
    """A table to play, and what it should show.

    Attributes:
        bots: The player of each seat, under "dhumbal/".
        options: Options on top of the preset `paper`.
        wins: Expected win % of each seat.
        coins: Expected coins a round of each seat, where published.
        other: Further expectations in words.
    """

    bots: tuple[str, ...]
    options: tuple[tuple[str, object], ...] = ()
    wins: tuple[float, ...] = ()
    coins: tuple[float, ...] = ()
    other: str = ""


ROTATE = ("starter", "rotate")
PREVIOUS = (("pickup", "previous"), ("empty", "takes"))  # the expected figures with this pick-up rule have no empty hands
SETTINGS = {
    "paper": Setting(FOUR, (), (33.3, 20.5, 24.1, 22.2), (5.0, -1.6, -0.9, -2.5), "22.5 turns, lowest hand 7.6, 98.8 % called"),
    "paper-rotate": Setting(FOUR, (ROTATE,), (28.6, 19.9, 25.1, 26.3), (1.4, -2.1, 0.2, 0.5)),
    "paper-rotate-ahead": Setting(AHEAD, (ROTATE,), (28.6, 19.9, 25.1, 26.3), (1.4, -2.1, 0.2, 0.5)),
    "paper-rotate-behind": Setting(BEHIND, (ROTATE,), (28.6, 19.9, 25.1, 26.3), (1.4, -2.1, 0.2, 0.5)),
    "previous": Setting(FOUR, PREVIOUS, (35.4, 20.0, 23.2, 21.4), (), "100 % called"),
    "previous-rotate": Setting(FOUR, (*PREVIOUS, ROTATE), (28.2, 19.0, 24.2, 28.6)),
    "previous-rotate-ahead": Setting(AHEAD, (*PREVIOUS, ROTATE), (28.2, 19.0, 24.2, 28.6)),
    "previous-rotate-behind": Setting(BEHIND, (*PREVIOUS, ROTATE), (28.2, 19.0, 24.2, 28.6)),
    "identical": Setting(("aggressive",) * 4, (), (30.0, 26.0, 22.5, 21.0)),
    "weak": Setting(RANDOM, (), (95.2,), (88.0,)),
    "weak-previous": Setting(RANDOM, PREVIOUS, (96.5,)),
    "weak-5": Setting(RANDOM, (*PREVIOUS, ROTATE, ("threshold", 5)), (97.7,), (), "43 turns"),
    "duel": Setting(("aggressive", "random"), (), (97.9,)),
    "duel-previous": Setting(("aggressive", "random"), PREVIOUS, (98.6,)),
    "ablate-pickup": Setting(("aggressive?pickup=3", *FOUR[1:]), (), (31.54,), (), "published, 1024 rounds: +- 2.8"),
    "ablate-priority": Setting(("aggressive?hand_priority=0.8", *FOUR[1:]), (), (34.18,), (), "published, 1024 rounds: +- 2.9"),
    "ablate-call": Setting(("aggressive?call=7", *FOUR[1:]), (), (35.06,), (), "published, where the parameter is not read: +- 2.9"),
    "random": Setting(("random",) * 4, (), (25.0,) * 4, (0.0,) * 4, "87 turns, 37 % called"),
    "random-previous": Setting(("random",) * 4, PREVIOUS, (25.0,) * 4, (), "79 turns, 60 % called"),
}


def play(setting: Setting, rounds: int, seed: int, match: int) -> list[Event]:
    """The showdowns and discards of one match."""
    options = dict(setting.options)
    game = Dhumbal.build("paper", players=len(setting.bots), rounds=rounds, coins=10**6 * 100, **options)
    players = [agent(f"dhumbal/{bot}") for bot in setting.bots]
    rng = stream(seed, CHANCE, match)
    state, log, turns = game.start(rng), [], [0] * len(players)
    while not state.over:
        seat = state.seat
        view = View(game, state, seat, seed=seed, match=match, turn=turns[seat])
        turns[seat] += 1
        state = game.step(state, {seat: players[seat].choose(view)}, rng)
        log += [event for event in game.news(state) if event.kind in ("discard", "showdown")]
    return log


def run(name: str, rounds: int, seed: int, length: int, workers: int) -> Tally:
    """All rounds of a setting, as matches of `length` rounds in `workers` processes."""
    setting = SETTINGS[name]
    lengths = [length] * (rounds // length) + [rounds % length] * (rounds % length > 0)
    if workers == 1:
        logs = [play(setting, size, seed, match) for match, size in enumerate(lengths)]
    else:
        with ProcessPoolExecutor(workers) as pool:
            logs = list(pool.map(play, [setting] * len(lengths), lengths, [seed] * len(lengths), range(len(lengths))))
    return tally(logs, len(setting.bots))


def show(name: str, counts: Tally, seconds: float) -> None:
    """Print one setting: measured, then expected."""
    setting = SETTINGS[name]
    wins = "  ".join(f"{100 * s.win_share:5.1f}+-{100 * s.win_interval:3.1f}" for s in counts.seats)
    coins = "  ".join(f"{s.gain_per_round:+6.1f}+-{s.gain_interval:3.1f}" for s in counts.seats)
    calls = "  ".join(f"{100 * s.call_success:5.1f}" for s in counts.seats)
    print(f"{name}: {' '.join(setting.bots)}; {counts.rounds} rounds, {seconds:.0f} s")
    print(f"  win %     {wins}")
    print(f"  expected  {'  '.join(f'{x:5.1f}     ' for x in setting.wins)}")
    print(f"  coins     {coins}")
    if setting.coins:
        print(f"  expected  {'  '.join(f'{x:+6.1f}     ' for x in setting.coins)}")
    print(f"  calls won {calls}; cards discarded {'  '.join(f'{s.cards_per_round:.2f}' for s in counts.seats)}")
    print(
        f"  {counts.mean_turns:.1f} turns, lowest hand {counts.mean_least:.2f}, {100 * counts.called_share:.1f} % called, ends {counts.ends}"
    )
    if setting.other:
        print(f"  expected  {setting.other}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and play the settings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20_000, help="rounds of each setting")
    parser.add_argument("--match", type=int, default=None, help="rounds of a match; coins carry over within it (default: all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--setting", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args(arguments)
    for name in args.setting:
        start = time.perf_counter()
        show(name, run(name, args.rounds, args.seed, args.match or args.rounds, args.workers), time.perf_counter() - start)


if __name__ == "__main__":
    main()
