"""Published figures to print beside ours: somebody else's table, and which of our agents each of its rows means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agentarena.evaluate import Interval, Standings

__all__ = ["Published", "PublishedRow", "agent_named", "beside"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRow:
    """One line of somebody else's table; `None` where it has no figure.

    Attributes:
        name: The agent as the source names it.
        agent: Our agent of the same kind, by name.
        win_share: In [0, 1].
        win_interval: Its interval.
        mean_return: In the game's unit.
        return_interval: Its interval.
        ms: Milliseconds a decision.
    """

    name: str
    agent: str | None = None
    win_share: float | None = None
    win_interval: Interval | None = None
    mean_return: float | None = None
    return_interval: Interval | None = None
    ms: float | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """Published figures to print beside ours.

    Attributes:
        rows: One an agent.
        source: Where they are from, as a citation.
        note: How the published setting differs from ours.
    """

    rows: tuple[PublishedRow, ...]
    source: str = ""
    note: str = ""

    @classmethod
    def of(cls, rows: Iterable[Any], source: str = "", note: str = "", *, mean_return: str = "mean_return") -> Published:
        """The rows of a game's table of published figures, such as `agentarena.envs.dhumbal.analysis.published`.

        Args:
            rows: Objects with `name`, and where known `spec`, `win` and `win_interval` (percent and half-width in
                percentage points), `ms`, and the attribute that `mean_return` names.
            source: Citation.
            note: How the settings differ.
            mean_return: Attribute with the mean return, e.g. "coins".
        """
        published = []
        for row in rows:
            win, half = getattr(row, "win", None), getattr(row, "win_interval", None)
            published.append(
                PublishedRow(
                    name=row.name,
                    agent=getattr(row, "spec", None),
                    win_share=None if win is None else win / 100,
                    win_interval=None if win is None or half is None else Interval((win - half) / 100, (win + half) / 100),
                    mean_return=getattr(row, mean_return, None),
                    ms=getattr(row, "ms", None),
                )
            )
        return cls(tuple(published), source, note)


def beside(published: Published | Iterable[Any] | None, standings: Standings) -> Published | None:
    """The published rows with our agents' names (`agent_named`); rows of a game's own table are read by `Published.of`."""
    if published is None:
        return None
    table = published if isinstance(published, Published) else Published.of(published, mean_return=f"{standings.unit}s")
    names = [row.agent for row in standings.rows]
    return replace(table, rows=tuple(replace(row, agent=agent_named(row.agent, names)) for row in table.rows))


def agent_named(agent: str | None, names: Sequence[str]) -> str | None:
    """The one of our agents that a published row means: of the same name, or the only one that differs by its parameters alone.

    >>> agent_named("ismcts", ["ismcts?simulations=5", "random"])
    'ismcts?simulations=5'
    """
    alike = [name for name in names if name == agent] or [name for name in names if name.partition("?")[0] == agent]
    return alike[0] if len(alike) == 1 else None
