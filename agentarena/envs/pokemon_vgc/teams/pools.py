"""Legal teams of a format from the package's own generators: some to train on, others held out, disjoint down to the single set.

Everything is a function of the format, the seed and the pinned package. The pools of the formats that are played without options
lie in `data/`, so such games need no generation.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.core.errors import BadOption, CorruptRecord
from agentarena.envs.pokemon_vgc.engine import Engine, EngineError, seed_words
from agentarena.envs.pokemon_vgc.engine.install import SHOWDOWN

from .building import MEMBERS, Offer, finish, legal, offer_of

__all__ = ["DEFAULT_FORMATS", "TRAIN_SIZES", "TeamPools", "default_pools", "generate_pools", "read_pools", "write_pools"]

DEFAULT_FORMATS = ("gen9championsvgc2026regmb", "gen9vgc2025regi")
TRAIN_SIZES = (1, 4, 16, 64)
"""Sizes of training sets in VGC-Bench; a smaller set is the beginning of a larger one."""
HELD_OUT = 72
"""Held-out teams, as many as VGC-Bench tests on."""
_CALLS = 150
_HELD_SHARE = 0.4
_TRIES = 20
_DATA = Path(__file__).parent / "data"
_FORMAT = 1
_UNPACKED = 24
"""Most sets of a team that the simulator unpacks."""
_LARGEST = 8 * 2**20


@dataclass(frozen=True)
class TeamPools:
    """Legal teams and sets of a format.

    Attributes:
        format: Id of the format.
        seed: What they were drawn with.
        sets: Legal sets, sorted; the first part of each team's positions refers to them.
        train: Teams to train on, as positions of six sets.
        held_out: Teams to test generalization on; no set of theirs is in a training team.
        held_sets: Positions of the sets that held-out teams are built of.
    """

    format: str
    seed: int
    sets: tuple[Offer, ...]
    train: tuple[tuple[int, ...], ...]
    held_out: tuple[tuple[int, ...], ...]
    held_sets: frozenset[int]

    def train_teams(self, count: int = 64) -> tuple[str, ...]:
        """The first `count` training teams, packed.

        Raises:
            BadOption: There are fewer.
        """
        return self._teams("train", self.train, count)

    def held_out_teams(self, count: int = HELD_OUT) -> tuple[str, ...]:
        """The first `count` held-out teams, packed.

        Raises:
            BadOption: There are fewer.
        """
        return self._teams("held_out", self.held_out, count)

    def _teams(self, name: str, teams: Sequence[tuple[int, ...]], count: int) -> tuple[str, ...]:
        if not 1 <= count <= len(teams):
            raise BadOption(f"{count} teams of {name} in {self.format}; there are {len(teams)}. More are made with generate_pools")
        return tuple("]".join(self.sets[index].packed for index in team) for team in teams[:count])

    def offers(self, rng: np.random.Generator, size: int = 24, held_out: bool = False) -> tuple[Offer, ...]:
        """Sets for building a team of, all of the training part or all of the held-out part; a team can always be built of them.

        Args:
            rng: Where chance comes from.
            size: How many, at least 12.
            held_out: Of which part.
        """
        part = [index for index in range(len(self.sets)) if (index in self.held_sets) == held_out]
        if not 12 <= size <= len(part):
            raise BadOption(f"an offer of {size} sets; 12 to {len(part)} in {self.format}")
        for _ in range(_TRIES):
            pool = tuple(self.sets[part[i]] for i in rng.choice(len(part), size, replace=False))
            if legal(pool, ()):
                return pool
        raise BadOption(f"no team can be built of {size} sets of {self.format}; offer more")


# --- making them --------------------------------------------------------------------------------------------------------------


def generate_pools(
    engine: Engine,
    format: str,
    seed: int = 0,
    *,
    train: int = TRAIN_SIZES[-1],
    held_out: int = HELD_OUT,
    calls: int = _CALLS,
    rules: Sequence[str] = (),
) -> TeamPools:
    """Pools of a format, drawn with a seed.

    Sets come from the package's random generators and are legal by themselves; they are shuffled and split, and teams are drawn
    within each part under species and item clause. Each team is then checked by the simulator; one that it refuses is left out.

    Args:
        engine: Where sets are made and teams are checked.
        format: Id of the format.
        seed: The same seed gives the same pools.
        train: Training teams.
        held_out: Held-out teams.
        calls: Calls of the generators; more calls give more sets.
        rules: Custom rules on top of the format's.

    Raises:
        BadFormat: No such format.
        BadOption: The sets do not suffice; more calls help.
    """
    if not 1 <= train <= 10_000 or not 1 <= held_out <= 10_000 or seed < 0:
        raise BadOption(f"pools of {train} and {held_out} teams with seed {seed}; 1 to 10000 teams, a seed from 0")
    packed = _distinct(engine.legal_sets(format, seed_words(seed), calls, rules))
    sets = tuple(map(offer_of, packed, _numbers_of(engine, packed)))
    rng = np.random.default_rng([seed, 0x7EA])
    order = [int(index) for index in rng.permutation(len(sets))]
    held_count = round(len(order) * _HELD_SHARE)
    parts = {"held_out": order[:held_count], "train": order[held_count:]}
    wanted = {"held_out": held_out, "train": train}

    def problems_of(teams: Sequence[str]) -> list[list[str] | EngineError]:
        return engine.validate_many(format, teams, rules)

    teams = {name: _legal_teams(problems_of, sets, part, wanted[name], rng) for name, part in parts.items()}
    return TeamPools(format, seed, sets, teams["train"], teams["held_out"], frozenset(parts["held_out"]))


def _distinct(sets: Sequence[str]) -> list[str]:
    """The sets without those that differ from an earlier one in their gender alone."""
    distinct: dict[tuple[str, ...], str] = {}
    for packed in sets:
        fields = packed.split("|")
        distinct.setdefault((*fields[:7], *fields[8:]), packed)
    return list(distinct.values())


def _numbers_of(engine: Engine, sets: Sequence[str]) -> list[int]:
    """Numbers of the species in the National Dex."""
    groups = (sets[at : at + _UNPACKED] for at in range(0, len(sets), _UNPACKED))
    return [int(one["num"]) for group in groups for one in engine.unpack("]".join(group))]


def _legal_teams(
    problems_of: Callable[[Sequence[str]], list[list[str] | EngineError]],
    sets: Sequence[Offer],
    part: Sequence[int],
    count: int,
    rng: np.random.Generator,
) -> tuple[tuple[int, ...], ...]:
    teams: dict[frozenset[int], tuple[int, ...]] = {}
    for _ in range(_TRIES):
        drawn = [team for team in _draws(sets, part, count - len(teams), rng) if frozenset(team) not in teams]
        checked = problems_of(["]".join(sets[index].packed for index in team) for team in drawn])
        for team, problems in zip(drawn, checked, strict=True):
            if isinstance(problems, EngineError):
                raise problems
            if not problems:
                teams[frozenset(team)] = team
        if len(teams) >= count:
            return tuple(teams.values())[:count]
    raise BadOption(f"only {len(teams)} of {count} legal teams could be drawn from {len(part)} sets; more calls give more sets")


def _draws(sets: Sequence[Offer], part: Sequence[int], count: int, rng: np.random.Generator) -> Iterator[tuple[int, ...]]:
    """Teams under species and item clause: sets in random order, each taken if it fits."""
    for _ in range(count):
        team: list[int] = []
        species, items = set(), set()
        for position in rng.permutation(len(part)):
            offer = sets[part[position]]
            if offer.species in species or (offer.item and offer.item in items):
                continue
            team.append(part[position])
            species.add(offer.species)
            items.add(offer.item)
            if len(team) == MEMBERS:
                yield tuple(team)
                break


# --- files ----------------------------------------------------------------------------------------------------------------------


@functools.cache
def default_pools(format: str) -> TeamPools:
    """The pools in `data/` of a format.

    Raises:
        BadOption: There are none for it.
    """
    if format not in DEFAULT_FORMATS:
        raise BadOption(
            f"no pools of {format} come with the package; there are those of {', '.join(DEFAULT_FORMATS)}. Others are made with generate_pools"
        )
    return read_pools(_DATA / f"{format}.json")


def write_pools(pools: TeamPools, path: str | Path) -> None:
    """Write pools as text: a line for each set and each team."""
    sets = ",\n".join(json.dumps([offer.packed, offer.species], ensure_ascii=True) for offer in pools.sets)
    teams = {name: ",\n".join(json.dumps(team) for team in getattr(pools, name)) for name in ("train", "held_out")}
    header = {
        "agentarena_pools": _FORMAT,
        "showdown": SHOWDOWN,
        "format": pools.format,
        "seed": pools.seed,
        "held_sets": sorted(pools.held_sets),
    }
    text = f'{json.dumps(header)[:-1]},\n"sets": [\n{sets}\n],\n"train": [\n{teams["train"]}\n],\n"held_out": [\n{teams["held_out"]}\n]}}\n'
    Path(path).write_text(text, encoding="ascii")


def read_pools(path: str | Path) -> TeamPools:
    """Pools from a file of `write_pools`.

    Raises:
        CorruptRecord: It is none.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"it has more than {_LARGEST} bytes")
        data: Any = json.loads(path.read_text(encoding="ascii"))
        if data["agentarena_pools"] != _FORMAT or data["showdown"] != SHOWDOWN:
            raise ValueError("it was made with another version")
        sets = tuple(offer_of(packed, species) for packed, species in data["sets"])
        pools = TeamPools(
            data["format"], data["seed"], sets, _positions(data["train"]), _positions(data["held_out"]), frozenset(data["held_sets"])
        )
        for team in (*pools.train, *pools.held_out):
            finish(pools.sets, team)
        return pools
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CorruptRecord(f"{path} is not a file of pools: {type(error).__name__}: {error}") from None


def _positions(teams: Any) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(index) for index in team) for team in teams)
