"""The teams of a match: drawn from where the options say, or offered for building."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.envs.pokemon_vgc.engine import Engine, shared
from agentarena.envs.pokemon_vgc.options import HELD_OUT, POOLS, VGCOptions

from .building import Offer
from .files import read_teams
from .pools import DEFAULT_FORMATS, TeamPools, default_pools, generate_pools

__all__ = ["offers", "source", "teams", "without_nicknames"]

_TRIES = 50


def teams(options: VGCOptions, engine: Engine, rng: np.random.Generator) -> tuple[str | None, str | None]:
    """The packed teams of a match; `None` twice where the format draws them itself.

    Raises:
        BadOption, UsageError, BadTeam: There are no such teams.
    """
    if options.draws_teams:
        return (None, None)
    left = source(options, options.teams)
    right = source(options, options.foe_teams) if options.foe_teams else left
    first, second = int(rng.integers(len(left))), int(rng.integers(len(right)))
    return left[first], left[first] if options.mirror else right[second]


def source(options: VGCOptions, name: str) -> tuple[str, ...]:
    """All teams of a place: a pool, a file, a folder, or one packed team.

    Raises:
        BadOption, UsageError, BadTeam: There are no such teams.
    """
    if "|" in name:
        return (without_nicknames(name),)
    if name not in POOLS and name != HELD_OUT:
        return _files(name)
    return _pool(*_pool_key(options), name)


_PoolKey = tuple[tuple[int, bool], str, int, bool]


def _pool_key(options: VGCOptions) -> _PoolKey:
    shipped = options.pool == 0 and not options.rules and options.format_id in DEFAULT_FORMATS
    return (options.processes, options.patch), options.format_id, options.pool, shipped


@functools.lru_cache(maxsize=32)
def _pool(settings: tuple[int, bool], format_id: str, seed: int, shipped: bool, name: str) -> tuple[str, ...]:
    pools = _pools(settings, format_id, seed, shipped)
    return pools.held_out_teams() if name == HELD_OUT else pools.train_teams(int(name))


@functools.lru_cache(maxsize=8)
def _pools(settings: tuple[int, bool], format_id: str, seed: int, shipped: bool) -> TeamPools:
    """The pools of the format: those that come with the package, else generated ones, once in a process."""
    return default_pools(format_id) if shipped else generate_pools(shared(*settings), format_id, seed)


def without_nicknames(team: str) -> str:
    """A packed team whose Pokemon are called after their species: no words of its owner reach the other side.

    >>> without_nicknames("Bob|pikachu|lightball|static|fakeout|Jolly|||||50|")
    '|pikachu|lightball|static|fakeout|Jolly|||||50|'
    """
    sets = (one.split("|") for one in team.split("]"))
    return "]".join("|".join(["", *words[1:]] if len(words) > 1 and words[1] else words) for words in sets)


@functools.lru_cache(maxsize=64)
def _files(name: str) -> tuple[str, ...]:
    path = Path(name).expanduser()
    if not path.exists():
        raise BadOption(
            f"PokemonVGC: teams {shown(name, 300)} is no pool ({', '.join(POOLS)}, {HELD_OUT}), no file or folder of teams, nor a packed team"
        )
    return tuple(without_nicknames(team.team) for team in read_teams(path))


def offers(options: VGCOptions, engine: Engine, rng: np.random.Generator) -> tuple[tuple[Offer, ...], tuple[Offer, ...]]:
    """The sets that each side is offered; the same ones to both with `mirror`. Any six of them that fit together are a legal team.

    Raises:
        BadOption: No such offer can be drawn.
    """
    first = _offer(options, engine, rng)
    return first, first if options.mirror else _offer(options, engine, rng)


def _offer(options: VGCOptions, engine: Engine, rng: np.random.Generator) -> tuple[Offer, ...]:
    pools = _pools(*_pool_key(options))
    size = options.team_building
    rules = (*options.rules, f"Max Team Size = {size}", "! Species Clause", "! Item Clause")
    for _ in range(_TRIES):
        offer = pools.offers(rng, size, held_out=options.teams == HELD_OUT)
        team = "]".join(one.packed for one in offer)
        if not engine.validate(options.format_id, team, rules):  # limits on kinds of Pokemon hold for all of it, and so for a part
            return offer
    raise BadOption(f"PokemonVGC: {_TRIES} draws gave no offer of {size} sets of {options.format_id} within its limits; offer fewer")
