"""Pokémon VGC: a first table. Agents are trained on 1, 4 and 16 teams, and meet on teams they know and on held-out ones.

    python benchmarks/pokemon_table.py --out runs/pokemon --minutes 60         # trains, plays, writes runs/pokemon/table.md
    python benchmarks/pokemon_table.py --out runs/quick --quick                # smoke test, about two minutes

The protocol is VGC-Bench's, at a compute of our own: behaviour cloning (here of the heuristic), then PPO self-play from it; an all-pairs
table on the training teams and on held-out ones (generalization), every deal played in both seatings; alpha-Rank with bounds; cross-play
of the agents of 1, 4 and 16 teams on the one team that all know and on held-out ones. A run that was stopped goes on: files that are there
are not made again. `--minutes` ends it between two parts; the table is of what was played, with how much that was.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import agentarena as aa
from agentarena.core import registry
from agentarena.core.record import Record
from agentarena.core.record_files import load_records
from agentarena.envs.pokemon_vgc.analysis.published import CROSS_PLAY, EDGE_OVER_HEURISTIC

ENV = "PokemonVGC-v0"
_SEARCH = "pokemonvgc/search"
RULES = ("random", "pokemonvgc/max_damage", "pokemonvgc/heuristic", _SEARCH)


@dataclass(frozen=True)
class Plan:
    """What a run does.

    Attributes:
        battles: Battles of the heuristic with itself that are cloned, for each set of teams.
        epochs: Most passes of cloning.
        rounds: Rounds of PPO; the first `value_rounds` teach the value alone.
        envs: Seats that play at once; a round is 32 decisions of each.
        deals: Deals of a part of a pair's matches; each is played in both seatings.
        parts: Most parts.
        sets: Sizes of the sets of teams, the one of the all-pairs table first.
    """

    battles: int = 80
    epochs: int = 30
    rounds: int = 10
    value_rounds: int = 2
    envs: int = 16
    deals: int = 4
    parts: int = 6
    sets: tuple[int, ...] = (16, 1, 4)


QUICK = Plan(battles=4, epochs=1, rounds=1, value_rounds=1, envs=4, deals=1, parts=1, sets=(4, 1))


# --- training -----------------------------------------------------------------------------------------------------------------


def train(folder: Path, plan: Plan, teams: int) -> None:
    """The cloned and the self-play network of a set of teams, with what they cost; nothing where they are there."""
    game = registry.game(ENV, options={"teams": str(teams), "patch": True})
    if not (folder / f"bc-{teams}.safetensors").exists():
        _clone(game, folder, plan, teams)
    if not (folder / f"ppo-{teams}.safetensors").exists():
        _self_play(game, folder, plan, teams)


def _clone(game: Any, folder: Path, plan: Plan, teams: int) -> None:
    from agentarena.agents.arrays import array_policies
    from agentarena.envs.pokemon_vgc.bots.learning.cloning import CloningSettings, clone
    from agentarena.envs.pokemon_vgc.bots.learning.decisions import Decisions, Noted
    from agentarena.envs.pokemon_vgc.bots.learning.files import save_network
    from agentarena.matches.arrays import play_arrays

    began, cpu = time.time(), time.process_time()
    data = Decisions()
    (heuristic,) = array_policies(game, ["pokemonvgc/heuristic"])
    play_arrays(game, Noted(heuristic, data, block=50), matches=plan.battles, size=8, seed=teams)
    network, best = clone(
        data,
        CloningSettings(epochs=plan.epochs, batch_size=128, learning_rate=2e-3, seed=teams),
        report=lambda epoch: print(f"{teams} teams: {epoch}", flush=True),
    )
    cost = {"decisions": len(data), "seconds": time.time() - began, "cpu_seconds": time.process_time() - cpu}
    about = {"algorithm": "cloning", "teams": teams, **cost, "held_out_loss": best.held_out_loss, "agreement": best.agreement}
    save_network(folder / f"bc-{teams}.safetensors", network, about)


def _self_play(game: Any, folder: Path, plan: Plan, teams: int) -> None:
    from agentarena.envs.pokemon_vgc.bots.learning.files import load_network, save_network
    from agentarena.train.rl.own_network import OwnPPO, train_network

    began, cpu = time.time(), time.process_time()
    network = load_network(folder / f"bc-{teams}.safetensors").network.requires_grad_(True).train()
    settings = OwnPPO(num_envs=plan.envs, batch_size=128, ent_coef=0.005, value_rounds=plan.value_rounds, seed=teams)
    steps = train_network(game, network, settings, rounds=plan.rounds, report=lambda figures: _say(teams, figures))
    cost = {"decisions": steps, "seconds": time.time() - began, "cpu_seconds": time.process_time() - cpu}
    save_network(folder / f"ppo-{teams}.safetensors", network, {"algorithm": "ppo self-play from cloning", "teams": teams, **cost})


def _say(teams: int, figures: Any) -> bool:
    print(f"{teams} teams: {figures}", flush=True)
    return True


# --- matches ------------------------------------------------------------------------------------------------------------------


class Pairing(NamedTuple):
    """Two agents on a set of teams."""

    teams: str
    one: str
    other: str


def pairings(plan: Plan) -> Iterator[Pairing]:
    """Who meets whom: all pairs on the first set and on held-out teams; then agents of different sets on one team and held-out ones."""
    main = plan.sets[0]
    agents = (*RULES, f"bc-{main}", f"ppo-{main}")
    for teams in (str(main), "heldout"):
        yield from (Pairing(teams, *pair) for pair in itertools.combinations(agents, 2))
    for teams in ("1", "heldout"):
        yield from (Pairing(teams, f"ppo-{few}", f"ppo-{many}") for few, many in itertools.combinations(sorted(plan.sets), 2))
    for size in plan.sets[1:]:
        for teams in (str(size), "heldout"):
            yield from (Pairing(teams, name, "pokemonvgc/heuristic") for name in (f"bc-{size}", f"ppo-{size}"))


def order(plan: Plan) -> list[tuple[int, Pairing]]:
    """The parts of all pairs in the order in which they are played. Those of search take ten times as long: they get every third place."""
    parts = [(part, pairing) for part in range(plan.parts) for pairing in pairings(plan)]
    return sorted(parts, key=lambda one: (one[0] * (3 if _SEARCH in one[1] else 1), _SEARCH in one[1]))


def play(folder: Path, plan: Plan, pairing: Pairing, part: int) -> None:
    """One part of a pair's matches; nothing where it is there. Both seatings of a deal have the same teams and the same seed."""
    target = record_file(folder, pairing, part)
    if target.exists():
        return
    agents = [_agent(folder, name) for name in (pairing.one, pairing.other)]
    seed = zlib.crc32(f"{pairing} {part}".encode())
    partly = target.with_suffix(".part.jsonl")
    target.parent.mkdir(parents=True, exist_ok=True)
    options = {"teams": pairing.teams, "patch": True}
    aa.play(ENV, agents, matches=2 * plan.deals, seed=seed, duplicate=True, out=partly, options=options)
    partly.rename(target)


def play_all(folder: Path, plan: Plan, parts: int, until: float) -> None:
    """The first parts of all pairs whose agents are trained, until it is time to end."""
    for part, pairing in order(plan):
        trained = all((folder / f"{name}.safetensors").exists() for name in pairing[1:] if name[:3] in ("bc-", "ppo"))
        if part < parts and trained and time.time() < until:
            play(folder, plan, pairing, part)


def _agent(folder: Path, name: str) -> str:
    return f"pokemonvgc/network?path={folder / name}.safetensors&name={name}" if name[:3] in ("bc-", "ppo") else name


def record_file(folder: Path, pairing: Pairing, part: int) -> Path:
    """Where a part of a pair's matches is kept."""
    one, other = (name.rpartition("/")[2] for name in (pairing.one, pairing.other))
    return folder / "records" / pairing.teams / f"{one}-{other}-{part}.jsonl"


def records(folder: Path, plan: Plan, pairing: Pairing) -> list[Record]:
    """All matches of a pair that were played."""
    files = [record_file(folder, pairing, part) for part in range(plan.parts)]
    return [record for file in files if file.exists() for record in load_records(file)]


# --- tables -------------------------------------------------------------------------------------------------------------------


def score(matches: Sequence[Record], agent: str) -> tuple[float, float, float, int] | None:
    """Win share of an agent, its 95 % interval with deals as clusters, and the matches; `None` without any."""
    if not matches:
        return None
    row = next(share for share in aa.evaluate.shares(matches) if share.agent == agent)
    return row.win_share, row.win_interval.low, row.win_interval.high, len(matches)


def cell(result: tuple[float, float, float, int] | None) -> str:
    return "" if result is None else f"{result[0]:.2f} ({result[1]:.2f} to {result[2]:.2f})"


def matrix(folder: Path, plan: Plan, teams: str) -> list[str]:
    """The all-pairs table on a set of teams, with alpha-Rank."""
    main = plan.sets[0]
    agents = (*RULES, f"bc-{main}", f"ppo-{main}")
    names = [name.rpartition("/")[2] for name in agents]
    means, low, high = (np.full((len(agents),) * 2, 0.5) for _ in range(3))
    shown = [["" for _ in agents] for _ in agents]
    missing = False
    for (i, one), (j, other) in itertools.combinations(enumerate(agents), 2):
        result = score(records(folder, plan, Pairing(teams, one, other)), one)
        missing |= result is None
        if result is not None:
            means[i, j], low[i, j], high[i, j] = result[:3]
            means[j, i], low[j, i], high[j, i] = 1 - result[0], 1 - result[2], 1 - result[1]
            shown[i][j], shown[j][i] = cell(result), f"{1 - result[0]:.2f}"
    lines = [f"| | {' | '.join(names)} | alpha-Rank |", "|---" * (len(names) + 2) + "|"]
    ranks = None if missing else _ranks(means, low, high)
    for i, name in enumerate(names):
        last = "" if ranks is None else f"{ranks[0][i]:.2f} (rank {ranks[1][i][0]} to {ranks[1][i][1]})"
        lines.append(f"| {name} | {' | '.join(shown[i])} | {last} |")
    return lines


def _ranks(means: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares of alpha-Rank (alpha 10), and the ranks that the intervals of the margins allow."""
    shares = aa.evaluate.alpharank(means).distribution
    low, high = np.nan_to_num(low, nan=0.0), np.nan_to_num(high, nan=1.0)  # nothing is known of a pair with too few matches
    bounds = aa.evaluate.alpharank_bounds(2 * low - 1, 2 * high - 1)
    return shares, aa.evaluate.alpharank_ranks(bounds)


def cross_play(folder: Path, plan: Plan) -> list[str]:
    """Agents of different sets against each other, beside VGC-Bench's figures."""
    pairs = list(itertools.combinations(sorted(plan.sets), 2))
    lines = [f"| test | {' | '.join(f'{few}v{many}' for few, many in pairs)} |", "|---" * (len(pairs) + 1) + "|"]
    for teams, name in (("1", "a team both know"), ("heldout", "held-out teams")):
        results = [score(records(folder, plan, Pairing(teams, f"ppo-{few}", f"ppo-{many}")), f"ppo-{few}") for few, many in pairs]
        lines.append(f"| {name} | {' | '.join(map(cell, results))} |")
    for name, figures in CROSS_PLAY.items():
        lines.append(f"| VGC-Bench, {name} | {' | '.join(str(figures.get(f'{few}v{many}', '')) for few, many in pairs)} |")
    return lines


def edges(folder: Path, plan: Plan) -> list[str]:
    """Win share against the heuristic, by the number of teams trained on."""
    lines = ["| trained on | agent | known teams | held-out teams |", "|---|---|---|---|"]
    for size, kind in itertools.product(sorted(plan.sets), ("bc", "ppo")):
        results = []
        for teams in (str(size), "heldout"):
            names = (f"{kind}-{size}", "pokemonvgc/heuristic")
            own = Pairing(teams, *(reversed(names) if size == plan.sets[0] else names))
            results.append(score(records(folder, plan, own), f"{kind}-{size}"))
        lines.append(f"| {size} | {kind} | {' | '.join(map(cell, results))} |")
    for teams, figures in EDGE_OVER_HEURISTIC.items():
        lines += [f"| VGC-Bench, {teams} | {name} | {figure} | |" for name, figure in figures.items()]
    return lines


def costs(folder: Path, plan: Plan) -> list[str]:
    """What training cost."""
    from agentarena.envs.pokemon_vgc.bots.learning.files import load_network

    lines = ["| agent | decisions | seconds | of them CPU of the learner |", "|---|---|---|---|"]
    for size, kind in itertools.product(sorted(plan.sets), ("bc", "ppo")):
        path = folder / f"{kind}-{size}.safetensors"
        if path.exists():
            about = load_network(path).about
            lines.append(f"| {kind}-{size} | {about['decisions']} | {about['seconds']:.0f} | {about['cpu_seconds']:.0f} |")
    return lines


def report(folder: Path, plan: Plan) -> str:
    """All tables of what was trained and played so far."""
    main = plan.sets[0]
    counts = [len(records(folder, plan, pairing)) for pairing in pairings(plan)]
    parts = {
        f"All pairs, the {main} training teams": matrix(folder, plan, str(main)),
        "All pairs, held-out teams": matrix(folder, plan, "heldout"),
        "Win share against the heuristic": edges(folder, plan),
        "Self-play agents of 1, 4 and 16 teams": cross_play(folder, plan),
        "Training": costs(folder, plan),
    }
    note = f"{sum(counts)} matches, {min(counts)} to {max(counts)} a pair; 95 % intervals over deals."
    return "\n\n".join([note, *(f"### {title}\n\n" + "\n".join(lines) for title, lines in parts.items())]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=600.0)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    plan, folder, until = QUICK if arguments.quick else Plan(), arguments.out, time.time() + 60 * arguments.minutes
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(json.dumps(plan.__dict__), encoding="utf-8")
    for teams in plan.sets:
        if time.time() < until:
            train(folder, plan, teams)
        play_all(folder, plan, 1, until)  # so that the main table is there before the other agents are trained
    play_all(folder, plan, plan.parts, until)
    text = report(folder, plan)
    (folder / "table.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
