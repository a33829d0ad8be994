"""Agents by name: spec strings such as `"ismcts?simulations=200"`, `"dhumbal/aggressive"` or `"bots/mine.py:Mine"`."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from agentarena.core.agent import Agent
from agentarena.core.errors import BadOption, UnknownName, UsageError
from agentarena.core.registry import AGENTS, agent_names, entry_point_names, find_bot, load

__all__ = ["agent", "list_agents", "parse"]


def list_agents() -> list[str]:
    """The name of every agent: those that fit every game, then each game's bots. Schemes end in a colon, e.g. "hf:"."""
    return agent_names()


def parse(spec: str) -> tuple[str, dict[str, Any]]:
    """A spec string as a name and its parameters; values are read as Python literals where they are ones.

    >>> parse("ismcts?simulations=200&c=1.5")
    ('ismcts', {'simulations': 200, 'c': 1.5})
    >>> parse("hf:Qwen/Qwen3-0.6B?thinking=true")
    ('hf:Qwen/Qwen3-0.6B', {'thinking': True})

    Raises:
        BadOption: A parameter is not `name=value`, or is given twice.
    """
    name, _, query = spec.partition("?")
    parameters: dict[str, Any] = {}
    for item in filter(None, query.split("&")):
        key, equals, value = item.partition("=")
        if not equals or not key.isidentifier() or key in parameters:
            raise BadOption(f"agent {spec!r}: {item!r} is not a new name=value; write 'name?first=1&second=2'")
        parameters[key] = _value(unquote_plus(value))
    return name, parameters


def _value(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def agent(spec: str | Agent) -> Agent:
    """The agent that a spec string names; an `Agent` stands for itself.

    Args:
        spec: `"name"`, `"name?parameter=value&..."`, `"scheme:model?..."` (language models), `"package.module:Class"`
            or `"path/to/file.py:Class"`.

    Raises:
        UsageError: It is neither a string nor an agent.
        UnknownName: No such agent; the message suggests near misses.
        BadOption: A parameter is unknown to the agent or out of range.
    """
    if isinstance(spec, Agent):
        return spec
    if not isinstance(spec, str):
        made_of = f"an object: {spec.__name__}()" if inspect.isclass(spec) else "a spec string or an agentarena.Agent"
        raise UsageError(f"{spec!r:.100} is no agent; give {made_of}")
    name, parameters = parse(spec)
    if name == "":
        raise UsageError(f"agent {spec!r} has no name; try 'random'")
    factory = _factory(name)
    try:
        inspect.signature(factory).bind(**parameters)
    except TypeError as error:
        known = ", ".join(inspect.signature(factory).parameters) or "none"
        raise BadOption(f"agent {spec!r}: {error}. Its parameters: {known}") from None
    player = factory(**parameters)
    if not isinstance(player, Agent):
        raise UsageError(f"agent {spec!r}: {factory!r} made a {type(player).__name__}, not an agentarena.Agent")
    player.name = player.name or spec
    return player


def _factory(name: str) -> Any:
    table = {**entry_point_names("agentarena.agents"), **AGENTS}
    if name in table:
        return load(table[name])
    bot = find_bot(name)
    if bot is not None:
        return bot
    scheme, colon, rest = name.partition(":")
    if colon and f"{scheme}:" in table:
        return _with_model(load(table[f"{scheme}:"]), rest)
    if colon and scheme.endswith(".py"):
        return getattr(_module_at(Path(scheme)), rest, None) or _no_attribute(scheme, rest)
    if colon:
        return load(name)
    raise UnknownName("agent", name, agent_names(), hint="List them with `agentarena envs --agents`.")


def _with_model(factory: Any, model: str) -> Any:
    def make(**parameters: Any) -> Agent:
        return factory(model, **parameters)

    signature = inspect.signature(factory)
    make.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
    return make


def _module_at(path: Path) -> Any:
    if not path.is_file():
        raise UsageError(f"no file {str(path)!r}; an agent in a file is named 'path/to/file.py:Class'")
    name = f"agentarena_file_{path.stem}_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _no_attribute(path: str, name: str) -> Any:
    raise UsageError(f"{path!r} defines no {name!r}")
