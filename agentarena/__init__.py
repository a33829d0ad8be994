"""agentarena: language-model agents and reinforcement-learning agents at the same tables, under the same rules.

    import agentarena as aa
    env = aa.make("Dhumbal-v0", players=4)

Importing the package enters every game in the registries of Gymnasium and PettingZoo; games, agents and everything
heavy are imported when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .adapters.registration import register as _register

if TYPE_CHECKING:
    from . import evaluate, leaderboard, train
    from .adapters.aec import make
    from .adapters.parallel import make_parallel
    from .adapters.registration import EnvCard, list_envs
    from .adapters.solo import make_solo
    from .adapters.vector import make_vec
    from .agents.llm.prompts import prompts
    from .agents.specs import agent, list_agents
    from .core import errors
    from .core.agent import Agent, Reply, View
    from .core.game import Game
    from .core.match import OnUnreadable
    from .core.registry import game
    from .matches.api import play
    from .matches.arrays import play_arrays
    from .matches.results import Results
    from .matches.tournaments import tournament

    __version__: str

__all__ = [
    "Agent",
    "EnvCard",
    "Game",
    "OnUnreadable",
    "Reply",
    "Results",
    "View",
    "__version__",
    "agent",
    "errors",
    "evaluate",
    "game",
    "leaderboard",
    "list_agents",
    "list_envs",
    "make",
    "make_parallel",
    "make_solo",
    "make_vec",
    "play",
    "play_arrays",
    "prompts",
    "tournament",
    "train",
]

_HOMES = {
    "Agent": ".core.agent:Agent",
    "EnvCard": ".adapters.registration:EnvCard",
    "Game": ".core.game:Game",
    "Reply": ".core.agent:Reply",
    "View": ".core.agent:View",
    "agent": ".agents.specs:agent",
    "errors": ".core.errors",
    "evaluate": ".evaluate",
    "game": ".core.registry:game",
    "leaderboard": ".leaderboard",
    "make": ".adapters.aec:make",
    "make_parallel": ".adapters.parallel:make_parallel",
    "make_solo": ".adapters.solo:make_solo",
    "make_vec": ".adapters.vector:make_vec",
    "play": ".matches.api:play",
    "play_arrays": ".matches.arrays:play_arrays",
    "prompts": ".agents.llm.prompts:prompts",
    "tournament": ".matches.tournaments:tournament",
    "train": ".train",
    "list_envs": ".adapters.registration:list_envs",
    "list_agents": ".agents.specs:list_agents",
    "OnUnreadable": ".core.match:OnUnreadable",
    "Results": ".matches.results:Results",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from .core.distribution import version

        value: Any = version()
    elif name in _HOMES:
        module, _, attribute = _HOMES[name].partition(":")
        home = importlib.import_module(module, __name__)
        value = getattr(home, attribute) if attribute else home
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(__all__)}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


_register()
