"""A world of skills described in words becomes a specification: a language model fills the slots of the JSON schema, and validation sends back
what is wrong.

What the model writes is data; nothing in it is run.

Reference: skills as slots of a specification that a language model fills are those of STARLING (Findings of ACL 2024), read second-hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from agentarena.core.errors import BadOption
from agentarena.envs.skillgame.engine.schema import SKILLS_SCHEMA
from agentarena.envs.skillgame.engine.validation import spec_problems
from agentarena.envs.skillgame.engine.worlds_of import trial_problems

from .completer import Unusable
from .game_words import json_in, written

__all__ = ["skill_world_from_words", "skill_world_prompt"]

_ASK = """You write worlds for text games: rooms, objects with states, and skills that change states with tools at stations.
Reply with one JSON object that fits this JSON schema, and nothing else:
{schema}
"states" lists every state that is used. "exclusive" lists groups of states of which an object has at most one: adding one removes the others.
Each kind of objects has its own names, all different, in lower case. A kind that "opens" is a container: it cannot be taken, is found in rooms, and
shows what is in it when it has that state; what opens it must be found in a room. A skill needs its object in reach, its tool in hand, its
station in the room, the states "needs" and none of "lacks". Every goal must be reachable by skills from "start", and not be met at the start.
Rewards are for skills that goals need. In "says", {{object}}, {{tool}} and {{station}} stand for names."""


def skill_world_prompt(description: str) -> list[dict[str, str]]:
    """The messages that ask for a specification."""
    system = _ASK.format(schema=json.dumps(SKILLS_SCHEMA))
    return [{"role": "system", "content": system}, {"role": "user", "content": f"The world:\n{description}"}]


def skill_world_from_words(
    description: str, complete: Callable[[list[dict[str, str]]], str], *, repairs: int = 3, games: int = 50
) -> dict[str, Any]:
    """The specification of a described world, by a language model; validated, with sample games that the planner does.

    Args:
        description: The world in words.
        complete: The model: messages to reply; `Completer` is one.
        repairs: How often it is asked again, with what was wrong.
        games: Sample games.

    Returns:
        The parsed JSON; `json.dumps` of it is a `world` of `SkillGame-v0`.

    Raises:
        NotWritten: The specification stayed wrong, or the model gave no reply; it lists the problems of the last one.
    """
    if not description.strip():
        raise BadOption("skill_world_from_words: the description is empty")
    return written("specification", skill_world_prompt(description), complete, lambda reply: _read(reply, games), repairs, [])


def _read(reply: str, games: int) -> dict[str, Any]:
    """The specification of a reply.

    Raises:
        Unusable: What is wrong with it.
        ValueError: It holds no JSON object.
    """
    data = json_in(reply)
    problems = spec_problems(data) or trial_problems(json.dumps(data), games)
    if problems:
        raise Unusable(problems)
    return dict(data)
