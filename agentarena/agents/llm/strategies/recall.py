"""A strategy that shows decisions of finished matches."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from agentarena.agents.llm.chat import Prompt
from agentarena.core import registry
from agentarena.core.agent import View
from agentarena.core.errors import BadOption
from agentarena.core.record import Record
from agentarena.core.replay import steps

from .base import Steps, Strategy, options

__all__ = ["Past", "nearest", "recall", "remembered"]


class Past(NamedTuple):
    """A decision of a finished match."""

    env: str
    view: str
    words: frozenset[str]
    move: str
    result: float


def recall(n: int, past: Sequence[Past]) -> Strategy:
    """Shows the `n` decisions of finished matches that resemble the present one most, and how those matches ended."""

    def decide(view: View, prompt: Prompt) -> Steps:
        like = nearest(past, _env(view.game), view.text_without_choices, n)
        examples = [f"You saw:\n{one.view}\nYou moved {one.move}; your return in the end was {one.result:g}." for one in like]
        before = ["From earlier matches:\n\n" + "\n\n".join(examples) + "\n\nNow it is your move in this match."] if examples else []
        (completion,) = yield [prompt.ask(*before, options=options(view, prompt))]
        return prompt.reply(completion)

    return decide


def nearest(past: Sequence[Past], env: str, text: str, n: int) -> list[Past]:
    """The decisions whose words overlap most with `text` (Jaccard index), better results first among equals."""
    words = _words(text)
    own = [one for one in past if one.env == env]
    return sorted(own, key=lambda one: (-len(words & one.words) / len(words | one.words), -one.result, one.view, one.move))[:n]


@functools.lru_cache(maxsize=8)
def remembered(path: str) -> tuple[Past, ...]:
    """Every decision of a record file, as its seat saw it, with the return of that seat.

    Raises:
        BadOption: There is no such file.
        CorruptRecord: A line is no record.
        RecordMismatch: A record cannot be played again.
    """
    results: dict[tuple[str, str, str], list[float]] = {}
    try:
        lines = Path(path).read_bytes().splitlines()
    except OSError as error:
        raise BadOption(f"past={path!r} is no record file: {error}") from error
    for number, line in enumerate(lines, 1):
        record = Record.parse(line, f"{path}, line {number}")
        for match, actions in steps(record):
            for seat, action in actions.items():
                view = match.view(seat)
                decision = (record.env, view.text_without_choices, view.write(action))
                results.setdefault(decision, []).append(record.returns[seat])
    return tuple(Past(*key[:2], _words(key[1]), key[2], sum(returns) / len(returns)) for key, returns in results.items())


@functools.lru_cache(maxsize=64)
def _env(game: Any) -> str:
    return registry.env_id_of(game)


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+|[^\w\s]", text.lower()))
