"""Which environments and agents there are: two explicit tables of names, imported when first used, plus entry points.

An environment's line is `id -> "module:Class"`; a test keeps table and folders in step. Third parties add theirs
through the entry-point groups `agentarena.envs` and `agentarena.agents`, without touching this repository.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from importlib import metadata, resources
from typing import Any

from .errors import BadOption, UnknownName, UsageError
from .game import Game

__all__ = ["AGENTS", "ENVS", "agent_names", "card", "entry_point_names", "env_ids", "game", "load", "resolve"]

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
    "Dhumbal-v0": "agentarena.envs.dhumbal:Dhumbal",
    "Werewolf-v0": "agentarena.envs.werewolf:Werewolf",
    "Commons-v0": "agentarena.envs.commons:Commons",
    "Economist-v0": "agentarena.envs.economist:Economist",
}
"""Environment id -> game class."""

AGENTS: dict[str, str] = {
    "random": "agentarena.agents.random:RandomAgent",
    "human": "agentarena.agents.human:Human",
    "minimax": "agentarena.agents.search.minimax:Minimax",
    "mcts": "agentarena.agents.search.mcts:MCTS",
    "ismcts": "agentarena.agents.search.ismcts:ISMCTS",
    "cfr": "agentarena.agents.search.cfr:CFR",
    "tiny": "agentarena.agents.llm.agent:tiny",
    "hf:": "agentarena.agents.llm.agent:hf",
    "openai:": "agentarena.agents.llm.agent:openai",
    "vllm:": "agentarena.agents.llm.vllm:vllm",
    "dhumbal/aggressive": "agentarena.envs.dhumbal.bots:Aggressive",
    "dhumbal/balanced": "agentarena.envs.dhumbal.bots:Balanced",
    "dhumbal/conservative": "agentarena.envs.dhumbal.bots:Conservative",
    "dhumbal/opportunistic": "agentarena.envs.dhumbal.bots:Opportunistic",
    "dhumbal/random": "agentarena.envs.dhumbal.bots:PaperRandom",
    "tictactoe/tactical": "agentarena.envs.tictactoe.bots:Tactical",
    "tictactoe/perfect": "agentarena.envs.tictactoe.bots:Perfect",
    "connectfour/tactical": "agentarena.envs.connectfour.bots:Tactical",
    "kuhnpoker/always_bet": "agentarena.envs.kuhn.bots:AlwaysBet",
    "kuhnpoker/always_pass": "agentarena.envs.kuhn.bots:AlwaysPass",
    "kuhnpoker/honest": "agentarena.envs.kuhn.bots:Honest",
    "kuhnpoker/nash": "agentarena.envs.kuhn.bots:Nash",
    "leducpoker/always_call": "agentarena.envs.leduc.bots:AlwaysCall",
    "leducpoker/always_raise": "agentarena.envs.leduc.bots:AlwaysRaise",
    "leducpoker/fold_or_check": "agentarena.envs.leduc.bots:FoldOrCheck",
    "leducpoker/heuristic": "agentarena.envs.leduc.bots:Heuristic",
    "matrixgame/always": "agentarena.envs.matrix.bots:Always",
    "matrixgame/fictitious": "agentarena.envs.matrix.bots:FictitiousPlay",
    "matrixgame/mixed": "agentarena.envs.matrix.bots:Mixed",
    "matrixgame/nash": "agentarena.envs.matrix.bots:Nash",
    "matrixgame/grim": "agentarena.envs.matrix.bots:Grim",
    "matrixgame/titfortat": "agentarena.envs.matrix.bots:TitForTat",
    "matrixgame/winstay": "agentarena.envs.matrix.bots:WinStay",
    "rockpaperscissors/always": "agentarena.envs.matrix.bots:Always",
    "rockpaperscissors/fictitious": "agentarena.envs.matrix.bots:FictitiousPlay",
    "rockpaperscissors/mixed": "agentarena.envs.matrix.bots:Mixed",
    "rockpaperscissors/nash": "agentarena.envs.matrix.bots:Nash",
    "rockpaperscissors/titfortat": "agentarena.envs.matrix.bots:TitForTat",
    "rockpaperscissors/winstay": "agentarena.envs.matrix.bots:WinStay",
    "biasedrockpaperscissors/always": "agentarena.envs.matrix.bots:Always",
    "biasedrockpaperscissors/fictitious": "agentarena.envs.matrix.bots:FictitiousPlay",
    "biasedrockpaperscissors/mixed": "agentarena.envs.matrix.bots:Mixed",
    "biasedrockpaperscissors/nash": "agentarena.envs.matrix.bots:Nash",
    "biasedrockpaperscissors/titfortat": "agentarena.envs.matrix.bots:TitForTat",
    "biasedrockpaperscissors/winstay": "agentarena.envs.matrix.bots:WinStay",
    "rockpaperscissorsspocklizard/always": "agentarena.envs.matrix.bots:Always",
    "rockpaperscissorsspocklizard/fictitious": "agentarena.envs.matrix.bots:FictitiousPlay",
    "rockpaperscissorsspocklizard/mixed": "agentarena.envs.matrix.bots:Mixed",
    "rockpaperscissorsspocklizard/nash": "agentarena.envs.matrix.bots:Nash",
    "rockpaperscissorsspocklizard/titfortat": "agentarena.envs.matrix.bots:TitForTat",
    "rockpaperscissorsspocklizard/winstay": "agentarena.envs.matrix.bots:WinStay",
    "prisonersdilemma/always": "agentarena.envs.matrix.bots:Always",
    "prisonersdilemma/fictitious": "agentarena.envs.matrix.bots:FictitiousPlay",
    "prisonersdilemma/mixed": "agentarena.envs.matrix.bots:Mixed",
    "prisonersdilemma/nash": "agentarena.envs.matrix.bots:Nash",
    "prisonersdilemma/grim": "agentarena.envs.matrix.bots:Grim",
    "prisonersdilemma/titfortat": "agentarena.envs.matrix.bots:TitForTat",
    "prisonersdilemma/winstay": "agentarena.envs.matrix.bots:WinStay",
    "staghunt/always": "agentarena.envs.matrix.bots:Always",
    "staghunt/fictitious": "agentarena.envs.matrix.bots:FictitiousPlay",
    "staghunt/mixed": "agentarena.envs.matrix.bots:Mixed",
    "staghunt/nash": "agentarena.envs.matrix.bots:Nash",
    "staghunt/grim": "agentarena.envs.matrix.bots:Grim",
    "staghunt/titfortat": "agentarena.envs.matrix.bots:TitForTat",
    "staghunt/winstay": "agentarena.envs.matrix.bots:WinStay",
    "battleofthesexes/always": "agentarena.envs.matrix.bots:Always",
    "battleofthesexes/fictitious": "agentarena.envs.matrix.bots:FictitiousPlay",
    "battleofthesexes/mixed": "agentarena.envs.matrix.bots:Mixed",
    "battleofthesexes/nash": "agentarena.envs.matrix.bots:Nash",
    "battleofthesexes/grim": "agentarena.envs.matrix.bots:Grim",
    "battleofthesexes/titfortat": "agentarena.envs.matrix.bots:TitForTat",
    "battleofthesexes/winstay": "agentarena.envs.matrix.bots:WinStay",
    "levinehats/blocks": "agentarena.envs.levine_hats.bots:Blocks",
    "levinehats/first_black": "agentarena.envs.levine_hats.bots:FirstBlack",
    "levinehats/optimal": "agentarena.envs.levine_hats.bots:Optimal",
    "economist/rational": "agentarena.envs.economist.bots:Rational",
    "economist/fixed": "agentarena.envs.economist.bots:Fixed",
    "economist/hill_climber": "agentarena.envs.economist.bots:HillClimber",
    "economist/us": "agentarena.envs.economist.planner_bots:US",
    "economist/flat": "agentarena.envs.economist.planner_bots:Flat",
    "economist/saez": "agentarena.envs.economist.planner_bots:Saez",
    "economist/saez_estimated": "agentarena.envs.economist.planner_bots:SaezEstimated",
    "economist/grid": "agentarena.envs.economist.planner_bots:Grid",
    "economist/cmaes": "agentarena.envs.economist.planner_bots:CMAES",
    "economist/bandit": "agentarena.envs.economist.planner_bots:Bandit",
    "economist/ppo": "agentarena.envs.economist.planner_bots:PPO",
    "hanabi/cautious": "agentarena.envs.hanabi.bots:Cautious",
    "hanabi/bold": "agentarena.envs.hanabi.bots:Bold",
    "commons/constant": "agentarena.envs.commons.bots:Constant",
    "commons/greedy": "agentarena.envs.commons.bots:Greedy",
    "commons/sustainable": "agentarena.envs.commons.bots:Sustainable",
    "commons/threshold": "agentarena.envs.commons.bots:Threshold",
    "commons/conditional": "agentarena.envs.commons.bots:Conditional",
    "commons/norm_follower": "agentarena.envs.commons.bots:NormFollower",
    "commons/punisher": "agentarena.envs.commons.bots:Punisher",
    "commons/imitator": "agentarena.envs.commons.bots:Imitator",
    "werewolf/bayes": "agentarena.envs.werewolf.bots:Bayes",
    "werewolf/naive": "agentarena.envs.werewolf.bots:Naive",
    "werewolf/pack": "agentarena.envs.werewolf.bots:Pack",
    "werewolf/scripted": "agentarena.envs.werewolf.bots:Scripted",
    "werewolf/silent": "agentarena.envs.werewolf.bots:Silent",
    "werewolf/truthful": "agentarena.envs.werewolf.bots:Truthful",
}
"""Agent name -> class or factory. A game's own bots are named "<game>/<bot>"."""


def entry_point_names(group: str) -> dict[str, str]:
    """Names that other installed packages add under an entry-point group, with their `module:attribute`."""
    return {point.name: point.value for point in metadata.entry_points(group=group)}


def env_ids() -> list[str]:
    """Every environment id, ours first, then those of other packages."""
    return [*ENVS, *(name for name in sorted(entry_point_names("agentarena.envs")) if name not in ENVS)]


def agent_names() -> list[str]:
    """Every agent name, ours first, then those of other packages."""
    return [*AGENTS, *(name for name in sorted(entry_point_names("agentarena.agents")) if name not in AGENTS)]


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
        raise UsageError(f"{module_name!r} has no {attribute!r}") from error


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
    found = load(reference)
    if not (inspect.isclass(found) and issubclass(found, Game)):
        raise UsageError(f"{reference!r} is not a subclass of agentarena.core.game.Game")
    return found


def game(env_id: str | Game[Any], *, preset: str | None = None, **options: Any) -> Game[Any]:
    """The rules of an environment under the given options; a `Game` stands for itself.

    Args:
        env_id: E.g. "KuhnPoker-v0", "mypkg.nim:Nim", or a game.
        preset: A named setting of the options, e.g. "paper"; options given by name override it.
        options: The game's options; `agentarena envs NAME` lists them.

    Raises:
        UnknownName: No such environment, preset or option.
        BadOption: An option's value is out of range.
    """
    if isinstance(env_id, Game):
        if preset is not None or options:
            raise BadOption("a game that is already built takes no options; give its id instead")
        return env_id
    return game_class(env_id).build(preset, **options)


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
