"""What the commands that have a language model write something share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from .common import say

__all__ = ["written_by", "written_options"]


def written_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options of the asking."""
    options = (
        click.option("--repairs", default=3, show_default=True, type=click.IntRange(0, 100), help="How often a stage is asked again."),
        click.option("--max-tokens", default=4096, show_default=True, type=click.IntRange(min=1), help="Longest reply."),
        click.option("--temperature", default=0.0, show_default=True, type=click.FloatRange(min=0), help="Of the replies; 0 is greedy."),
        click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Of the samples."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def written_by(model: str, write: Callable[[Any], Any], sampling: dict[str, Any]) -> Any:
    """What `write` makes of a model's replies; where they cannot be used, the stage and the reasons are shown, and exit code is 1."""
    from agentarena.evaluate.completer import Completer, NotWritten

    with Completer(model, **sampling) as complete:
        try:
            return write(complete)
        except NotWritten as error:
            say(f"{complete.name}, stage {error.stage!r}: not written after {len(error.replies)} replies in all")
            for problem in error.problems:
                say(f"- {problem}", hanging=2)
            raise SystemExit(1) from None
