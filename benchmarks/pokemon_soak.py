"""Pokémon VGC: many battles with random legal choices; counts choices that the simulator refuses.

    python benchmarks/pokemon_soak.py --out soak.jsonl              # 5,000 battles; goes on where an earlier run stopped
    python benchmarks/pokemon_soak.py --quick

| part | battles | teams |
|---|---|---|
| champions, champions-closed | 1,000 + 500 | pools of the package: 64 training and 72 held-out teams |
| reg-i, reg-i-closed | 1,000 + 500 | the same |
| random-doubles | 1,000 | drawn by the simulator |
| hard, hard-closed | 500 + 500 | `pokemon_hard`: traps, Commander, Revival Blessing, Transform, locked moves |

Choices are drawn evenly among all legal pairs. "Invalid" is a choice that the simulator refuses as illegal: an error of the mask. "Revealed" is one that something
hidden makes impossible: the side is asked again, knows more then, and the other side's choice is held. Every second block of battles runs on the
patched simulator.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from agentarena.envs.pokemon_vgc.actions import Pair
from agentarena.envs.pokemon_vgc.engine import Battle, Engine, EngineError, Setup, Side, Update, seed_words
from agentarena.envs.pokemon_vgc.engine.errors import BadChoice
from agentarena.envs.pokemon_vgc.teams import default_pools

try:
    from benchmarks.pokemon_hard import CUSTOM, hard_teams
except ImportError:  # run as a file
    from pokemon_hard import CUSTOM, hard_teams  # type: ignore[no-redef]

BLOCK = 25
"""Battles that are played side by side."""
MOST_ROUNDS = 3_000
"""Choices of a battle after which it counts as one that does not end."""


class Part(NamedTuple):
    """Battles of one kind.

    Attributes:
        format: The simulator's id.
        battles: How many.
        sheets: "open" or "closed".
    """

    format: str
    battles: int
    sheets: str


PARTS = {
    "champions": Part("gen9championsvgc2026regmb", 1000, "open"),
    "champions-closed": Part("gen9championsvgc2026regmb", 500, "closed"),
    "reg-i": Part("gen9vgc2025regi", 1000, "open"),
    "reg-i-closed": Part("gen9vgc2025regi", 500, "closed"),
    "random-doubles": Part("gen9randomdoublesbattle", 1000, "closed"),
    "hard": Part(CUSTOM, 500, "open"),
    "hard-closed": Part(CUSTOM, 500, "closed"),
}


def teams_of(format: str) -> Sequence[str | None]:
    """Teams that a format is played with."""
    if "random" in format:
        return (None,)
    if format == CUSTOM:
        return hard_teams(64)
    pools = default_pools(format)
    return (*pools.train_teams(64), *pools.held_out_teams(72))


def drawn(side: Side, rng: np.random.Generator) -> tuple[int, ...] | None:
    """A legal choice of one side; `None` where it waits."""
    if side.kind in ("wait", "over"):
        return None
    if side.kind == "preview":
        return tuple(rng.permutation(side.slots[0])[: side.pick].tolist())
    return Pair(*side.slots, side.passes).sample(rng)


def block(engine: Engine, name: str, number: int, size: int) -> Counter[str]:
    """Play the battles of one block to their ends. Returns counts by name."""
    part, teams = PARTS[name], teams_of(PARTS[name].format)
    rng = np.random.default_rng([list(PARTS).index(name), number])
    setups = []
    for _ in range(size):
        pair = tuple(teams[int(rng.integers(len(teams)))] for _ in (0, 1))
        setups.append(Setup(part.format, seed=seed_words(int(rng.integers(2**31))), teams=pair, sheets=part.sheets, want=()))  # type: ignore[arg-type]
    counts: Counter[str] = Counter(battles=size)
    running: dict[Battle, Update] = {}
    for answer in engine.start_many(setups):
        if isinstance(answer, EngineError):
            counts["failed"] += 1
        else:
            running[answer[0]] = answer[1]
    for _ in range(MOST_ROUNDS):
        if not running:
            break
        _round(engine, running, rng, counts)
    counts["unending"] += len(running)
    engine.drop(*running)
    return counts


def _round(engine: Engine, running: dict[Battle, Update], rng: np.random.Generator, counts: Counter[str]) -> None:
    """One choice of every battle; those that end are taken out of `running`."""
    items = [(battle, (drawn(update.sides[0], rng), drawn(update.sides[1], rng))) for battle, update in running.items()]
    counts["choices"] += sum(choice is not None for _, pair in items for choice in pair)
    for (battle, _), answer in zip(items, engine.choose(items), strict=True):
        if isinstance(answer, EngineError):
            counts["invalid" if isinstance(answer, BadChoice) else "failed"] += 1
            print(f"{battle}: {answer}", flush=True)
        else:
            counts["revealed"] += sum(side.again is not None for side in answer.sides)
            counts["forced switches"] += sum(side.kind == "switch" for side in answer.sides)
            counts["one switch, one pass"] += sum(side.kind == "switch" and side.passes is not None for side in answer.sides)
            if not answer.over:
                running[battle] = answer
                continue
            counts["ended"] += 1
            counts["turns"] += answer.turn
            counts["longer than 100 turns"] += answer.turn > 100
        del running[battle]
        engine.drop(battle)


def missing(lines: Sequence[dict[str, Any]], share: float, names: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Blocks that were not played yet: part, number, battles. Every part goes on at the same pace."""
    played = {(line["part"], line["block"], line["counts"]["battles"]) for line in lines}
    blocks = []
    for name in names:
        battles = max(1, round(PARTS[name].battles * share))
        sizes = [min(BLOCK, battles - begin) for begin in range(0, battles, BLOCK)]
        blocks += [((number + 0.5) / len(sizes), name, number, size) for number, size in enumerate(sizes)]
    yield from ((name, number, size) for _, name, number, size in sorted(blocks) if (name, number, size) not in played)


COLUMNS = ("battles", "ended", "turns", "choices", "invalid", "failed", "unending", "revealed", "forced switches", "one switch, one pass")


def table(lines: Sequence[dict[str, Any]]) -> str:
    """The counts of each part and of all, as a Markdown table."""
    rows = {name: sum((Counter(line["counts"]) for line in lines if line["part"] == name), Counter()) for name in PARTS}
    rows["all"] = sum(rows.values(), Counter())
    text = f"| part | {' | '.join(COLUMNS)} |\n|---|{'---|' * len(COLUMNS)}\n"
    return text + "\n".join(
        f"| {name} | {' | '.join(f'{row[one]:,}' for one in COLUMNS)} |" for name, row in rows.items() if row["battles"]
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Pokémon VGC: many battles with random legal choices.")
    parser.add_argument("--out", type=Path, default=Path("pokemon_soak.jsonl"), help="finished blocks, as JSON lines")
    parser.add_argument("--share", type=float, default=1.0, help="share of the 5,000 battles")
    parser.add_argument("--quick", action="store_true", help="one small block of each part")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no block later than that")
    parser.add_argument("--part", action="append", choices=list(PARTS), help="only this part; may be given several times")
    options = parser.parse_args(arguments)
    lines = [json.loads(line) for line in options.out.read_text(encoding="utf-8").splitlines()] if options.out.exists() else []
    share = 0.004 if options.quick else options.share
    begun = time.monotonic()
    engines = [Engine(options.processes, patch=patch) for patch in (False, True)]
    for name, number, size in missing(lines, share, options.part or list(PARTS)):
        if time.monotonic() - begun > options.seconds:
            break
        start = time.perf_counter()
        counts = block(engines[number % 2], name, number, size)
        line = {"part": name, "block": number, "seconds": round(time.perf_counter() - start, 1), "counts": dict(counts)}
        lines.append(line)
        with options.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    for engine in engines:
        engine.close()
    print(table(lines))


if __name__ == "__main__":
    main()
