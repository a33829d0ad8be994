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
    from . import envs, evaluate, play
    from .adapters.aec import make
    from .adapters.parallel import make_parallel
    from .adapters.registration import EnvCard
    from .adapters.vector import make_vec
    from .agents.specs import agent
    from .core import errors
    from .core.agent import Agent, Reply, View
    from .core.game import Game
    from .core.registry import game

    __version__: str

__all__ = [
    "Agent",
    "EnvCard",
    "Game",
    "Reply",
    "View",
    "__version__",
    "agent",
    "envs",
    "errors",
    "evaluate",
    "game",
    "make",
    "make_parallel",
    "make_vec",
    "play",
]

_HOMES = {
    "Agent": ".core.agent:Agent",
    "EnvCard": ".adapters.registration:EnvCard",
    "Game": ".core.game:Game",
    "Reply": ".core.agent:Reply",
    "View": ".core.agent:View",
    "agent": ".agents.specs:agent",
    "envs": ".envs",
    "errors": ".core.errors",
    "evaluate": ".evaluate",
    "game": ".core.registry:game",
    "make": ".adapters.aec:make",
    "make_parallel": ".adapters.parallel:make_parallel",
    "make_vec": ".adapters.vector:make_vec",
    "play": ".play",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("agentarena")
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
