"""Every agent as data: what it is, its parameters, and which environments it plays. Behind `agentarena agents`."""

from __future__ import annotations

import functools
import inspect
import re
import typing
from dataclasses import dataclass
from typing import Any, Literal

from agentarena.core import registry
from agentarena.core.game import Game

from .specs import factory
from .spelling import NAMED
from .suitability import bots_of, fits

__all__ = ["AgentCard", "Parameter", "catalogue", "described", "makers", "playing"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an agent, as its spec string takes it.

    Attributes:
        name: Its name.
        type: Its type as the code says it, "" where it says none.
        default: Its default as a Python literal; "" of one that must be given.
        doc: What it means, "" where nothing is said.
    """

    name: str
    type: str
    default: str
    doc: str


@dataclass(frozen=True, slots=True)
class AgentCard:
    """One agent.

    Attributes:
        name: Its name in spec strings; of language models the scheme, e.g. "hf:", to be followed by a model.
        summary: What it is, in one line.
        parameters: Its parameters, beside `name`, which every spec string takes.
        plays: Ids of the environments it plays under their default options.
        source: Where its code is, e.g. "agentarena.agents.search.mcts:MCTS".
    """

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    plays: tuple[str, ...]
    source: str


def catalogue() -> list[AgentCard]:
    """Every agent there is: those that fit many games, each game's bots, and those of other packages."""
    return [_card(name, make) for name, make in makers().items()]


def described(name: str) -> AgentCard:
    """The card of one agent: one of the list, or whatever else a spec string may name, e.g. "bots/mine.py:Mine".

    Raises:
        UnknownName: There is none; the message suggests near misses.
    """
    known = makers()
    return _card(name, known[name] if name in known else factory(name))


def playing(game: Game[Any]) -> list[AgentCard]:
    """The cards of all agents that can play a game, its own bots first."""
    generic = {name: make for name, make in makers().items() if "/" not in name}
    return [_card(name, make) for name, make in {**bots_of(game), **generic}.items() if fits(make, game)]


def makers() -> dict[str, Any]:
    """The class or factory behind the name of every agent."""
    found = registry.agents()
    return {name: registry.load(found[name]) if isinstance(found[name], str) else found[name] for name in registry.agent_names()}


def _card(name: str, make: Any) -> AgentCard:
    source = f"{make.__module__}:{make.__qualname__}" if hasattr(make, "__qualname__") else repr(make)
    return AgentCard(name, _summary(make), _parameters(make, scheme=name.endswith(":")), _plays(make), source)


@functools.lru_cache(maxsize=256)
def _plays(make: Any) -> tuple[str, ...]:
    return tuple(env for env, game in _games().items() if fits(make, game))


@functools.cache
def _games() -> dict[str, Game[Any]]:
    """Every environment under its default options."""
    return {env: registry.game(env) for env in registry.env_ids()}


def _summary(make: Any) -> str:
    """The first sentence of what its own docstring says."""
    text = inspect.getdoc(make) if not inspect.isclass(make) or make.__doc__ else ""
    words = re.sub(r"\s+", " ", (text or "").partition("\n\n")[0])
    first = re.split(r"(?<=[.!?]) (?=[A-Z`])", re.sub(r"^`\S+`: ", "", words), maxsplit=1)[0]
    return first[:1].upper() + first[1:]


def _parameters(make: Any, scheme: bool) -> tuple[Parameter, ...]:
    try:
        taken = list(inspect.signature(make).parameters.values())
    except (TypeError, ValueError):
        return ()
    hints = _hints(make)
    docs: dict[str, str] = {}
    for one in (*getattr(make, "parameter_groups", ()), make):
        docs |= _documented(inspect.getdoc(one) or "")
    return tuple(
        Parameter(
            one.name,
            _type(hints.get(one.name, one.annotation)),
            "" if one.default is one.empty else repr(one.default),
            docs.get(one.name, ""),
        )
        for one in taken[1 if scheme else 0 :]
        if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY) and one.name != NAMED and _spelled(hints.get(one.name))
    )


def _hints(make: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(make.__init__ if inspect.isclass(make) else make)
    except Exception:  # annotations are free to name what is not there
        return {}


def _type(annotation: Any) -> str:
    if annotation is inspect.Parameter.empty:
        return ""
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation).replace("typing.", "")


def _spelled(hint: Any) -> bool:
    """Whether a spec string can give a value of this type: no open file, for one."""
    parts = typing.get_args(hint) or (hint,)
    return typing.get_origin(hint) is Literal or not any(inspect.isclass(part) and issubclass(part, typing.IO) for part in parts)


_ARGUMENT = re.compile(r" {4}(\w+): (.*)")


def _documented(text: str) -> dict[str, str]:
    """What the part "Args:" or "Attributes:" of a docstring says of each parameter."""
    docs: dict[str, str] = {}
    name = ""
    for line in re.split(r"^(?:Args|Attributes):\n", text, maxsplit=1, flags=re.M)[-1].splitlines():
        found = _ARGUMENT.fullmatch(line)
        if found:
            name = found[1]
            docs[name] = found[2]
        elif name and line.startswith(" " * 8):
            docs[name] += " " + line.strip()
        else:
            break
    return docs
