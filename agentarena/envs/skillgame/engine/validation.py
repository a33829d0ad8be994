"""What is wrong with a specification, before it is used: form, names, contradictions, what cannot be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import UsageError

from .schema import BUILT_IN, schema_problems
from .spec import Spec, chain, opening, spec_of

__all__ = ["SpecError", "checked_spec", "spec_problems"]

_MOST_PROBLEMS = 30


class SpecError(UsageError):
    """A specification cannot be used.

    Attributes:
        problems: One sentence each.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("the specification cannot be used:\n" + "\n".join(f"- {problem}" for problem in problems))

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.problems,))


def checked_spec(data: Any) -> Spec:
    """The specification of parsed JSON.

    Raises:
        SpecError: With what is wrong.
    """
    problems = spec_problems(data)
    if problems:
        raise SpecError(problems)
    return spec_of(data)


def spec_problems(data: Any) -> list[str]:
    """What is wrong with a specification, one sentence each, at most thirty; `[]` when it can be used.

    Later checks need what earlier ones look at: names are looked at when the form is right, reachability when the names are.
    """
    for check in (schema_problems, _names, _contradictions, lambda value: _reach(spec_of(value))):
        problems = [problem for problem, _ in zip(check(data), range(_MOST_PROBLEMS), strict=False)]
        if problems:
            return problems
    return []


def _names(data: Mapping[str, Any]) -> Iterator[str]:
    """Names that are not declared, or stand for two things."""
    rooms, stations, states, kinds = data["rooms"], data.get("stations", {}), data.get("states", []), data["objects"]
    names = [name for kind in kinds.values() for name in kind["names"]]
    for what, words in (("rooms", [*rooms, *names, *kinds]), ("states", states)):
        for name in sorted(
            {name for name in words if words.count(name) > 1 and not (name in kinds and words.count(name) == 2 and name in names)}
        ):
            yield f"{what}: the name {name!r} stands for more than one thing"
    for name, of in stations.items():
        for room in of:
            if room not in rooms:
                yield f"stations.{name}: {room!r} is no room; rooms are {', '.join(rooms)}"
    for name in names:
        if " with " in name:
            yield f"objects: the name {name!r} holds the word with, which commands use"
    for name, kind in kinds.items():
        yield from _undeclared(f"objects.{name}", states, kind.get("start", []), [kind["opens"]] if "opens" in kind else [])
        for place in kind.get("found_in", []):
            if place not in rooms and "opens" not in kinds.get(place, {}):
                yield f"objects.{name}.found_in: {place!r} is neither a room nor a kind that opens"
    for at, group in enumerate(data.get("exclusive", [])):
        yield from _undeclared(f"exclusive[{at}]", states, group)
    for at, skill in enumerate(data.get("skills", [])):
        yield from _skill_names(f"skills[{at}] ({skill['verb']} {skill['object']})", skill, data)
    for at, goal in enumerate(data["goals"]):
        if goal["object"] not in kinds:
            yield f"goals[{at}]: {goal['object']!r} is no kind of objects; kinds are {', '.join(kinds)}"
        yield from _undeclared(f"goals[{at}]", states, goal.get("states", []))
        if "at" in goal and goal["at"] not in stations:
            yield f"goals[{at}]: {goal['at']!r} is no station; stations are {', '.join(stations) or 'none'}"


def _skill_names(where: str, skill: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[str]:
    kinds, stations = data["objects"], data.get("stations", {})
    if skill["verb"] in BUILT_IN:
        yield f"{where}: {skill['verb']} is a command of every world; choose another verb"
    for part in ("object", "tool"):
        if part in skill and skill[part] not in kinds:
            yield f"{where}: the {part} {skill[part]!r} is no kind of objects; kinds are {', '.join(kinds)}"
    if "station" in skill and skill["station"] not in stations:
        yield f"{where}: {skill['station']!r} is no station; stations are {', '.join(stations) or 'none'}"
    yield from _undeclared(where, data.get("states", []), *(skill.get(part, []) for part in ("needs", "lacks", "adds", "removes")))
    says = skill.get("says", "")
    rest = says.replace("{object}", "").replace("{tool}", "").replace("{station}", "")
    if "{" in rest or "}" in rest:
        yield f"{where}: says holds {shown(says, 60)}; braces stand for {{object}}, {{tool}} and {{station}} only"


def _undeclared(where: str, states: list[str], *groups: list[str]) -> Iterator[str]:
    for name in dict.fromkeys(name for group in groups for name in group):
        if name not in states:
            yield f"{where}: the state {name!r} is not declared in states"


def _contradictions(data: Mapping[str, Any]) -> Iterator[str]:
    """What cannot be meant."""
    kinds, exclusive = data["objects"], data.get("exclusive", [])
    for name, kind in kinds.items():
        yield from _both(f"objects.{name}: it starts", kind.get("start", []), exclusive)
        if "opens" in kind and kind.get("portable", False):
            yield f"objects.{name}: what opens cannot be portable"
    seen: dict[tuple[str, ...], int] = {}
    for at, skill in enumerate(data.get("skills", [])):
        where = f"skills[{at}] ({skill['verb']} {skill['object']})"
        needs, lacks, adds, removes = (set(skill.get(part, [])) for part in ("needs", "lacks", "adds", "removes"))
        for first, second, one, other in ((needs, lacks, "needs", "lacks"), (adds, removes, "adds", "removes")):
            for state in sorted(first & second):
                yield f"{where}: it {one} and {other} {state!r}"
        yield from _both(f"{where}: it needs", skill.get("needs", []), exclusive)
        yield from _both(f"{where}: it adds", skill.get("adds", []), exclusive)
        if adds <= needs and not removes - lacks:
            yield f"{where}: it changes nothing, as it needs all that it adds"
        if skill.get("tool") and not kinds[skill["tool"]].get("portable", "opens" not in kinds[skill["tool"]]):
            yield f"{where}: its tool {skill['tool']!r} cannot be held"
        if skill.get("station") and not kinds[skill["object"]].get("portable", "opens" not in kinds[skill["object"]]):
            yield f"{where}: a {skill['object']} cannot be brought to the {skill['station']}"
        key = (skill["verb"], skill["object"], skill.get("tool", ""), skill.get("station", ""), *sorted(needs), "/", *sorted(lacks))
        if key in seen:
            yield f"{where}: it is the same command under the same conditions as skills[{seen[key]}]"
        seen[key] = at
    for at, goal in enumerate(data["goals"]):
        portable = kinds[goal["object"]].get("portable", "opens" not in kinds[goal["object"]])
        yield from _both(f"goals[{at}]: it asks for", goal.get("states", []), exclusive)
        if goal.get("at") and goal.get("held"):
            yield f"goals[{at}]: the {goal['object']} cannot be held and lie at the {goal['at']}"
        if not portable and (goal.get("at") or goal.get("held")):
            yield f"goals[{at}]: a {goal['object']} cannot be taken"


def _both(what: str, names: list[str], exclusive: list[list[str]]) -> Iterator[str]:
    for group in exclusive:
        both = [name for name in names if name in group]
        if len(both) > 1:
            yield f"{what} {' and '.join(both)}, which exclude each other"


def _reach(spec: Spec) -> Iterator[str]:
    """What no play can reach: goals, openings, rewards."""
    closed = [name for name, kind in spec.kinds.items() if kind.opens and opening(spec, name) is None]
    for name in closed:
        yield f"objects.{name}: no order of skills opens it"
    for name, kind in spec.kinds.items():
        if kind.found_in and all(place in closed for place in kind.found_in):
            yield f"objects.{name}: it is found only in what never opens"
        if kind.opens and kind.found_in and all(place in spec.kinds for place in kind.found_in):
            yield f"objects.{name}: containers must be found in rooms"
    for name, kind in spec.kinds.items():
        for at in (opening(spec, name) or ()) if kind.opens else ():
            tool = spec.kinds.get(spec.skills[at].tool)
            if tool is not None and tool.found_in and all(place in spec.kinds for place in tool.found_in):
                yield f"objects.{tool.name}: it opens the {name}, so it must be found in a room, or it may be locked away"
    for at, goal in enumerate(spec.goals):
        start = spec.kinds[goal.kind].start
        if chain(spec, goal.kind, start, goal.states) is None:
            yield f"goals[{at}]: no order of skills makes a {goal.kind} {spec.words(goal.states)}"
        if start & goal.states == goal.states and not goal.at and not goal.held:
            yield f"goals[{at}]: it is met by doing nothing"
    for at, skill in enumerate(spec.skills):
        if not any(skill.fits(states) for states in _reachable(spec, skill.kind)):
            words = spec.words(skill.needs) or "as it needs it"
            reward = ", so its reward cannot be earned" if skill.reward else ""
            yield f"skills[{at}] ({skill.verb} {skill.kind}): no order of skills makes a {skill.kind} {words}{reward}"
        elif skill.reward and not _is_needed(spec, at):
            yield f"skills[{at}] ({skill.verb} {skill.kind}): no goal needs it, so its reward cannot be earned"


def _chain(spec: Spec, goal: Any) -> tuple[int, ...]:
    return chain(spec, goal.kind, spec.kinds[goal.kind].start, goal.states) or ()


def _is_needed(spec: Spec, at: int) -> bool:
    """Whether a goal asks for a skill, or it is a part of opening a container."""
    kind = spec.kinds[spec.skills[at].kind]
    if any(goal.kind == kind.name and at in _chain(spec, goal) for goal in spec.goals):
        return True
    return bool(kind.opens) and at in (opening(spec, kind.name) or ())


def _reachable(spec: Spec, kind: str) -> set[int]:
    """All states that an object of a kind may come to."""
    seen, stack = {spec.kinds[kind].start}, [spec.kinds[kind].start]
    while stack:
        states = stack.pop()
        for at in spec.of_kind[kind]:
            skill = spec.skills[at]
            after = skill.after(states)
            if skill.fits(states) and after not in seen:
                seen.add(after)
                stack.append(after)
    return seen
