"""A small household written by hand, and ways to play it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agentarena.envs.household.engine.house import House
from agentarena.envs.household.engine.problem import parse
from agentarena.envs.household.engine.scene import Scene, act, admissible, start
from agentarena.envs.household.engine.words import NOTHING, task_in

__all__ = ["GOALS", "Play", "game_file", "house_of", "kitchen"]

GOALS = {
    "pick": "(exists (?r - receptacle) (exists (?o - object) (and (inReceptacle ?o ?r) (objectType ?o MugType) (receptacleType ?r DrawerType))))",
    "look": "(and (exists (?ot - object ?r - receptacle ?a - agent ?l - location) (and (objectType ?ot DeskLampType) (toggleable ?ot)"
    " (isToggled ?ot) (receptacleAtLocation ?r ?l) (atLocation ?a ?l) (inReceptacle ?ot ?r)))"
    " (exists (?o - object ?a - agent) (and (objectType ?o MugType) (holds ?a ?o))))",
    "heat": "(exists (?r - receptacle) (exists (?o - object) (and (heatable ?o) (objectType ?o AppleType) (receptacleType ?r DrawerType)"
    " (isHot ?o) (inReceptacle ?o ?r))))",
    "two": "(exists (?r - receptacle) (exists (?o1 - object) (and (objectType ?o1 MugType) (receptacleType ?r ShelfType) (inReceptacle ?o1 ?r)"
    " (exists (?o2 - object) (and (not (= ?o1 ?o2)) (objectType ?o2 MugType) (receptacleType ?r ShelfType) (inReceptacle ?o2 ?r))))))",
}

_OBJECTS = """
  agent1 - agent
  loc_bar_0 loc_bar_1 loc_bar_2 loc_bar_3 loc_bar_9 - location
  drawer_bar_1 fridge_bar_1 microwave_bar_1 shelf_bar_1 shelf_bar_2 sink_bar_1_bar_sinkbasin desk_bar_1 - receptacle
  mug_bar_1 mug_bar_2 apple_bar_1 apple_bar_2 knife_bar_1 pot_bar_1 desklamp_bar_1 - object
  DrawerType FridgeType MicrowaveType ShelfType SinkBasinType DeskType - rtype
  MugType AppleType KnifeType ButterKnifeType PotType DeskLampType - otype
"""
_FACTS = """
  (atLocation agent1 loc_bar_9)
  (receptacleAtLocation fridge_bar_1 loc_bar_0) (receptacleAtLocation drawer_bar_1 loc_bar_1)
  (receptacleAtLocation shelf_bar_1 loc_bar_2) (receptacleAtLocation shelf_bar_2 loc_bar_2)
  (receptacleAtLocation microwave_bar_1 loc_bar_3) (receptacleAtLocation sink_bar_1_bar_sinkbasin loc_bar_3)
  (receptacleType drawer_bar_1 DrawerType) (receptacleType fridge_bar_1 FridgeType) (receptacleType microwave_bar_1 MicrowaveType)
  (receptacleType shelf_bar_1 ShelfType) (receptacleType shelf_bar_2 ShelfType) (receptacleType sink_bar_1_bar_sinkbasin SinkBasinType)
  (receptacleType desk_bar_1 DeskType)
  (openable drawer_bar_1) (openable fridge_bar_1) (openable microwave_bar_1)
  (objectType mug_bar_1 MugType) (objectType mug_bar_2 MugType) (objectType apple_bar_1 AppleType) (objectType apple_bar_2 AppleType)
  (objectType knife_bar_1 KnifeType) (objectType pot_bar_1 PotType) (objectType desklamp_bar_1 DeskLampType)
  (pickupable mug_bar_1) (pickupable mug_bar_2) (pickupable apple_bar_1) (pickupable apple_bar_2) (pickupable knife_bar_1)
  (pickupable pot_bar_1)
  (heatable apple_bar_1) (heatable apple_bar_2) (coolable apple_bar_1) (cleanable apple_bar_1) (cleanable mug_bar_1) (heatable mug_bar_1)
  (sliceable apple_bar_1) (sliceable apple_bar_2) (toggleable desklamp_bar_1) (isReceptacleObject pot_bar_1)
  (canContain ShelfType MugType) (canContain ShelfType AppleType) (canContain ShelfType PotType) (canContain ShelfType KnifeType)
  (canContain DrawerType MugType) (canContain DrawerType AppleType) (canContain DrawerType KnifeType)
  (canContain FridgeType AppleType) (canContain FridgeType MugType)
  (inReceptacle mug_bar_1 shelf_bar_1) (objectAtLocation mug_bar_1 loc_bar_2)
  (inReceptacle mug_bar_2 fridge_bar_1) (objectAtLocation mug_bar_2 loc_bar_0)
  (inReceptacle apple_bar_1 shelf_bar_2) (objectAtLocation apple_bar_1 loc_bar_2)
  (inReceptacle apple_bar_2 fridge_bar_1) (objectAtLocation apple_bar_2 loc_bar_0)
  (inReceptacle knife_bar_1 shelf_bar_1) (objectAtLocation knife_bar_1 loc_bar_2)
  (inReceptacle pot_bar_1 shelf_bar_2) (objectAtLocation pot_bar_1 loc_bar_2)
  (inReceptacle desklamp_bar_1 drawer_bar_1) (objectAtLocation desklamp_bar_1 loc_bar_1)
"""


def kitchen(kind: str = "pick", more: str = "", without: tuple[str, ...] = (), objects: str = "") -> str:
    """The problem as PDDL text: with more facts, and without some of them."""
    facts = _FACTS
    for fact in without:
        assert fact in facts, fact
        facts = facts.replace(fact, "")
    return (
        f"(define (problem small) (:domain alfred)\n(:objects {_OBJECTS} {objects})\n(:init (= (total-cost) 0) {facts} {more})\n"
        f"(:goal {GOALS[kind]})\n(:metric minimize (total-cost)))"
    )


def house_of(problem: str, profile: str = "0.4", task: str = "Your task is to: put a mug in drawer.") -> House:
    return House(parse(problem), "small", str, task=task_in(task), profile=profile)


class Play:
    """A game of the small kitchen."""

    def __init__(self, kind: str = "pick", profile: str = "0.4", **changes: Any) -> None:
        self.house = house_of(kitchen(kind, **changes), profile)
        self.scene: Scene = start(self.house)

    def do(self, *commands: str) -> str:
        """What the last of these commands is answered; the others must do something."""
        for command in commands[:-1]:
            answer = self.do(command)
            assert answer != NOTHING, command
        done = act(self.house, self.scene, commands[-1].strip())
        if done is None:
            return NOTHING
        self.scene = done[0]
        return done[1]

    @property
    def can(self) -> tuple[str, ...]:
        return admissible(self.house, self.scene)


def game_file(path: Path, problem: str, task: str = "Your task is to: put a mug in drawer.", **fields: Any) -> Path:
    """A file in the form of ALFWorld's."""
    grammar = 'grammar :: """\n { "task": [ { "rhs": ' + json.dumps(task) + " } ] }\n" + '"""; action look { }'
    data = {
        "pddl_domain": "(define (domain alfred))",
        "grammar": grammar,
        "pddl_problem": problem,
        "solvable": True,
        "walkthrough": ["look"],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**data, **fields}))
    return path
