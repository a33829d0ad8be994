"""The parameters of a language agent, in groups. In spec strings each is written by its own name: `tiny?temperature=0.7&memory=chat`."""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, suggest
from agentarena.envs.text_prompts import PROMPTS

from .engine import Request

__all__ = ["Limits", "Prompting", "Sampling", "check_choice", "check_flag", "check_number", "check_text", "grouped", "lists_parameters"]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How replies are generated.

    Attributes:
        temperature: 0 is greedy; `None` leaves it to the server.
        top_p: Nucleus (top-p) threshold in (0, 1]; 1 cuts nothing.
        top_k: Number of most likely tokens to draw from; 0 cuts nothing.
        max_tokens: Longest reply, thinking included.
        stop: Strings that end a reply.
        constrain: Whether replies are decoded under the legal ones.
        adapter: LoRA adapter, by name or path.
    """

    temperature: float | None = 0.0
    top_p: float = 1.0
    top_k: int = 0
    max_tokens: int = 256
    stop: str | Sequence[str] = ()
    constrain: bool = False
    adapter: str | None = None

    def __post_init__(self) -> None:
        check_number("temperature", self.temperature, 0.0, optional=True)
        check_number("top_p", self.top_p, 0.0, 1.0, above=True)
        check_number("top_k", self.top_k, 0, whole=True)
        check_number("max_tokens", self.max_tokens, 1, whole=True)
        check_flag("constrain", self.constrain)
        check_text("adapter", self.adapter, optional=True)
        stops = (self.stop,) if isinstance(self.stop, str) else self.stop
        if not isinstance(stops, list | tuple) or not all(isinstance(stop, str) and stop for stop in stops):
            raise BadOption(f"stop must be a string that is not empty, or a list of such, got {shown(self.stop)}")

    def request(self) -> Request:
        """A request of these settings without messages."""
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop)
        return Request((), None, self.max_tokens, self.temperature, self.top_p, self.top_k, stop=stop, adapter=self.adapter)


@dataclass(frozen=True, slots=True)
class Prompting:
    """What prompts show.

    Attributes:
        memory: "chat" (the whole match), "last:k" (the last k decisions) or "state" (the present decision alone).
        system: Words before the rules in the system message.
        choices: Whether the legal moves are listed.
        keep_thinking: Whether later prompts show earlier thinking; private in any case.
        prompt: "game" (the game's own words), or a form of text tasks (`envs.text_prompts`): "react", "verl" or "chat".
        context: Tokens of prompt and reply together; `None`: what the back-end says. The oldest decisions are left out first;
            rules and present view always stay.
    """

    memory: str = "chat"
    system: str = ""
    choices: bool = True
    keep_thinking: bool = False
    context: int | None = None
    prompt: str = "game"

    def __post_init__(self) -> None:
        if not isinstance(self.memory, str) or not re.fullmatch(r"chat|state|last:[1-9][0-9]{0,8}", self.memory):
            raise BadOption(f"memory must be 'chat', 'state' or 'last:k' with k of at least 1, got {shown(self.memory)}")
        check_text("system", self.system, empty=True)
        check_flag("choices", self.choices)
        check_flag("keep_thinking", self.keep_thinking)
        check_number("context", self.context, 0, whole=True, optional=True)
        check_choice("prompt", self.prompt, ("game", *PROMPTS))

    @property
    def depth(self) -> int | None:
        """How many earlier decisions are shown; `None` for all."""
        if self.memory == "chat":
            return None
        return 0 if self.memory == "state" else int(self.memory.partition(":")[2])


@dataclass(frozen=True, slots=True)
class Limits:
    """What an agent may use in all, counted from when it was created; `None` is without limit.

    Attributes:
        budget_tokens: Tokens read and written.
        budget_usd: US dollars; needs known prices.
        budget_s: Seconds since the first question.
    """

    budget_tokens: int | None = None
    budget_usd: float | None = None
    budget_s: float | None = None

    def __post_init__(self) -> None:
        for name in ("budget_tokens", "budget_usd", "budget_s"):
            check_number(name, getattr(self, name), 0.0, optional=True, above=True)


_GROUPS = {"sampling": Sampling, "prompting": Prompting, "limits": Limits}
_STRATEGY = ("strategy", "n", "policy", "past", "acts")


def names() -> list[str]:
    """The name of every parameter, by group."""
    return [*(field.name for group in _GROUPS.values() for field in dataclasses.fields(group)), *_STRATEGY, "name"]


def lists_parameters(**defaults: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Gives a factory of language agents, which takes the parameters of every one as `**parameters`, a signature that names them.

    Args:
        defaults: Defaults that are this factory's own.
    """

    def named(factory: Callable[..., Any]) -> Callable[..., Any]:
        own = [one for one in inspect.signature(factory).parameters.values() if one.kind is not one.VAR_KEYWORD]
        fields = [(field.name, field.type, field.default) for group in _GROUPS.values() for field in dataclasses.fields(group)]
        rest = [
            ("strategy", "str", "direct"),
            ("n", "int", 5),
            ("policy", "str | None", None),
            ("past", "str | None", None),
            ("acts", "str | None", None),
            ("name", "str", ""),
        ]
        more = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=defaults.get(name, default), annotation=kind)
            for name, kind, default in (*fields, *rest)
            if name not in {one.name for one in own}
        ]
        factory.__signature__ = inspect.Signature([*own, *more])  # type: ignore[attr-defined]
        factory.parameter_groups = tuple(_GROUPS.values())  # type: ignore[attr-defined]  # they say what the parameters mean
        return factory

    return named


def grouped(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters by their own names as the groups `sampling`, `prompting`, `limits`, and the rest under their names.

    >>> grouped({"temperature": 0.7, "strategy": "vote"})["sampling"].temperature
    0.7
    """
    rest = dict(parameters)
    groups = {}
    for name, group in _GROUPS.items():
        own = [field.name for field in dataclasses.fields(group)]
        groups[name] = group(**{key: rest.pop(key) for key in own if key in rest})
    return {**groups, **rest}


def check_names(head: str, parameters: Iterable[str], more: Iterable[str] = ()) -> None:
    """Refuse parameters that do not exist.

    Args:
        head: The agent, for the message.
        parameters: Names of parameters.
        more: Names that this kind of agent takes beside those of every language agent.

    Raises:
        BadOption: The message suggests near misses.
    """
    known = {*names(), *more}
    unknown = sorted(set(parameters) - known)
    if unknown:
        raise BadOption(
            f"agent {head!r} has no parameter {shown(unknown[0])}.{suggest(unknown[0], known)} Parameters: {', '.join(sorted(known))}"
        )


def check_number(
    name: str, value: Any, low: float, high: float = math.inf, *, whole: bool = False, optional: bool = False, above: bool = False
) -> None:
    """Refuse a parameter that is no finite number in a range.

    Args:
        name: The parameter.
        value: What was given.
        low: Least value.
        high: Greatest value.
        whole: Whether it must be a whole number.
        optional: Whether it may be `None`.
        above: Whether it must be greater than `low`.

    Raises:
        BadOption: It is something else.
    """
    if value is None and optional:
        return
    kind = int if whole else int | float
    fits = isinstance(value, kind) and not isinstance(value, bool) and -_HUGE <= value <= _HUGE and low <= value <= high
    if not fits or (above and value <= low):
        what = "a whole number" if whole else "a number"
        least = f"greater than {low:g}" if above else f"of at least {low:g}"
        bounds = least if high == math.inf else f"between {low:g} and {high:g}"
        raise BadOption(f"{name} must be {what} {bounds}, got {shown(value)}")


def check_flag(name: str, value: Any, *, optional: bool = False) -> None:
    """Refuse a parameter that is neither true nor false."""
    if not isinstance(value, bool) and not (optional and value is None):
        raise BadOption(f"{name} must be true or false{' or none' if optional else ''}, got {shown(value)}")


def check_text(name: str, value: Any, *, optional: bool = False, empty: bool = False) -> None:
    """Refuse a parameter that is no string, or an empty one."""
    if not (isinstance(value, str) and (value or empty)) and not (optional and value is None):
        what = "a string" if empty else "a string that is not empty"
        raise BadOption(f"{name} must be {what}{' or none' if optional else ''}, got {shown(value)}")


def check_choice(name: str, value: Any, choices: Sequence[str | None]) -> None:
    """Refuse a parameter that is none of these."""
    if not (value is None or isinstance(value, str)) or value not in choices:
        raise BadOption(f"{name} must be {' or '.join(repr(one) for one in choices if one is not None)}, got {shown(value)}")


_HUGE = 1e15
"""Numbers beyond this are no settings."""
