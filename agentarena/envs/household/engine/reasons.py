"""Why a command did nothing, in words: what `feedback="explain"` adds to "Nothing happens."."""

from __future__ import annotations

from agentarena.core.charset import quote

from .house import House
from .scene import Scene, parsed
from .words import verb_of_put

__all__ = ["reason"]

_MOST_SHOWN = 80


def reason(house: House, scene: Scene, text: str) -> str:
    """One sentence on why `text` is not admissible; it tells nothing that the agent cannot know."""
    command = parsed(house, text)
    put, into = verb_of_put(house.profile)
    if command is None:
        return f"{quote(text, _MOST_SHOWN)} is no command, or names nothing here. For example: {put} mug 1 {into} shelf 1."
    verb, first, second = command
    if verb == "go":
        return f"You are at the {house.receptacles[first]} already, or cannot go there."
    if verb in ("open", "close", "examine"):
        return _place_reason(house, scene, verb, first)
    thing = house.objects[first]
    if verb == "inspect":
        return f"You do not hold the {thing}."
    if verb == "use":
        return f"There is no {thing} here that can be turned on."
    if verb == "slice":
        return f"There is no {thing} here that can be sliced, or you hold no {house.objects[second]} to slice it with."
    where = house.receptacles[second]
    if not house.here_mask[scene.place] >> second & 1:
        return f"You are not at the {where}."
    if verb == "take" and scene.held:
        return "Your hands are full."
    if verb != "take" and not scene.held >> first & 1:
        return f"You do not hold the {thing}."
    if verb in ("take", "put") and house.openable >> second & 1 and not scene.opened >> second & 1:
        return f"The {where} is closed."
    if verb == "take":
        return f"There is no {thing} that can be taken from the {where}."
    if verb == "put":
        return f"The {thing} does not belong there."
    return f"The {thing} cannot be treated so with the {where}."


def _place_reason(house: House, scene: Scene, verb: str, at: int) -> str:
    name = house.receptacles[at]
    if not house.here_mask[scene.place] >> at & 1:
        return f"You are not at the {name}."
    if not house.openable >> at & 1:
        return f"The {name} cannot be opened or closed."
    return f"The {name} is {'open' if verb == 'open' else 'closed'} already."
