"""Policies whose replies an engine samples: any game, free text and thinking included, with the tokens' log-probabilities.

`InProcess` generates with the very model that is trained; `Colocated` is a vLLM beside it that takes the weights over after each
update and proves it by a probe. `EnginePlayer` seats either.
"""

from __future__ import annotations

import copy
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol

import torch

from agentarena.agents.llm.agent import LanguageAgent
from agentarena.agents.llm.engine import Probe, TokenEngine
from agentarena.agents.llm.hf import HFEngine
from agentarena.agents.llm.settings import Prompting, Sampling
from agentarena.core.agent import Decision, Reply, View
from agentarena.core.errors import RunEnds, ServiceGone
from agentarena.core.text import Choices

from .config import SelfPlayConfig
from .player import LISTED_REPLY, PolicyPlayer
from .policy import Policy

__all__ = ["Colocated", "EnginePlayer", "InProcess", "full_weights", "seated"]

LISTED = 256
"""The "auto" sampler lists legal replies up to so many; more, and replies that are not listed, are sampled by an engine."""

_PROBE = (
    {"role": "system", "content": "Weights are compared by this text: seven cards, two players, one winner."},
    {"role": "user", "content": "Round 3. The pot holds 12 chips; you may fold, call or raise. What is your move, and why?"},
)
"""The text of the probe after an update of weights."""


class PolicyEngine(Protocol):
    """An engine that samples a policy's replies."""

    engine: Any

    def together(self) -> AbstractContextManager[None]:
        """While open, requests are collected; they enter as one batch when it closes."""
        ...

    def renew(self, version: str) -> None:
        """The policy has other weights now."""
        ...


class _Shared(HFEngine):
    """An engine of transformers whose model is changed in place by others while no request is under way."""

    @contextmanager
    def together(self) -> Iterator[None]:
        # batches, and so the last bits of log-probabilities, do not depend on how threads take turns: resumed runs are bitwise equal
        with self._condition:
            self._steps = 0
            yield

    def forget(self, version: str) -> None:
        """Forget what was worked out with the old weights."""
        self._between(lambda: self._prefixes.clear())
        self.version = version


class InProcess:
    """Generation by transformers with the policy's own model, without a copy.

    Args:
        policy: The policy; its weights may change between two calls of `EnginePlayer.act`.
        max_batch: Replies under way at once.
        thinking: See `HFEngine`.
    """

    def __init__(self, policy: Policy, *, max_batch: int = 64, thinking: bool | None = None) -> None:
        self._model = policy.model
        self.engine = _Shared(policy.model, tokenizer=policy.tokenizer, max_batch=max_batch, thinking=thinking)

    @contextmanager
    def together(self) -> Iterator[None]:
        self._model.eval()
        with self.engine.together():
            yield

    def renew(self, version: str) -> None:
        self.engine.forget(version)


class Colocated:
    """A vLLM in this process that samples with the weights of a policy.

    Args:
        policy: The policy; `renew` hands its weights over.
        max_batch: Requests in a step.
        thinking: See `VLLMEngine`.
        tolerance: Greatest difference in nats between its log-probabilities of the probe and the policy's.
        settings: Further arguments of `VLLMEngine`.
    """

    def __init__(
        self, policy: Policy, *, max_batch: int = 64, thinking: bool | None = None, tolerance: float | None = None, **settings: Any
    ) -> None:
        from agentarena.agents.llm.vllm_engine import VLLMEngine

        self._policy = policy
        dtype = str(policy.model.dtype).removeprefix("torch.")
        self.tolerance = tolerance if tolerance is not None else 1e-3 if dtype == "float32" else 0.1
        with tempfile.TemporaryDirectory(prefix="agentarena-policy-") as folder:
            _export(policy, Path(folder))
            self.engine = VLLMEngine(folder, dtype=dtype, max_num_seqs=max_batch, thinking=thinking, **settings)
        self.engine.name = "vllm"
        self._probe_ids = self.engine.template.prompt(_PROBE)

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def renew(self, version: str) -> None:
        """Hand over the weights and compare the log-probabilities of a fixed text.

        Raises:
            WeightsMismatch: vLLM gives the text other log-probabilities than the policy; its replies are refused from then on.
        """
        self.engine.update_weights(full_weights(self._policy), version, self.probe())

    def probe(self) -> Probe:
        """A fixed text with the log-probabilities that the policy's weights give it."""
        ids = self._probe_ids
        with torch.no_grad():
            (logits,) = self._policy.logits([ids], [range(len(ids) - 1)])
        scores = logits.log_softmax(-1).gather(1, torch.tensor(ids[1:], device=logits.device).unsqueeze(1)).squeeze(1)
        return Probe(tuple(ids), tuple(scores.tolist()), self.tolerance)


def full_weights(policy: Policy) -> Iterator[tuple[str, torch.Tensor]]:
    """The weights of a policy under the names of the bare model, LoRA adapters added to the layers that they stand beside."""
    model = policy.model
    deltas = {
        name: sum(module.get_delta_weight(adapter) for adapter in module.active_adapters if adapter in module.lora_A)
        for name, module in model.named_modules()
        if hasattr(module, "get_delta_weight") and hasattr(module, "lora_A")
    }
    for name, tensor in model.state_dict().items():
        if ".lora_" in name:
            continue
        layer = name.partition(".base_layer.")[0]
        whole = tensor + deltas[layer].to(tensor.dtype) if name.endswith(".base_layer.weight") and layer in deltas else tensor
        yield name.removeprefix("base_model.model.").replace(".base_layer.", "."), whole.detach()


def _export(policy: Policy, folder: Path) -> None:
    """The bare model as a folder in the format of transformers."""
    from safetensors.torch import save_file

    bare = policy.model.get_base_model() if hasattr(policy.model, "get_base_model") else policy.model
    config = copy.deepcopy(bare.config)
    config.architectures = [type(bare).__name__]
    config.save_pretrained(folder)
    policy.model.generation_config.save_pretrained(folder)
    policy.tokenizer.save_pretrained(folder)
    save_file(
        {name: tensor.cpu().contiguous().clone() for name, tensor in full_weights(policy)}, folder / "model.safetensors", {"format": "pt"}
    )


class EnginePlayer(PolicyPlayer):
    """A policy at the table whose replies an engine samples; where `listed` replies may be drawn exactly, they are.

    Args:
        policy: The model.
        name: How records name it.
        temperature: Of sampling.
        prompting: What prompts show.
        thinking: See `PolicyPlayer`.
        sampling: How the engine's replies are generated.
        strategy: How it comes to a decision; see `LanguageAgent`.
        listed: Legal replies up to this number are drawn exactly, without the engine; 0 never.
        listed_reply: How these are written; see `PolicyPlayer`.
        make_engine: Builds the engine when first needed; `InProcess` by default.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        name: str = "policy",
        temperature: float = 1.0,
        prompting: Prompting | None = None,
        thinking: bool | None = None,
        sampling: Sampling | None = None,
        strategy: str = "direct",
        listed: int = 0,
        listed_reply: str = LISTED_REPLY,
        make_engine: Callable[[Policy], PolicyEngine] = InProcess,
    ) -> None:
        super().__init__(policy, name=name, temperature=temperature, prompting=prompting, thinking=thinking, listed_reply=listed_reply)
        self._sampling = sampling or Sampling(temperature=temperature, constrain=True)
        self._strategy, self._listed, self._make_engine = strategy, listed, make_engine
        self._engine: PolicyEngine | None = None
        self._agent: LanguageAgent | None = None

    @property
    def engine(self) -> TokenEngine:
        """The engine, built when first needed."""
        held: TokenEngine = self._seat()[0].engine
        return held

    def renew(self, version: str) -> None:
        super().renew(version)
        if self._engine is not None:
            self._engine.renew(version)

    def act(self, views: Sequence[View]) -> list[Decision]:
        exact = [i for i, view in enumerate(views) if isinstance(view.options, Choices) and len(view.options.replies) <= self._listed]
        drawn = dict(zip(exact, super().act([views[i] for i in exact]), strict=True)) if exact else {}
        others = [i for i in range(len(views)) if i not in drawn]
        drawn |= dict(zip(others, self._sampled([views[i] for i in others]), strict=True)) if others else {}
        return [drawn[i] for i in range(len(views))]

    def _seat(self) -> tuple[PolicyEngine, LanguageAgent]:
        if self._engine is None or self._agent is None:
            self._engine = self._make_engine(self._policy)
            weakref.finalize(self, self._engine.engine.close)
            self._engine.renew(self.version)
            self._agent = LanguageAgent(self._engine.engine, self._sampling, self._chat.prompting, None, self._strategy, name=self.name)
        return self._engine, self._agent

    def _sampled(self, views: Sequence[View]) -> list[Any]:
        """Decisions of the engine; a fault stands in the place of the decision that it belongs to.

        Raises:
            RunEnds: The engine cannot go on, or its samples do not say what they were drawn from.
        """
        engine, agent = self._seat()
        answers: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        with engine.together():
            agent.submit(views, lambda index, decision: answers.put((index, decision)))
        decisions = dict(answers.get() for _ in views)
        for decision in decisions.values():
            if isinstance(decision, RunEnds):
                raise decision
            if isinstance(decision, Reply):
                self._check(decision)
        return [decisions[index] for index in range(len(views))]

    def _check(self, reply: Reply) -> None:
        for sample in reply.samples:
            if not len(sample.token_ids) == len(sample.logprobs) == len(sample.allowed_ids):
                raise ServiceGone(
                    f"{self.name}: the engine does not list the {len(sample.token_ids)} distributions that a reply was drawn from, so no loss "
                    "can recompute them; more tokens could be drawn than it lists. Give top_p = 1 and top_k = 0, or constrain = false"
                )


def seated(policy: Policy, config: SelfPlayConfig, name: str, *, learns: bool) -> PolicyPlayer:
    """The player of a policy, by the sampler of a run.

    Args:
        policy: The policy.
        config: Of the run.
        name: How records name it.
        learns: Whether it is the policy that is trained; the others of a run with "vllm" are sampled by transformers.
    """
    prompting = Prompting(memory=config.memory, keep_thinking=config.keep_thinking)
    common: dict[str, Any] = {"name": name, "temperature": config.temperature, "prompting": prompting, "thinking": config.thinking}
    common["listed_reply"] = config.listed_reply
    if config.sampler == "listed":
        return PolicyPlayer(policy, **common)
    sampling = Sampling(
        temperature=config.temperature,
        top_p=config.top_p,
        top_k=config.top_k,
        max_tokens=config.max_completion_length,
        constrain=config.constrain,
    )
    thinks = config.strategy != "direct" or config.thinking
    listed = LISTED if config.sampler == "auto" and not thinks else 0
    make = _colocated(config) if config.sampler == "vllm" and learns else _in_process(config)
    return EnginePlayer(policy, **common, sampling=sampling, strategy=config.strategy, listed=listed, make_engine=make)


def _in_process(config: SelfPlayConfig) -> Callable[[Policy], PolicyEngine]:
    return lambda policy: InProcess(policy, max_batch=config.max_batch, thinking=config.thinking)


def _colocated(config: SelfPlayConfig) -> Callable[[Policy], PolicyEngine]:
    return lambda policy: Colocated(
        policy,
        max_batch=config.max_batch,
        thinking=config.thinking,
        gpu_memory_utilization=config.vllm_gpu_memory_utilization,
        max_model_len=config.vllm_max_model_length,
    )
