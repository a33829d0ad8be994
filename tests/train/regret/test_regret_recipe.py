"""Fine-tuning by the regret loss: what is played and read, and that regret falls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import agentarena as aa
from agentarena.core.config import RunConfig
from agentarena.core.errors import BadOption, UsageError
from agentarena.core.match import Match
from agentarena.core.record import Fixture
from agentarena.train import checkpoint
from agentarena.train.config import ScratchModel, SelfPlayConfig
from agentarena.train.player import PolicyPlayer
from agentarena.train.regret import RegretConfig, regret, regret_loss
from agentarena.train.regret.plays import MixedAtRandom, action_logprobs, plays, policies

SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32, "vocab_size": 350}


def player_of(game: Any) -> PolicyPlayer:
    return PolicyPlayer(checkpoint.model(SelfPlayConfig({"MatrixGame-v0": 1.0}, model=ScratchModel(**SMALL)), [game]))


def test_losses_are_those_of_the_others_actions_and_policies_those_of_play() -> None:
    game = aa.game("MatrixGame-v0", options={"rounds": 3})
    player = player_of(game)
    own = plays(game, player, MixedAtRandom("drawn"), range(4), 0)
    assert [one.losses.shape for one in own] == [(3, 2)] * 4
    assert all(sorted(row) == [0.0, 1.0] for one in own for row in one.losses.tolist())  # one action loses, the other wins
    chances = policies(player.policy, own)
    with Match(RunConfig(game), Fixture(0, 0)) as match:
        expected = player.distribution(match.view(0))
    assert chances[0][0].tolist() == pytest.approx(list(expected.values()), abs=1e-6)
    assert torch.stack(chances).sum(-1).detach().numpy() == pytest.approx(np.ones((4, 3)), abs=1e-6)


def test_in_self_play_both_seats_are_read() -> None:
    game = aa.game("MatrixGame-v0", options={"rounds": 2})
    own = plays(game, player_of(game), None, range(3), 0)
    assert len(own) == 6
    assert np.array_equal(own[0].losses, own[0].losses.astype(bool))


def test_replies_that_branch_twice() -> None:
    """Names that begin alike: probabilities are products along the tokens, and add up to 1."""
    game = aa.game("MatrixGame-v0", options={"actions": ["red one", "red two"], "rounds": 2})
    player = player_of(game)
    (logs,) = action_logprobs(player.policy, [((5, 6), ((1, 2, 3), (1, 2, 4), (1, 5, 3), (7, 3, 3)))])
    assert logs.exp().sum().item() == pytest.approx(1.0, abs=1e-6)
    assert logs.requires_grad


def test_the_gradient_in_a_weight_is_that_of_finite_differences() -> None:
    game = aa.game("MatrixGame-v0", options={"rounds": 3})
    player = player_of(game)
    model = player.policy.model.double()
    own = plays(game, player, MixedAtRandom("drawn"), range(3), 0)
    losses = torch.tensor(np.stack([one.losses for one in own]))

    def loss() -> torch.Tensor:
        return regret_loss(torch.stack(policies(player.policy, own)).double(), losses, sharpness=3.0)

    weight = model.model.layers[0].mlp.down_proj.weight
    loss().backward()
    place, step = (3, 4), 1e-3
    with torch.no_grad():
        weight[place] += step
        above = loss().item()
        weight[place] -= 2 * step
        below = loss().item()
    assert weight.grad[place].item() == pytest.approx((above - below) / (2 * step), rel=1e-2, abs=1e-6)


def test_regret_falls_against_a_player_with_a_favourite(tmp_path: Path) -> None:
    config = RegretConfig(
        options={"rounds": 10}, opponents={"matrixgame/always?action=0": 1.0}, model=ScratchModel(**SMALL), output_dir=str(tmp_path / "run"),
        max_steps=25, matches=4, eval_matches=4, learning_rate=1e-2,
    )  # fmt: skip
    lines: list[dict[str, Any]] = []
    run = regret(config, report=lines.append)
    (before,), (after,) = run.before.values(), run.after.values()
    assert after["regret"] < 0.3 * before["regret"]
    assert after["hedge"] == before["hedge"]  # the same losses
    assert [line["step"] for line in lines] == list(range(26))
    assert json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])["measured"] == run.after
    loaded = checkpoint.pretrained(str(tmp_path / "run"))
    assert sum(p.numel() for p in loaded.model.parameters()) == sum(p.numel() for p in run.policy.model.parameters())
    with pytest.raises(UsageError, match="holds a run already"):
        regret(config)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"game": "KuhnPoker-v0"}, "expected a matrix game"),
        ({"options": {"rounds": 1}}, "expected a matrix game"),
        ({"opponents": {"kuhnpoker/nash": 1.0}}, "cannot play MatrixGame"),
        ({"matches": 0}, "matches must be a whole number"),
        ({"sharpnes": 1}, "Did you mean sharpness"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises((BadOption, UsageError), match=message):
        regret(RegretConfig.of({"model": SMALL, "output_dir": str(tmp_path / "run"), **settings}))
