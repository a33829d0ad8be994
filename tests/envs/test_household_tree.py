"""ALFWorld's folder tree as it comes: which trials are played, and games with the ids and the facts of genuine files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from alfworld_tree import TRIAL, alfworld_tree

import agentarena as aa
from agentarena.envs.household import ALFWorldFiles


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return alfworld_tree(tmp_path)


def test_the_trials_that_alfworld_plays_are_played(root: Path) -> None:
    files = ALFWorldFiles(root)
    assert {path: entry.kind for path, entry in files.index.items() if entry.kind} == {
        f"train/pick_and_place_simple-Mug-None-Shelf-7/{TRIAL.format(1)}/game.tw-pddl": "pick",
        f"valid_seen/pick_heat_then_place_in_recep-Apple-None-CounterTop-7/{TRIAL.format(6)}/game.tw-pddl": "heat",
        f"valid_unseen/look_at_obj_in_light-Mug-None-DeskLamp-301/{TRIAL.format(7)}/game.tw-pddl": "look",
    }
    assert files.broken == {}
    assert sorted(message.rsplit(": ", 1)[1] for message in files.skipped.values()) == [
        "not known to be solvable",
        "sliced objects and movable receptacles are left out, as in ALFWorld",
        "sliced objects and movable receptacles are left out, as in ALFWorld",
    ]
    assert [len(files.select(split)) for split in ("train", "valid_seen", "valid_unseen")] == [1, 1, 1]


def test_it_is_found_from_the_folder_above_and_by_a_variable(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(ALFWorldFiles(root.parent)) == 3
    monkeypatch.setenv("ALFWORLD_DATA", str(root.parent))
    assert len(ALFWorldFiles("$ALFWORLD_DATA/json_2.1.1")) == 3
    assert len(ALFWorldFiles(root / "valid_seen")) == 1


def test_the_task_type_of_a_trial_counts(root: Path) -> None:
    trial = next(root.glob("train/pick_and_place_simple*/*"))
    trajectory = json.loads((trial / "traj_data.json").read_text())
    for task_type, playable in (("pick_and_place_simple", 1), ("pick_and_place_with_movable_recep", 0), (7, 1)):
        (trial / "traj_data.json").write_text(json.dumps({**trajectory, "task_type": task_type}))
        files = ALFWorldFiles(root, write_index=False)
        assert sum(path.startswith("train/") for path in files.games) == playable
    (trial / "traj_data.json").write_text("no json")
    assert len(ALFWorldFiles(root, write_index=False)) == 3, "a game can be played without it"
    (trial / "traj_data.json").unlink()
    assert len(ALFWorldFiles(root, write_index=False)) == 3


def test_a_goal_of_another_form_has_the_kind_that_its_trial_names(root: Path) -> None:
    file = next(root.glob("train/pick_and_place_simple*/*/game.tw-pddl"))
    data = json.loads(file.read_text())
    data["pddl_problem"] = data["pddl_problem"].replace("(exists (?o - object)", "(exists (?o - object ?spare - agent)")
    file.write_text(json.dumps(data))
    entry = next(entry for path, entry in ALFWorldFiles(root).index.items() if path.startswith("train/pick_and_place_simple"))
    assert entry.kind == "pick"


def test_a_genuine_kind_of_game_is_played_to_its_end(root: Path) -> None:
    """Ids with coordinates, two receptacles at one place, a mug in two of them, class names among the objects, distances, odd spacing."""
    game = ALFWorldFiles(root).game(split="train")
    state = game.start(np.random.default_rng(0))
    assert state.feedback.endswith("Your task is to: put some mug on shelf.")
    assert "a cabinet 2, a cabinet 1, a coffeemachine 1, a countertop 1, a desk 1, a drawer 1, a fridge 1" in state.feedback
    assert "sinkbasin 1" in state.feedback
    for command in ("go to coffeemachine 1", "take mug 1 from coffeemachine 1", "go to shelf 1", "move mug 1 to shelf 1"):
        legal = game.legal(state, 0)
        assert command in legal.suggestions, (command, legal.suggestions)
        state = game.step(state, {0: command}, np.random.default_rng(0))
    assert state.won


@pytest.mark.parametrize("split", ["train", "valid_seen", "valid_unseen"])
def test_both_experts_win(root: Path, split: str) -> None:
    results = aa.play("Household-v0", ["household/searcher"], matches=1, files=str(root), split=split)
    assert results.records[0].returns == (1.0,)
    hinted = aa.play("Household-v0", ["household/expert"], matches=1, files=str(root), split=split, hints=True)
    assert hinted.records[0].returns == (1.0,)
