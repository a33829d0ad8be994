"""Who sits where in which match, and which matches share a deal."""

from __future__ import annotations

from agentarena.core.errors import UsageError, WrongSeats
from agentarena.core.record import Fixture

__all__ = ["Fixture", "rotation"]


def rotation(agents: int, seats: int, matches: int, *, rotate: bool = True, duplicate: bool = False) -> list[Fixture]:
    """A run of matches in which the agents fill the table and move on by one seat from match to match.

        seat s of match m is held by agent (s + m) mod agents          (rotate; without it, by agent s mod agents)

    After each cycle of `agents` matches every agent has held every seat once more, also where there are fewer agents
    than seats. With `duplicate`, the matches of one cycle share one deal.

    Args:
        agents: How many agents, 1 to `seats`.
        seats: Seats of the game.
        matches: How many matches.
        rotate: Whether agents change seats.
        duplicate: Whether each deal is played once in every rotation.

    Raises:
        WrongSeats: No agent, or more agents than seats.
        UsageError: A negative number of matches, or duplicate deals without rotation.

    >>> [fixture.seats for fixture in rotation(2, 3, 2)]
    [(0, 1, 0), (1, 0, 1)]
    >>> [fixture.deal for fixture in rotation(2, 2, 4, duplicate=True)]
    [0, 0, 1, 1]
    """
    if agents < 1:
        raise WrongSeats(f"got no agents; the game has {seats} seats, so give 1 to {seats} agents")
    if agents > seats:
        raise WrongSeats(
            f"got {agents} agents, the game has {seats} seats. Give at most {seats}, or let all of them meet with "
            "agentarena.tournament (`agentarena tournament` on the command line)"
        )
    if matches < 0:
        raise UsageError(f"matches must be at least 0, got {matches}")
    if duplicate and not rotate:
        raise UsageError("duplicate=True plays each deal in every rotation of the seats, so it needs rotate=True")
    return [
        Fixture(m, m // agents if duplicate else m, tuple((s + (m if rotate else 0)) % agents for s in range(seats)))
        for m in range(matches)
    ]
