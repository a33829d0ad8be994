"""Events as sentences."""

from __future__ import annotations

from agentarena.core.events import Event
from agentarena.envs.economist.rules.society import Society

from .phrases import dollars, percents

__all__ = ["sentence"]


def sentence(society: Society, event: Event, seat: int) -> str:
    """An event as the sentence that `seat` reads."""
    data = event.data
    if event.kind == "decree":
        who = "The planner" if data["by"] == 0 else "You" if data["by"] == seat else f"Worker {data['by']}"
        return f"{who} set the rates to {percents(data['rates'])}."
    if event.kind == "platforms":
        return f"{len(data['stand'])} of {society.population} workers stand for election."
    if event.kind == "election":
        if not data["winner"]:
            return "Nobody got a vote; the rates stay."
        votes = data["votes"][str(data["winner"])]
        return f"Worker {data['winner']}{' (you)' if data['winner'] == seat else ''} won the election with {votes} vote{'s' if votes != 1 else ''}."
    line = f"Year {data['year']}, week {data['week']}: mean income {dollars(data['mean_income'])}, rebate {dollars(data['rebate'])}"
    if "satisfied" in data:
        line += f", {data['satisfied']} of {society.population} satisfied"
    return line + "."
