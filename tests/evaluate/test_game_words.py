"""Games in words: the two stages with scripted replies, and documents that are no games."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from agentarena.agents.search.lp import solve_lp
from agentarena.core.errors import ArenaError
from agentarena.envs.efg import EFG
from agentarena.envs.efg.engine.arithmetic import exact_number
from agentarena.envs.efg.engine.document import DOCUMENT_SCHEMA, DocumentError, GameBuilder
from agentarena.evaluate.game_words import game_from_words, json_in

WORDS = Path(__file__).parents[1] / "fixtures" / "words"


def document(name: str) -> Any:
    return json.loads((WORDS / f"{name}.json").read_text())


class Scripted:
    """A language model that says what it was told to say."""

    def __init__(self, *replies: str) -> None:
        self.replies = list(replies)
        self.prompts: list[list[dict[str, str]]] = []

    def __call__(self, messages: list[dict[str, str]]) -> str:
        self.prompts.append(messages)
        return self.replies.pop(0)


def first_stage(whole: Any) -> str:
    return json.dumps({key: whole[key] for key in ("title", "players", "sets")})


@pytest.mark.parametrize(("name", "sets", "value"), [("pennies", 2, 0.0), ("kuhn", 12, -1 / 18), ("leduc", 288, -0.0856064241)])
def test_words_become_the_game(name: str, sets: int, value: float) -> None:
    whole = document(name)
    model = Scripted(f"The sets:\n```json\n{first_stage(whole)}\n```", json.dumps(whole))
    result = game_from_words((WORDS / f"{name}.txt").read_text(), model)
    rules = EFG(source=result.efg)
    played = {node.info_set for node in result.form.nodes if node.info_set >= 0 and result.form.sets[node.info_set].player >= 0}
    assert len(played) == sets
    assert solve_lp(rules).values[0] == pytest.approx(value, abs=1e-9)
    assert "information sets" in model.prompts[0][0]["content"]
    assert model.prompts[1][-2]["role"] == "assistant"


def test_problems_are_sent_back_and_repaired() -> None:
    whole = document("pennies")
    broken = copy.deepcopy(whole)
    del broken["root"]["then"]["tails"]
    model = Scripted("I cannot.", first_stage(whole), json.dumps(broken), json.dumps(whole))
    result = game_from_words("Two coins.", model)
    assert len(result.replies) == 4
    assert "holds no JSON object" in model.prompts[1][-1]["content"]
    assert 'at "Even\'s coin" the actions are heads, tails' in model.prompts[3][-1]["content"]


def test_a_model_that_never_succeeds_is_given_up() -> None:
    with pytest.raises(ArenaError, match="no reply of 3"):
        game_from_words("Two coins.", Scripted("{}", "{}", "{}"), repairs=2)


def change(path: str, value: Any) -> Any:
    """The document of Kuhn poker with one part replaced; `None` removes it."""
    whole = document("kuhn")
    place, *rest = whole, *path.split("/")
    for key in rest[:-1]:
        place = place[int(key)] if isinstance(place, list) else place[key]
    last = int(rest[-1]) if isinstance(place, list) else rest[-1]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return whole


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("root/chance/0/probability", "1/3", "add up to 1"),
        ("root/chance/0/probability", "1/0", "divides by zero"),
        ("root/chance/0/probability", "__import__('os')", "allowed are numbers"),
        ("root/chance/0/then", {"payoffs": [1]}, "list of 2 numbers"),
        ("root/chance/0/then/use", "foot", "expected one of the parts"),
        ("root/chance/0/then/with/sign", None, "needs values of"),
        ("parts/hand/node/at", "{frist}", "{frist} has no value"),
        ("parts/hand/node/at", "{second}", "not declared|different moves|actions"),
        ("parts/hand/node/then/pass", {"use": "hand", "with": {"first": "J", "second": "Q", "sign": "1"}}, "must be finite|nodes"),
        ("sets/1", None, "not declared in sets"),
        ("sets/0/player", "Carl", "expected one of Ann, Bob"),
        ("sets/0/for/card", ["J", "J"], "declared twice"),
        ("sets/0/for/card", ["J", "Q", "K", "A"], "no node is at the information set 'A'"),
        ("players", [], "different names"),
        ("root", {"payoffs": [0, 0]}, "no player ever moves|no node is at"),
        ("code", "import os", "is no part of a document"),
    ],
)
def test_what_is_no_game_is_said(path: str, value: Any, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        GameBuilder(change(path, value)).form()


def test_forgetting_is_refused() -> None:
    """Ann's second set must tell her first move."""
    whole = document("pennies")
    again = {"at": "Even's coin", "then": {"heads": {"payoffs": [1, -1]}, "tails": {"payoffs": [0, 0]}}}
    whole["root"]["then"]["heads"]["then"]["heads"] = again
    with pytest.raises(DocumentError, match="would have to forget"):
        GameBuilder(whole).form()


@pytest.mark.parametrize("junk", [None, [], {}, {"players": 3}, {"title": 1, "players": ["a"], "sets": [1], "root": []}, "x" * 1000])
def test_junk_is_refused(junk: Any) -> None:
    with pytest.raises(DocumentError):
        GameBuilder(junk).form()


def test_numbers_are_exact() -> None:
    assert exact_number("1/3 + 1/6") * 2 == 1
    for text in ("2 ** 3", "1e5", "(1", "1 2", "", "(" * 50 + "1" + ")" * 50, True, None, float("nan")):
        with pytest.raises(ValueError, match=r"no number|complete|nested"):
            exact_number(text)


def test_the_json_of_a_reply() -> None:
    with pytest.raises(ValueError, match="not JSON"):
        json_in("{a}")


def test_the_fixtures_fit_the_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    for name in ("pennies", "kuhn", "leduc"):
        jsonschema.validate(document(name), DOCUMENT_SCHEMA)
