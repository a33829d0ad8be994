"""Our games in Gymnasium's registry and in PettingZoo's two, and the list of them that `agentarena.list_envs()` gives."""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import gymnasium
from pettingzoo.env_registry.registration import aec_registry, parallel_registry
from pettingzoo.env_registry.registration import register as register_pettingzoo

from agentarena.core.errors import UsageError
from agentarena.core.game import Game, GameInfo
from agentarena.core.registry import card, env_ids, game, game_class, load

__all__ = ["EnvCard", "OwnGames", "list_envs", "register"]

_ID = re.compile(r"[\w.-]+-v\d+")


@dataclass(frozen=True, slots=True)
class EnvCard:
    """One environment under its default options.

    Attributes:
        id: E.g. "TicTacToe-v0".
        info: What kind of game it is: seats, moves, hidden information, returns.
        options: Every option with its default.
        presets: Named settings of the options.
        text: Its card as Markdown: rules, sources, measured facts.
    """

    id: str
    info: GameInfo
    options: Mapping[str, Any]
    presets: Mapping[str, Mapping[str, Any]]
    text: str

    @property
    def summary(self) -> str:
        """The first paragraph of the card, on one line."""
        paragraphs = [part for part in self.text.split("\n\n") if part.strip() and not part.lstrip().startswith(("#", "|"))]
        return " ".join(paragraphs[0].split()) if paragraphs else ""

    def __repr__(self) -> str:
        return f"EnvCard({self.id}: {self.info.seats} seats, {self.info.facts()['moves']}, {self.info.facts()['returns']})"


def list_envs() -> list[EnvCard]:
    """Every environment with its card."""
    return [_card_of(env_id) for env_id in env_ids()]


def _card_of(env_id: str) -> EnvCard:
    rules = game(env_id)
    options = {field.name: getattr(rules, field.name) for field in dataclasses.fields(rules)}  # type: ignore[arg-type]
    return EnvCard(env_id, rules.info, options, game_class(env_id).presets, card(env_id))


class OwnGames(MetaPathFinder, Loader):
    """Makes `gymnasium.make("agentarena/mine:MyGame")` work: Gymnasium imports what stands before the colon, here "agentarena/mine", which
    imports the module `mine` and enters its games under their class names."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        return ModuleSpec(fullname, self, is_package=True) if fullname.startswith("agentarena/") else None

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__.removeprefix("agentarena/")
        for own, cls in tuple(load(f"{name}:__dict__").items()):
            if not (inspect.isclass(cls) and issubclass(cls, Game)) or inspect.isabstract(cls):
                continue
            there = gymnasium.registry.get(own)
            env_id = there.kwargs.get("env_id") if there is not None else None
            if there is None:
                _enter_gymnasium(own, f"{name}:{own}")
            elif env_id is None or game_class(env_id) is not cls:
                raise UsageError(f"another {own!r} is in Gymnasium's registry already; make this one with aa.make_solo('{name}:{own}')")


def _enter_gymnasium(name: str, env_id: str) -> None:
    gymnasium.register(
        name,
        entry_point="agentarena.adapters.solo:make_solo",
        vector_entry_point="agentarena.adapters.vector:solo_vector",
        order_enforce=False,
        kwargs={"env_id": env_id},
    )


def register() -> None:
    """Enter every environment as "agentarena/<id>" in the three registries. Nothing of a game is imported."""
    if not any(isinstance(finder, OwnGames) for finder in sys.meta_path):
        sys.meta_path.append(OwnGames())
    for env_id in filter(_ID.fullmatch, env_ids()):
        name, arguments = f"agentarena/{env_id}", {"env_id": env_id}
        if name not in gymnasium.registry:
            _enter_gymnasium(name, env_id)
        if name not in aec_registry:
            register_pettingzoo("aec", name, "agentarena.adapters.aec:make", kwargs=dict(arguments))
        if name not in parallel_registry:
            register_pettingzoo("parallel", name, "agentarena.adapters.parallel:make_parallel", kwargs=dict(arguments))
