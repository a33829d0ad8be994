"""What a household says: ALFWorld's sentences in both wordings, "0.3" and "0.4".

The sentences are those of ALFWorld's grammar file (alfred.twl2), copyright (c) 2020 Mohit Shridhar and others, under the MIT licence that stands
beside this file: agents that were trained on one text must be able to read the other.
"""

from __future__ import annotations

from typing import Any

from .house import House, bits, listed

__all__ = ["HELP", "NOTHING", "PROFILES", "feedback", "introduction", "room", "task_in", "verb_of_put"]

PROFILES = ("0.4", "0.3")
"""The wordings: "0.4" moves objects and arrives at receptacles; "0.3" puts them in/on and arrives at numbered places, without help."""

NOTHING = "Nothing happens."
_BANNER = "-= Welcome to TextWorld, ALFRED! =-"
_ENDS_TASK = frozenset(";|<>[]#{}")

HELP = (
    "Available commands:\n"
    "  look:                             look around your current location\n"
    "  inventory:                        check your current inventory\n"
    "  go to (receptacle):               move to a receptacle\n"
    "  open (receptacle):                open a receptacle\n"
    "  close (receptacle):               close a receptacle\n"
    "  take (object) from (receptacle):  take an object from a receptacle\n"
    "  move (object) to (receptacle):  place an object in or on a receptacle\n"
    "  examine (something):              examine a receptacle or an object\n"
    "  use (object):                     use an object\n"
    "  heat (object) with (receptacle):  heat an object using a receptacle\n"
    "  clean (object) with (receptacle): clean an object using a receptacle\n"
    "  cool (object) with (receptacle):  cool an object using a receptacle\n"
    "  slice (object) with (object):     slice an object using a sharp object\n"
)
"""The answer to "help": without its leading line feed, which the original's text generator drops, and with the trailing one."""


def verb_of_put(profile: str) -> tuple[str, str]:
    """The two words of the command that puts an object somewhere."""
    return ("put", "in/on") if profile == "0.3" else ("move", "to")


def task_in(text: str) -> str:
    """A task as the original prints it: without double quotes, and up to the first character that its text generator cannot read, such as a
    brace or a double quote without its partner. Nothing in it is evaluated.

    >>> task_in("put a mug {1 + 1} in shelf."), task_in('put "it" there')
    ('put a mug ', 'put it there')
    """
    end = next((at for at, char in enumerate(text) if char in _ENDS_TASK), len(text))
    parts = text[:end].split('"')
    return "".join(parts if len(parts) % 2 else parts[:-1])


def introduction(house: House) -> str:
    """The first observation: banner, room and task."""
    place = house.start_place
    if house.here[place]:
        seen = _facing(house, place) + "nothing."
    else:
        reachable = [house.receptacles[at] for at, there in enumerate(house.place_of) if there >= 0]
        seen = f"You are in the middle of a room. Looking quickly around you, you see {listed(reachable)}."
    return f"{_BANNER}\n\n{seen}\n\n{house.task}"


def _facing(house: House, place: int) -> str:
    names = [house.receptacles[at] for at in house.here[place]]
    around = names[0] if len(names) == 1 else ", ".join(names[:-1]) + f", and {names[-1]}"
    return f"You are facing the {around}. Next to it, you see "


def room(house: House, scene: Any) -> str:
    """The answer to "look"."""
    here = house.here[scene.place]
    if not here:  # where one started; the room is not described again
        return "You are in the middle of a room. Looking quickly around you, you see nothing."
    lying = scene.spots[scene.place]
    beside = [house.objects[thing] for thing in bits(lying) for at in here if scene.left[at] >> thing & 1] if lying else []
    return f"{_facing(house, scene.place)}{listed(beside)}."


def feedback(house: House, scene: Any, verb: str, first: int, second: int) -> str:
    """What is said after a command that did something.

    Args:
        house: The house.
        scene: The scene after the command.
        verb: What was done; see `scene.Command`.
        first: Index of the first thing that it was about.
        second: Index of the second.
    """
    if verb == "look":
        return room(house, scene)
    if verb == "inventory":
        return f"You are carrying: {house.contents(scene.held)}." if scene.held else "You are not carrying anything."
    if verb == "inspect":
        return _object(house, scene, first)
    if verb in ("go", "open", "close", "examine"):
        return _receptacle(house, scene, verb, first)
    thing = house.objects[first]
    if verb == "use":  # it always says that it was turned on
        return f"You turn on the {thing}."
    if verb == "slice":
        return f"You sliced the {thing} with the {house.objects[second]}."
    where = house.receptacles[second]
    if verb == "take":
        return f"You pick up the {thing} from the {where}."
    if verb == "put":
        return f"You put the {thing} in/on the {where}." if house.profile == "0.3" else f"You move the {thing} to the {where}."
    return f"You {verb} the {thing} using the {where}."


def _receptacle(house: House, scene: Any, verb: str, at: int) -> str:
    name, bit = house.receptacles[at], 1 << at
    if verb == "close":
        return f"You close the {name}."
    if not house.openable & bit:
        seen = f"On the {name}, you see {house.contents(scene.inside[at])}."
    elif scene.opened & bit:
        seen = f"The {name} is open. In it, you see {house.contents(scene.inside[at])}."
    else:
        seen = f"The {name} is closed."
    if verb == "go":
        return f"You arrive at {house.places[scene.place] if house.profile == '0.3' else name}. {seen}"
    return f"You open the {name}. {seen}" if verb == "open" else seen


def _object(house: House, scene: Any, thing: int) -> str:
    name, bit = house.objects[thing], 1 << thing
    if house.containers & bit:
        return f"This is a normal {name}. In it, you see {house.contents(house.nested.get(thing, 0))}."
    hot, cool, clean, sliced = (bool(mask & bit) for mask in (scene.hot, scene.cool, scene.clean, scene.sliced))
    warmth = "hot" if hot else "cool" if cool else ""
    if clean:
        state = f"{warmth} and clean" if warmth else "clean"
    else:
        state = "cold" if warmth == "cool" and not sliced else warmth
    if state:
        return f"This is a {state} {'sliced ' if sliced else ''}{name}."
    if house.toggleable & scene.toggled & bit:
        return f"This {name} is on."
    if house.sliceable & bit and sliced:
        return f"This is a sliced {name}."
    return f"There's nothing special about {name}."
