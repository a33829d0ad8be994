"""Agents by name: spec strings such as `"ismcts?simulations=200"`, `"dhumbal/aggressive"` or `"bots/mine.py:Mine"`."""

from __future__ import annotations

import difflib
import hashlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agentarena.core.agent import Agent
from agentarena.core.display import shown
from agentarena.core.errors import ArenaError, BadOption, UnknownName, UsageError, suggest
from agentarena.core.registry import AGENTS, agent_names, entry_point_names, find_bot, load

from .spelling import NAMED, checked_name, masked, parse, public, redacted, secret

__all__ = ["agent", "factory", "harmless", "list_agents", "parse"]


def list_agents() -> list[str]:
    """The name of every agent: those that fit every game, then each game's bots. Schemes end in a colon, e.g. "hf:"."""
    return agent_names()


def agent(spec: str | Agent) -> Agent:
    """The agent that a spec string names; an `Agent` stands for itself.

    The agent is called what the spec says, in its own spelling, without secrets and without parameters that say how it is
    reached (`Agent.operational`). The parameter `name`, which every spec may have, calls it something else.

    Args:
        spec: `"name"`, `"name?parameter=value&..."`, `"scheme:model?..."` (language models), `"package.module:Class"`
            or `"path/to/file.py:Class"`.

    Raises:
        UsageError: It is neither a string nor an agent, or it cannot be imported or made.
        UnknownName: No such agent; the message suggests near misses.
        BadOption: A parameter is unknown to the agent or out of range.

    >>> agent("mcts?simulations=50").name, agent("mcts?simulations=50&name=small").name
    ('mcts?simulations=50', 'small')
    """
    if isinstance(spec, Agent):
        return spec
    if not isinstance(spec, str):
        made_of = f"an object: {spec.__name__}()" if inspect.isclass(spec) else "a spec string or an agentarena.Agent"
        raise UsageError(f"{shown(spec)} is no agent; give {made_of}")
    head, parameters = parse(spec)
    label = shown(redacted(head), 200)
    if head == "":
        raise UsageError(f"agent {shown(redacted(spec), 200)} has no name; try 'random'")
    display_name = checked_name(parameters[NAMED]) if NAMED in parameters else None
    make = factory(head)
    player = _made(label, make, _arguments(label, make, parameters))
    try:
        player.name = display_name or checked_name(public(spec, player.operational))
    except BaseException:
        player.close()
        raise
    return player


def harmless(spec: str) -> bool:
    """Whether a spec string, e.g. one found in a file, names an agent of this package and neither code, nor a model, nor an address.

    >>> [harmless(spec) for spec in ("mcts?simulations=50&rollout=dhumbal/aggressive", "mine.py:Mine", "openai:m", "tiny?adapter=x")]
    [True, False, False, False]
    """
    try:
        head, parameters = parse(spec)
    except BadOption:
        return False
    if ":" in head or (head not in AGENTS and find_bot(head) is None):
        return False
    return all(name in (NAMED, "system") or (name not in _PATHS and _plain(value)) for name, value in parameters.items())


_PATHS = ("adapter", "past", "path", "policy")


def _plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(map(_plain, value))
    if isinstance(value, str):
        return value.isidentifier() or find_bot(value) is not None
    return value is None or isinstance(value, bool | int | float)


def _arguments(label: str, make: Callable[..., Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as the factory takes them; `name` is left out unless it takes that too."""
    try:
        taken = inspect.signature(make).parameters.values()
    except (TypeError, ValueError):
        raise UsageError(f"agent {label} is {shown(make)}; expected a class or function that makes an agent") from None
    known = [one.name for one in taken if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    arguments = {key: value for key, value in parameters.items() if key != NAMED or NAMED in known}
    listed = ", ".join(sorted({*known, NAMED}))
    unknown = [key for key in arguments if key not in known]
    if unknown and not any(one.kind is one.VAR_KEYWORD for one in taken):
        raise BadOption(f"agent {label} has no parameter {shown(unknown[0])}.{suggest(unknown[0], known)} Parameters: {listed}")
    missing = [one.name for one in taken if one.name in known and one.default is one.empty and one.name not in arguments]
    if missing:
        raise BadOption(f"agent {label} needs the parameter {missing[0]!r}: write '...?{missing[0]}=value'. Parameters: {listed}")
    return arguments


def _made(label: str, make: Callable[..., Any], arguments: Mapping[str, Any]) -> Agent:
    secrets = [str(value) for key, value in arguments.items() if secret(key)]
    try:
        player = make(**arguments)
    except Exception as error:  # of code that is not ours, mostly, about a value that it refuses
        if not isinstance(error, ArenaError):
            refused = UsageError(f"agent {label} cannot be made: {_described(error, secrets)}")
            raise refused from (None if _quotes(error, secrets) else error)
        if _quotes(error, secrets):
            error.args = tuple(redacted(masked(one, secrets)) if isinstance(one, str) else one for one in error.args)
            raise error from None
        raise
    if not isinstance(player, Agent):
        raise UsageError(f"agent {label}: {shown(make)} made a {type(player).__name__}, not an agentarena.Agent")
    return player


def _quotes(error: BaseException | None, secrets: Sequence[str]) -> bool:
    """Whether the words of an error, or of what it came from, hold a secret."""
    for _ in range(_CAUSES):
        if error is None:
            break
        if redacted(masked(str(error), secrets)) != str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


_CAUSES = 20
"""How many errors that led to one another are looked through."""


def _described(error: BaseException, secrets: Sequence[str] = ()) -> str:
    """An error of code that is not ours: what it says, and the line it comes from."""
    at = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" ({at[0].filename}, line {at[0].lineno})" if at and not isinstance(error, SyntaxError) else ""
    return redacted(masked(f"{type(error).__name__}: {error}{where}", secrets))


# --- from a name to what makes the agent ------------------------------------------------------------------------------------


def factory(head: str) -> Any:
    """The class or function behind the part of a spec string before "?"; of a scheme, the one that takes the model's other parameters.

    Raises:
        UsageError, UnknownName: There is none; the message suggests near misses.
    """
    table = {**entry_point_names("agentarena.agents"), **AGENTS}
    scheme, colon, rest = head.partition(":")
    if colon and not rest and head in table:
        raise UsageError(f"agent {head!r} names no model; write '{head}MODEL'")
    if head in table:
        return load(table[head])
    bot = find_bot(head)
    if bot is not None:
        return bot
    if colon and f"{scheme}:" in table:
        return _with_model(load(table[f"{scheme}:"]), rest)
    if scheme.endswith(".py"):
        return _of_file(Path(scheme), rest)
    if not colon:
        names = agent_names()
        swapped = [f"{name}{head.partition('/')[2]}" for name in table if head.lower().startswith(f"{name[:-1]}/")]
        raise UnknownName("agent", redacted(head), swapped or names, hint="List them with `agentarena agents`.")
    return _of_module(scheme, rest, table)


def _of_module(module: str, name: str, table: Mapping[str, Any]) -> Any:
    """What `module:name` names, unless the module is rather a misspelt scheme."""
    if module in table:
        raise UsageError(f"agent {module!r} takes no model; write '{module}?parameter=value'")
    if "." not in module and not _importable(module):
        schemes = [key[:-1] for key in table if key.endswith(":")]
        near = difflib.get_close_matches(module[:100].lower(), schemes, n=1, cutoff=0.5)
        known = [f"{scheme}:{redacted(name)}" for scheme in near] or [f"{scheme}:" for scheme in schemes]
        hint = f"There is no such module either: a class is named 'package.module:Class' or 'path/to/file.py:Class', here {shown(module)}"
        raise UnknownName("agent", redacted(f"{module}:{name}"), known, hint=f"{hint}.")
    try:
        return load(f"{module}:{name}")
    except (ArenaError, OSError):
        raise
    except Exception as error:
        raise UsageError(f"agent {shown(f'{module}:{name}')}: its module cannot be imported: {_described(error)}") from error


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return module in sys.modules


def _with_model(make: Callable[..., Any], model: str) -> Callable[..., Any]:
    def made(**parameters: Any) -> Agent:
        player: Agent = make(model, **parameters)
        return player

    signature = inspect.signature(make)
    made.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
    made.__doc__ = make.__doc__
    return made


def _of_file(path: Path, name: str) -> Any:
    if not path.is_file():
        beside = [str(one) for one in path.parent.glob("*.py")] if path.parent.is_dir() else []
        near = suggest(str(path), beside) if len(beside) <= 1000 else ""
        raise UsageError(f"no file {shown(str(path), 300)}.{near} An agent in a file is named 'path/to/file.py:Class'")
    try:
        module = _module_at(path)
    except ArenaError:
        raise
    except Exception as error:
        raise UsageError(f"{shown(str(path), 300)} cannot be imported: {_described(error)}") from error
    if not name or not hasattr(module, name):
        own = [key for key, value in vars(module).items() if inspect.isclass(value) and value.__module__ == module.__name__]
        what = f"{shown(str(path), 300)} defines no {shown(name)}" if name else f"which agent of {shown(str(path), 300)}?"
        raise UsageError(f"{what}.{suggest(name, own)} An agent in a file is named 'path/to/file.py:Class'".replace("?.", "?"))
    return getattr(module, name)


def _module_at(path: Path) -> Any:
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
