"""Torch modules, TorchRL's actors and RLlib's modules as agents: built from a spec string, and refused where they do not fit."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from decision_views import decision_views
from safetensors.torch import save_file

import agentarena as aa
from agentarena.agents.rl.module_agent import ModuleAgent
from agentarena.agents.specs import harmless
from agentarena.core.errors import AgentNonsense, BadOption, NotSupported, UsageError

CODE = '''
import torch

class Net(torch.nn.Module):
    def __init__(self, width, masked=False, single=False):
        super().__init__()
        self.masked, self.single = masked, single
        self.layers = torch.nn.Sequential(torch.nn.Linear(42 * 2, width), torch.nn.ReLU(), torch.nn.Linear(width, 7))

    def forward(self, seen):
        if self.masked:
            assert set(seen) == {"observation", "action_mask"}
            seen = seen["observation"]
        assert seen.shape[1:] == (6, 7, 2)
        return self.layers(seen.flatten(1) + torch.zeros(84, dtype=torch.float32 if self.single else seen.dtype)).to(seen.dtype)

class Single(Net):
    """Computes in float32 alone."""

    def forward(self, seen):
        if seen.dtype != torch.float32:
            raise RuntimeError("expected scalar type Float but found Double")
        return super().forward(seen)

def make(width=16, masked=False):
    return Net(width, masked)

def single(width=16):
    return Single(width)

def no_module():
    return 3

def broken():
    raise OSError("no such weights")
'''


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `nets_of_mine.py` and weights for it; it is the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets_of_mine.py").write_text(CODE, encoding="utf-8")
    torch.manual_seed(0)
    layers = torch.nn.Sequential(torch.nn.Linear(84, 16), torch.nn.ReLU(), torch.nn.Linear(16, 7))
    save_file({f"layers.{name}": 3 * tensor for name, tensor in layers.state_dict().items()}, tmp_path / "w.safetensors")
    return tmp_path


def test_a_module_of_ones_own_plays(nets: Path) -> None:
    spec = "torch:nets_of_mine.py:make?weights=w.safetensors"
    agent = aa.agent(spec)
    assert agent.name == spec
    assert len(agent.version) == 16
    together = list(agent.act(decision_views()))
    assert together == [agent.act([view])[0] for view in decision_views()]
    assert list(aa.agent(f"{spec}&masked=true&masks=true").act(decision_views())) == together
    single = aa.agent("torch:nets_of_mine.py:single?weights=w.safetensors")
    assert list(single.act(decision_views())) == together == [single.act([view])[0] for view in decision_views()]
    assert not aa.play("ConnectFour-v0", [spec, f"{spec}&greedy=true&temperature=2"], matches=4).records[0].faults
    policy = agent.batch_policy(aa.game("ConnectFour-v0"))  # type: ignore[attr-defined]
    assert not aa.play_arrays("ConnectFour-v0", [policy, "random"], matches=20).forfeits.any()
    assert not harmless(spec)


def test_modules_that_do_not_fit_are_refused_with_the_reason(nets: Path) -> None:
    spec = "torch:nets_of_mine.py:make?weights=w.safetensors"
    with pytest.raises(NotSupported, match=r"cannot play TicTacToe-v0: its network does not take what seat 0 sees: AssertionError"):
        aa.play("TicTacToe-v0", [spec, "random"], matches=1)
    with pytest.raises(BadOption, match=r"holds another module's weights: .*size mismatch"):
        aa.agent(f"{spec}&width=8")
    with pytest.raises(BadOption, match=r"the function made 3; expected a torch.nn.Module"):
        aa.agent("torch:nets_of_mine.py:no_module?weights=w.safetensors")
    with pytest.raises(UsageError, match=r"cannot build the module: OSError: 'no such weights'"):
        aa.agent("torch:nets_of_mine.py:broken?weights=w.safetensors")
    with pytest.raises(BadOption, match=r"needs the parameter 'weights'"):
        aa.agent("torch:nets_of_mine.py:make")
    with pytest.raises(UsageError, match=r"nothing is at 'none.safetensors'"):
        aa.agent("torch:nets_of_mine.py:make?weights=none.safetensors")
    (nets / "w.pt").write_bytes(pickle.dumps({}))
    with pytest.raises(BadOption, match=r"weights are read from safetensors files alone.*save_file\(module.state_dict\(\)"):
        aa.agent("torch:nets_of_mine.py:make?weights=w.pt")
    (nets / "w.safetensors").write_bytes(b"junk" * 10)
    with pytest.raises(BadOption, match="is damaged"):
        aa.agent(spec)


def test_outputs_that_are_no_decision_say_so() -> None:
    wide = ModuleAgent(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(84, 8)), name="wide")
    assert wide.cannot_play(aa.game("ConnectFour-v0")) == "its network gives an output of shape (1, 8), and seat 0 needs (1, 7)"
    assert "seat 0 are of a Dict space" in str(wide.cannot_play(aa.game("Commons-v0")))
    layer = torch.nn.Linear(84, 7)
    torch.nn.init.constant_(layer.bias, float("nan"))
    broken = ModuleAgent(torch.nn.Sequential(torch.nn.Flatten(), layer), name="broken")
    with pytest.raises(AgentNonsense, match="not finite"):
        broken.act(decision_views(count=1))
    with pytest.raises(NotSupported, match="say which game"):
        wide.batch_policy()


def test_a_module_plays_numbers_and_seats_with_other_spaces_by_their_own() -> None:
    game = aa.game("Economist-v0")
    seat = 1
    width = int(np.prod(game.observation_space(seat).shape))
    torch.manual_seed(0)
    agent = ModuleAgent(torch.nn.Linear(width, int(np.prod(game.action_space(seat).shape))), name="worker")
    assert agent.cannot_play(game) is None
    assert "does not take what seat 0 sees" in str(agent.refusal(game, 0))
    played = aa.play(game, ["random", *[agent] * (game.info.seats - 1)], matches=1)
    assert not played.records[0].faults


ACTORS = """
import torch
from tensordict.nn import TensorDictModule
from torchrl.modules import MaskedCategorical, ProbabilisticActor

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(84, 7)

    def forward(self, seen):
        return self.layer(seen.flatten(1).to(self.layer.weight.dtype))

def values():
    return TensorDictModule(Net(), in_keys=["observation"], out_keys=["action_value"])

def actor():
    net = TensorDictModule(Net(), in_keys=["observation"], out_keys=["logits"])
    keys = {"logits": "logits", "mask": "action_mask"}
    return ProbabilisticActor(net, in_keys=keys, distribution_class=MaskedCategorical, return_log_prob=True)

def other():
    return TensorDictModule(Net(), in_keys=["observation"], out_keys=["hidden"])
"""


@pytest.mark.filterwarnings("ignore")
def test_actors_of_torchrl_play(nets: Path) -> None:
    pytest.importorskip("torchrl", reason="needs the extra torchrl")
    (nets / "actors.py").write_text(ACTORS, encoding="utf-8")
    from agentarena.agents.specs import factory

    for name in ("actor", "values", "other"):
        torch.manual_seed(1)
        module = factory(f"actors.py:{name}")()
        save_file({key: tensor.contiguous() for key, tensor in module.state_dict().items()}, f"{name}.safetensors")
    agents = [aa.agent(f"torchrl:actors.py:{name}?weights={name}.safetensors&deterministic=true") for name in ("actor", "values")]
    views = decision_views()
    first, second = (list(agent.act(views)) for agent in agents)
    assert first == second
    assert all(action in view.legal for action, view in zip(first, views, strict=True))
    assert first == [agents[0].act([view])[0] for view in views]
    with pytest.raises(NotSupported, match=r"the actor writes .*expected 'logits' or 'action_value'"):
        aa.play("ConnectFour-v0", ["torchrl:actors.py:other?weights=other.safetensors", "random"], matches=1)
    torch.save(factory("actors.py:actor")(), "actor.pt")
    with pytest.raises(BadOption, match=r"a function needs weights=file\.safetensors"):
        aa.agent("torchrl:actors.py:actor")
    with pytest.raises(BadOption, match=r"is a pickle .*trust=true"):
        aa.agent("torchrl:actor.pt")
    with pytest.warns(UserWarning, match="is unpickled"):
        agent = aa.agent("torchrl:actor.pt?trust=true")
    assert agent.name == "torchrl:actor.pt"
    assert not aa.play("ConnectFour-v0", [agent, "random"], matches=2).records[0].faults


@pytest.mark.parametrize(("spec", "extra"), [("torchrl:a:b?weights=w.safetensors", "tensordict"), ("rllib:folder", "ray")])
def test_libraries_that_are_missing_are_named(nets: Path, spec: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in ("tensordict", "ray", "ray.rllib", "ray.rllib.core.rl_module.rl_module"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(aa.errors.MissingExtra, match=rf"{extra}.* is not installed. It comes with an extra"):
        aa.agent(spec)


def test_the_agents_are_listed() -> None:
    assert {"rl:", "sb3:", "torch:", "torchrl:", "rllib:"} <= set(aa.list_agents())
