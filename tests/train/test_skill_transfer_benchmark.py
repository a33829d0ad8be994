"""The benchmark of transfer from skill games: what the policy reads, that it learns, and how runs become a table and a figure."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import agentarena as aa  # noqa: E402
from benchmarks import skill_transfer as transfer  # noqa: E402
from benchmarks.word_policy import FEATURES, Episode, WordPolicy, collate, features, parts, play  # noqa: E402


@pytest.fixture(scope="module")
def examples() -> list[transfer.Example]:
    """Decisions of the household's searcher in two matches."""
    return [one for match in transfer.Household().demonstrations(2) for one in match]


def test_commands_are_a_verb_and_two_things() -> None:
    assert parts("move egg 2 to fridge 1") == ("move", ("egg 2", "fridge 1"))
    assert parts("inventory") == ("inventory", ())


def test_numbers_say_what_the_task_names_and_what_was_tried() -> None:
    commands = ("go to fridge 1", "take egg 2 from shelf 1", "look")
    seen = features("put some egg in fridge", "On the shelf 1, you see a egg 2.", ["look", "go to fridge 1"], commands, 0.5)
    assert seen.numbers.shape == (3, FEATURES)
    go, take, look = seen.numbers
    assert (go[6], take[6], take[7], look[6]) == (1.0, 1.0, 0.0, 0.0)  # the fridge and the egg are in the task, the shelf is not
    assert (go[2], take[2], look[2]) == (1.0, 0.0, 0.0)  # the last command
    assert (go[1], take[1], look[1]) == (1.0, 0.0, 1.0)  # commands that were given before
    assert take[8] == 1.0  # the egg is in the answer


def test_log_probabilities_are_distributions_of_each_decision(examples: list[transfer.Example]) -> None:
    decisions = [decision for decision, _ in examples[:5]]
    batch = collate(decisions)
    logs, values = WordPolicy()(batch)
    totals = torch.zeros(5).index_add(0, batch.row, logs.exp())
    assert totals.detach().numpy() == pytest.approx(np.ones(5), abs=1e-5)
    alone, _ = WordPolicy.forward(policy := WordPolicy(), collate(decisions[:1]))
    assert alone.detach().numpy() == pytest.approx(policy(batch)[0][: len(alone)].detach().numpy(), abs=1e-5)
    assert values.shape == (5,)


def test_imitation_repeats_what_it_saw(examples: list[transfer.Example]) -> None:
    policy = transfer.fresh(0)
    transfer.imitate(policy, examples, 150, 0)
    batch = collate([decision for decision, _ in examples])
    logs, _ = policy(batch)
    ends = [*batch.starts.tolist()[1:], len(logs)]
    chosen = [int(logs[a:b].argmax()) for a, b in zip(batch.starts.tolist(), ends, strict=True)]
    assert np.mean([a == b for a, (_, b) in zip(chosen, examples, strict=True)]) > 0.95


def test_play_ends_and_says_who_won() -> None:
    game: Any = aa.game("SkillGame-v0", options={"world": "coins", "max_steps": 12})
    episodes = [Episode.begin(game, seed) for seed in range(4)]
    play(episodes, transfer.fresh(0), np.random.default_rng(0))
    for one in episodes:
        assert one.over
        assert one.won == (sum(one.rewards) == 1)
        assert len(one.decisions) == len(one.chosen) == len(one.past) <= 12


def test_reinforcement_changes_the_policy_and_is_the_same_again() -> None:
    game: Any = aa.game("SkillGame-v0", options={"world": "coins", "reward": "dense", "max_steps": 20})
    after = []
    for _ in range(2):
        policy = transfer.fresh(0)
        assert list(transfer.reinforce(policy, [game], {"updates": 2, "episodes": 3}, 5)) == [1, 2]
        after.append(policy.score.weight.detach().clone())
    assert torch.equal(*after)
    assert not torch.equal(after[0], transfer.fresh(0).score.weight)


def test_tables_and_figures_of_runs(tmp_path: Path) -> None:
    runs = [
        {"variant": variant, "seed": seed, "figures": {"demonstrations 0": 0.0, "demonstrations 10": level + seed / 10, **rl}}
        for variant, level in ((transfer.TRAINED, 0.4), (transfer.SCRATCH, 0.1), (transfer.LONG, 0.2))
        for seed in range(2)
        for rl in [{} if variant == transfer.LONG else {"updates 1": level, "updates 2": level}]
    ]
    table = transfer.table(runs)
    assert "| 10 demonstrations | 45.0 ± 63.5 | 15.0 ± 63.5 | 25.0 ± 63.5 |" in table
    assert "| 2 updates | 40.0 ± 0.0 | 10.0 ± 0.0 |  |" in table
    assert math.isclose(transfer.curves(runs, "demonstrations")[transfer.LONG][1][1], 0.25)
    pytest.importorskip("matplotlib")
    transfer.draw(runs, tmp_path / "figure.svg", "Household-v0")
    assert "<svg" in (tmp_path / "figure.svg").read_text()


def test_every_fourth_game_of_a_folder_of_textworld_is_for_tests(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"tw-coin_collector-{number}.json").write_text("{}")
    target = transfer.TextWorld(str(tmp_path))
    assert [game.options["game"] for game in target.test()] == [0, 4]
    assert [game.options["game"] for game in target.training()] == [1, 2, 3, 5, 6, 7]
    assert target.demonstrations(5) == []
