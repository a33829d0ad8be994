"""Records made by hand, for tests that know the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentarena.core.record import Outcome, Record, Seat
from agentarena.core.registry import game


def make_record(
    agents: Sequence[str],
    returns: Sequence[float],
    *,
    match: int = 0,
    deal: int | None = None,
    env: str = "TicTacToe-v0",
    options: dict[str, Any] | None = None,
    winner: int | str | None = None,
    outcome: Outcome | None = None,
    roles: Sequence[str | None] | None = None,
    teams: Sequence[str | None] | None = None,
    faults: Sequence[dict[str, Any]] = (),
    indices: Sequence[int] | None = None,
    seed: int = 0,
) -> Record:
    """A record of a match with these agents and returns, in which nothing was played."""
    order = list(dict.fromkeys(agents))
    seats = tuple(
        Seat(
            name,
            order.index(name) if indices is None else indices[s],
            "1",
            None if roles is None else roles[s],
            None if teams is None else teams[s],
            returns[s],
        )
        for s, name in enumerate(agents)
    )
    return Record(
        env=env,
        options=game(env).options if options is None else options,
        package="0",
        seed=seed,
        match=match,
        deal=match if deal is None else deal,
        policy={},
        seats=seats,
        actions=[],
        aborted=[],
        replies=[],
        faults=list(faults),
        winner=winner,
        outcome=outcome or ("won" if winner is not None else "drawn"),
        turns=0,
        steps=0,
    )
