"""Which agents can play which game: asked before the first match, so that nobody plays a game it was not made for.

An agent says so itself (`Agent.cannot_play`). The bots that a game's package declares in `bots.BOTS` need not: they play the
games of their package and no others.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable
from typing import Any

from agentarena.core import registry
from agentarena.core.agent import Agent
from agentarena.core.display import shown
from agentarena.core.errors import ArenaError, NotSupported
from agentarena.core.game import Game

__all__ = ["bots_of", "check_suitable", "fits", "refusal"]

_BOTS_MODULE = re.compile(r"(.+)\.bots(\..+)?")
_GENERIC = ("random", "human", "minimax", "mcts", "ismcts", "cfr")
"""Agents without a model that are named to somebody who chose one that cannot play."""


def refusal(agent: Agent, game: Game[Any]) -> str | None:
    """Why an agent cannot play a game; `None` when it can."""
    if not _at_home(type(agent), game):
        package = _home(type(agent)) or ""
        return f"it is made for {' and '.join(_envs(package)) or package}"
    return agent.cannot_play(game)


def check_suitable(agents: Iterable[Agent], game: Game[Any] | None) -> None:
    """Raise unless every agent can play the game; nothing is asked where no game is given.

    Raises:
        NotSupported: One cannot; the message says why, and names agents that can.
    """
    if game is None:
        return
    for agent in agents:
        reason = refusal(agent, game)
        if reason is not None:
            raise NotSupported(
                f"agent {shown(agent.name or type(agent).__name__)} cannot play {registry.env_id_of(game)}: {reason}. "
                f"Agents that can: {', '.join(_suitable(game))}; and language models"
            )


def _at_home(cls: type, game: Game[Any]) -> bool:
    """Whether a class is no game's bot, or the bot of this game, or of one that it is made from."""
    package = _home(cls)
    return package is None or any(_within(base.__module__, package) for base in type(game).__mro__)


def _home(cls: type) -> str | None:
    """The package that declares a class, or one it is made from, among its bots."""
    for base in cls.__mro__:
        found = _BOTS_MODULE.fullmatch(base.__module__)
        declared = getattr(sys.modules.get(f"{found[1]}.bots"), "BOTS", None) if found else None
        if found and isinstance(declared, dict) and base in declared.values():
            return found[1]
    return None


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _envs(package: str) -> list[str]:
    return [env for env, reference in registry.ENVS.items() if _within(reference.partition(":")[0], package)]


def _suitable(game: Game[Any]) -> list[str]:
    """Names of agents that can play: the game's own bots, then those that fit every game of its kind."""
    own = bots_of(game)
    generic = {name: registry.load(registry.AGENTS[name]) for name in _GENERIC}
    return [name for name, make in {**own, **generic}.items() if fits(make, game)]


def bots_of(game: Game[Any]) -> dict[str, Any]:
    """The bots that the game's package declares, and those of the games it is made from, by name."""
    return {name: bot for cls in type(game).__mro__ for name, bot in _beside(cls).items()}


def _beside(cls: type) -> dict[str, Any]:
    package = cls.__module__.rpartition(".")[0]
    return registry.bots(package) if package and issubclass(cls, Game) and cls is not Game else {}


def fits(make: Any, game: Game[Any]) -> bool:
    """Whether the agent that a class makes by default can play a game; of what is no class, or needs parameters, nothing is known."""
    if not inspect.isclass(make) or not issubclass(make, Agent):
        return True
    if not _at_home(make, game):
        return False
    try:
        agent = make()
    except (ArenaError, TypeError):
        return True
    try:
        return refusal(agent, game) is None
    finally:
        agent.close()
