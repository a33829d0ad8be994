"""A household as it stands, what can be done in it, and what each command does: ALFWorld's rules, quirks included.

The rules are those that ALFWorld's planning domain gives when TextWorld plays it; where the two surprise, a comment says so. Each function
reads a `House`, which never changes, and a `Scene`, which is a frozen value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agentarena.core.frozen import replacer

from .goal import holds
from .house import House, bits
from .problem import Fact
from .words import HELP, feedback, verb_of_put

__all__ = ["Command", "Scene", "act", "admissible", "conditions", "facts_of", "parsed", "start", "won"]


@dataclass(frozen=True, slots=True)
class Scene:
    """What changes. Sets of objects and of receptacles are ints, one bit each, by the indices of the house.

    Attributes:
        place: Index of the place where the agent stands.
        opened: The open receptacles.
        inside: The objects in each receptacle; one object may be in several.
        held: The objects in hand.
        left: The objects that were taken out of each receptacle and not put back: "look" lists them as lying next to it.
        spots: The objects at each place, as far as anything was said of it: what can be sliced from there.
        clean, hot, cool, sliced, toggled: Sets of objects.
    """

    place: int
    opened: int
    inside: tuple[int, ...]
    held: int
    left: tuple[int, ...]
    spots: tuple[int, ...]
    clean: int
    hot: int
    cool: int
    sliced: int
    toggled: int


_replace = replacer(Scene)

Command = tuple[str, int, int]
"""Verb and the indices of what it is about, -1 where there is none: ("take", object, receptacle), ("go", receptacle, -1), ..."""


def start(house: House) -> Scene:
    """How a game begins."""
    clean, hot, cool, sliced, toggled = house.start_states
    left = (0,) * len(house.receptacles)
    return Scene(
        house.start_place,
        house.start_opened,
        house.start_inside,
        house.start_held,
        left,
        house.start_spots,
        clean,
        hot,
        cool,
        sliced,
        toggled,
    )


# --- which commands there are -------------------------------------------------------------------------------------------


def admissible(house: House, scene: Scene) -> tuple[str, ...]:
    """Every command that does something now, in alphabetical order."""
    here = house.here[scene.place]
    held = scene.held
    reach = scene.spots[scene.place] & house.sliceable if held & house.knives else 0
    key = (scene.place, scene.opened & house.here_mask[scene.place], held, reach, *[scene.inside[at] for at in here])
    commands = house.memo.get(key)
    if commands is None:
        commands = house.remember(key, tuple(sorted({*_elsewhere(house, scene.place), *_local(house, scene, reach)})))
    return commands


def _elsewhere(house: House, place: int) -> tuple[str, ...]:
    """The commands that only depend on where one stands. Receptacles that share the place are not gone to."""
    commands: tuple[str, ...] | None = house.memo.get(place)
    if commands is None:
        plain = ("look", "inventory") if house.profile == "0.3" else ("look", "inventory", "help")
        away = (house.receptacles[at] for at, there in enumerate(house.place_of) if there not in (-1, place))
        near = (f"examine {house.receptacles[at]}" for at in house.here[place])
        commands = house.remember(place, (*plain, *(f"go to {name}" for name in away), *near))
    return commands


def _local(house: House, scene: Scene, reach: int) -> Iterator[str]:
    names, things = house.receptacles, house.objects
    put, into = verb_of_put(house.profile)
    held = tuple(bits(scene.held))
    for at in house.here[scene.place]:
        name, bit, inside = names[at], 1 << at, scene.inside[at]
        if house.openable & bit:
            yield f"{'close' if scene.opened & bit else 'open'} {name}"
        if not house.openable & bit or scene.opened & bit:
            if not held:
                for thing in bits(inside & house.movable):
                    yield f"take {things[thing]} from {name}"
            for thing in held:
                if house.fits[thing] & bit:
                    yield f"{put} {things[thing]} {into} {name}"
        for thing in bits(inside & house.toggleable):  # also in a closed receptacle, but never one that is held
            yield f"use {things[thing]}"
        for verb, able, tools in (
            ("clean", house.cleanable, house.sinks),
            ("heat", house.heatable, house.microwaves),
            ("cool", house.coolable, house.fridges),
        ):
            if tools & bit:  # open or closed
                for thing in bits(scene.held & able):
                    yield f"{verb} {things[thing]} with {name}"
    for thing in held:
        yield f"examine {things[thing]}"  # only what is held: the domain means more, but its other clause never holds
    for knife in bits(scene.held & house.knives):
        for thing in bits(reach):  # also in a closed receptacle
            yield f"slice {things[thing]} with {things[knife]}"


def parsed(house: House, text: str) -> Command | None:
    """What a text commands, possible now or not; `None` where it has not the form of a command, or names nothing of this house."""
    if text in _PLAIN:
        return (text, -1, -1) if text != "help" or house.profile != "0.3" else None
    verb, _, rest = text.partition(" ")
    receptacles, things = house.receptacle_named, house.object_named
    if verb == "go":
        at = receptacles.get(rest[3:]) if rest.startswith("to ") else None
        return None if at is None else ("go", at, -1)
    if verb in ("open", "close"):
        return (verb, receptacles[rest], -1) if rest in receptacles else None
    if verb == "examine":
        if rest in receptacles:
            return ("examine", receptacles[rest], -1)
        return ("inspect", things[rest], -1) if rest in things else None
    if verb == "use":
        return ("use", things[rest], -1) if rest in things else None
    put, into = verb_of_put(house.profile)
    joint = f" {into} " if verb == put else _JOINTS.get(verb)
    if joint is None:
        return None
    first, _, second = rest.partition(joint)
    others = things if verb == "slice" else receptacles
    if first not in things or second not in others:
        return None
    return ("put" if verb == put else verb, things[first], others[second])


_PLAIN = frozenset(("look", "inventory", "help"))
_JOINTS = {"take": " from ", "clean": " with ", "heat": " with ", "cool": " with ", "slice": " with "}


# --- what they do ---------------------------------------------------------------------------------------------------------


def act(house: House, scene: Scene, text: str) -> tuple[Scene, str] | None:
    """The scene after a command and what is said of it; `None` where it is not admissible, and nothing happens."""
    command = parsed(house, text)
    if command is None or not _possible(house, scene, command):
        return None
    verb, first, second = command
    after = _after(house, scene, verb, first, second)
    return after, HELP if verb == "help" else feedback(house, after, verb, first, second)


def _possible(house: House, scene: Scene, command: Command) -> bool:
    verb, first, second = command
    if verb in _PLAIN:
        return True
    place = scene.place
    if verb == "go":
        return house.place_of[first] not in (-1, place)
    near = house.here_mask[place]
    if verb == "inspect":
        return bool(scene.held >> first & 1)
    if verb == "use":
        return bool(house.toggleable >> first & 1) and any(scene.inside[at] >> first & 1 for at in house.here[place])
    if verb == "slice":
        return bool(scene.spots[place] & house.sliceable & 1 << first and scene.held & house.knives & 1 << second)
    at = first if verb in ("open", "close", "examine") else second
    bit = 1 << at
    if not near & bit:
        return False
    is_open = bool(scene.opened & bit)
    if verb == "examine":
        return True
    if verb in ("open", "close"):
        return bool(house.openable & bit) and is_open == (verb == "close")
    thing = 1 << first
    if verb == "take":
        return bool(not scene.held and scene.inside[at] & house.movable & thing) and (is_open or not house.openable & bit)
    if not scene.held & thing:
        return False
    if verb == "put":
        return bool(house.fits[first] & bit) and (is_open or not house.openable & bit)
    if verb == "clean":
        return bool(house.cleanable & thing and house.sinks & bit)
    if verb == "heat":
        return bool(house.heatable & thing and house.microwaves & bit)
    return bool(house.coolable & thing and house.fridges & bit)


def _after(house: House, scene: Scene, verb: str, first: int, second: int) -> Scene:
    bit = 1 << first if first >= 0 else 0
    if verb == "go":
        return _replace(scene, place=house.place_of[first])
    if verb == "open":
        return _replace(scene, opened=scene.opened | bit)
    if verb == "close":
        return _replace(scene, opened=scene.opened & ~bit)
    if verb == "take":  # out of one receptacle only, also where the object is in several
        return _replace(
            scene,
            inside=_with(scene.inside, second, scene.inside[second] & ~bit),
            left=_with(scene.left, second, scene.left[second] | bit),
            spots=_with(scene.spots, scene.place, scene.spots[scene.place] & ~bit),
            held=scene.held | bit,
        )
    if verb == "put":
        return _replace(
            scene,
            inside=_with(scene.inside, second, scene.inside[second] | bit),
            left=_with(scene.left, second, scene.left[second] & ~bit),
            spots=_with(scene.spots, scene.place, scene.spots[scene.place] | bit),
            held=scene.held & ~bit,
        )
    if verb == "clean":
        return _replace(scene, clean=scene.clean | bit)
    if verb == "heat":
        return _replace(scene, hot=scene.hot | bit, cool=scene.cool & ~bit)
    if verb == "cool":
        return _replace(scene, cool=scene.cool | bit, hot=scene.hot & ~bit)
    if verb == "use":
        return _replace(scene, toggled=scene.toggled | bit)
    return _replace(scene, sliced=scene.sliced | bit) if verb == "slice" else scene


def _with(masks: tuple[int, ...], at: int, mask: int) -> tuple[int, ...]:
    changed = list(masks)
    changed[at] = mask
    return tuple(changed)


# --- whether it is done -----------------------------------------------------------------------------------------------------


def won(house: House, scene: Scene) -> bool:
    """Whether the goal holds now. It can be lost again, where play goes on."""
    goal = house.goal
    if goal.kind == "other":
        return holds(goal.tree, facts_of(house, scene), house.types)
    if goal.kind == "look":
        return bool(scene.held & house.target_objects) and _lamp_on_here(house, scene)
    wanted = house.target_objects & _in_state(house, scene)
    if goal.kind == "two":
        return any((scene.inside[at] & wanted).bit_count() >= 2 for at in house.target_receptacles)
    return any(scene.inside[at] & wanted for at in house.target_receptacles)


def conditions(house: House, scene: Scene) -> tuple[int, int]:
    """How many of the goal's conditions are met, and how many there are, counted as in ALFRED.

    pick: the object is there (1). look: the object is in hand, the lamp is on where the agent stands (2). clean, heat, cool: some object
    is there, some object is in that state, and one is both (3). two: how many of the objects one receptacle holds (2). Of any other goal
    only whether it holds (1).
    """
    goal = house.goal
    if goal.kind == "other":
        return int(won(house, scene)), 1
    if goal.kind == "look":
        return bool(scene.held & house.target_objects) + _lamp_on_here(house, scene), 2
    there = [scene.inside[at] & house.target_objects for at in house.target_receptacles]
    if goal.kind == "two":
        return min(2, max((mask.bit_count() for mask in there), default=0)), 2
    if goal.kind == "pick":
        return int(any(there)), 1
    state = _in_state(house, scene)
    return any(there) + bool(state & house.target_objects) + any(mask & state for mask in there), 3


def _in_state(house: House, scene: Scene) -> int:
    """The objects in the state that the goal asks for."""
    kind = house.goal.kind
    if kind == "clean":
        return scene.clean & house.cleanable
    if kind == "heat":
        return scene.hot & house.heatable
    return scene.cool & house.coolable if kind == "cool" else -1


def _lamp_on_here(house: House, scene: Scene) -> bool:
    lit = house.lamps & scene.toggled
    return bool(lit) and any(scene.inside[at] & lit for at in house.here[scene.place])


def facts_of(house: House, scene: Scene) -> set[Fact]:
    """Everything that is true now, as facts: for goals of another form, and for comparison with other engines."""
    changing = {"atlocation", "opened", "inreceptacle", "holds", "holdsany", "objectatlocation"}
    changing |= {"isclean", "ishot", "iscool", "issliced", "istoggled"}
    facts = {fact for fact in house.facts if fact[0] not in changing}
    agent = next(one for one, kind in house.types.items() if kind == "agent")
    things = house.object_ids
    facts.add(("atlocation", agent, house.place_ids[scene.place]))
    facts |= {("opened", house.receptacle_ids[at]) for at in bits(scene.opened)}
    for at, name in enumerate(house.receptacle_ids):
        facts |= {("inreceptacle", things[thing], name) for thing in bits(scene.inside[at])}
    for at, name in enumerate(house.place_ids):
        facts |= {("objectatlocation", things[thing], name) for thing in bits(scene.spots[at])}
    facts |= {("holds", agent, things[thing]) for thing in bits(scene.held)}
    if scene.held:
        facts.add(("holdsany", agent))
    states = (
        ("isclean", scene.clean),
        ("ishot", scene.hot),
        ("iscool", scene.cool),
        ("issliced", scene.sliced),
        ("istoggled", scene.toggled),
    )
    for predicate, mask in states:
        facts |= {(predicate, things[thing]) for thing in bits(mask)}
    return facts
