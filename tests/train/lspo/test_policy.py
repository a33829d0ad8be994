"""Latent policies and their files."""

import numpy as np
import pytest

from agentarena.core.errors import UsageError
from agentarena.train.lspo.policy import NetworkPolicy, TablePolicy, load_policy

OBSERVATIONS = np.array([[0, 1, 2], [3, 4, 5]], np.int16)


def table():
    return TablePolicy({"wolf": [(OBSERVATIONS[0], np.array([0.25, 0.5, 0.25, 0]))], "seer": []})


def network():
    rng = np.random.default_rng(0)
    layers = [(rng.normal(size=(8, 3)), rng.normal(size=8)), (rng.normal(size=(4, 8)), rng.normal(size=4))]
    return NetworkPolicy({"wolf": layers, "seer": layers[::-1][:0] + layers}, scale=np.array([1.0, 2.0, 3.0]))


def test_a_table_is_masked_and_uniform_where_it_knows_nothing():
    masks = np.array([[1, 1, 0, 0], [0, 1, 0, 1]])
    assert table().probabilities("wolf", OBSERVATIONS, masks) == pytest.approx(np.array([[1 / 3, 2 / 3, 0, 0], [0, 0.5, 0, 0.5]]))
    assert table().probabilities("wolf", OBSERVATIONS[:1], np.array([[0, 0, 0, 1]])).tolist() == [[0, 0, 0, 1]]
    assert table().knows("wolf", OBSERVATIONS[0].astype(np.float64))
    assert not table().knows("wolf", OBSERVATIONS[1])


@pytest.mark.parametrize("make", [table, network])
def test_policies_come_back_from_their_files_and_have_the_same_bytes(make, tmp_path):
    policy, masks = make(), np.ones((2, 4), bool)
    policy.save(tmp_path / "a")
    policy.save(tmp_path / "b")
    again = load_policy(tmp_path / "a")
    assert again.roles == policy.roles == ("wolf", "seer")
    for role in policy.roles:
        assert np.array_equal(again.probabilities(role, OBSERVATIONS, masks), policy.probabilities(role, OBSERVATIONS, masks))
    (name,) = [path.name for path in (tmp_path / "a").iterdir()]
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_network_is_what_torch_computes():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    layers = [
        (rng.normal(size=(8, 3)).astype(np.float32), rng.normal(size=8).astype(np.float32)),
        (rng.normal(size=(4, 8)).astype(np.float32), np.zeros(4, np.float32)),
    ]
    masks = np.array([[True, True, False, True]])
    x = torch.relu(
        torch.from_numpy(OBSERVATIONS[1:].astype(np.float32)) @ torch.from_numpy(layers[0][0]).T + torch.from_numpy(layers[0][1])
    )
    logits = (x @ torch.from_numpy(layers[1][0]).T).masked_fill(~torch.from_numpy(masks), -torch.inf)
    assert NetworkPolicy({"a": layers}).probabilities("a", OBSERVATIONS[1:], masks) == pytest.approx(
        torch.softmax(logits, 1).numpy(), abs=1e-5
    )


def test_what_cannot_be_played_is_said():
    with pytest.raises(UsageError, match="no role 'cat'; it has wolf, seer"):
        table().probabilities("cat", OBSERVATIONS, np.ones((2, 4)))
    with pytest.raises(UsageError, match="reads 3 numbers and chooses among 4 actions"):
        network().probabilities("wolf", np.ones((1, 5)), np.ones((1, 4)))
    with pytest.raises(UsageError, match="has 4 actions"):
        table().probabilities("wolf", OBSERVATIONS, np.ones((2, 5)))


def test_damaged_files_are_refused(tmp_path):
    with pytest.raises(UsageError, match="holds no latent policy; expected"):
        load_policy(tmp_path)
    for name in ("policy.npz", "policy.safetensors"):
        folder = tmp_path / name.partition(".")[2]
        folder.mkdir()
        (folder / name).write_bytes(b"PK\x03\x04 rubbish")
        with pytest.raises(UsageError, match="holds no latent policy"):
            load_policy(folder)
    np.savez(tmp_path / "policy.npz", roles=np.array(["a"]), keys_0=np.array([{}], object), rows_0=np.ones((1, 1)))
    with pytest.raises(UsageError, match="holds no latent policy"):
        load_policy(tmp_path)
