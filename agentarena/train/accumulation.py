"""The gradient of a minibatch in parts that fit into memory, on one process or several: equal to that of the whole minibatch.

A loss is a function of the minibatch's `scores`, its denominators, ratios and guards included. So the scores are computed first,
part by part and without a graph, and the loss on all of them gives d loss / d scores; then each part is computed again, with a
graph, and that derivative is carried back through it:

    d loss / d weights  =  sum over parts of  (d scores_part / d weights)^T  d loss / d scores_part

No loss has to know about parts or processes. It costs a second forward pass unless a process has a single part. The scores of
the whole minibatch, shape (N, V), stay in memory; activations are those of one part.

Reference: gradient caching, arXiv 2101.06983, section 3.2, for losses of the scores in place of embeddings.
"""

from __future__ import annotations

import dataclasses
import itertools

import torch
from torch import Tensor

from . import parallel
from .policy import Policy, Samples

__all__ = ["Accumulation"]


@dataclasses.dataclass(frozen=True, slots=True)
class _Part:
    """Some distinct samples, and the rows that their choices have among the minibatch's scores."""

    samples: Samples
    rows: Tensor


class Accumulation:
    """Scores of a minibatch, and the gradient of a loss of them.

    Args:
        policy: Whose weights get the gradient.
        steps: Parts that the samples of one process are computed in.
        tokens: Tokens of a part at most, prompts and padding included, in place of `steps`; a longer sample is a part alone.
    """

    def __init__(self, policy: Policy, steps: int = 1, tokens: int = 0) -> None:
        self._policy, self._count, self._tokens = policy, steps, tokens
        self._again: list[_Part] = []
        self._graph: tuple[_Part, Tensor] | None = None
        self._leaf: Tensor | None = None

    def scores(self, samples: Samples) -> Tensor:
        """What `Policy.scores` gives for a minibatch; a loss of it goes to `backward`. Shape (N, V)."""
        self._again, self._graph, self._leaf = [], None, None
        places = int(samples.mask.sum())
        if not places or (parallel.world() == 1 and self._count == 1 and not self._tokens):
            return self._policy.scores(samples)
        own = self._parts(samples)
        if len(own) == 1:
            self._graph = (own[0], self._policy.scores(own[0].samples))
            computed = [self._graph[1].detach()]
        else:
            self._again = own
            with torch.no_grad():
                computed = [self._policy.scores(part.samples) for part in own]
        width = self._policy.model.get_output_embeddings().weight.shape[0]
        whole = torch.zeros(places, width, device=self._policy.device)
        for part, values in zip(own, computed, strict=True):
            whole[part.rows.to(whole.device)] = values
        parallel.sum_over_processes([whole])
        self._leaf = whole.requires_grad_()
        return self._leaf

    def backward(self, loss: Tensor) -> None:
        """Add the gradient of a loss of the last `scores` to that of the weights; every process has the sum then."""
        loss.backward()
        if self._leaf is None:
            return
        slope = self._leaf.grad
        if slope is not None:
            if self._graph is not None:
                part, values = self._graph
                values.backward(slope[part.rows.to(slope.device)])
            for part in self._again:
                self._policy.scores(part.samples).backward(slope[part.rows.to(slope.device)])
        self._again, self._graph, self._leaf = [], None, None
        parameters = [parameter for parameter in self._policy.model.parameters() if parameter.requires_grad]
        for parameter in parameters:
            if parameter.grad is None and parallel.world() > 1:
                parameter.grad = torch.zeros_like(parameter)
        parallel.sum_over_processes(parameter.grad for parameter in parameters if parameter.grad is not None)

    def _parts(self, samples: Samples) -> list[_Part]:
        """This process's samples in parts, similar ones together; those without a choice are left out."""
        counts = samples.mask.sum(1).long()
        first = counts.cumsum(0) - counts
        lengths = [len(one.prompt_ids) + len(one.token_ids) for one in samples.distinct]
        order = sorted((d for d in range(len(lengths)) if counts[d]), key=lambda d: (lengths[d], samples.distinct[d].prompt_ids))
        own = parallel.share(order)
        groups = _bounded(own, lengths, self._tokens) if self._tokens else _even(own, self._count)
        return [
            _Part(
                dataclasses.replace(samples, distinct=tuple(samples.distinct[d] for d in group), mask=samples.mask[group]),
                torch.cat([torch.arange(int(first[d]), int(first[d] + counts[d])) for d in group]),
            )
            for group in groups
        ]


def _even(order: list[int], count: int) -> list[list[int]]:
    """So many groups of about equal size; none is empty."""
    ends = [len(order) * number // count for number in range(count + 1)]
    return [order[begin:end] for begin, end in itertools.pairwise(ends) if end > begin]


def _bounded(order: list[int], lengths: list[int], tokens: int) -> list[list[int]]:
    """Groups whose number times greatest length is at most `tokens`. Lengths ascend in `order`.

    >>> _bounded([0, 1, 2, 3], [2, 3, 4, 9], 8)
    [[0, 1], [2], [3]]
    """
    groups: list[list[int]] = []
    for index in order:
        if groups and (len(groups[-1]) + 1) * lengths[index] <= tokens:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups
