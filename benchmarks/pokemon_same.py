"""Pokémon VGC: what must be the same. Battles elsewhere, copies of battles, and what a side sees when hidden facts of the other side change.

    python benchmarks/pokemon_same.py --node /usr/bin/node --out same.jsonl         # goes on where an earlier run stopped
    python benchmarks/pokemon_same.py --quick

| check | what |
|---|---|
| digests | the same seed, teams and choices in one process, in two, on the patched simulator and on other versions of Node: equal digests |
| copies | a battle is saved and loaded, and forked, every few choices and whenever a refused choice revealed something: the copy shows what the battle shows, and ends with its digest |
| leaks | stats, spreads, exact HP, unseen sets and the random numbers of the other side are changed: observation, words and masks are byte-equal |
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.envs.pokemon_vgc import PokemonVGC
from agentarena.envs.pokemon_vgc.engine import Battle, Engine, Setup, Side, Update, seed_words
from agentarena.envs.pokemon_vgc.state import WANT, Run, State, change, make_state

try:
    from benchmarks.pokemon_hard import CUSTOM
    from benchmarks.pokemon_soak import drawn, teams_of
except ImportError:  # run as a file
    from pokemon_hard import CUSTOM  # type: ignore[no-redef]
    from pokemon_soak import drawn, teams_of  # type: ignore[no-redef]

FORMATS = ("gen9championsvgc2026regmb", "gen9vgc2025regi", "gen9randomdoublesbattle", CUSTOM)
EVERY = 4
"""Choices between two copies of a battle."""


def setup_of(format: str, number: int) -> Setup:
    """A battle of its own for each number; every second one with closed sheets."""
    teams, rng = teams_of(format), np.random.default_rng(number)
    pair = tuple(teams[int(rng.integers(len(teams)))] for _ in (0, 1))
    return Setup(format, seed=seed_words(number), teams=pair, sheets=("open", "closed")[number % 2], want=WANT)  # type: ignore[arg-type]


def both(update: Update, rng: np.random.Generator) -> tuple[Any, Any]:
    return drawn(update.sides[0], rng), drawn(update.sides[1], rng)


def ended(engine: Engine, battle: Battle, update: Update, rng: np.random.Generator) -> str:
    """Play on to the end; the digest."""
    while not update.over:
        update = one_step(engine, battle, both(update, rng))
    return engine.digest(battle)


def one_step(engine: Engine, battle: Battle, pair: tuple[Any, Any]) -> Update:
    (update,) = engine.choose([(battle, pair)])
    if not isinstance(update, Update):
        raise update
    return update


def shown(side: Side) -> tuple[Any, ...]:
    """What a side gets, without the lines, which come once."""
    features = None if side.features is None else side.features.tobytes()
    options = None if side.options is None else side.options.tobytes()
    return side.kind, side.again, side.slots, side.passes, side.pick, features, options


def digests(engines: Sequence[Engine], format: str, number: int) -> Counter[str]:
    """One battle on every engine."""
    results = set()
    for engine in engines:
        battle, update = engine.start(setup_of(format, number))
        results.add(ended(engine, battle, update, np.random.default_rng(number)))
        engine.drop(battle)
    return Counter({"digests": len(engines) - 1, "digests that differ": len(results) - 1})


def copies(engine: Engine, format: str, number: int) -> Counter[str]:
    """One battle with its copies, which go on beside it."""
    rng, counts = np.random.default_rng(number), Counter[str]()
    battle, update = engine.start(setup_of(format, number))
    others: list[Battle] = []
    for step in range(3000):
        if update.over:
            break
        revealed = any(side.again is not None for side in update.sides)
        if step % EVERY == 0 or revealed:
            fresh = [engine.load(engine.save(battle), WANT), engine.fork(battle)]
            counts["copies"] += 2
            counts["copies after a refused choice"] += 2 * revealed
            counts["copies that show something else"] += sum([*map(shown, copy.sides)] != [*map(shown, update.sides)] for _, copy in fresh)
            others += [other for other, _ in fresh]
        pair = both(update, rng)
        update, *rest = engine.choose([(one, pair) for one in (battle, *others)])  # type: ignore[assignment]
        counts["later updates that differ"] += sum(
            not isinstance(one, Update) or [*map(shown, one.sides)] != [*map(shown, update.sides)] for one in rest
        )
    digest = engine.digest(battle)
    counts["copies that end differently"] += sum(engine.digest(other) != digest for other in others)
    engine.drop(battle, *others)
    return counts


# --- leaks ------------------------------------------------------------------------------------------------------------------------


def shown_percent(hp: int, maxhp: int, champions: bool) -> int:
    """The percentage that the other side is shown."""
    return (100 * hp // maxhp or 1) if champions else -(-100 * hp // maxhp)


def change_health(pokemon: dict[str, Any], champions: bool) -> None:
    """Another exact HP that shows the same percentage."""
    hp, maxhp = pokemon["hp"], pokemon["maxhp"]
    for other in (hp + 1, hp - 1, hp + 2):
        if 0 < other < maxhp and hp < maxhp and shown_percent(other, maxhp, champions) == shown_percent(hp, maxhp, champions):
            pokemon["hp"] = other
            return


def change_hidden(snapshot: str, sheets: str) -> str:
    """The same position for seat 0, with another foe behind it: stats, spreads, exact HP, unseen sets and moves, random numbers."""
    data = json.loads(snapshot)
    champions = "champions" in data["setup"]["format"]
    known = {member["name"]: member for member in data["knowledge"][0]["team"] if member["seen"]}
    data["state"]["prng"] = "9,9,9,9"
    for pokemon in data["state"]["sides"][1]["pokemon"]:
        if not pokemon.get("transformed"):
            pokemon["storedStats"] = {stat: value + 7 for stat, value in pokemon["storedStats"].items()}
        pokemon["set"] = {**pokemon["set"], "evs": {"hp": 4, "atk": 0, "def": 0, "spa": 0, "spd": 0, "spe": 0}, "nature": "Bold"}
        pokemon["speed"] += 3
        if not pokemon["fainted"]:
            change_health(pokemon, champions)
        member = known.get(pokemon["set"]["name"])
        if member is None and sheets == "closed":
            pokemon |= {"item": "leftovers", "ability": "pressure", "baseAbility": "pressure"}
            pokemon["set"] |= {"item": "leftovers", "moves": ["protect", "tackle", "splash", "growl"]}
        elif member is not None and member["item"] is None:
            pokemon["item"] = "leftovers"
    return json.dumps(data)


def leaks(format: str, number: int) -> Counter[str]:
    """One battle of the game; every few choices seat 0 is shown the position with other hidden facts."""
    rng, counts, setup = np.random.default_rng(number), Counter[str](), setup_of(format, number)
    game = PokemonVGC(format=format, sheets=setup.sheets)
    battle, update = game.engine.start(setup)
    run = Run((1, False), battle)
    for step in range(300):
        if update.over:
            break
        if step % 2 == 0:
            snapshot = game.engine.save(battle)
            sees = [faces(game, snapshot_text, setup) for snapshot_text in (snapshot, change_hidden(snapshot, setup.sheets))]
            counts["positions with other hidden facts"] += 1
            for name, one, other in zip(("observations", "words", "masks"), *sees, strict=True):
                counts[f"{name} that differ"] += one != other
        update = one_step(game.engine, battle, both(update, rng))
    run.close()
    return counts


def faces(game: PokemonVGC, snapshot: str, setup: Setup) -> tuple[bytes, str, bytes]:
    """Observation, words and mask of seat 0 in a position."""
    battle, update = game.engine.load(snapshot, WANT)
    state: State = change(make_state(Run((1, False), battle), 0, setup.seed, setup.teams), update=update)
    mask = game.legal(state, 0).mask((55, 55)).tobytes() if 0 in game.to_move(state) else b""  # type: ignore[union-attr]
    result = game.observe(state, 0).tobytes(), game.text.view(state, 0), mask
    state.run.close()
    return result


# --- the whole --------------------------------------------------------------------------------------------------------------------


def table(lines: Sequence[dict[str, Any]]) -> str:
    """Counts by format, as a Markdown table."""
    rows = {format: sum((Counter(line["counts"]) for line in lines if line["format"] == format), Counter()) for format in FORMATS}
    names = sorted({name for line in lines for name in line["counts"]})
    total = sum(rows.values(), Counter())
    text = f"| | {' | '.join(rows)} | all |\n|---|{'---|' * (len(rows) + 1)}\n"
    return text + "\n".join(f"| {name} | {' | '.join(f'{row[name]:,}' for row in (*rows.values(), total))} |" for name in names)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Pokémon VGC: what must be the same.")
    parser.add_argument("--out", type=Path, default=Path("pokemon_same.jsonl"), help="finished battles, as JSON lines")
    parser.add_argument("--node", action="append", default=[], help="another Node for digests; may be given several times")
    parser.add_argument("--battles", type=int, default=60, help="battles of each format and check")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no battle later than that")
    parser.add_argument(
        "--check", action="append", choices=("copies", "leaks", "digests"), help="only this check; may be given several times"
    )
    parser.add_argument("--quick", action="store_true", help="one battle of each format and check")
    options = parser.parse_args(arguments)
    lines = [json.loads(line) for line in options.out.read_text(encoding="utf-8").splitlines()] if options.out.exists() else []
    played = {(line["check"], line["format"], line["battle"]) for line in lines}
    elsewhere = [Engine(), Engine(2), Engine(patch=True), *(Engine(node=node) for node in options.node)]
    checks: dict[str, Callable[[str, int], Counter[str]]] = {
        "copies": lambda format, number: copies(elsewhere[2 * (number % 2)], format, number),
        "leaks": leaks,
        "digests": lambda format, number: digests(elsewhere, format, number),
    }
    begun = time.monotonic()
    for number in range(1 if options.quick else options.battles):
        for format in FORMATS:
            for name in options.check or checks:
                if (name, format, number) in played or time.monotonic() - begun > options.seconds:
                    continue
                lines.append({"check": name, "format": format, "battle": number, "counts": dict(checks[name](format, number))})
                with options.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(lines[-1]) + "\n")
    for one in elsewhere:
        one.close()
    print(table(lines))


if __name__ == "__main__":
    main()
