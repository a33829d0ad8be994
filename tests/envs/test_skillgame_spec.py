"""Specifications of skill games: those of the package, the schema, and what is refused with its reason."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from agentarena.core.errors import ArenaError, BadOption
from agentarena.envs.skillgame import SKILLS_SCHEMA, SkillGame
from agentarena.envs.skillgame.engine.loading import WORLDS, json_of
from agentarena.envs.skillgame.engine.validation import spec_problems
from agentarena.envs.skillgame.engine.worlds_of import trial_problems
from agentarena.evaluate import skill_world_from_words

VAULT: dict[str, Any] = {
    "name": "vault",
    "rooms": ["hall", "cellar"],
    "stations": {"bench": ["hall"]},
    "states": ["shut", "open", "dull", "bright"],
    "exclusive": [["shut", "open"], ["dull", "bright"]],
    "objects": {
        "safe": {"names": ["safe"], "opens": "open", "start": ["shut"], "found_in": ["cellar"]},
        "key": {"names": ["key"], "found_in": ["hall"]},
        "cup": {"names": ["cup", "mug"], "start": ["dull"], "found_in": ["safe"]},
    },
    "skills": [
        {"verb": "open", "object": "safe", "tool": "key", "needs": ["shut"], "adds": ["open"]},
        {"verb": "polish", "object": "cup", "station": "bench", "needs": ["dull"], "adds": ["bright"], "reward": 1},
    ],
    "goals": [{"object": "cup", "states": ["bright"], "held": True}],
}


@pytest.mark.parametrize("name", WORLDS)
def test_worlds_of_the_package_are_fine(name: str) -> None:
    assert spec_problems(json_of(name)) == []
    assert trial_problems(name, 10) == []


def test_a_world_of_ones_own_is_played(tmp_path: Path) -> None:
    assert spec_problems(VAULT) == []
    assert trial_problems(json.dumps(VAULT), 30) == []
    path = tmp_path / "vault.json"
    path.write_text(json.dumps(VAULT))
    assert SkillGame(world=str(path)).spec == SkillGame(world=json.dumps(VAULT)).spec


def test_the_page_shows_this_world() -> None:
    page = (Path(__file__).parents[2] / "docs" / "skill-worlds.md").read_text(encoding="utf-8")
    assert json.loads(page.partition("```json\n")[2].partition("```")[0]) == VAULT


def test_a_model_writes_a_world_and_repairs_it() -> None:
    replies = ["Sorry.", json.dumps(changed("goals/0/object", "gold")), f"Here: {json.dumps(VAULT)}"]
    prompts = []

    def complete(messages: list[dict[str, str]]) -> str:
        prompts.append(messages)
        return replies[len(prompts) - 1]

    assert skill_world_from_words("A vault with cups.", complete, games=5) == VAULT
    assert "'gold' is no kind" in prompts[2][-1]["content"]
    with pytest.raises(ArenaError, match="no reply of 1"):
        skill_world_from_words("A vault.", lambda messages: "{}", repairs=0)


def changed(path: str, value: Any) -> Any:
    """The specification with one part replaced; `...` removes it."""
    data = copy.deepcopy(VAULT)
    place: Any = data
    *way, last = path.split("/")
    for key in way:
        place = place[int(key)] if isinstance(place, list) else place[key]
    if value is ...:
        del place[last]
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("rooms", ..., "rooms: is missing"),
        ("rooms", ["hall"], "has 1 entries, expected at least 2"),
        ("rooms", "hall", "expected a list"),
        ("colour", "red", "'colour': is unknown"),
        ("hands", 1, "a number from 2 to 10"),
        ("hands", True, "expected a whole number"),
        ("objects/key/names", ["Key <b>"], "without < and >"),
        ("objects/key/names", ["KEY"], "lower-case"),
        ("skills/1/reward", -1, "a number from 0"),
        ("skills/0/verb", "take", "a command of every world"),
        ("skills/0/tool", "crowbar", "'crowbar' is no kind of objects"),
        ("skills/1/station", "stove", "'stove' is no station"),
        ("skills/1/adds", ["brigt"], "'brigt' is not declared in states"),
        ("skills/1/says", "You {verb} it.", "braces stand for"),
        ("objects/cup/found_in", ["attic"], "neither a room nor a kind that opens"),
        ("objects/cup/names", ["key"], "'key' stands for more than one thing|more than one"),
        ("goals/0/object", "gold", "'gold' is no kind"),
        ("skills/1/lacks", ["dull"], "needs and lacks 'dull'"),
        ("skills/1/removes", ["bright"], "adds and removes 'bright'"),
        ("skills/1/adds", ["dull"], "changes nothing"),
        ("skills/1/needs", ["dull", "bright"], "dull and bright, which exclude each other"),
        ("goals/0/states", ["dull", "bright"], "asks for dull and bright, which exclude"),
        ("goals/0", {"object": "cup", "at": "bench", "held": True}, "cannot be held and lie"),
        ("goals/0", {"object": "safe", "held": True}, "cannot be taken"),
        ("goals/0", {"object": "cup", "states": ["dull"]}, "met by doing nothing"),
        ("skills/1/needs", ["shut"], "no order of skills makes a cup"),
        ("skills/0/needs", ["dull"], "no order of skills opens it"),
        ("objects/key/found_in", ["safe"], "may be locked away"),
        ("goals/0", {"object": "cup", "held": True}, "no goal needs it, so its reward cannot be earned"),
        ("objects/safe/portable", True, "what opens cannot be portable"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(path: str, value: Any, words: str) -> None:
    data = changed(path, value)
    problems = "\n".join(spec_problems(data))
    assert problems
    with pytest.raises(BadOption, match=words):
        SkillGame(world=json.dumps(data))


def test_two_skills_of_one_command_are_refused() -> None:
    data = copy.deepcopy(VAULT)
    data["skills"].append(copy.deepcopy(data["skills"][1]))
    assert "same command" in spec_problems(data)[0]


def test_trial_games_find_what_no_rule_names() -> None:
    """A cup that lies at the bench from the start, in the one room where it may be."""
    data = changed("goals/0", {"object": "cup", "at": "bench"})
    data["objects"]["cup"] = {"names": ["cup"], "found_in": ["hall"]}
    data["skills"].pop()
    assert spec_problems(data) == []
    assert "no place for a cup at the start" in trial_problems(json.dumps(data), 3)[0]


@pytest.mark.parametrize("junk", [None, [], "x", 3, {}, {"name": 1}, {"rooms": [[]]}, {"objects": {"x": {"names": 5}}}])
def test_junk_is_refused(junk: Any) -> None:
    assert spec_problems(junk)


@pytest.mark.parametrize("source", ["nowhere.json", "{", "", '{"a": 1, "a": 2}'])
def test_sources_that_cannot_be_read(source: str) -> None:
    with pytest.raises(BadOption, match=r"there is no world|cannot be read"):
        SkillGame(world=source)


def test_the_schema_is_one_that_others_understand() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(SKILLS_SCHEMA)
    for name in WORLDS:
        jsonschema.validate(json_of(name), SKILLS_SCHEMA)
