"""Policies whose replies an engine of transformers samples: any game, with log-probabilities that the loss recomputes."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("llguidance")

from agentarena.core.agent import Reply, View  # noqa: E402
from agentarena.core.errors import BadOption, ServiceGone  # noqa: E402
from agentarena.core.record import Fixture  # noqa: E402
from agentarena.core.rng import CHANCE, stream  # noqa: E402
from agentarena.train import checkpoint  # noqa: E402
from agentarena.train.config import ScratchModel, SelfPlayConfig  # noqa: E402
from agentarena.train.engines import EnginePlayer, full_weights  # noqa: E402
from agentarena.train.player import PolicyPlayer  # noqa: E402
from agentarena.train.policy import Samples  # noqa: E402
from agentarena.train.recipe import SelfPlay, selfplay  # noqa: E402
from agentarena.train.rollout import play, seat_trajectories  # noqa: E402

SMALL = ScratchModel(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=320)
COMMONS = {"players": 2, "rounds": 1, "sanction": "none", "talk": 0, "reflection": False}
"""Two players who write how much they take: numbers, which are not listed."""


def config(folder: Path, **changes) -> SelfPlayConfig:
    fields = {
        "games": {"Commons-v0": 1.0},
        "options": {"Commons-v0": COMMONS},
        "model": SMALL,
        "output_dir": str(folder),
        "max_steps": 3,
        "matches": 6,
        "learning_rate": 1e-3,
        "max_completion_length": 24,
    }
    return SelfPlayConfig(**{**fields, "eval_steps": 0, "save_steps": 0, **changes})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SelfPlay:
    games = {"Commons-v0": 1.0, "KuhnPoker-v0": 1.0}
    return SelfPlay(config(tmp_path_factory.mktemp("run"), games=games))


def samples_of(records):
    return [s for record in records for one in seat_trajectories(record, "policy") for turn in one.turns for s in turn.samples]


SETTINGS = {
    "free text": {"constrain": False},
    "free text, hot": {"constrain": False, "temperature": 1.6},
    "grammar": {},
    "grammar, cold": {"temperature": 0.6},
    "cut off": {"constrain": False, "top_p": 0.8, "top_k": 40, "temperature": 0.8},
    "grammar and cut off": {"top_p": 0.7},
    "plan": {"strategy": "plan"},
}


@pytest.mark.parametrize("game", ["Commons-v0", "KuhnPoker-v0"])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_sampled_and_recomputed_log_probabilities_are_equal(run: SelfPlay, settings, game):
    changed = config(Path("nowhere"), sampler="transformers", games=run.config.games, **settings)
    from agentarena.train.engines import seated

    player = seated(run.state.policy, changed, "policy", learns=True)
    seating = [Fixture(n, n, (0,) * run.games[game].info.seats) for n in range(3)]
    samples = samples_of([one.record for one in play(run.games[game], [player], seating, seed=1)])
    batch = Samples.of(samples)
    assert {sample.temperature for sample in samples} == {settings.get("temperature", 1.0)}
    with torch.no_grad():
        new = run.state.policy.logprobs(batch)
    torch.testing.assert_close(new, batch.old_logprobs * batch.mask, atol=1e-4, rtol=0)
    assert batch.mask.any()


def test_the_automatic_sampler_draws_listed_replies_itself(run: SelfPlay):
    kuhn, commons = run.games["KuhnPoker-v0"], run.games["Commons-v0"]
    view = View(kuhn, kuhn.start(stream(0, CHANCE, 0)), 0)
    again = View(kuhn, kuhn.start(stream(0, CHANCE, 0)), 0)
    assert isinstance(run.player, EnginePlayer)
    assert run.player.act([view]) == PolicyPlayer.like(run.player).act([again])
    state = commons.start(stream(0, CHANCE, 0))
    mixed = [View(kuhn, kuhn.start(stream(0, CHANCE, 0)), 0), View(commons, state, commons.to_move(state)[0])]
    first, second = run.player.act(mixed)
    assert isinstance(first, Reply)
    assert isinstance(second, Reply)
    assert run.player.engine._model is run.state.policy.model


def test_the_engine_samples_from_new_weights_as_soon_as_they_are_there(tmp_path: Path):
    run = SelfPlay(config(tmp_path))
    run.update()
    samples = samples_of(run.rollout())
    batch = Samples.of(samples)
    assert {sample.version for sample in samples} == {"1"}
    with torch.no_grad():
        torch.testing.assert_close(run.state.policy.logprobs(batch), batch.old_logprobs * batch.mask, atol=1e-4, rtol=0)


def test_illegal_replies_are_retried_then_forfeit_and_are_learned_from(tmp_path: Path):
    run = SelfPlay(config(tmp_path, constrain=False))
    records = run.rollout()
    turns = [turn for record in records for one in seat_trajectories(record, "policy") for turn in one.turns]
    assert {turn.fault for turn in turns} - {None}
    assert {turn.attempt for turn in turns} == {0, 1, 2}
    assert all(turn.samples for turn in turns)
    assert all(turn.reward == 0 for turn in turns if turn.attempt < 2)
    assert any(turn.reward < 0 for turn in turns if turn.attempt == 2)
    assert run.update()["faults"] > 0.5


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"matches": 4, "max_completion_length": 12, "max_steps": 2}, id="grammar"),
        pytest.param({"constrain": False, "memory": "chat"}, id="free", marks=pytest.mark.slow),
    ],
)
def test_a_run_on_free_text_that_was_killed_goes_on_to_the_same_weights(tmp_path: Path, changes):
    changes = {**changes, "opponents": {"self": 1.0, "past": 1.0}, "past_steps": 1}
    whole = selfplay(config(tmp_path / "whole", **changes))
    cut = SelfPlay(config(tmp_path / "cut", **changes))
    cut.update()
    checkpoint.save(cut.state, cut.config)
    cut.update()  # lost
    again = selfplay(config(tmp_path / "cut", **changes))
    first, second = checkpoint.weights(whole.state.policy), checkpoint.weights(again.state.policy)
    assert all(torch.equal(first[name], second[name]) for name in first)
    records = again.rollout()
    names = {seat.agent for record in records for seat in record.seats}
    assert names - {"policy"} <= {f"policy@{checkpoint.digest(snapshot)}" for snapshot in again.state.past.values()}
    assert names - {"policy"}


def test_past_policies_are_sampled_with_their_own_weights(tmp_path: Path):
    run = SelfPlay(config(tmp_path, opponents={"past": 1.0}, past_steps=2))
    run.opponents.remember()
    with torch.no_grad():
        run.state.policy.model.model.layers[0].mlp.down_proj.weight.add_(1.0)
    (step,) = run.state.past
    past = run.opponents.of("past", 0, "Commons-v0")
    game = run.games["Commons-v0"]
    records = [one.record for one in play(game, [past], [Fixture(0, 0, (0, 0))], seed=1)]
    samples = [s for record in records for one in seat_trajectories(record, past.name) for turn in one.turns for s in turn.samples]
    batch = Samples.of(samples)
    with torch.no_grad():
        torch.testing.assert_close(past._policy.logprobs(batch), batch.old_logprobs * batch.mask, atol=1e-4, rtol=0)
        gap = (run.state.policy.logprobs(batch) - batch.old_logprobs * batch.mask).abs().max()
    assert gap > 1e-3
    assert {sample.version for sample in samples} == {str(step)}


def test_samples_without_their_distributions_are_refused(run: SelfPlay, monkeypatch: pytest.MonkeyPatch):
    import dataclasses

    from agentarena.agents.llm.hf_row import Row

    complete = Row.completion
    monkeypatch.setattr(Row, "completion", lambda *args: dataclasses.replace(complete(*args), allowed_ids=()))
    with pytest.raises(ServiceGone, match="does not list"):
        play(run.games["Commons-v0"], [run.player], [Fixture(n, n, (0, 0)) for n in range(2)], seed=1)


def test_the_listed_sampler_refuses_cut_offs():
    with pytest.raises(BadOption, match=r'top_p=0\.9.*give sampler = "transformers"'):
        config(Path("nowhere"), sampler="listed", top_p=0.9)


def test_adapters_are_added_to_the_weights_that_other_engines_take(run: SelfPlay):
    peft = pytest.importorskip("peft")
    import copy

    bare = copy.deepcopy(run.state.policy.model)
    adapted = peft.get_peft_model(bare, peft.LoraConfig(r=2, target_modules=["q_proj", "down_proj"], init_lora_weights=False))
    from agentarena.train.policy import Policy

    merged = dict(full_weights(Policy(adapted, run.state.policy.tokenizer)))
    plain = copy.deepcopy(run.state.policy.model)
    assert set(merged) == set(plain.state_dict())
    plain.load_state_dict(merged)
    ids = torch.arange(20).unsqueeze(0)
    with torch.no_grad():
        torch.testing.assert_close(plain(ids).logits, adapted(ids).logits, atol=1e-5, rtol=1e-4)
    assert any(not torch.equal(merged[name], tensor) for name, tensor in run.state.policy.model.state_dict().items())
