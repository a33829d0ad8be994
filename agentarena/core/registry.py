"""Which environments and agents there are: two explicit tables of names, imported when first used, plus entry points.

An environment's line is `id -> "module:Class"`; a test keeps table and folders in step. Third parties add theirs
through the entry-point groups `agentarena.envs` and `agentarena.agents`, without touching this repository.

A caller may name code as "package.module:Name"; a file may not, unless its reader trusts it (`recorded_game`).
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import importlib.util
import inspect
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata, resources
from typing import Any

from .display import shown
from .errors import ArenaError, BadOption, UnknownName, UntrustedRecord, UsageError, suggest
from .game import Game
from .screen import Screen

__all__ = [
    "AGENTS",
    "ENVS",
    "agent_names",
    "agents",
    "bots",
    "card",
    "drawing",
    "entry_point_names",
    "env_ids",
    "figures",
    "find_bot",
    "game",
    "load",
    "recorded_game",
    "resolve",
    "screen",
    "table",
]

ENVS: dict[str, str] = {
    "TicTacToe-v0": "agentarena.envs.tictactoe:TicTacToe",
    "ConnectFour-v0": "agentarena.envs.connectfour:ConnectFour",
    "KuhnPoker-v0": "agentarena.envs.kuhn:KuhnPoker",
    "LeducPoker-v0": "agentarena.envs.leduc:LeducPoker",
    "MiniHanabi-v0": "agentarena.envs.hanabi:MiniHanabi",
    "SimpleHanabi-v0": "agentarena.envs.hanabi:SimpleHanabi",
    "FullHanabi-v0": "agentarena.envs.hanabi:FullHanabi",
    "MatrixGame-v0": "agentarena.envs.matrix:MatrixGame",
    "RockPaperScissors-v0": "agentarena.envs.matrix:RockPaperScissors",
    "BiasedRockPaperScissors-v0": "agentarena.envs.matrix:BiasedRockPaperScissors",
    "RockPaperScissorsSpockLizard-v0": "agentarena.envs.matrix:RockPaperScissorsSpockLizard",
    "PrisonersDilemma-v0": "agentarena.envs.matrix:PrisonersDilemma",
    "StagHunt-v0": "agentarena.envs.matrix:StagHunt",
    "BattleOfTheSexes-v0": "agentarena.envs.matrix:BattleOfTheSexes",
    "LevineHats-v0": "agentarena.envs.levine_hats:LevineHats",
    "Merge-v0": "agentarena.envs.merge:Merge",
    "Consensus-v0": "agentarena.envs.consensus:ConsensusGame",
    "Dhumbal-v0": "agentarena.envs.dhumbal:Dhumbal",
    "Werewolf-v0": "agentarena.envs.werewolf:Werewolf",
    "Commons-v0": "agentarena.envs.commons:Commons",
    "Economist-v0": "agentarena.envs.economist:Economist",
    "Household-v0": "agentarena.envs.household:Household",
    "Shop-v0": "agentarena.envs.shop:Shop",
    "Football-v0": "agentarena.envs.football:Football",
    "Hexner-v0": "agentarena.envs.football:Hexner",
    "Hexner22-v0": "agentarena.envs.football:Hexner22",
    "OneStageHexner-v0": "agentarena.envs.one_stage_hexner:OneStageHexner",
    "EFG-v0": "agentarena.envs.efg:EFG",
    "SkillGame-v0": "agentarena.envs.skillgame:SkillGame",
    "PokemonVGC-v0": "agentarena.envs.pokemon_vgc:PokemonVGC",
}
"""Environment id -> game class."""

AGENTS: dict[str, str] = {
    "random": "agentarena.agents.random:RandomAgent",
    "human": "agentarena.agents.human:Human",
    "minimax": "agentarena.agents.search.minimax:Minimax",
    "mcts": "agentarena.agents.search.mcts:MCTS",
    "ismcts": "agentarena.agents.search.ismcts:ISMCTS",
    "cfr": "agentarena.agents.search.cfr:CFR",
    "mccfr": "agentarena.agents.search.mccfr:MCCFR",
    "xfp": "agentarena.agents.search.xfp:XFP",
    "mmd": "agentarena.agents.search.mmd:MMD",
    "table:": "agentarena.agents.table:TableAgent",
    "tiny": "agentarena.agents.llm.agent:tiny",
    "rl:": "agentarena.agents.rl.agent:NetworkAgent",
    "belief-rl:": "agentarena.agents.rl.belief_agent:BeliefAgent",
    "sb3:": "agentarena.agents.rl.sb3:SB3Agent",
    "torch:": "agentarena.agents.rl.torch_module:TorchModuleAgent",
    "torchrl:": "agentarena.agents.rl.torchrl:TorchRLAgent",
    "rllib:": "agentarena.agents.rl.rllib:RLlibAgent",
    "lspo:": "agentarena.train.lspo.agent:LSPO",
    "hf:": "agentarena.agents.llm.agent:hf",
    "openai:": "agentarena.agents.llm.agent:openai",
    "vllm:": "agentarena.agents.llm.vllm:vllm",
}
"""Agents that fit every game: name, or scheme with its colon -> class or factory. Bots of one game are declared in its `bots.BOTS`."""


def entry_point_names(group: str) -> dict[str, str]:
    """Names that other installed packages add under an entry-point group, with their `module:attribute`.

    Reading the metadata of every installed package takes milliseconds: it is done once for each value of `sys.path`.
    """
    return dict(_entry_points(group, tuple(sys.path)))


@functools.lru_cache(maxsize=16)
def _entry_points(group: str, path: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((point.name, point.value) for point in metadata.entry_points(group=group))


def env_ids() -> list[str]:
    """Every environment id, ours first, then those of other packages."""
    return [*ENVS, *(name for name in sorted(entry_point_names("agentarena.envs")) if name not in ENVS)]


def bots(package: str) -> dict[str, Any]:
    """The bots that a game's package declares in `bots.BOTS`: full names such as "kuhnpoker/nash", and their classes."""
    return dict(load(f"{package}.bots:BOTS")) if importlib.util.find_spec(f"{package}.bots") else {}


def figures(rules: Game[Any]) -> Callable[[Sequence[Any]], list[tuple[str, str]]] | None:
    """The function that draws a game's records for reports: `figures(records) -> [(title, SVG)]` in `figures.py` of its package.

    Returns:
        `None` where the package has no such module.
    """
    function: Callable[[Sequence[Any]], list[tuple[str, str]]] | None = _beside(rules, "figures", "figures")
    return function


def drawing(rules: Game[Any]) -> Callable[[Game[Any], Any, tuple[int, ...]], Any] | None:
    """The function that draws a game's state as a picture: `draw(game, state, seats) -> uint8 (height, width, 3)` in `drawing.py` of its
    package. It shows no more than `seats` may know together, and pictures of one game are of one size.

    Returns:
        `None` where the package has no such module.
    """
    function: Callable[[Game[Any], Any, tuple[int, ...]], Any] | None = _beside(rules, "drawing", "draw")
    return function


def screen(rules: Game[Any]) -> Callable[[Game[Any], Any, int], Screen] | None:
    """The function that says in blocks what a seat sees: `screen(game, state, seat) -> Screen` in `drawing.py` of the game's package.

    Returns:
        `None` where the package has no such function; words (`TextFace.look`) stand for it then.
    """
    function: Callable[[Game[Any], Any, int], Screen] | None = _beside(rules, "drawing", "screen")
    return function


def table(rules: Game[Any]) -> Callable[[Game[Any], Any, tuple[int, ...]], str] | None:
    """The function that sets a game's table in characters: `table(game, state, seats) -> str` in `drawing.py` of its package. It shows no
    more than `seats` may know together.

    Returns:
        `None` where the package has no such function; words (`TextFace.look`) stand for it then.
    """
    function: Callable[[Game[Any], Any, tuple[int, ...]], str] | None = _beside(rules, "drawing", "table")
    return function


def _beside(rules: Game[Any], module: str, function: str) -> Any:
    """A function of a module beside a game's own, in its package; `None` where there is none."""
    package = type(rules).__module__.rpartition(".")[0]
    if not package or importlib.util.find_spec(f"{package}.{module}") is None:
        return None
    return getattr(importlib.import_module(f"{package}.{module}"), function, None)


def _packages() -> list[str]:
    """The packages of our games, in the order of the table."""
    return list(dict.fromkeys(reference.partition(":")[0] for reference in ENVS.values()))


def find_bot(name: str) -> Any:
    """The class behind a bot's name, `None` when no game declares it; packages whose name or ids fit are imported first."""
    prefix = name.partition("/")[0]
    likely = [
        ref.partition(":")[0]
        for env_id, ref in ENVS.items()
        if prefix in (env_id.partition("-")[0].lower(), ref.split(":")[0].split(".")[-1])
    ]
    for package in dict.fromkeys((*likely, *_packages())) if "/" in name else ():
        declared = bots(package)
        if name in declared:
            return declared[name]
    return None


def agents() -> dict[str, Any]:
    """Every agent by name: ours, the games' own bots, and those of other packages; values are classes or their references."""
    own = {name: bot for package in _packages() for name, bot in bots(package).items()}
    return {**entry_point_names("agentarena.agents"), **AGENTS, **own}


def agent_names() -> list[str]:
    """Every agent name: those that fit every game, the games' own bots, then those of other packages."""
    own = [name for package in _packages() for name in bots(package)]
    names = [*AGENTS, *own]
    return [*names, *(name for name in sorted(entry_point_names("agentarena.agents")) if name not in names)]


def load(reference: str) -> Any:
    """The object that `"package.module:attribute"` names.

    Raises:
        UsageError: The reference is malformed or its module or attribute does not exist.
    """
    module_name, _, attribute = reference.partition(":")
    if not module_name or not attribute:
        raise UsageError(f"expected 'package.module:Name', got {reference!r}")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(error.name + ".")):
            raise UsageError(
                f"cannot import {module_name!r} (for {reference!r}): no such module. Install its package, or add its folder to PYTHONPATH"
            ) from error
        raise
    try:
        return functools.reduce(getattr, attribute.split("."), module)
    except AttributeError as error:
        public = [name for name, value in vars(module).items() if not name.startswith("_") and callable(value)]
        raise UsageError(f"{module_name!r} has no {attribute!r}.{suggest(attribute, public)}") from error


def resolve(env_id: str) -> str:
    """The canonical id of an environment: `"TicTacToe-v0"` for itself, `"agentarena/TicTacToe-v0"` or `"TicTacToe"`.

    Without a version the highest one is meant. `"package.module:Class"` stands for itself.

    Raises:
        UnknownName: No such environment; the message suggests near misses.
    """
    if not isinstance(env_id, str):
        raise UsageError(f"{env_id!r:.100} is no environment; give its id, e.g. 'KuhnPoker-v0', or a game")
    if ":" in env_id:
        return env_id
    known = env_ids()
    name = env_id.removeprefix("agentarena/")
    if name in known:
        return name
    versions = [other for other in known if other.rpartition("-v")[0] == name]
    if versions:
        return max(versions, key=lambda other: int(other.rpartition("-v")[2]))
    raise UnknownName("environment", env_id, known, hint="List them with `agentarena envs`.")


def game_class(env_id: str) -> type[Game[Any]]:
    """The class behind an environment id."""
    name = resolve(env_id)
    reference = name if ":" in name else ENVS.get(name) or entry_point_names("agentarena.envs")[name]
    target = load(reference)
    if not (inspect.isclass(target) and issubclass(target, Game)):
        raise UsageError(f"{reference!r} is not a subclass of agentarena.core.game.Game")
    return target


def game(env_id: str | Game[Any], *, preset: str | None = None, options: Mapping[str, Any] | None = None, **env_options: Any) -> Game[Any]:
    """The rules of an environment under the given options; a `Game` stands for itself.

    Args:
        env_id: E.g. "KuhnPoker-v0", "mypkg.nim:Nim", or a game.
        preset: A named setting of the options, e.g. "paper"; options given by name override it.
        options: The game's options by name; also those whose name is an argument of whoever passes them on, e.g. "rounds".
        env_options: More of them, as keywords; `agentarena envs NAME` lists them.

    Raises:
        UnknownName: No such environment, preset or option.
        BadOption: An option's value is out of range, or it is given twice.
    """
    given = _merged(options, env_options)
    if not isinstance(preset, str | None):
        raise BadOption(f"a preset is named by a string, got {shown(preset)}")
    if isinstance(env_id, Game):
        if preset is not None or given:
            raise BadOption("a game that is already built takes no options; give its id instead")
        return env_id
    return _shared(game_class(env_id), preset, given)


def _merged(options: Mapping[str, Any] | None, more: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(options, Mapping | None) or not all(isinstance(name, str) for name in options or ()):
        raise BadOption(f"options must map names of options to values, e.g. options={{'rounds': 2}}, got {shown(options)}")
    for name in options or ():
        if name in more:
            raise BadOption(f"option {name!r} is given twice: in options={{...}} and as a keyword; give it once")
    return {**(options or {}), **more}


def _shared(cls: type[Game[Any]], preset: str | None, options: Mapping[str, Any]) -> Game[Any]:
    """Games are values, so equal ones share one object, and with it what it has worked out, e.g. the states of a small game."""
    pairs = tuple(options.items())
    try:
        hash(pairs)
    except TypeError:  # an option that cannot be hashed, e.g. a list
        return cls.build(preset, **options)
    return _build(cls, preset, pairs, repr(pairs))


@functools.lru_cache(maxsize=64)
def _build(cls: type[Game[Any]], preset: str | None, options: tuple[tuple[str, Any], ...], spelling: str) -> Game[Any]:
    """The game; its options' spelling tells 1 from 1.0 and True, which are equal, and which records write apart."""
    return cls.build(preset, **dict(options))


def recorded_game(env_id: str, options: Mapping[str, Any], *, trust: bool = False) -> Game[Any]:
    """The rules that a file names. No code is imported but that of registered environments.

    Args:
        env_id: What the file calls the environment.
        options: What it says of the options.
        trust: Whether it may name code, as a caller of `game` may: `"package.module:Class"` as the environment, or as the
            value of an option that is imported (`option(..., imports=True)`).

    Raises:
        UntrustedRecord: It names code and is not trusted.
        UnknownName: No such environment or option.
        BadOption: An option's value is out of range.
    """
    if not trust:
        _refuse_code(env_id, options)
    cls = game_class(env_id)
    known = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]  # every concrete game is a dataclass
    for name, value in options.items():
        if name not in known:
            raise UnknownName(f"option of {cls.__name__}", name, known)
        if not trust and _is_code(known[name], value):
            raise UntrustedRecord(f"option {name!r} of {env_id} is {shown(value)}: code that is not built in. {_TRUST}")
    try:
        return _shared(cls, None, {name: _hashable(value) for name, value in options.items()})
    except ArenaError:
        raise
    except Exception as error:  # whatever values of the wrong kind lead to
        raise BadOption(
            f"{env_id} cannot be built with the options of the file: {type(error).__name__}: {shown(str(error), 200)}"
        ) from error


def _is_code(option: dataclasses.Field[Any], value: Any) -> bool:
    """Whether an option's value would be imported."""
    imports = option.metadata.get("imports", False)
    if not imports or not isinstance(value, str):
        return bool(imports)
    return imports(value) if callable(imports) else ":" in value


def _refuse_code(env_id: str, options: Mapping[str, Any]) -> None:
    """Raise unless a file names a registered environment, with options of a size that the rules can be built with at once."""
    known = env_ids()
    if env_id not in known:
        near = "" if ":" in env_id else suggest(env_id, known)
        raise UntrustedRecord(f"the environment {shown(env_id)} is not registered.{near} {_TRUST}")
    if len(json.dumps(options)) > _MOST_OPTIONS:
        raise UntrustedRecord(f"the options of {env_id} are more than {_MOST_OPTIONS:,} characters long. {_TRUST}")


_MOST_OPTIONS = 200_000
"""Longest options that a file may give, as JSON, in characters: a payoff table of ten thousand numbers or so."""
_TRUST = "It may run any code: pass --trust (trust=True in Python) if you trust the file"


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def env_id_of(rules: Game[Any]) -> str:
    """The id under which a game's class is registered, else `"module:Class"`."""
    reference = f"{type(rules).__module__}:{type(rules).__qualname__}"
    table = {**entry_point_names("agentarena.envs"), **ENVS}
    for name, target in table.items():
        if target == reference:
            return name
        if target.partition(":")[2] == type(rules).__qualname__ and load(target) is type(rules):
            return name
    return reference


def card(env_id: str) -> str:
    """The card of an environment, as Markdown; `""` when its package has none."""
    module = game_class(env_id).__module__
    package = module.rpartition(".")[0] or module
    path = resources.files(package) / "card.md"
    return path.read_text(encoding="utf-8") if path.is_file() else ""
