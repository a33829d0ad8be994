"""Behaviour cloning of policies on vectors: what is learned from, that it is learned, and that the file plays it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import agentarena as aa  # noqa: E402
from agentarena.agents.rl.agent import NetworkAgent  # noqa: E402
from agentarena.core.errors import BadOption, NotSupported, UsageError  # noqa: E402
from agentarena.core.replay import states  # noqa: E402
from agentarena.train.cloning import CloningConfig, _split, clone_policy, decisions  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def test_decisions_are_what_the_chosen_seats_saw_and_played():
    records = aa.play("KuhnPoker-v0", ["kuhnpoker/nash", "random"], matches=40, seed=3).records
    data = decisions(records, agents=["kuhnpoker/nash"])
    own = [(record, seat) for record in records for seat, one in enumerate(record.seats) if one.agent == "kuhnpoker/nash"]
    played = [action for record, seat in own for moves in record.actions for mover, action in moves if mover == seat]
    assert data.actions.tolist() == played
    first, seat = own[0]
    game = first.game()
    seen = [game.observe(state, seat) for state in states(first) if seat in game.to_move(state)]
    assert np.array_equal(data.observations[: len(seen)], np.stack(seen))
    assert data.masks.all()
    assert data.seats == (0, 1)
    assert set(data.matches.tolist()) == set(range(40))
    assert decisions(records, agents=["kuhnpoker/nash"], seats=[1]).seats == (1,)
    winners = decisions(records, won=True)
    assert 0 < len(winners) < len(decisions(records))
    assert len(decisions(records, above=2.0)) < len(winners)


def test_moves_that_were_no_decision_of_the_agent_are_left_out():
    whole = aa.play("ConnectFour-v0", ["random", "random"], matches=3, seed=1, openings=4).records
    assert len(decisions(whole)) == sum(record.steps - 4 for record in whole)

    class Silent(aa.Agent):
        def choose(self, view):
            return aa.Reply("nothing to say")

    policy = aa.OnUnreadable(then="random")
    mixed = aa.play("TicTacToe-v0", [Silent(), "random"], matches=2, seed=1, on_unreadable=policy).records
    own = decisions(mixed, agents=["random"])
    assert (
        len(decisions(mixed))
        == len(own)
        == sum(1 for record in mixed for moves in record.actions for seat, _ in moves if record.seats[seat].agent == "random")
    )
    with pytest.raises(UsageError, match="hold no decision"):
        decisions(mixed, agents=[mixed[0].seats[0].agent])


def test_records_of_several_games_or_layouts_are_refused():
    kuhn = aa.play("KuhnPoker-v0", ["random", "random"], matches=1).records
    ttt = aa.play("TicTacToe-v0", ["random", "random"], matches=1).records
    with pytest.raises(UsageError, match="of several games, KuhnPoker and TicTacToe"):
        decisions([*kuhn, *ttt])
    three = aa.play("Dhumbal-v0", ["random"] * 3, matches=1, players=3).records
    four = aa.play("Dhumbal-v0", ["random"] * 4, matches=1).records
    with pytest.raises(UsageError, match="clone matches of one layout"):
        decisions([*three, *four])
    with pytest.raises(UsageError, match=r"no decision to learn from with agents=\['nobody'\]"):
        decisions(kuhn, agents=["nobody"])
    economy = aa.play("Economist-v0", ["random"] * aa.game("Economist-v0").info.seats, matches=1).records
    with pytest.raises(NotSupported, match="only Discrete actions are cloned"):
        decisions(economy)


def test_matches_stay_whole_in_the_split():
    matches = np.repeat(np.arange(50), 3)
    learned, held_out = _split(matches, 0.2, 0)
    assert len(held_out) == 30
    assert not set(matches[learned]) & set(matches[held_out])
    assert len(_split(matches, 0.0, 0)[1]) == 0
    assert len(_split(np.array([0, 0, 1]), 0.001, 0)[1]) in (1, 2)
    assert len(_split(np.zeros(5), 0.5, 0)[1]) == 0


def test_a_cloned_equilibrium_is_nearly_one_and_seeds_repeat(tmp_path: Path):
    records = aa.play("KuhnPoker-v0", ["kuhnpoker/nash"] * 2, matches=3000, seed=1).records
    data = decisions(records)
    config = CloningConfig(hidden=(32,), epochs=30, learning_rate=3e-3)
    cloned = clone_policy(data, config)
    assert cloned.best["held_out_loss"] == min(figures["held_out_loss"] for figures in cloned.history)
    digest = cloned.save(tmp_path / "kuhn.safetensors")
    agent = NetworkAgent(tmp_path / "kuhn.safetensors")
    assert (agent.file.algorithm, agent.file.steps, agent.file.digest) == ("cloning", len(data), digest)
    assert aa.evaluate.nash_conv("KuhnPoker-v0", agent) < 0.12
    assert aa.evaluate.nash_conv("KuhnPoker-v0", "uniform") > 0.9
    assert clone_policy(data, config).history == cloned.history


def test_training_stops_early_and_without_held_out_matches_runs_to_the_end():
    data = decisions(aa.play("TicTacToe-v0", ["random", "random"], matches=30, seed=1).records)
    config = CloningConfig(hidden=(64,), epochs=60, patience=3, learning_rate=1e-2)
    reported: list[dict[str, float]] = []
    cloned = clone_policy(data, config, report=reported.append)
    assert len(reported) == len(cloned.history) < 60
    assert len(cloned.history) - cloned.best["epoch"] == 3
    whole = clone_policy(data, CloningConfig(hidden=(8,), epochs=4, held_out=0.0))
    assert len(whole.history) == 4
    assert whole.best == whole.history[-1]
    assert "agreement" not in whole.best


@pytest.mark.parametrize(("name", "value"), [("epochs", 0), ("patience", True), ("held_out", 1.0), ("learning_rate", 0.0), ("seed", -1)])
def test_settings_out_of_range_are_refused(name: str, value: object):
    with pytest.raises(BadOption, match=f"cloning.{name} must be"):
        CloningConfig(**{name: value})
