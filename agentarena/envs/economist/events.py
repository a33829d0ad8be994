"""What a step made known, as events. All of them are public; a worker's own figures are in its view."""

from __future__ import annotations

from typing import Any

from agentarena.core.events import Event

from .rules.society import Society
from .state import DECREE, PLATFORM, VOTE, WORK, State

__all__ = ["events"]


def events(society: Society, state: State) -> tuple[Event, ...]:
    """The news of the step that led to a state."""
    data: dict[str, Any]
    if state.played == WORK:
        last = state.past[-1]
        data = {
            "year": last.year + 1,
            "week": last.week + 1,
            "mean_income": round(float(last.income.mean()), 2),
            "rebate": round(last.rebate, 2),
            "welfare": round(last.welfare, 6),
        }
        if society.bounded:
            data["satisfied"] = int(last.satisfied.sum())
        return (Event("week", data),)
    if state.played == DECREE:
        return (Event("decree", {"by": state.leader, "rates": [round(rate, 6) for rate in state.rates]}),)
    if state.played == PLATFORM:
        platforms = [{"seat": seat, "rates": [round(rate, 6) for rate in rates]} for seat, rates in state.platforms]
        return (Event("platforms", {"stand": platforms}),)
    if state.played == VOTE:
        data = {"votes": {str(seat): count for seat, count in state.votes}, "winner": state.leader}
        if society.government == "platforms":
            data["rates"] = [round(rate, 6) for rate in state.rates]
        return (Event("election", data),)
    return ()
