"""Problems with what real files may hold and generated ones do not: used by the tests of the engine, also against ALFWorld's own."""

from __future__ import annotations

import random

from agentarena.envs.household.engine.problem import Fact, Problem

__all__ = ["odd"]

_FLAGS = ("isclean", "ishot", "iscool", "issliced")


def odd(problem: Problem, rng: random.Random) -> Problem:
    """The problem with odd facts, in any order: objects that start hot or sliced, open receptacles, an object in two of them, lamps in drawers
    and lamps that can be carried, nested objects, a receptacle without a place, a start at a receptacle, unlike rooms and lost distances."""
    facts = list(problem.facts)
    things = [fact[1] for fact in facts if fact[0] == "objecttype"]
    receptacles = [fact[1] for fact in facts if fact[0] == "receptacletype"]
    openable = [fact[1] for fact in facts if fact[0] == "openable"]
    places = {fact[1]: fact[2] for fact in facts if fact[0] == "receptacleatlocation"}
    types = dict(problem.types)

    def some(names: list[str], chance: float) -> list[str]:
        return [name for name in names if rng.random() < chance]

    facts += [(flag, thing) for flag in _FLAGS for thing in some(things, 0.1)]
    facts += [("opened", one) for one in some(openable, 0.3)]
    for thing in some(things, 0.15):
        where = rng.choice(receptacles)
        facts += [("inreceptacle", thing, where), ("objectatlocation", thing, places[where])]
    facts += [("toggleable", thing) for thing in some(things, 0.1)]
    facts += [("wasinreceptacle", thing, rng.choice(receptacles)) for thing in some(things, 0.1)]
    bowls = [fact[1] for fact in facts if fact[0] == "isreceptacleobject"]
    facts += [("inreceptacleobject", thing, rng.choice(bowls)) for thing in some(things, 0.1) if bowls]
    for one in some(receptacles, 0.5):  # a place that several share
        other = rng.choice(receptacles)
        facts = [("receptacleatlocation", one, places[other]) if fact[:2] == ("receptacleatlocation", one) else fact for fact in facts]
        places[one] = places[other]
    if rng.random() < 0.5:
        facts = [("atlocation", "agent1", rng.choice(list(places.values()))) if fact[0] == "atlocation" else fact for fact in facts]
    nowhere = rng.choice(receptacles)
    if rng.random() < 0.3:
        facts = [fact for fact in facts if fact[:2] != ("receptacleatlocation", nowhere)]
    facts = [fact for fact in facts if not (fact[0] in ("objectatlocation", "cancontain") and rng.random() < 0.1)]
    if rng.random() < 0.5:
        blade = rng.choice(things)
        facts = [("objecttype", blade, "knifetype") if fact[:2] == ("objecttype", blade) else fact for fact in facts]
    unique: list[Fact] = list(dict.fromkeys(facts))
    rng.shuffle(unique)
    return Problem(types, tuple(unique), problem.goal)
