"""What the paper's networks see and choose, and files of them."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

import agentarena as aa
from agentarena.agents.specs import agent
from agentarena.core.agent import View
from agentarena.core.errors import NotSupported, UsageError
from agentarena.envs.dhumbal import Dhumbal
from agentarena.envs.dhumbal.actions import CALL, STOCK
from agentarena.envs.dhumbal.analysis.learners import (
    OUTPUTS,
    STATE,
    PaperLearner,
    load_layers,
    paper_state,
    ranked_action,
    save_layers,
)

LEARNER = "agentarena.envs.dhumbal.analysis.learners:PaperLearner"


def layers(seed: int = 0) -> dict[str, np.ndarray]:
    rng, sizes = np.random.default_rng(seed), (STATE, 128, 64, OUTPUTS)
    out = {}
    for number, (before, after) in enumerate(itertools.pairwise(sizes)):
        out[f"{number}.weight"] = rng.normal(size=(after, before)).astype(np.float32) * 0.2
        out[f"{number}.bias"] = rng.normal(size=after).astype(np.float32)
    return out


def test_the_117_numbers() -> None:
    game = Dhumbal.build("paper", players=5)
    state = game.start(np.random.default_rng(0))
    for _ in range(5):  # two turns and a discard
        state = game.step(state, {state.seat: state.legal[0]}, np.random.default_rng(0))
    seat = state.seat
    assert seat == 2
    view = View(game, state, seat)
    (seen,) = paper_state(game, view.observation[None], view.mask[None])
    assert seen.shape == (STATE,)
    assert np.flatnonzero(seen[:52]).tolist() == [card for card in range(52) if state.hands.cards[seat] >> card & 1]
    assert np.flatnonzero(seen[52:104]).tolist() == [state.piles.newest[-1]]
    assert np.flatnonzero(seen[104:109]).tolist() == [seat]
    value = game.deck.value(state.hands.cards[seat])
    np.testing.assert_allclose(seen[109:114], [value / 65, 3 / 50, 1.0, 1.0, 1.0], rtol=1e-6)  # each other hand has five cards
    assert seen[114:].tolist() == [0, 0, 1]  # it takes a card


def test_phases_and_ranks() -> None:
    game = Dhumbal()
    seen = np.zeros((3, game.observation_space(0).shape[0]), np.float32)
    masks = np.zeros((3, 318), np.int8)
    masks[0, [4, 9, CALL]] = masks[1, [4, 9]] = masks[2, [STOCK, STOCK + 1]] = 1
    assert paper_state(game, seen, masks)[:, 114:].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert ranked_action(masks, np.array([2, 1, 0])).tolist() == [CALL, 9, STOCK]
    assert not paper_state(game, seen, masks)[:, 52:104].any()  # nothing lies on top


@pytest.mark.parametrize("greedy", [False, True])
def test_a_network_at_the_table(tmp_path: Path, greedy: bool) -> None:
    path = tmp_path / "ppo.safetensors"
    save_layers(path, layers())
    np.testing.assert_equal(load_layers(path), layers())
    spec = f"{LEARNER}?path={path}&greedy={str(greedy).lower()}"
    player = agent(spec)
    assert isinstance(player, PaperLearner)
    game = Dhumbal.build("paper", players=2)
    one, again = (aa.play(game, [spec, "dhumbal/random"], matches=3, seed=1).returns for _ in range(2))
    np.testing.assert_array_equal(one, again)
    results = aa.play_arrays(game, [spec, "dhumbal/random"], matches=50, seed=1)
    assert not results.forfeits.any()


def test_what_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dqn.safetensors"
    save_layers(path, layers())
    for game in ("KuhnPoker-v0", Dhumbal(players=6), Dhumbal(jokers=2), Dhumbal.build("nepal")):
        with pytest.raises(NotSupported, match="made for"):
            aa.play(game, [f"{LEARNER}?path={path}"], matches=1)
    with pytest.raises(UsageError, match="no file"):
        load_layers(tmp_path / "other.safetensors")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UsageError, match="cannot be read"):
        load_layers(path)
    path.write_bytes(bytes(2_000_000))
    with pytest.raises(UsageError, match="2,000,000 bytes"):
        load_layers(path)
    from safetensors.numpy import save_file

    save_file({"0.weight": np.zeros((3, 3), np.float32)}, path)
    with pytest.raises(UsageError, match="expected finite arrays"):
        load_layers(path)
