"""Layers that are computed again: the gradient stays as it is, less of the forward pass is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from agentarena.core.errors import BadOption  # noqa: E402
from agentarena.train.config import ScratchModel, SelfPlayConfig  # noqa: E402
from agentarena.train.policy import Policy  # noqa: E402
from agentarena.train.recipe import SelfPlay  # noqa: E402
from agentarena.train.rollout import seat_trajectories  # noqa: E402

SMALL = ScratchModel(hidden_size=16, num_hidden_layers=4, num_attention_heads=2, intermediate_size=32, vocab_size=400)


def gradient(folder: Path, **changes) -> tuple[dict[str, torch.Tensor], int]:
    """The gradient of a run's first step, and the bytes that its forward passes keep for it."""
    fields = {"games": {"KuhnPoker-v0": 1.0}, "model": SMALL, "output_dir": str(folder), "max_grad_norm": 1e9, "beta": 0.1}
    run = SelfPlay(SelfPlayConfig(**{**fields, "matches": 8, "entropy_coef": 0.01, **changes}))
    played = [one for record in run.rollout() for one in seat_trajectories(record, "policy")]
    sizes: list[int] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        sizes.append(tensor.nbytes)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        run.learner.learn(played)
    return {name: parameter.grad.double() for name, parameter in run.state.policy.trained()}, sum(sizes)


@pytest.mark.parametrize(
    ("changes", "bound"),
    [
        ({}, 1e-6),
        ({"gradient_accumulation_steps": 3}, 1e-6),
        ({"use_peft": True, "lora_r": 2}, 3e-6),  # few numbers of float32, whose rounding shows
        ({"sampler": "transformers", "matches": 2}, 1e-6),
    ],
)
def test_the_gradient_is_the_same_and_less_is_kept(tmp_path: Path, changes, bound):
    if "use_peft" in changes:
        pytest.importorskip("peft")
    whole, much = gradient(tmp_path, **changes)
    again, less = gradient(tmp_path, gradient_checkpointing=True, **changes)
    assert whole.keys() == again.keys()
    difference = sum(float((whole[name] - again[name]).square().sum()) for name in whole)
    assert (difference / sum(float(one.square().sum()) for one in whole.values())) ** 0.5 < bound
    assert less < much / 2


def test_a_dropout_that_would_be_drawn_is_refused():
    from transformers import OPTConfig, OPTForCausalLM

    sizes = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "ffn_dim": 32,
        "vocab_size": 40,
        "word_embed_proj_dim": 16,
    }
    with pytest.raises(BadOption, match="gradient_checkpointing: OPTDecoderLayer has a dropout"):
        Policy(OPTForCausalLM(OPTConfig(dropout=0.1, **sizes)).eval(), None, gradient_checkpointing=True)
    assert Policy(OPTForCausalLM(OPTConfig(dropout=0.0, **sizes)).eval(), None, gradient_checkpointing=True)
