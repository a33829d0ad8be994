"""A small copy of ALFWorld's folder tree, written by hand: its layout, ids with coordinates, fact order and file contents, one kitchen.

json_2.1.1/
  train/pick_and_place_simple-Mug-None-Shelf-7/trial_T20190906_181500_000001/       game.tw-pddl, initial_state.pddl, traj_data.json
  train/pick_and_place_with_movable_recep-Mug-Pan-CounterTop-7/trial_.../           left out
  train/pick_heat_then_place_in_recep-AppleSliced-None-CounterTop-7/trial_.../      left out
  train/pick_two_obj_and_place-Mug-None-Shelf-7/trial_.../                          not solvable: left out
  train/pick_two_obj_and_place-Mug-None-Shelf-8/trial_.../                          no game file
  valid_seen/pick_heat_then_place_in_recep-Apple-None-CounterTop-7/trial_.../
  valid_unseen/look_at_obj_in_light-Mug-None-DeskLamp-301/trial_.../
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["TRIAL", "alfworld_tree"]

TRIAL = "trial_T20190906_181500_{:06d}"

_CLASSES = ("Apple", "Mug", "Knife", "ButterKnife", "Pan", "DeskLamp", "Tomato", "Lettuce")
_PLACES = ("Cabinet", "CounterTop", "Drawer", "Fridge", "Microwave", "Shelf", "SinkBasin", "CoffeeMachine", "Desk")
_RECEPTACLES = {
    "Cabinet|-01.23|+00.39|+01.56": ("Cabinet", "loc|-2|6|0|60"),
    "Cabinet|-01.23|+02.11|+01.56": ("Cabinet", "loc|-2|6|0|-15"),
    "CounterTop|+00.08|+01.15|00.00": ("CounterTop", "loc|1|2|1|45"),
    "CoffeeMachine|+00.14|+01.15|-00.33": ("CoffeeMachine", "loc|1|2|1|45"),
    "Drawer|-00.36|+00.66|-01.20": ("Drawer", "loc|-1|-3|2|45"),
    "Fridge|-01.92|00.00|+01.10": ("Fridge", "loc|-5|4|3|60"),
    "Microwave|+00.20|+01.67|-01.02": ("Microwave", "loc|1|-4|1|15"),
    "Shelf|+01.75|+00.55|-02.56": ("Shelf", "loc|5|-8|1|45"),
    "Sink|-00.70|+00.93|-01.20|SinkBasin": ("SinkBasin", "loc|-3|-3|2|45"),
    "Desk|+02.00|+00.50|+03.00": ("Desk", "loc|6|10|1|45"),
}
_OPENABLE = ("Cabinet", "Drawer", "Fridge", "Microwave")
_OBJECTS = {
    "Mug|+00.10|+01.20|-00.33": ("Mug", ("CoffeeMachine|+00.14|+01.15|-00.33", "CounterTop|+00.08|+01.15|00.00")),
    "Mug|-01.90|+01.00|+01.10": ("Mug", ("Fridge|-01.92|00.00|+01.10",)),
    "Apple|-00.47|+01.15|+00.48": ("Apple", ("CounterTop|+00.08|+01.15|00.00",)),
    "Apple|-01.85|+00.70|+01.00": ("Apple", ("Fridge|-01.92|00.00|+01.10",)),
    "Knife|+00.05|+01.16|+00.20": ("Knife", ("CounterTop|+00.08|+01.15|00.00",)),
    "Pan|-01.20|+00.40|+01.50": ("Pan", ("Cabinet|-01.23|+00.39|+01.56",)),
    "DeskLamp|+02.00|+00.90|+03.00": ("DeskLamp", ("Desk|+02.00|+00.50|+03.00",)),
}
_GOALS = {
    "pick_and_place_simple": """
            (and
                (exists (?r - receptacle)
                    (exists (?o - object)
                        (and (inReceptacle ?o ?r) (objectType ?o MugType) (receptacleType ?r ShelfType))
                    )
                )
            )""",
    "pick_heat_then_place_in_recep": """
            (and
                (exists (?r - receptacle)
                    (exists (?o - object)
                        (and (heatable ?o) (objectType ?o AppleType) (receptacleType ?r CounterTopType) (isHot ?o) (inReceptacle ?o ?r))
                    )
                )
            )""",
    "look_at_obj_in_light": """
            (and
                (exists (?ot - object
                         ?r - receptacle
                         ?a - agent
                         ?l - location)
                    (and (objectType ?ot DeskLampType) (toggleable ?ot) (isToggled ?ot) (receptacleAtLocation ?r ?l) (atLocation ?a ?l)
                         (inReceptacle ?ot ?r))
                )
                (exists (?o - object
                         ?a - agent)
                    (and (objectType ?o MugType) (holds ?a ?o))
                )
            )""",
    "pick_two_obj_and_place": """
            (and
                (exists (?r - receptacle)
                    (exists (?o1 - object)
                        (and (objectType ?o1 MugType) (receptacleType ?r ShelfType) (inReceptacle ?o1 ?r)
                            (exists (?o2 - object)
                                (and (not (= ?o1 ?o2)) (objectType ?o2 MugType) (receptacleType ?r ShelfType) (inReceptacle ?o2 ?r))
                            )
                        )
                    )
                )
            )""",
}
_TASKS = {
    "pick_and_place_simple": "put some mug on shelf",
    "pick_heat_then_place_in_recep": "heat some apple and put it in countertop",
    "look_at_obj_in_light": "look at mug under the desklamp",
    "pick_two_obj_and_place": "find two mug and put them in shelf",
}
_START = "loc|0|4|0|30"


def _escaped(name: str) -> str:
    for char, word in (("|", "_bar_"), ("-", "_minus_"), ("+", "_plus_"), (".", "_dot_")):
        name = name.replace(char, word)
    return name


def _problem(task_type: str, trial: str) -> str:
    """The initial state, in the order and with the spacing of the original's writer."""
    gap = "\n        "
    places = sorted({place for _, place in _RECEPTACLES.values()} | {_START})
    objects = [f"{one} - object" for one in _CLASSES]
    objects += [f"{one}Type - otype" for one in _CLASSES] + [f"{one}Type - rtype" for one in _PLACES]
    objects += [f"{_escaped(one)} - object" for one in _OBJECTS] + [f"{_escaped(one)} - receptacle" for one in _RECEPTACLES]
    objects += [f"{_escaped(one)} - location" for one in places]
    facts = [f"(receptacleType {_escaped(one)} {kind}Type)" for one, (kind, _) in _RECEPTACLES.items()]
    facts += [f"(objectType {_escaped(one)} {kind}Type)" for one, (kind, _) in _OBJECTS.items()]
    facts += ["(isReceptacleObject " + _escaped(one) + ")" for one, (kind, _) in _OBJECTS.items() if kind == "Pan"]
    facts += [f"(openable {_escaped(one)})" for one, (kind, _) in _RECEPTACLES.items() if kind in _OPENABLE]
    facts += ["", f"(atLocation agent1 {_escaped(_START)})", ""]
    for fact, kinds in (
        ("cleanable", ("Mug", "Apple", "Knife", "Pan")),
        ("heatable", ("Mug", "Apple")),
        ("coolable", ("Mug", "Apple", "Pan")),
    ):
        facts += [f"({fact} {_escaped(one)})" for one, (kind, _) in _OBJECTS.items() if kind in kinds]
    facts += [f"(isCool {_escaped(one)})" for one, (kind, at) in _OBJECTS.items() if kind == "Apple" and at[0].startswith("Fridge")]
    facts += ["(toggleable " + _escaped(one) + ")" for one, (kind, _) in _OBJECTS.items() if kind == "DeskLamp"]
    facts += [f"(sliceable {_escaped(one)})" for one, (kind, _) in _OBJECTS.items() if kind == "Apple"]
    facts += [f"(inReceptacle {_escaped(one)} {_escaped(at)})" for one, (_, where) in _OBJECTS.items() for at in where]
    facts += [f"(wasInReceptacle  {_escaped(one)} {_escaped(where[0])})" for one, (kind, where) in _OBJECTS.items() if kind == "Apple"]
    facts += [
        f"(= (distance {_escaped(a)} {_escaped(b)}) {abs(i - j) + 1})" for i, a in enumerate(places) for j, b in enumerate(places) if i != j
    ]
    facts += [f"(receptacleAtLocation {_escaped(one)} {_escaped(place)})" for one, (_, place) in sorted(_RECEPTACLES.items())]
    facts += [f"(pickupable {_escaped(one)})" for one, (kind, _) in _OBJECTS.items() if kind != "DeskLamp"]
    facts += [f"(objectAtLocation {_escaped(one)} {_escaped(_RECEPTACLES[where[0]][1])})" for one, (_, where) in _OBJECTS.items()]
    facts += [
        f"(canContain {place}Type {kind}Type)"
        for place in ("CounterTop", "Shelf", "Drawer", "Cabinet", "Fridge", "Microwave", "Desk")
        for kind in ("Mug", "Apple")
    ]
    facts += ["(canContain CounterTopType KnifeType)", "(canContain CabinetType PanType)", "(canContain CoffeeMachineType MugType)"]
    return (
        f"\n(define (problem plan_{trial})\n    (:domain alfred)\n    (:objects\n        agent1 - agent{gap}{gap.join(objects)}\n        )\n\n\n"
        f"    (:init\n\n        {gap.join(facts)}\n        )\n\n    (:goal{_GOALS[task_type]}\n    )\n)\n"
    )


def _grammar(task: str) -> str:
    """The form of ALFWorld's grammar file; of its rules only the one that is read."""
    rules = {"intro": "#look.feedback#\\n\\n#task#", "task": f"Your task is to: {task}.", "OpenObject.feedback": "(not read)"}
    lines = ",\n\n".join(
        f'        "{name}": [\n            {{\n                "rhs": "{text}"\n            }}\n        ]' for name, text in rules.items()
    )
    return f'grammar :: """\n    {{\n{lines}\n    }}\n""";\n\naction GotoLocation {{\n    template :: "go to {{r}}";\n}}\n'


def _trial(folder: Path, number: int, task_type: str, solvable: bool | None = True, game: bool = True) -> Path:
    """One trial: its three files."""
    name = TRIAL.format(number)
    place = folder / name
    place.mkdir(parents=True)
    known = task_type if task_type in _GOALS else "pick_and_place_simple"
    target = "Apple" if "heat" in task_type else "Mug"
    trajectory: dict[str, Any] = {
        "task_type": task_type,
        "task_id": name,
        "scene": {"scene_num": 7, "floor_plan": "FloorPlan7", "object_poses": [], "dirty_and_empty": False, "object_toggles": []},
        "pddl_params": {
            "object_target": target,
            "parent_target": "Shelf",
            "mrecep_target": "",
            "toggle_target": "",
            "object_sliced": False,
        },
        "plan": {"high_pddl": [], "low_actions": []},
        "turk_annotations": {"anns": [{"task_desc": f"Do something with the {target.lower()}.", "high_descs": []}]},
    }
    problem = _problem(known, name)
    (place / "traj_data.json").write_text(json.dumps(trajectory))
    (place / "initial_state.pddl").write_text(problem)
    if game:
        data = {
            "pddl_domain": "(define (domain alfred))",
            "grammar": _grammar(_TASKS[known]),
            "pddl_problem": problem,
            "solvable": solvable,
            "walkthrough": ["look"],
        }
        (place / "game.tw-pddl").write_text(json.dumps(data))
    return place


def alfworld_tree(folder: Path) -> Path:
    """Write the tree; its root, json_2.1.1."""
    root = folder / "json_2.1.1"
    train = root / "train"
    _trial(train / "pick_and_place_simple-Mug-None-Shelf-7", 1, "pick_and_place_simple")
    _trial(train / "pick_and_place_with_movable_recep-Mug-Pan-CounterTop-7", 2, "pick_and_place_with_movable_recep")
    _trial(train / "pick_heat_then_place_in_recep-AppleSliced-None-CounterTop-7", 3, "pick_heat_then_place_in_recep")
    _trial(train / "pick_two_obj_and_place-Mug-None-Shelf-7", 4, "pick_two_obj_and_place", solvable=False)
    _trial(train / "pick_two_obj_and_place-Mug-None-Shelf-8", 5, "pick_two_obj_and_place", game=False)
    _trial(root / "valid_seen" / "pick_heat_then_place_in_recep-Apple-None-CounterTop-7", 6, "pick_heat_then_place_in_recep")
    _trial(root / "valid_unseen" / "look_at_obj_in_light-Mug-None-DeskLamp-301", 7, "look_at_obj_in_light")
    return root
