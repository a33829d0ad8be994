"""Models of Stable-Baselines3: read without unpickling, masked, and refused where they do not fit."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from decision_views import decision_views
from sb3_contrib import QRDQN, MaskablePPO
from stable_baselines3 import DQN, PPO, SAC
from stable_baselines3.common.torch_layers import CombinedExtractor

import agentarena as aa
from agentarena.agents.rl.array_agent import ArrayAgent
from agentarena.agents.rl.sb3 import SB3Agent, SB3Policy
from agentarena.agents.specs import harmless
from agentarena.core.agent import View
from agentarena.core.errors import BadOption, NotSupported, UsageError
from agentarena.core.rng import stream
from agentarena.matches.tournaments import extend

pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning"), pytest.mark.filterwarnings("ignore::FutureWarning")]


class Wide(CombinedExtractor):
    """A features extractor of one's own, with weights."""

    def __init__(self, space: gymnasium.spaces.Dict) -> None:
        super().__init__(space)
        self.layer = torch.nn.Linear(self._features_dim, 8)
        self._features_dim = 8

    def forward(self, observations: Any) -> Any:
        return self.layer(super().forward(observations))


def _model(algorithm: Any, env: str = "TicTacToe-v0", policy: str = "MultiInputPolicy", **settings: Any) -> Any:
    model = algorithm(policy, aa.make_solo(env, opponents="random"), seed=1, device="cpu", **settings)
    torch.manual_seed(4)
    for tensor in model.policy.parameters():
        torch.nn.init.normal_(tensor, std=0.7)
    return model


@pytest.mark.parametrize(
    "settings", [{}, {"policy_kwargs": {"net_arch": [32], "activation_fn": torch.nn.ReLU}}, {"policy_kwargs": {"net_arch": []}}]
)
def test_a_maskable_model_plays_what_the_library_plays_without_being_unpickled(tmp_path: Path, settings: Any) -> None:
    model = _model(MaskablePPO, **settings)
    model.save(tmp_path / "m.zip")
    agent = aa.agent(f"sb3:{tmp_path}/m.zip")
    views = decision_views("TicTacToe-v0", 40)
    for view, action in zip(views, agent.act(views), strict=True):
        seen = {"observation": view.observation[None], "action_mask": view.mask[None]}
        assert model.predict(seen, deterministic=True, action_masks=view.mask.astype(bool)[None])[0][0] == action
    drawn = SB3Agent(str(tmp_path / "m.zip"), deterministic=False)
    seen = model.policy.obs_to_tensor({"observation": views[3].observation[None], "action_mask": views[3].mask[None]})[0]
    wanted = model.policy.get_distribution(seen, action_masks=views[3].mask.astype(bool)[None]).distribution.probs[0].detach().numpy()
    assert np.allclose(list(drawn.policy(views[3]).values()), wanted[list(views[3].choices)], atol=1e-6)
    assert aa.agent(f"sb3:{tmp_path}/m.zip?deterministic=false").name == f"sb3:{tmp_path}/m.zip?deterministic=false"
    assert len(agent.version) == 16


@pytest.mark.parametrize("algorithm", [PPO, DQN])
def test_models_without_masks_obey_masks(tmp_path: Path, algorithm: Any) -> None:
    model = _model(algorithm)
    model.save(tmp_path / "m.zip")
    agents = [aa.agent(f"sb3:{tmp_path}/m.zip"), ArrayAgent(SB3Policy(model))]
    views = decision_views("TicTacToe-v0", 40)
    unmasked = [
        int(model.predict({"observation": view.observation[None], "action_mask": view.mask[None]}, deterministic=True)[0][0])
        for view in views
    ]
    for agent in agents:
        actions = list(agent.act(views))
        assert all(action in view.legal for action, view in zip(actions, views, strict=True))
        agreed = [action == free for action, free, view in zip(actions, unmasked, views, strict=True) if free in view.legal]
        assert all(agreed)
        assert 0 < len(agreed) < len(views)
    assert list(agents[0].act(views)) == [int(action) for action in agents[1].act(views)]


def test_q_values_are_not_drawn_from(tmp_path: Path) -> None:
    _model(DQN).save(tmp_path / "m.zip")
    with pytest.raises(BadOption, match="has Q-values, which are no probabilities"):
        aa.agent(f"sb3:{tmp_path}/m.zip?deterministic=false")


@pytest.mark.parametrize("algorithm", [PPO, MaskablePPO, QRDQN])
def test_other_networks_are_unpickled_only_with_trust_and_a_warning(tmp_path: Path, algorithm: Any) -> None:
    settings = {} if algorithm is QRDQN else {"policy_kwargs": {"features_extractor_class": Wide}}
    model = _model(algorithm, **settings)
    path = f"{tmp_path}/m.zip"
    model.save(path)
    with pytest.raises(BadOption, match=r"only Stable-Baselines3 can build it, and unpickling runs whatever code.*trust=true"):
        aa.agent(f"sb3:{path}")
    with pytest.warns(UserWarning, match="is unpickled"):
        agent = aa.agent(f"sb3:{path}?trust=true")
    assert agent.name == f"sb3:{path}"
    views = decision_views("TicTacToe-v0", 40)
    actions = list(agent.act(views))
    assert all(action in view.legal for action, view in zip(actions, views, strict=True))
    assert actions == [agent.act([view])[0] for view in views]
    seen = {"observation": views[0].observation[None], "action_mask": views[0].mask[None]}
    more = {"action_masks": views[0].mask.astype(bool)[None]} if algorithm is MaskablePPO else {}
    free = int(model.predict(seen, deterministic=True, **more)[0][0])
    assert actions[0] == free or free not in views[0].legal
    policy = agent.batch_policy(aa.game("TicTacToe-v0"))  # type: ignore[attr-defined]
    assert not aa.play_arrays("TicTacToe-v0", [policy, "random"], matches=20).forfeits.any()


def test_numbers_are_clipped_and_drawn_where_asked(tmp_path: Path) -> None:
    model = PPO("MlpPolicy", aa.make_solo("Economist-v0", seat=1, opponents="random"), n_steps=16, batch_size=16, seed=0, device="cpu")
    model.save(tmp_path / "m.zip")
    game = aa.game("Economist-v0")
    state = game.start(stream(0, 0))
    seat = 1
    while seat not in game.to_move(state):
        state = game.step(state, {one: game.legal(state, one).sample(stream(1, one)) for one in game.to_move(state)}, stream(0, 1))
    view = View(game, state, seat, seed=1)
    wanted = np.clip(model.predict(view.observation, deterministic=True)[0], view.legal.low, view.legal.high)
    assert np.allclose(aa.agent(f"sb3:{tmp_path}/m.zip").act([view])[0], wanted, atol=1e-5)
    other = aa.agent(f"sb3:{tmp_path}/m.zip?deterministic=false").act([view])[0]
    assert view.legal.violation(other) is None
    seats = game.info.seats
    played = aa.play(game, ["random", aa.agent(f"sb3:{tmp_path}/m.zip"), *["random"] * (seats - 2)], matches=1)
    assert not played.records[0].faults


def test_a_model_of_another_game_is_refused_with_both_spaces(tmp_path: Path) -> None:
    _model(MaskablePPO).save(tmp_path / "m.zip")
    with pytest.raises(NotSupported, match=r"trained on \"?.*Box\(0, 1, \(3, 3, 2\), int8\).*seat 0 sees .*Box\(0, 1, \(6, 7, 2\), int8\)"):
        aa.play("ConnectFour-v0", [f"sb3:{tmp_path}/m.zip", "random"], matches=1)


def _repacked(source: Path, target: Path, **parts: bytes | None) -> Path:
    """The same zip with other parts; `None` leaves one out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            data = parts.get(info.filename.partition(".")[0], old.read(info))
            if data is not None:
                new.writestr(info.filename, data)
    return target


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "m.zip"
    _model(MaskablePPO).save(source)
    whole = source.read_bytes()
    with zipfile.ZipFile(source) as archive:
        weights = archive.read("policy.pth")
    files = {
        "text.zip": b"no zip at all",
        "cut.zip": whole[: len(whole) // 2],
        "empty.zip": b"",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    paths = [
        *(tmp_path / name for name in files),
        _repacked(source, tmp_path / "a.zip", policy=None),
        _repacked(source, tmp_path / "b.zip", data=b"[]"),
        _repacked(source, tmp_path / "c.zip", policy=weights[:3000]),
        _repacked(source, tmp_path / "d.zip", policy=b"\x80\x04."),
    ]
    for path in paths:
        with pytest.raises(BadOption, match=r"no model of Stable-Baselines3|is damaged"):
            aa.agent(f"sb3:{path}")
    with pytest.raises(UsageError, match="nothing is at"):
        aa.agent(f"sb3:{tmp_path}/none.zip")


class Harmful:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def test_code_in_a_file_does_not_run(tmp_path: Path) -> None:
    model = _model(MaskablePPO)
    model.harmful = Harmful(tmp_path / "ran")
    model.save(tmp_path / "m.zip")
    torch.save({"action_net.weight": Harmful(tmp_path / "ran")}, tmp_path / "policy.pth")
    aa.agent(f"sb3:{tmp_path}/m.zip")
    bad = _repacked(tmp_path / "m.zip", tmp_path / "bad.zip", policy=(tmp_path / "policy.pth").read_bytes())
    with pytest.raises(BadOption, match="damaged"):
        aa.agent(f"sb3:{bad}")
    assert not (tmp_path / "ran").exists()


def test_a_spec_string_of_a_file_never_switches_trust_on(tmp_path: Path) -> None:
    """`harmless` is what files of tournaments and boards are read with: unless they are trusted, they name no model at all."""
    assert not harmless(f"sb3:{tmp_path}/m.zip?trust=true")
    assert not harmless(f"sb3:{tmp_path}/m.zip")
    assert not harmless("mcts?rollout=sb3:m.zip?trust=true")
    model = _model(MaskablePPO)
    model.save(tmp_path / "m.zip")
    aa.tournament("TicTacToe-v0", [f"sb3:{tmp_path}/m.zip?trust=true", "random"], rounds=1, out=tmp_path / "cup")
    with pytest.raises(UsageError, match="--trust"):
        extend(tmp_path / "cup", rounds=2)


def test_algorithms_that_are_not_known_say_so(tmp_path: Path) -> None:
    env = aa.make_solo("Economist-v0", seat=1, opponents="random")
    SAC("MlpPolicy", env, buffer_size=100, seed=0, device="cpu").save(tmp_path / "m.zip")
    with pytest.raises(BadOption, match="only Stable-Baselines3 can build it"):
        aa.agent(f"sb3:{tmp_path}/m.zip")
    with pytest.raises(BadOption, match=r"algorithm is 'ppo'; allowed: PPO, A2C"):
        aa.agent(f"sb3:{tmp_path}/m.zip?algorithm=ppo")
    with pytest.warns(UserWarning, match="unpickled"), pytest.raises(BadOption, match="does not tell its algorithm"):
        aa.agent(f"sb3:{tmp_path}/m.zip?trust=true")
