"""Battles by what led to them: a chain of commands that any process can play again.

The same setup and choices give the same battle in every process, so a battle is its commands. Chains share their
beginnings: a fork costs one link.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

__all__ = ["Battle", "Link", "commands_to"]


@dataclass(frozen=True, eq=False, repr=False)
class Link:
    """One command and what came before it; `start` and `load` begin a chain.

    Attributes:
        before: What came before; `None` at the beginning.
        command: The command without the battle's name.
    """

    before: Link | None
    command: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        """A name of the position: a hash of all commands that led to it."""
        text = json.dumps(self.command, sort_keys=True, separators=(",", ":"))
        return hashlib.blake2b(f"{self.before.key if self.before else ''}\n{text}".encode(), digest_size=12).hexdigest()


class Battle:
    """A battle in an engine. It is dropped there when nothing refers to it any more.

    Attributes:
        link: The last command that it took; `None` before the first was answered.
    """

    def __init__(self, forget: Callable[[Battle], None]) -> None:
        self.link: Link | None = None
        self.place: Any = None
        """Where a pool keeps it; the pool's own."""
        self.dropped = False
        self._forget = forget

    def __del__(self) -> None:
        if not self.dropped:
            self._forget(self)

    def __repr__(self) -> str:
        return f"<Battle {self.link.key if self.link else 'not started'}{', dropped' if self.dropped else ''}>"

    def __reduce__(self) -> Any:
        raise TypeError("a battle lives in an engine's process and is not pickled; send engine.save(battle), and load it there")


def commands_to(link: Link, name: Callable[[], str]) -> tuple[str, list[dict[str, Any]]]:
    """The commands that lead to a position, and the name of the battle that then stands there.

    Args:
        link: The last command.
        name: Gives a new name at each call; forks on the way take names of their own and are dropped again.
    """
    chain: list[Link] = []
    step: Link | None = link
    while step is not None:
        chain.append(step)
        step = step.before
    battle = ""
    commands: list[dict[str, Any]] = []
    for one in reversed(chain):
        op = one.command["op"]
        if op in ("start", "load"):
            battle = name()
            commands.append({**one.command, "battle": battle})
        elif op == "fork":
            parent, battle = battle, name()
            commands += [{**one.command, "battle": parent, "into": battle}, {"op": "drop", "battle": parent}]
        else:
            commands.append({**one.command, "battle": battle})
    return battle, commands
