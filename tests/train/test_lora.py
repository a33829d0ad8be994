"""LoRA adapters and bfloat16: what is trained, what is shared, and what comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")

from agentarena.core.errors import BadOption  # noqa: E402
from agentarena.train import checkpoint  # noqa: E402
from agentarena.train.config import ScratchModel, SelfPlayConfig  # noqa: E402
from agentarena.train.policy import Samples  # noqa: E402
from agentarena.train.recipe import SelfPlay, selfplay  # noqa: E402
from agentarena.train.rollout import seat_trajectories  # noqa: E402

SMALL = ScratchModel(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=400)


def config(folder: Path, **changes) -> SelfPlayConfig:
    fields = {"games": {"KuhnPoker-v0": 1.0}, "model": SMALL, "output_dir": str(folder), "matches": 12, "learning_rate": 1e-2}
    return SelfPlayConfig(**{**fields, "eval_steps": 0, "save_steps": 1, **changes})


def samples(run: SelfPlay) -> Samples:
    trajectories = [one for record in run.rollout() for one in seat_trajectories(record, "policy")]
    return Samples.of([sample for one in trajectories for turn in one.turns for sample in turn.samples])


def test_adapters_are_trained_and_the_model_under_them_is_not(tmp_path):
    run = SelfPlay(config(tmp_path, use_peft=True, lora_r=2, beta=0.1))
    names = [name for name, _ in run.state.policy.trained()]
    assert names
    assert all("lora_" in name for name in names)
    frozen = {name: p.detach().clone() for name, p in run.state.policy.model.named_parameters() if not p.requires_grad}
    adapters = checkpoint.weights(run.state.policy)
    figures = run.update()
    assert figures["kl_reference"] == pytest.approx(0.0, abs=1e-6)  # adapters begin as no change, and so does the reference
    for name, parameter in run.state.policy.model.named_parameters():
        if not parameter.requires_grad:
            assert torch.equal(parameter, frozen[name])
    assert any(not torch.equal(after, adapters[name]) for name, after in checkpoint.weights(run.state.policy).items())


def test_copies_share_what_is_frozen(tmp_path):
    run = SelfPlay(config(tmp_path, use_peft=True))
    own, other = (dict(policy.model.named_parameters()) for policy in (run.state.policy, run.state.reference))
    assert all((own[name] is other[name]) == (not own[name].requires_grad) for name in own)


def test_log_probabilities_are_those_that_were_sampled_under_adapters(tmp_path):
    run = SelfPlay(config(tmp_path, use_peft=True))
    with torch.no_grad():
        for _, parameter in run.state.policy.trained():
            parameter.add_(0.1)
        run.player.renew("1")
        batch = samples(run)
        torch.testing.assert_close(run.state.policy.logprobs(batch), batch.old_logprobs * batch.mask, atol=1e-4, rtol=0)
        gap = (run.state.reference.logprobs(batch) - batch.old_logprobs * batch.mask).abs().max()
    assert gap > 1e-3


def test_a_run_with_adapters_goes_on_to_the_same_weights(tmp_path):
    changes = {"use_peft": True, "beta": 0.1, "ref_model_mixup_alpha": 0.2, "opponents": {"self": 1.0, "past": 1.0}, "past_steps": 1}
    whole = selfplay(config(tmp_path / "whole", max_steps=3, **changes))
    cut = config(tmp_path / "cut", max_steps=3, **changes)
    run = SelfPlay(cut)
    run.update()
    checkpoint.save(run.state, cut)
    again = selfplay(cut)
    for (_, one), (_, other) in zip(whole.state.policy.trained(), again.state.policy.trained(), strict=True):
        assert torch.equal(one, other)
    assert (tmp_path / "cut" / "checkpoint-3" / "adapter_model.safetensors").is_file()


def test_targets_that_the_model_lacks_are_named(tmp_path):
    with pytest.raises(BadOption, match="nowhere"):
        SelfPlay(config(tmp_path, use_peft=True, lora_target_modules=("nowhere",)))


def test_bfloat16_is_close_and_recomputed_as_sampled(tmp_path):
    run, exact = SelfPlay(config(tmp_path / "a", bf16=True)), SelfPlay(config(tmp_path / "b"))
    batch = samples(run)
    with torch.no_grad():
        torch.testing.assert_close(run.state.policy.logprobs(batch), batch.old_logprobs * batch.mask, atol=0.02, rtol=0)
        gap = (exact.state.policy.logprobs(batch) - batch.old_logprobs * batch.mask).abs().max()
    assert 0 < gap < 0.1
    assert all(parameter.dtype == torch.float32 for _, parameter in run.state.policy.trained())
