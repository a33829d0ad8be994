"""Genuine game files: read, indexed, played; broken ones are named one by one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from household_helpers import GOALS, game_file, house_of, kitchen

import agentarena as aa
from agentarena.core.errors import BadOption, UsageError
from agentarena.core.rng import stream
from agentarena.envs.household import ALFWorldFiles
from agentarena.envs.household.engine import files as reading
from agentarena.envs.household.engine.goal import goal_of
from agentarena.envs.household.engine.problem import BadProblem, parse
from agentarena.envs.household.engine.scene import start, won


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The official folder tree with one game of each kind, and what can be wrong with them."""
    for number, kind in enumerate(GOALS):
        split = "train" if number < 2 else "valid_unseen"
        game_file(
            tmp_path / split / f"{kind}-Mug-None-Drawer-{number}" / "trial_T1" / "game.tw-pddl", kitchen(kind), f"Your task is to: {kind}."
        )
    train = tmp_path / "train"
    game_file(train / "pick_and_place_with_movable_recep-Mug" / "t" / "game.tw-pddl", kitchen())
    game_file(train / "pick-AppleSliced-None" / "t" / "game.tw-pddl", kitchen())
    game_file(train / "unsolved" / "t" / "game.tw-pddl", kitchen(), solvable=False)
    game_file(train / "cut" / "t" / "game.tw-pddl", kitchen()[:2000])
    game_file(train / "nograin" / "t" / "game.tw-pddl", kitchen(), grammar="none")
    game_file(train / "number" / "t" / "game.tw-pddl", kitchen(), pddl_problem=7)
    (train / "text" / "t").mkdir(parents=True)
    (train / "text" / "t" / "game.tw-pddl").write_bytes(b"\xff\xfe not json")
    (train / "empty" / "t").mkdir(parents=True)
    return tmp_path


def test_games_are_indexed_and_broken_ones_named(tree: Path) -> None:
    games = ALFWorldFiles(tree)
    assert len(games) == 4
    assert games[0] in list(games)
    assert [games.index[path].kind for path in games.select("train")] == ["look", "pick"]
    assert len(games.select("valid_unseen")) == 2
    assert sorted(games.broken) == [f"train/{name}/t/game.tw-pddl" for name in ("cut", "nograin", "number", "text")]
    assert all(path in message for path, message in games.broken.items())
    assert "not closed" in games.broken["train/cut/t/game.tw-pddl"]
    assert "'pddl_problem'" in games.broken["train/number/t/game.tw-pddl"]
    assert len(games.skipped) == 3


def test_the_index_is_kept_and_only_changed_files_are_read(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(ALFWorldFiles(tree)) == 4
    reads: list[str] = []
    true_read = reading._json_of
    monkeypatch.setattr(reading, "_json_of", lambda file, name: reads.append(name) or true_read(file, name))
    assert len(ALFWorldFiles(tree)) == 4
    assert reads == []
    game_file(tree / "train" / "new" / "t" / "game.tw-pddl", kitchen("heat"))
    assert len(ALFWorldFiles(tree)) == 5
    assert reads == ["train/new/t/game.tw-pddl"]
    (tree / reading.INDEX).write_text("{}")
    assert len(ALFWorldFiles(tree, write_index=False)) == 5, "an index that is none is made anew"


def test_files_are_played_through_an_option(tree: Path) -> None:
    game = aa.game("Household-v0", files=str(tree), split="valid_unseen", tasks="heat")
    state = game.start(stream(1))
    assert state.feedback.endswith("Your task is to: heat.")
    assert state.house.goal.object == "apple"
    record = aa.play("Household-v0", ["household/searcher"], matches=3, files=str(tree), split="valid_unseen").records[0]
    assert record.options["files"] == str(tree)
    assert record.returns == [1.0] or record.returns == (1.0,)
    one = ALFWorldFiles(tree).game(ALFWorldFiles(tree).select("train")[0], profile="0.3")
    assert one.start(stream(0)).house.goal.kind == "look"
    single = ALFWorldFiles(next(tree.glob("train/pick-Mug*/*/game.tw-pddl"))).game()
    assert single.start(stream(0)).house.goal.kind == "pick"


def test_a_folder_without_games_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match="no playable game"):
        ALFWorldFiles(tmp_path).game()
    with pytest.raises(UsageError, match="no folder"):
        ALFWorldFiles(tmp_path / "missing")


def test_a_path_cannot_leave_its_folder(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(reading.BadGame, match="outside"):
        reading.read_game(str(tree / "train"), "../valid_unseen/x/game.tw-pddl")


def test_comments_tabs_and_any_order_are_understood() -> None:
    plain = kitchen()
    facts = plain[plain.index("(:init") : plain.index("(:goal")]
    lines = facts.splitlines()
    mixed = plain.replace(
        facts, "\n".join([lines[0], *(f"\t{line} ; a comment (with parentheses" for line in reversed(lines[1:-1])), lines[-1]])
    )
    one, other = house_of(plain), house_of(mixed.upper().replace("(DEFINE", "(define"))
    assert start(one) == start(other)
    assert (one.receptacles, one.objects, one.places) == (other.receptacles, other.objects, other.places)


@pytest.mark.parametrize("kind", GOALS)
def test_goals_of_the_original_library_are_recognised(kind: str) -> None:
    assert goal_of(parse(kitchen(kind)).goal).kind == kind


@pytest.mark.parametrize(
    ("goal", "done"),
    [
        ("(not (opened fridge_bar_1))", True),
        ("(or (isClean mug_bar_1) (inReceptacle mug_bar_2 fridge_bar_1))", True),
        ("(forall (?o - object) (imply (objectType ?o MugType) (isClean ?o)))", False),
        ("(exists (?o - object) (and (objectType ?o MugType) (not (isClean ?o))))", True),
        ("(and)", True),
    ],
)
def test_goals_of_another_form_are_decided_all_the_same(goal: str, done: bool) -> None:
    house = house_of(kitchen().replace(GOALS["pick"], goal))
    assert house.goal.kind == "other"
    assert won(house, start(house)) == done


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((")\n(:init", "\n(:init"), "not closed"),
        (("(define", "((define"), "not closed|not one"),
        (("(:init", "(:start"), "no \\(:init"),
        (("(atLocation agent1 loc_bar_9)", ""), "stands at 0 places"),
        (("agent1 - agent", ""), "0 agents"),
        (("(openable drawer_bar_1)", "(openable (drawer_bar_1))"), "expected a predicate"),
        (("receptacleAtLocation", "receptacleSomewhere"), "no receptacle has a place"),
    ],
)
def test_broken_problems_say_what_is_wrong(change: tuple[str, str], words: str) -> None:
    with pytest.raises(BadProblem, match=words):
        house_of(kitchen().replace(*change))


def test_a_deep_problem_is_refused() -> None:
    with pytest.raises(BadProblem, match="nested"):
        parse("(" * 100_000)


def test_a_file_is_json_with_the_official_fields(tmp_path: Path) -> None:
    path = game_file(tmp_path / "game.tw-pddl", kitchen())
    assert set(json.loads(path.read_text())) == {"pddl_domain", "grammar", "pddl_problem", "solvable", "walkthrough"}
