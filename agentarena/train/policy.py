"""The model that is trained: what it would reply at a prompt, and the log-probabilities of what it sampled, with gradients.

Both are worked out the same way: at each place the tokens that could be drawn are known, and the distribution is the model's
at a temperature, restricted to them and renormalised. Equal prompts and replies are computed once.
"""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from agentarena.core.agent import TokenSample
from agentarena.core.errors import BadOption

from .grouping import groups, pass_cost

__all__ = ["Policy", "Samples", "chosen", "taken"]


@dataclass(frozen=True, slots=True)
class Samples:
    """Distinct samples in tensors, and which of them each row is.

    Axis letters: D distinct samples, B rows, T places of a reply.

    Attributes:
        distinct: The samples, each once.
        row: Index of each row's sample. Shape (B,).
        mask: 1 where a place was a choice: more than one token could be drawn. Shape (D, T).
        old_logprobs: As recorded when they were sampled. Shape (D, T).
        uniform: Entropy of a uniform draw among the tokens that could be drawn, in nats. Shape (D, T); 0 where all could.
    """

    distinct: tuple[TokenSample, ...]
    row: Tensor
    mask: Tensor
    old_logprobs: Tensor
    uniform: Tensor

    @classmethod
    def of(cls, samples: Sequence[TokenSample]) -> Samples:
        """The samples of some turns, one a row."""
        index: dict[tuple[Any, ...], int] = {}
        distinct: list[TokenSample] = []
        row = []
        for sample in samples:
            key = (sample.prompt_ids, sample.token_ids, sample.logprobs, sample.temperature, sample.allowed_ids)
            if key not in index:
                index[key] = len(distinct)
                distinct.append(sample)
            row.append(index[key])
        longest = max((len(sample.token_ids) for sample in distinct), default=0)
        mask, old, uniform = (torch.zeros(len(distinct), longest) for _ in range(3))
        for place, sample in enumerate(distinct):
            length = len(sample.token_ids)
            mask[place, :length] = torch.tensor([float(chosen(sample, t)) for t in range(length)])
            old[place, :length] = torch.tensor(sample.logprobs)
            uniform[place, :length] = torch.tensor(
                [math.log(len(allowed)) if allowed else 0.0 for allowed in sample.allowed_ids or [None] * length]
            )
        return cls(tuple(distinct), torch.tensor(row, dtype=torch.long), mask, old, uniform)

    def spread(self, values: Tensor) -> Tensor:
        """Values of the N choices at their places. Shape (D, T), 0 elsewhere."""
        return torch.zeros(self.mask.shape, dtype=values.dtype).index_put(tuple(self.mask.argwhere().T), values.cpu())


def taken(samples: Samples, scores: Tensor) -> Tensor:
    """The log-probability of the token that was drawn at each choice. Shape (N,)."""
    tokens = [samples.distinct[d].token_ids[t] for d, t in samples.mask.argwhere().tolist()]
    return scores.gather(1, torch.tensor(tokens, dtype=torch.long, device=scores.device).unsqueeze(1)).squeeze(1)


def chosen(sample: TokenSample, place: int) -> bool:
    """Whether more than one token could be drawn at a place of a reply."""
    allowed = sample.allowed_ids[place] if sample.allowed_ids else None
    return allowed is None or len(allowed) > 1


class Policy:
    """A causal language model of transformers with its tokenizer.

    Args:
        model: The model; its own precision and device are kept.
        tokenizer: Its tokenizer, with a chat template.
        bf16: Whether it computes in bfloat16 (autocast); weights, logits and log-probabilities keep their own precision.
        gradient_checkpointing: Whether a pass with a graph keeps the inputs of layers alone and computes the rest again, as
            transformers does it. Beginnings that sequences share are then computed for each.

    Raises:
        BadOption: The model cannot do `gradient_checkpointing`.
    """

    def __init__(self, model: Any, tokenizer: Any, *, bf16: bool = False, gradient_checkpointing: bool = False) -> None:
        self.model, self.tokenizer, self.bf16 = model, tokenizer, bf16
        self._bare = model.get_base_model() if hasattr(model, "get_base_model") else model  # adapters of peft sit inside it
        self._checkpointed = _checkpointed_layers(self._bare) if gradient_checkpointing else []

    def copy(self) -> Policy:
        """The same policy with trained weights of its own; frozen ones, such as those under LoRA adapters, are shared."""
        frozen = {id(parameter): parameter for parameter in self.model.parameters() if not parameter.requires_grad}
        return Policy(copy.deepcopy(self.model, frozen), self.tokenizer, bf16=self.bf16)

    def trained(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        """The parameters that are trained, with their names."""
        return ((name, parameter) for name, parameter in self.model.named_parameters() if parameter.requires_grad)

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return torch.device(self.model.device)

    def logits(self, sequences: Sequence[Sequence[int]], places: Sequence[Sequence[int]]) -> list[Tensor]:
        """Logits of the token after each of some places of each sequence.

        Args:
            sequences: Token ids, each at least one.
            places: For each sequence, indices of tokens in it.

        Returns:
            One tensor a sequence, shape (P, V), P places.

        Sequences that begin alike, such as with the rules of a game, share the work on their beginnings.
        """
        logits = self.head(torch.cat(self._states(sequences, places)))
        return list(logits.split([len(of_sequence) for of_sequence in places]))

    def head(self, states: Tensor) -> Tensor:
        """Logits of the next token, from outputs of the last layer. Shape (N, H) -> (N, V)."""
        head = self._bare.get_output_embeddings()
        return head(states.to(head.weight.dtype)).float()

    def forward(self, ids: Tensor, **more: Any) -> Any:
        """A pass of the layers that keeps keys and values; `more` are arguments of the model of transformers."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            return self._bare.model(input_ids=ids.to(self.device), use_cache=True, **more)

    def prompt_states(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """The last layer's output at the last token of each prompt, without gradient. Shape (N, H)."""
        distinct = list(dict.fromkeys(map(tuple, prompts)))
        states = torch.stack(self.end_states(distinct))
        index = {prompt: row for row, prompt in enumerate(distinct)}
        return states[[index[tuple(prompt)] for prompt in prompts]]

    @torch.no_grad()
    def end_states(self, sequences: Sequence[Sequence[int]]) -> list[Tensor]:
        """The last layer's output at the last token of each sequence, without gradient. Shape (H,) each."""
        return [states[0] for states in self._states(sequences, [[len(one) - 1] for one in sequences])]

    def _states(self, sequences: Sequence[Sequence[int]], places: Sequence[Sequence[int]]) -> list[Tensor]:
        """The last layer's output at some places of each sequence: one tensor a sequence, shape (P, H)."""
        out: list[Tensor] = [torch.empty(0)] * len(sequences)
        checkpointed = self._checkpointed and torch.is_grad_enabled()
        first_places = [0 if checkpointed else min(of_sequence) for of_sequence in places]
        for group, shared in groups(sequences, first_places, pass_cost(self.device.type)):
            tails = [sequences[i][shared:] for i in group]
            ids = torch.zeros((len(group), max(map(len, tails))), dtype=torch.long)
            for row, tail in enumerate(tails):
                ids[row, : len(tail)] = torch.tensor(tail)
            rows = torch.tensor([row for row, i in enumerate(group) for _ in places[i]], dtype=torch.long)
            columns = torch.tensor([place - shared for i in group for place in places[i]], dtype=torch.long)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
                hidden = self._hidden(ids.to(self.device), sequences[group[0]][:shared])
            hidden = hidden[rows.to(self.device), columns.to(self.device)]
            for i, part in zip(group, hidden.split([len(places[i]) for i in group]), strict=True):
                out[i] = part
        return out

    def _hidden(self, ids: Tensor, shared: Sequence[int]) -> Tensor:
        """The last layer's output at tokens that follow a beginning which all rows share; the beginning is computed once.

        Padding is on the right, where a causal model does not look: no mask is needed.
        """
        if not shared:
            with _in_training(self._checkpointed if torch.is_grad_enabled() else ()):
                return self._bare.model(input_ids=ids, use_cache=False).last_hidden_state
        beginning = torch.tensor([list(shared)], device=self.device)
        cache = self._bare.model(input_ids=beginning, use_cache=True).past_key_values
        for layer in cache.layers:
            layer.keys, layer.values = (x.expand(len(ids), -1, -1, -1) for x in (layer.keys, layer.values))
        return self._bare.model(input_ids=ids, past_key_values=cache, use_cache=True).last_hidden_state

    def scores(self, samples: Samples) -> Tensor:
        """The distributions that the sampled tokens were drawn from, with these weights, at every place that was a choice.

        Returns:
            Log-probabilities in nats, minus infinity where a token could not be drawn. Shape (N, V): N choices in the order of
            `samples.mask.argwhere()`.
        """
        distinct = samples.distinct
        rows = [(distinct[d], d, t) for d, t in samples.mask.argwhere().tolist()]
        places: dict[int, list[int]] = {}
        for sample, d, t in rows:
            places.setdefault(d, []).append(len(sample.prompt_ids) - 1 + t)
        if not places:
            return torch.zeros(0, 1)
        sequences = [(*distinct[d].prompt_ids, *distinct[d].token_ids[:-1]) for d in places]
        flat = torch.cat(self.logits(sequences, list(places.values())))
        return torch.log_softmax(self._restricted(flat, [(sample, t) for sample, _, t in rows]), -1)

    def logprobs(self, samples: Samples) -> Tensor:
        """Log-probabilities of the sampled tokens under the distribution that they were sampled from, with these weights.

        Returns:
            In nats, 0 where nothing was chosen. Shape (D, T).
        """
        return samples.spread(taken(samples, self.scores(samples)))

    def _restricted(self, logits: Tensor, rows: Sequence[tuple[TokenSample, int]]) -> Tensor:
        """Logits over the temperature, minus infinity where a token could not be drawn. Shape (R, V)."""
        temperatures = torch.tensor([sample.temperature or 1.0 for sample, _ in rows], device=logits.device)
        barred = torch.zeros(logits.shape, dtype=torch.bool)
        for row, (sample, place) in enumerate(rows):
            allowed = sample.allowed_ids[place] if sample.allowed_ids else None
            if allowed is not None:
                barred[row] = True
                barred[row, list(allowed)] = False
        return (logits / temperatures.unsqueeze(1)).masked_fill(barred.to(logits.device), -torch.inf)


def _checkpointed_layers(model: Any) -> list[torch.nn.Module]:
    """The layers that transformers computes again in the backward pass, where they are in training."""
    from transformers.modeling_layers import GradientCheckpointingLayer

    try:
        model.gradient_checkpointing_enable()
    except ValueError as error:
        raise BadOption(f"gradient_checkpointing: {error}") from error
    layers: list[torch.nn.Module] = [module for module in model.modules() if isinstance(module, GradientCheckpointingLayer)]
    for layer in layers:
        if any("dropout" in name and isinstance(value, float) and value for name, value in vars(layer).items()):
            raise BadOption(f"gradient_checkpointing: {type(layer).__name__} has a dropout, which would be drawn: set it to 0 in the model")
    return layers


@contextlib.contextmanager
def _in_training(layers: Sequence[torch.nn.Module]) -> Iterator[None]:
    """These layers, but nothing inside them, in training: dropouts inside stay off."""
    for layer in layers:
        layer.training = True
    try:
        yield
    finally:
        for layer in layers:
            layer.training = False
