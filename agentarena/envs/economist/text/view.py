"""What a seat sees now, and the question to a seat that is to move."""

from __future__ import annotations

from agentarena.envs.economist.rules.personas import PERSONAS
from agentarena.envs.economist.rules.society import Society
from agentarena.envs.economist.state import DECREE, OVER, PLATFORM, VOTE, WORK, State

from .memory import planner_lines, worker_lines
from .phrases import dollars, percents, schedule

__all__ = ["look", "question"]

_MOST_PLATFORMS = 20


def look(society: Society, state: State, seat: int) -> str:
    """What a seat sees now."""
    lines = [_when(society, state)]
    if seat and society.bounded:
        name, words = PERSONAS[int(state.personas[seat - 1])]
        lines.append(f"You are {'an' if name[0] in 'aeio' else 'a'} {name}. {words}")
    if seat:
        lines.append(f"You are worker {seat}; each weekly hour of yours is worth {dollars(float(state.skills[seat - 1]))} dollars a year.")
    lines.append(f"Tax: {schedule(society.edges, state.rates)}.")
    if state.platforms:
        lines.append("Platforms:")
        lines += [f"- worker {other}: {percents(rates)}" for other, rates in state.platforms[:_MOST_PLATFORMS]]
        if len(state.platforms) > _MOST_PLATFORMS:
            lines.append(f"- and {len(state.platforms) - _MOST_PLATFORMS} more")
    lines += planner_lines(society, state) if seat == 0 else worker_lines(society, state, seat)
    return "\n".join(lines)


def _when(society: Society, state: State) -> str:
    if state.phase == OVER:
        return "All tax years are over."
    year = f"Tax year {state.year + 1} of {society.years}"
    what = {
        DECREE: "the rates are to be set",
        VOTE: "the vote" if society.government == "election" else "the vote on the platforms",
        PLATFORM: "workers may stand for election",
    }.get(state.phase)
    return f"{year}: {what}." if what else f"{year}, week {state.week + 1} of {society.weeks}."


def question(society: Society, state: State, seat: int) -> str:
    """What a seat that is to move is asked."""
    if state.phase == DECREE:
        return f"Set the {len(society.edges)} {'changes' if society.planner == 'delta' else 'rates'}."
    if state.phase == WORK:
        return "How many hours do you work this week?" + (" Are you satisfied with the taxes?" if society.bounded else "")
    if state.phase == VOTE:
        return "For whom do you vote?"
    return "Do you stand for election, and with which rates?"
