"""Goals: the six task types recognised by their form, and any other goal decided by going through all objects."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .problem import BadProblem, Fact, Tree

__all__ = ["KINDS", "TEMPLATES", "Goal", "goal_of", "holds", "tree_of"]

KINDS: dict[str, str] = {
    "pick": "pick_and_place_simple",
    "look": "look_at_obj_in_light",
    "clean": "pick_clean_then_place_in_recep",
    "heat": "pick_heat_then_place_in_recep",
    "cool": "pick_cool_then_place_in_recep",
    "two": "pick_two_obj_and_place",
}
"""Our short name of each task type -> the name that ALFRED and its folders use."""

TEMPLATES: dict[str, tuple[str, str]] = {
    "pick": ("put a {object} in {receptacle}", "put some {object} on {receptacle}"),
    "look": ("look at {object} under the {lamp}", "examine the {object} with the {lamp}"),
    "clean": ("put a clean {object} in {receptacle}", "clean some {object} and put it in {receptacle}"),
    "heat": ("put a hot {object} in {receptacle}", "heat some {object} and put it in {receptacle}"),
    "cool": ("put a cool {object} in {receptacle}", "cool some {object} and put it in {receptacle}"),
    "two": ("put two {object} in {receptacle}", "find two {object} and put them in {receptacle}"),
}
"""The two ways in which each task is worded."""

_STATES = {"clean": ("cleanable", "isclean"), "heat": ("heatable", "ishot"), "cool": ("coolable", "iscool")}


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be done.

    Attributes:
        kind: A key of `KINDS`, or "other" where the form is none of these; then only `tree` says what is meant.
        object: Type of the object, without "type", e.g. "mug"; `""` where the kind is "other".
        receptacle: Type of the receptacle to put it in; `""` of a look task.
        lamp: Type of the lamp of a look task, else `""`.
        tree: The goal as nested lists.
    """

    kind: str
    object: str
    receptacle: str
    lamp: str
    tree: Tree


def tree_of(kind: str, target: str, receptacle: str = "", lamp: str = "") -> Tree:
    """The goal of a task type as nested lists, in the form of ALFRED's goal library."""
    if kind == "look":
        toggled = [["objecttype", "?ot", f"{lamp}type"], ["toggleable", "?ot"], ["istoggled", "?ot"], ["receptacleatlocation", "?r", "?l"]]
        first = ["and", *toggled, ["atlocation", "?a", "?l"], ["inreceptacle", "?ot", "?r"]]
        names = ["?ot", "-", "object", "?r", "-", "receptacle", "?a", "-", "agent", "?l", "-", "location"]
        second = ["and", ["objecttype", "?o", f"{target}type"], ["holds", "?a", "?o"]]
        return ["and", ["exists", names, first], ["exists", ["?o", "-", "object", "?a", "-", "agent"], second]]
    place: Tree = [["objecttype", "?o", f"{target}type"], ["receptacletype", "?r", f"{receptacle}type"], ["inreceptacle", "?o", "?r"]]
    if kind in _STATES:
        able, done = _STATES[kind]
        place += [[able, "?o"], [done, "?o"]]
    if kind == "two":
        other: Tree = [["not", ["=", "?o", "?o2"]], ["objecttype", "?o2", f"{target}type"], ["inreceptacle", "?o2", "?r"]]
        place.append(["exists", ["?o2", "-", "object"], ["and", *other]])
    return ["and", ["exists", ["?r", "-", "receptacle"], ["exists", ["?o", "-", "object"], ["and", *place]]]]


def goal_of(tree: Tree) -> Goal:
    """The goal, with its task type where the form is that of one of the six; the order of conditions does not matter.

    Raises:
        BadProblem: A condition is none that a goal may hold.
    """
    _check(tree)
    other = Goal("other", "", "", "", tree)
    atoms = list(_atoms(tree))
    if any(atom[0] not in _KNOWN for atom in atoms):
        return other
    types = {_bare(atom[2]) for atom in atoms if atom[0] == "objecttype"}
    receptacles = {_bare(atom[2]) for atom in atoms if atom[0] == "receptacletype"}
    lamps = {_bare(atom[2]) for atom in atoms if atom[0] == "objecttype" and ["istoggled", atom[1]] in atoms}
    kind = _kind(atoms)
    targets = types - lamps if kind == "look" else types
    if len(targets) != 1 or len(receptacles) != (kind != "look") or len(lamps) != (kind == "look"):
        return other
    target, place, lamp = next(iter(targets)), "".join(receptacles), "".join(lamps)
    same = _shape(tree_of(kind, target, place, lamp)) == _shape(tree)
    return Goal(kind, target, place, lamp, tree) if same else other


_KNOWN = {
    *("objecttype", "receptacletype", "inreceptacle", "cleanable", "heatable", "coolable", "isclean", "ishot", "iscool"),
    *("!=", "holds", "toggleable", "istoggled", "receptacleatlocation", "atlocation"),
}


def _kind(atoms: list[list[str]]) -> str:
    predicates = {atom[0] for atom in atoms}
    if "istoggled" in predicates:
        return "look"
    for kind, (_, done) in _STATES.items():
        if done in predicates:
            return kind
    return "two" if "!=" in predicates else "pick"


def _shape(tree: Tree) -> list[tuple[str, ...]]:
    """What a goal asks, whatever its variables are called and however its conditions are ordered, nested or repeated."""
    atoms = [tuple(atom) for atom in _atoms(tree)]
    about = {name: tuple(sorted({_role(atom, name) for atom in atoms})) for atom in atoms for name in atom[1:] if name.startswith("?")}
    return sorted({(atom[0], *(repr(about.get(name, name)) for name in atom[1:])) for atom in atoms})


def _role(atom: tuple[str, ...], name: str) -> tuple[str, ...]:
    """A condition as one of its variables sees it."""
    if atom[0] == "!=":
        return ("!=",)
    return (atom[0], *("self" if part == name else part if not part.startswith("?") else "?" for part in atom[1:]))


def _atoms(tree: Tree) -> Iterator[list[str]]:
    if tree and tree[0] == "exists":
        yield from _atoms(tree[2])
    elif tree and tree[0] == "and":
        for part in tree[1:]:
            yield from _atoms(part)
    elif tree and tree[0] == "not" and tree[1] and tree[1][0] == "=":
        yield ["!=", *tree[1][1:]]
    elif tree and isinstance(tree[-1], list):
        yield [tree[0]]
    elif tree:
        yield tree


def _bare(name: str) -> str:
    return name.removesuffix("type")


def _check(tree: Tree) -> None:
    if not isinstance(tree, list) or not all(isinstance(part, str | list) for part in tree):
        raise BadProblem("the goal holds something that is no condition")
    if not tree:
        return
    head = tree[0]
    if head in ("exists", "forall"):
        if len(tree) != 3 or not isinstance(tree[1], list) or not all(isinstance(part, str) for part in tree[1]):
            raise BadProblem(f"({head} ...) in the goal needs variables and one condition")
        _check(tree[2])
    elif head in ("and", "or", "not", "imply"):
        if (head == "not" and len(tree) != 2) or (head == "imply" and len(tree) != 3):
            raise BadProblem(f"({head} ...) in the goal has {len(tree) - 1} parts")
        for part in tree[1:]:
            _check(part)
    elif not isinstance(head, str) or not all(isinstance(part, str) for part in tree) or (head == "=" and len(tree) != 3):
        raise BadProblem("the goal holds a condition that is no predicate with names")


# --- any goal, the slow way -------------------------------------------------------------------------------------------


def holds(tree: Tree, facts: set[Fact], types: Mapping[str, str]) -> bool:
    """Whether a goal holds where exactly `facts` are true: the plain reading, by going through all objects."""
    return _holds(tree, facts, types, {})


def _holds(tree: Tree, facts: set[Fact], types: Mapping[str, str], bound: dict[str, str]) -> bool:
    if not tree:
        return True
    head = tree[0]
    if head == "and":
        return all(_holds(part, facts, types, bound) for part in tree[1:])
    if head == "or":
        return any(_holds(part, facts, types, bound) for part in tree[1:])
    if head == "not":
        return not _holds(tree[1], facts, types, bound)
    if head == "imply":
        return not _holds(tree[1], facts, types, bound) or _holds(tree[2], facts, types, bound)
    if head in ("exists", "forall"):
        rest = (_holds(tree[2], facts, types, {**bound, **choice}) for choice in _choices(tree[1], types))
        return any(rest) if head == "exists" else all(rest)
    atom = tuple(bound.get(name, name) for name in tree)
    return atom[1] == atom[2] if head == "=" else atom in facts


def _choices(declared: list[str], types: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Every way to choose objects for the variables; "object" is the root type, so everything is one."""
    names: list[str] = []
    ranges: list[Iterable[str]] = []
    pending = 0
    for at, token in enumerate(declared):
        if token.startswith("?"):
            names.append(token)
            pending += 1
        elif token != "-" and declared[at - 1] == "-":
            fitting = [name for name, kind in types.items() if kind == token or token == "object"]
            ranges += [fitting] * pending
            pending = 0
    ranges += [list(types)] * pending
    return (dict(zip(names, choice, strict=True)) for choice in itertools.product(*ranges))
