"""A household problem: facts and a goal, as a PDDL problem file states them, read and written.

Only what a household needs is read: typed objects, positive facts, fluents that are assigned (distances, which are left out), and a goal
of and, or, not, exists, forall, imply and =. Everything is lower case, as planners read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from agentarena.core.display import shown

__all__ = ["BadProblem", "Fact", "Problem", "parse", "write"]

Fact = tuple[str, ...]
"""Predicate and arguments, e.g. `("inreceptacle", "mug_bar_1", "shelf_bar_1")`."""
Tree = list[Any]

_COMMENT = re.compile(r";[^\n]*")
_TOKEN = re.compile(r"[()]|[^\s()]+")
_MOST_CHARS = 4_000_000
_DEEPEST = 60


class BadProblem(ValueError):
    """A problem that cannot be read; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What a game starts from.

    Attributes:
        types: Type of each object by its id, e.g. `{"agent1": "agent"}`.
        facts: What is true at the start; without distances and costs.
        goal: The goal as nested lists, e.g. `["and", ["exists", [...], ...]]`.
    """

    types: dict[str, str]
    facts: tuple[Fact, ...]
    goal: Tree


def parse(text: str) -> Problem:
    """The problem that a PDDL text states; comments, tabs and any order of facts are understood.

    Raises:
        BadProblem: It is no such problem; the message says where it fails.
    """
    if not isinstance(text, str) or len(text) > _MOST_CHARS:
        raise BadProblem(f"a problem is a text of at most {_MOST_CHARS:,} characters, got {shown(text)}")
    sections = _sections(_tree(_COMMENT.sub("", text).lower()))
    for name in (":objects", ":init", ":goal"):
        if name not in sections:
            raise BadProblem(f"the problem has no ({name} ...) part")
    if len(sections[":goal"]) != 1 or not isinstance(sections[":goal"][0], list):
        raise BadProblem("the (:goal ...) part holds no single condition")
    return Problem(_types(sections[":objects"]), tuple(_facts(sections[":init"])), sections[":goal"][0])


def _tree(text: str) -> Tree:
    stack: list[Tree] = [[]]
    for token in _TOKEN.findall(text):
        if token == "(":
            if len(stack) > _DEEPEST:
                raise BadProblem(f"parentheses are nested more than {_DEEPEST} deep")
            stack.append([])
        elif token == ")":
            if len(stack) == 1:
                raise BadProblem("a closing parenthesis has no opening one")
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    if len(stack) > 1:
        raise BadProblem(f"{len(stack) - 1} parentheses are not closed: the text may be cut short")
    if len(stack[0]) != 1 or not isinstance(stack[0][0], list) or not stack[0][0] or stack[0][0][0] != "define":
        raise BadProblem("the text is not one (define ...)")
    return stack[0][0]


def _sections(tree: Tree) -> dict[str, Tree]:
    sections: dict[str, Tree] = {}
    for part in tree[1:]:
        name = part[0] if isinstance(part, list) and part and isinstance(part[0], str) else None
        if name is None:
            raise BadProblem(f"expected a part such as (:init ...), got {shown(part)}")
        if name == ":metric" and ":objects" not in sections:
            raise BadProblem("(:metric ...) stands before (:objects ...); planners refuse that order")
        sections[name] = part[1:]
    return sections


def _types(objects: Tree) -> dict[str, str]:
    """Types of a list such as `a b - object c - location`."""
    types: dict[str, str] = {}
    pending: list[str] = []
    tokens = iter(objects)
    for token in tokens:
        if not isinstance(token, str):
            raise BadProblem(f"(:objects ...) holds {shown(token)}, expected names and types")
        if token != "-":
            pending.append(token)
            continue
        kind = next(tokens, None)
        if not isinstance(kind, str):
            raise BadProblem("(:objects ...) ends after a '-', expected a type")
        types.update(dict.fromkeys(pending, kind))
        pending = []
    types.update(dict.fromkeys(pending, "object"))
    return types


def _facts(init: Tree) -> Iterator[Fact]:
    for fact in init:
        if not isinstance(fact, list) or not fact or not isinstance(fact[0], str):
            raise BadProblem(f"(:init ...) holds {shown(fact)}, expected facts such as (openable r)")
        if fact[0] == "=":  # distances and costs
            continue
        if not all(isinstance(part, str) for part in fact):
            raise BadProblem(f"(:init ...) holds {shown(fact)}, expected a predicate and names")
        yield tuple(fact)


def write(problem: Problem, name: str = "household") -> str:
    """The problem as PDDL text, which `parse` reads back and planners accept."""
    objects = "\n".join(f"        {one} - {kind}" for one, kind in problem.types.items())
    facts = "\n".join(f"        ({' '.join(fact)})" for fact in problem.facts)
    return (
        f"(define (problem {name})\n    (:domain alfred)\n    (:objects\n{objects}\n    )\n"
        f"    (:init\n        (= (total-cost) 0)\n{facts}\n    )\n    (:goal\n        {_written(problem.goal)}\n    )\n"
        "    (:metric minimize (total-cost))\n)\n"
    )


def _written(tree: Tree) -> str:
    parts: Iterable[str] = (_written(part) if isinstance(part, list) else part for part in tree)
    return f"({' '.join(parts)})"
