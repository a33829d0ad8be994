"""Learned players: the network under exact masks, files, decisions from play, records and logs, cloning, PPO, populations."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pokemon_helpers import CHAMPIONS, needs_simulator

import agentarena as aa
from agentarena.core.errors import BadOption, UsageError
from agentarena.envs.pokemon_vgc import PokemonVGC
from agentarena.envs.pokemon_vgc.actions import SIZE
from agentarena.envs.pokemon_vgc.batch import VGCBatch
from agentarena.envs.pokemon_vgc.observation import slices

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from agentarena.envs.pokemon_vgc.bots.learning.cloning import CloningSettings, clone  # noqa: E402
from agentarena.envs.pokemon_vgc.bots.learning.decisions import Decisions, Noted, from_logs, from_records, read_log  # noqa: E402
from agentarena.envs.pokemon_vgc.bots.learning.files import load_network, save_network  # noqa: E402
from agentarena.envs.pokemon_vgc.bots.learning.network import PairNetwork, PairSpec  # noqa: E402

SMALL = PairSpec(embedding=4, hidden=16, rank=4)
WIDTH = slices()["status"].stop


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "one.safetensors"
    save_network(path, PairNetwork(SMALL), {"algorithm": "none"})
    return path


def test_a_network_gives_a_logit_for_each_pair_and_a_value() -> None:
    logits, values = PairNetwork(SMALL)(torch.zeros(3, WIDTH))
    assert (tuple(logits.shape), tuple(values.shape)) == ((3, SIZE * SIZE), (3,))


def test_one_slot_depends_on_the_other() -> None:
    torch.manual_seed(1)
    logits = PairNetwork(SMALL)(torch.rand(1, WIDTH))[0].reshape(SIZE, SIZE)
    gaps = logits[7] - logits[8]
    assert gaps.max() - gaps.min() > 1e-6, "not a sum of one number a slot"


def test_a_file_read_again_plays_alike_and_damaged_ones_are_refused(saved: Path) -> None:
    first, again = load_network(saved), load_network(saved)
    seen = torch.rand(2, WIDTH)
    assert torch.equal(first.network(seen)[0], again.network(seen)[0])
    assert dict(first.about) == {"algorithm": "none"}
    broken = saved.with_name("broken.safetensors")
    broken.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(BadOption, match="damaged"):
        load_network(broken)
    with pytest.raises(UsageError, match="no such file"):
        load_network(saved.with_name("none.safetensors"))


@pytest.mark.parametrize("size", [0, 4097, True, 2.0])
def test_sizes_out_of_range_are_refused(size: Any) -> None:
    with pytest.raises(BadOption, match="hidden"):
        PairSpec(hidden=size)


def test_cloning_lowers_the_loss() -> None:
    rng, data = np.random.default_rng(0), Decisions()
    mask = np.zeros(SIZE * SIZE, bool)
    mask[[60, 61, 700, 800]] = True
    for number in range(64):
        seen = np.zeros(WIDTH, np.float32)
        seen[number % 2] = 1.0
        data.add(seen + rng.normal(0, 0.01, WIDTH).astype(np.float32) * (np.arange(WIDTH) < 10), mask, (60, 800)[number % 2], number // 8)
    losses: list[float] = []
    _, best = clone(
        data, CloningSettings(spec=SMALL, epochs=15, batch_size=16, learning_rate=1e-2), report=lambda epoch: losses.append(epoch.loss)
    )
    assert losses[-1] < 0.5 * losses[0]
    assert best.agreement == 1.0
    with pytest.raises(UsageError, match="two matches"):
        clone(Decisions())


@needs_simulator
def test_what_is_noted_in_play_is_what_records_give(saved: Path) -> None:
    records = aa.play("PokemonVGC-v0", ["pokemonvgc/heuristic", f"pokemonvgc/network?path={saved}"], matches=1, seed=4).records
    data = from_records(records, agents=["pokemonvgc/heuristic"])
    observations, masks, actions = data.rows(np.arange(len(data)))
    assert len(data) > 5
    assert observations.shape[1] == WIDTH
    assert masks[np.arange(len(actions)), actions].all()


@needs_simulator
def test_players_on_arrays_play_legal_pairs_and_are_noted(saved: Path) -> None:
    from agentarena.agents.arrays import array_policies
    from agentarena.matches.arrays import play_arrays

    game, data = PokemonVGC(), Decisions()
    (policy,) = array_policies(game, [f"pokemonvgc/network?path={saved}"])
    results = play_arrays(game, Noted(policy, data), matches=2, seed=1)
    assert not results.forfeits.any()
    _, masks, actions = data.rows(np.arange(len(data)))
    assert masks[np.arange(len(actions)), actions].all()


@needs_simulator
def test_logs_are_read_by_the_code_that_plays(tmp_path: Path) -> None:
    game, rng = PokemonVGC(), np.random.default_rng(3)
    state, lines, seen = game.start(rng), [], []
    while True:
        update = state.update
        assert update is not None
        if state.fresh:
            lines.append("|t:|0")
            for first, second in itertools.zip_longest(*(side.lines for side in update.sides)):
                lines.append(second if first is not None and first != second and "|p1" in first else first or second)
        seats = game.to_move(state)
        if not seats:
            break
        actions = {seat: game.legal(state, seat).sample(rng) for seat in seats}  # type: ignore[union-attr]
        seen += [(seat, state.number) for seat in seats]
        state = game.step(state, actions, rng)
    path = tmp_path / "battle.log"
    path.write_text("\n".join(["|tier|[Gen 9 Champions] VGC 2026 Reg M-B", *lines]), encoding="utf-8")
    data = from_logs(game.engine, CHAMPIONS, [read_log(path)[1]], won=False)
    assert len(data) + data.skipped > 5
    assert len(data) > 0
    observations, masks, actions = data.rows(np.arange(len(data)))
    assert masks[np.arange(len(actions)), actions].all()
    assert observations.shape[1] == WIDTH


@needs_simulator
def test_ppo_learns_under_the_joint_mask(saved: Path) -> None:
    pytest.importorskip("sb3_contrib")
    from agentarena.train.rl.own_network import OwnPPO, train_network

    network, figures = load_network(saved).network.requires_grad_(True).train(), []
    before = {name: weight.clone() for name, weight in network.named_parameters()}
    settings = OwnPPO(num_envs=4, n_steps=6, n_epochs=1, value_rounds=1)
    steps = train_network(PokemonVGC(), network, settings, rounds=2, report=lambda round: figures.append(round) or True)
    assert steps == 48
    assert abs(figures[0]["policy_loss"]) < 1e-6, "in the first round the value alone learns"
    moved = [name for name, weight in network.named_parameters() if not torch.equal(weight, before[name])]
    assert any(name.startswith("move") for name in moved)


@needs_simulator
def test_an_answer_to_a_mixture_is_a_player(saved: Path, tmp_path: Path) -> None:
    pytest.importorskip("sb3_contrib")
    from agentarena.train.populations import psro
    from benchmarks.pokemon_populations import oracle

    answers = oracle(saved, 1, {"num_envs": 2, "n_steps": 4, "n_epochs": 1})
    run = psro(
        PokemonVGC(),
        answers,
        "uniform",
        folder=tmp_path / "run",
        iterations=1,
        initial=(f"pokemonvgc/network?path={saved}",),
        shared=True,
        deals=1,
    )
    assert len(run.mixtures[0]) == 2


@needs_simulator
def test_array_rules_allow_exactly_the_pairs_that_the_network_may_play() -> None:
    rules = VGCBatch(PokemonVGC())
    state = rules.start(2, np.random.default_rng(0))
    for row, seat in itertools.product(range(2), range(2)):
        legal = PokemonVGC().legal(rules.unbatch(state, row), seat)
        listed = {first * SIZE + second for first, second in legal.listed}  # type: ignore[union-attr]
        assert set(np.flatnonzero(rules.legal(state)[row, seat]).tolist()) == listed
