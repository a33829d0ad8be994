"""What strategies share: their type, marks on them, and small readers of views and replies."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Sequence
from typing import Any

from agentarena.agents.llm.chat import Prompt
from agentarena.agents.llm.engine import Completion, Request
from agentarena.core.actions import violation
from agentarena.core.agent import Decision, Reply, View
from agentarena.core.limits import THINKING
from agentarena.core.text import Unreadable

__all__ = ["EXCERPT", "Steps", "Strategy", "draws", "excerpt", "legal_move", "options", "says", "with_thought"]

Steps = Generator[Sequence[Request], Sequence[Completion], Decision]
Strategy = Callable[[View, Prompt], Steps]

EXCERPT = 1500
"""Longest piece of an earlier completion that a strategy puts into a prompt, in characters."""


def says(system: str) -> Callable[[Strategy], Strategy]:
    """Words that a strategy adds to the system message."""

    def mark(strategy: Strategy) -> Strategy:
        strategy.system = system  # type: ignore[attr-defined]  # functions take attributes
        return strategy

    return mark


def draws(n: int, name: str) -> Callable[[Strategy], Strategy]:
    """How many replies to one prompt a strategy compares: at temperature 0 they are all the same."""

    def mark(strategy: Strategy) -> Strategy:
        strategy.draws, strategy.name = n, name  # type: ignore[attr-defined]  # functions take attributes
        return strategy

    return mark


def legal_move(view: View, reply: str) -> str | None:
    """The legal move that a reply names, as the game writes it."""
    action = view.read(reply)
    if isinstance(action, Unreadable) or violation(view.legal, action):
        return None
    return view.write(action)


def options(view: View, prompt: Prompt) -> Any:
    """The legal replies, where the agent decodes under them."""
    return view.options if prompt.constrained else None


def with_thought(reply: Reply, *thoughts: str) -> Reply:
    """The reply with thoughts of earlier completions before its own thinking."""
    return dataclasses.replace(reply, thinking="\n\n".join(part for part in (*thoughts, reply.thinking) if part)[:THINKING])


def excerpt(text: str, most: int = EXCERPT) -> str:
    """A completion as later prompts quote it: without outer white space, cut to `most` characters.

    >>> excerpt("  I trust Ann. ", 9)
    'I trust A...'
    """
    text = text.strip()
    return text if len(text) <= most else text[:most] + "..."
