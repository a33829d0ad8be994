"""Policy files: what is saved comes back, files that are damaged or of another format are refused, and a policy knows its games."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

import agentarena as aa
from agentarena.agents.rl.network import NetworkSpec, PolicyNetwork, flat_size, flatten
from agentarena.agents.rl.policy_file import load_policy, observation_layout, save_policy
from agentarena.core.errors import BadOption, NotSupported, UsageError

KUHN = NetworkSpec(14, 2, (8,), value=True)


def _saved(path: Path, **changes: Any) -> Path:
    torch.manual_seed(0)
    arguments: dict[str, Any] = {"seats": (0, 1), "algorithm": "ppo", "steps": 100, **changes}
    save_policy(path, PolicyNetwork(KUHN), aa.game("KuhnPoker-v0"), **arguments)
    return path


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = PolicyNetwork(KUHN)
    path = tmp_path / "sub" / "kuhn.safetensors"
    digest = save_policy(path, network, aa.game("KuhnPoker-v0"), seats=[1, 0], algorithm="dqn", steps=7, greedy=True, about={"seed": 3})
    policy = load_policy(path)
    assert (policy.env, policy.seats, policy.actions, policy.algorithm, policy.steps) == ("KuhnPoker-v0", (0, 1), 2, "dqn", 7)
    assert (policy.greedy, policy.about, policy.digest, policy.spec) == (True, {"seed": 3}, digest, KUHN)
    seen = torch.rand(5, 14)
    assert torch.equal(policy.network(seen), network(seen))
    assert policy.network.value is not None
    assert torch.equal(policy.network.value(seen), network.value(seen))  # type: ignore[misc]  # there is one
    assert [one.name for one in path.parent.iterdir()] == ["kuhn.safetensors"]


def test_a_policy_refuses_other_games_observations_and_actions(tmp_path: Path) -> None:
    policy = load_policy(_saved(tmp_path / "kuhn.safetensors"))
    assert policy.refusal(aa.game("KuhnPoker-v0"), 1) is None
    assert policy.refusal(aa.game("LeducPoker-v0"), 0) == "its policy was trained on KuhnPoker-v0"
    game = aa.game("Dhumbal-v0", players=3)
    size = flat_size(game.observation_space(0))
    network = PolicyNetwork(NetworkSpec(size, int(game.action_space(0).n), (4,)))  # type: ignore[attr-defined]
    save_policy(tmp_path / "three.safetensors", network, game, seats=(0, 1, 2), algorithm="ppo", steps=1)
    reason = load_policy(tmp_path / "three.safetensors").refusal(aa.game("Dhumbal-v0", players=4), 0)
    assert reason is not None
    assert f"trained on other observations: {size} numbers" in reason
    assert "with {'players': 3}, and seat 0 sees 445" in reason


def _edited(path: Path, **changes: Any) -> Path:
    """The same file with other metadata."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = {**json.loads(header["__metadata__"]["agentarena.policy"]), **changes}
    header["__metadata__"]["agentarena.policy"] = json.dumps(metadata)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "is of format 2; this version reads format 1"),
        ({"digest": "0" * 64}, "its weights do not have the digest"),
        ({"actions": 3}, "its network does not fit its layout and actions"),
        ({"seats": "all"}, "its field 'seats' is 'all'"),
        ({"steps": -1}, "its field 'steps' is -1"),
        ({"network": {**KUHN.to_json(), "hidden": [9]}}, "its tensors are not those of its network"),
        ({"network": {**KUHN.to_json(), "hidden": [10**9]}}, "hidden is 1000000000"),
        ({"network": {**KUHN.to_json(), "hidden": [10**6, 10**6]}}, "parameters; at most"),
        ({"network": {**KUHN.to_json(), "activation": ["relu"]}}, "activation"),
        ({"network": {"inputs": 14, "actions": 2}}, "expected the fields"),
    ],
)
def test_metadata_that_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = _edited(_saved(tmp_path / "kuhn.safetensors"), **changes)
    with pytest.raises(BadOption, match=message):
        load_policy(path)


def test_files_that_are_damaged_or_something_else_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        load_policy(tmp_path / "none.safetensors")
    path = _saved(tmp_path / "kuhn.safetensors")
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[-3] ^= 1
    for damaged, message in (
        (b"", "is no policy file"),
        (b"\xff" * 100, "is no policy file"),
        (whole[:50], "is no policy file"),
        (whole[:-10], "is damaged"),
        (bytes(flipped), "is damaged: its weights do not have the digest"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(BadOption, match=message):
            load_policy(path)


def test_a_policy_is_saved_only_where_it_fits(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match=r"expected some of 0 to 1"):
        _saved(tmp_path / "a.safetensors", seats=(0, 2))
    with pytest.raises(BadOption, match="about must be JSON"):
        _saved(tmp_path / "a.safetensors", about={"what": object()})
    with pytest.raises(BadOption, match="a policy is a file"):
        _saved(tmp_path / "a.pt")
    game = aa.game("TicTacToe-v0")
    with pytest.raises(BadOption, match="sees 18 numbers"):
        save_policy(tmp_path / "a.safetensors", PolicyNetwork(KUHN), game, seats=(0,), algorithm="ppo", steps=1)
    broken = PolicyNetwork(KUHN)
    torch.nn.init.constant_(broken.policy[0].weight, float("nan"))  # type: ignore[arg-type]
    with pytest.raises(BadOption, match="not finite"):
        save_policy(tmp_path / "a.safetensors", broken, aa.game("KuhnPoker-v0"), seats=(0,), algorithm="ppo", steps=1)
    assert not list(tmp_path.iterdir())


SPACE = spaces.Dict(
    {
        "board": spaces.Box(-1, 1, (2, 2), np.int8),
        "turn": spaces.Discrete(3, start=1),
        "flags": spaces.MultiBinary(2),
        "dice": spaces.MultiDiscrete([2, 3], start=[0, 1]),
    }
)


def test_observations_are_flat_in_numpy_and_torch() -> None:
    assert flat_size(SPACE) == 4 + 3 + 2 + 5
    rows = [SPACE.sample() for _ in range(6)]
    batch = {name: np.stack([row[name] for row in rows]) for name in SPACE.spaces}
    flat = flatten(SPACE, batch, np)
    assert flat.shape == (6, 14)
    assert flat.dtype == np.float32
    for row, line in zip(rows, flat, strict=True):
        at = dict(zip(SPACE.spaces, np.split(line, np.cumsum([flat_size(part) for part in SPACE.spaces.values()])[:-1]), strict=True))
        assert at["board"].tolist() == row["board"].ravel().tolist()
        assert at["turn"].argmax() + 1 == row["turn"]
        assert at["turn"].sum() == 1
        assert at["dice"][2:].argmax() + 1 == row["dice"][1]
    tensors = {name: torch.as_tensor(part) for name, part in batch.items()}
    for given in (tensors, batch):
        assert np.array_equal(flatten(SPACE, given, torch).numpy(), flat)
    assert np.array_equal(flatten(SPACE, tensors, np), flat)


def test_what_has_no_flat_form_is_refused() -> None:
    with pytest.raises(NotSupported, match="Text space have no flat form"):
        flat_size(spaces.Text(5))


def test_the_layout_leaves_out_bounds_and_holds_shapes() -> None:
    small, large = aa.game("Commons-v0"), aa.game("Commons-v0", preset=next(iter(aa.game("Commons-v0").presets)))
    assert observation_layout(small, 0)["size"] == flat_size(small.observation_space(0))
    kuhn = observation_layout(aa.game("KuhnPoker-v0"), 0)
    assert kuhn == observation_layout(aa.game("KuhnPoker-v0"), 1)
    assert kuhn != observation_layout(large, 0)
