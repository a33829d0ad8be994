"""Self-play whose replies vLLM samples: its log-probabilities are the policy's, after every update, or the run stops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentarena.agents.llm.vllm_engine import VLLMEngine
from agentarena.core.errors import RunEnds, WeightsMismatch
from agentarena.train import checkpoint, engines
from agentarena.train.config import ScratchModel, SelfPlayConfig
from agentarena.train.policy import Samples
from agentarena.train.recipe import SelfPlay
from agentarena.train.rollout import seat_trajectories

PRECISION = 1e-3
SMALL = ScratchModel(hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=128, vocab_size=400)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SelfPlay]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        config = SelfPlayConfig(
            games={"KuhnPoker-v0": 1.0},
            model=SMALL,
            output_dir=str(tmp_path_factory.mktemp("run")),
            max_steps=4,
            matches=16,
            learning_rate=3e-3,
            opponents={"self": 3.0, "past": 1.0},
            past_steps=1,
            sampler="vllm",
            temperature=0.8,
            max_completion_length=24,
            vllm_max_model_length=1024,
        )
        begun = SelfPlay(config)
        assert isinstance(begun.player.engine, VLLMEngine)
        yield begun
        begun.player.engine.close()


def gap(run: SelfPlay) -> tuple[float, set[str]]:
    """Greatest difference of sampled and recomputed log-probabilities, and the versions that sampled."""
    import torch

    trajectories = [one for record in run.rollout() for one in seat_trajectories(record, "policy")]
    samples = [sample for one in trajectories for turn in one.turns for sample in turn.samples]
    batch = Samples.of(samples)
    assert batch.mask.any()
    with torch.no_grad():
        return float((run.state.policy.logprobs(batch) - batch.old_logprobs * batch.mask).abs().max()), {s.version for s in samples}


def test_updates_reach_vllm_and_stale_weights_stop_the_run(run: SelfPlay, monkeypatch: pytest.MonkeyPatch) -> None:
    run.opponents.remember()
    before, versions = gap(run)
    assert before < PRECISION
    assert versions == {"0"}
    old = checkpoint.weights(run.state.policy)
    run.update()
    after, versions = gap(run)
    print(f"greatest difference: {before:.2e} before, {after:.2e} after an update")
    assert after < PRECISION
    assert versions == {"1"}

    def stale(policy: Any) -> Iterator[tuple[str, Any]]:
        return iter(old.items())

    with monkeypatch.context() as patch:
        patch.setattr(engines, "full_weights", stale)
        with pytest.raises(WeightsMismatch, match="log-probabilities of the probe are wrong"):
            run.update()
    with pytest.raises(RunEnds, match="probe"):
        run.rollout()
    run.player.renew("2")
    assert gap(run)[0] < PRECISION
    assert Path(run.config.output_dir).exists()
