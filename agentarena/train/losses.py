"""Losses of policies that sample tokens: pure functions of padded tensors, to be minimised.

    w = ratios(logprobs, old_logprobs, mask, level="turn", turns=turns)
    loss = average(-surrogate(w, advantages), mask) + beta * average(kl(logprobs, reference, "k3"), mask)

Axis letters: B rows, T tokens. Every (B, T) tensor goes with `mask`, 1 on the tokens that the policy sampled; what stands
where the mask is 0 is never looked at, apart from its gradient, which is 0. Log-probabilities are in nats and under the
distribution that was sampled from (temperature and legal mask), the new as the old ones.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from agentarena.core.errors import UsageError

__all__ = [
    "average",
    "clip_cov",
    "clipped",
    "clipping_bias",
    "divergence",
    "entropy",
    "entropy_band",
    "kl",
    "kl_cov",
    "ratios",
    "surrogate",
    "trajectory_ratios",
]

Level = Literal["token", "turn", "sequence"]
Average = Literal["token", "sequence", "sequence_sum"]
Estimator = Literal["k1", "k2", "k3"]


def ratios(logprobs: Tensor, old_logprobs: Tensor, mask: Tensor, level: Level = "token", turns: Tensor | None = None) -> Tensor:
    """How much likelier each token, turn or sequence has become; on each of its tokens.

        token       w[t] = exp(d[t]),    d = logprobs - old_logprobs
        turn        w[t] = exp(mean of d over the tokens of t's turn)        the geometric mean of its tokens' ratios
        sequence    w[t] = exp(mean of d over all tokens of the row)

    Args:
        logprobs: Under the policy being trained. Shape (B, T).
        old_logprobs: Under the policy that sampled. Shape (B, T).
        mask: Shape (B, T).
        level: What is taken as one action.
        turns: Number of the turn that each token belongs to, for level "turn". Shape (B, T), non-negative integers.

    Returns:
        Shape (B, T), 1 where the mask is 0.

    Reference: PPO (arXiv 1707.06347); the sequence's form is GSPO's (arXiv 2507.18071, eq. 7), the turn's that of ST-PPO
    (arXiv 2511.20718, read second-hand).
    """
    _one_of("level", level, ("token", "turn", "sequence"))
    mask = mask.to(logprobs.dtype)
    change = torch.where(mask > 0, logprobs - old_logprobs, 0.0)
    if level == "token":
        return torch.where(mask > 0, change.exp(), 1.0)
    if level == "sequence":
        turns = torch.zeros_like(mask, dtype=torch.long)
    elif turns is None:
        raise UsageError('level "turn" needs turns: the number of the turn that each token belongs to, shape (B, T)')
    index = torch.where(mask > 0, turns.long(), 0)
    blank = change.new_zeros(len(change), int(index.max()) + 1 if index.numel() else 1)
    mean = blank.scatter_add(1, index, change) / blank.scatter_add(1, index, mask).clamp(min=1.0)
    return torch.where(mask > 0, mean.gather(1, index).exp(), 1.0)


def trajectory_ratios(logprobs: Tensor, old_logprobs: Tensor, mask: Tensor, trajectories: Tensor) -> Tensor:
    """How much likelier each trajectory has become, on each of its tokens, where a row is one of its turns.

        w[b, t] = exp(mean of logprobs - old_logprobs over the tokens of all rows of the same trajectory)

    Args:
        logprobs: As in `ratios`.
        old_logprobs: As in `ratios`.
        mask: Shape (B, T).
        trajectories: Number of the trajectory of each row. Shape (B,), non-negative integers.

    Returns:
        Shape (B, T), 1 where the mask is 0.

    Reference: GSPO (arXiv 2507.18071), eq. 7, with the tokens of all turns as the sequence.
    """
    mask = mask.to(logprobs.dtype)
    change = torch.where(mask > 0, logprobs - old_logprobs, 0.0).sum(1)
    blank = change.new_zeros(int(trajectories.max()) + 1 if len(trajectories) else 1)
    mean = blank.index_add(0, trajectories, change) / blank.index_add(0, trajectories, mask.sum(1)).clamp(min=1.0)
    return torch.where(mask > 0, mean[trajectories].exp().unsqueeze(1), 1.0)


def surrogate(w: Tensor, advantages: Tensor, *, low: float = 0.2, high: float = 0.2, dual: float | None = None) -> Tensor:
    """PPO's clipped objective of each token, to be maximised: minimise `average(-surrogate(...), mask)`.

        min(w A, clip(w, 1 - low, 1 + high) A),    and where A < 0 at least  dual * A

    Args:
        w: Ratios. Shape (B, T).
        advantages: Shape (B, T), or (B,) for one a row.
        low: Clip below, in (0, 1].
        high: Clip above, positive; greater than `low` it leaves rare tokens more room.
        dual: Bound on the ratio where the advantage is negative, greater than 1; none by default.

    Returns:
        Shape (B, T).

    Reference: arXiv 1707.06347, eq. 7; the dual clip of arXiv 1912.09729, eq. 5; the asymmetric clip of DAPO (arXiv 2503.14476).
    """
    if not 0 < low <= 1 or not high > 0 or (dual is not None and not dual > 1):
        raise UsageError(f"surrogate needs 0 < low <= 1, high > 0 and dual > 1, got low={low!r}, high={high!r}, dual={dual!r}")
    advantages = _per_token(advantages, w)
    value = torch.minimum(w * advantages, w.clamp(1 - low, 1 + high) * advantages)
    return value if dual is None else torch.where(advantages < 0, torch.maximum(value, dual * advantages), value)


def clipped(w: Tensor, advantages: Tensor, *, low: float = 0.2, high: float = 0.2, dual: float | None = None) -> Tensor:
    """Where `surrogate` has no gradient because it clips. Shape (B, T), bool."""
    advantages = _per_token(advantages, w)
    outside = ((advantages > 0) & (w > 1 + high)) | ((advantages < 0) & (w < 1 - low))
    return outside if dual is None else outside | ((advantages < 0) & (w > dual))


def clipping_bias(w: Tensor, advantages: Tensor, *, low: float = 0.2, high: float = 0.2, dual: float | None = None) -> Tensor:
    """What clipping takes out of the objective: the gradient of its average is C, the part of the gradient that was lost.

        C = grad average( w A, over the clipped tokens ),    corrected gradient = gradient / max(1, ||C||)

    Args:
        w: As in `surrogate`.
        advantages: As in `surrogate`.
        low: As in `surrogate`.
        high: As in `surrogate`.
        dual: As in `surrogate`.

    Returns:
        Shape (B, T), 0 on tokens that are not clipped.

    Reference: ST-PPO (arXiv 2511.20718): that the gradient is divided by the norm of C is its reviewers' wording, read
    second-hand; the floor of 1 is ours, so that the correction never enlarges a step.
    """
    return torch.where(clipped(w, advantages, low=low, high=high, dual=dual), w * _per_token(advantages, w), 0.0)


def kl(logprobs: Tensor, reference: Tensor, estimator: Estimator = "k3") -> Tensor:
    """Estimates of the divergence KL(policy || reference) from sampled tokens, token by token.

        d = logprobs - reference:    k1 = d,    k2 = d^2 / 2,    k3 = exp(-d) - 1 + d

    k1 and k3 are unbiased, k2 is not; k2 and k3 are never negative. In a loss it is k2 whose expected gradient is the
    divergence's own; k1's is 0 in expectation. In a reward (without gradient) use k1.

    Returns:
        Shape (B, T), in nats.

    Reference: J. Schulman, "Approximating KL divergence" (2020).

    >>> kl(torch.tensor([0.0]), torch.tensor([0.0]), "k3").item()
    0.0
    """
    _one_of("estimator", estimator, ("k1", "k2", "k3"))
    d = logprobs - reference
    if estimator == "k1":
        return d
    return 0.5 * d.square() if estimator == "k2" else torch.expm1(-d) + d


def divergence(scores: Tensor, reference: Tensor) -> Tensor:
    """KL(policy || reference) at each choice, exactly, from whole distributions.

        sum over tokens of p (log p - log q)

    Args:
        scores: Log-probabilities under the policy. Shape (N, V), minus infinity where a token could not be drawn.
        reference: The same under the reference.

    Returns:
        Shape (N,), in nats, never negative.

    >>> divergence(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[0.25, 0.75]]).log()).item().__round__(4)
    0.1438
    """
    possible = scores > -torch.inf
    gap = torch.where(possible, scores, 0.0) - torch.where(possible, reference, 0.0)
    return (scores.exp() * gap).sum(-1)


def entropy(scores: Tensor) -> Tensor:
    """Entropy of the distribution at each choice. Shape (N,), in nats; `scores` as in `divergence`.

    >>> entropy(torch.tensor([[0.5, 0.5, 0.0]]).log()).item().__round__(4)
    0.6931
    """
    return -(scores.exp() * torch.where(scores > -torch.inf, scores, 0.0)).sum(-1)


def entropy_band(entropy: Tensor, usual: Tensor, *, low: float = 0.0, high: float = 2.0) -> Tensor:
    """How far each turn's entropy lies outside a band around what is usual at that turn: EPO's smoothing, with a gradient.

        max(0, H - high * usual) + max(0, low * usual - H)

    Args:
        entropy: Mean token entropy of each turn, in nats. Any shape.
        usual: Its mean over the updates so far, by turn; a constant. Broadcast against `entropy`.
        low: Lower end of the band as a multiple of what is usual, at least 0.
        high: Upper end, at least `low`.

    Returns:
        The shape of `entropy`; 0 inside the band.

    Reference: EPO (arXiv 2509.22576). Its own penalty is a constant outside the band, whose gradient is 0; the hinge is ours.

    >>> entropy_band(torch.tensor([1.0, 3.0]), torch.tensor(1.0)).tolist()
    [0.0, 1.0]
    """
    if not 0 <= low <= high:
        raise UsageError(f"the band needs 0 <= low <= high, got low={low!r}, high={high!r}")
    usual = usual.detach()
    return (entropy - high * usual).clamp(min=0) + (low * usual - entropy).clamp(min=0)


def clip_cov(logprobs: Tensor, advantages: Tensor, mask: Tensor, *, share: float, low: float, high: float) -> Tensor:
    """Tokens whose gradient is left out, since they would lower the entropy most: a random `share` of those whose covariance lies in a band.

    The caller draws: this returns the candidates and how many to drop as probabilities, so that randomness stays outside.

    Args:
        logprobs: Log-probabilities of the sampled tokens. Shape (B, T).
        advantages: Shape (B, T) or (B,).
        mask: Shape (B, T).
        share: Share of all tokens to drop, in [0, 1].
        low: Lower end of the band of `(logprob - mean) (advantage - mean)`.
        high: Upper end.

    Returns:
        Probability of dropping each token. Shape (B, T): the same for all in the band, 0 outside; the sum is at most `share` of the tokens.

    Reference: Clip-Cov of "The entropy mechanism" (arXiv 2505.22617), eqs. 10 to 11, read second-hand.
    """
    covariance, mask = _covariances(logprobs, advantages, mask)
    band = (mask > 0) & (covariance >= low) & (covariance <= high)
    count = band.sum().clamp(min=1)
    return band.to(logprobs.dtype) * (share * mask.sum() / count).clamp(max=1.0)


def kl_cov(logprobs: Tensor, advantages: Tensor, mask: Tensor, *, share: float) -> Tensor:
    """Tokens that get a KL penalty to the old policy: the `share` of largest covariance of log-probability and advantage.

    Returns:
        Shape (B, T), bool; at least one token where `share` is positive.

    Reference: KL-Cov of arXiv 2505.22617, eq. 12, read second-hand.
    """
    if not 0 <= share <= 1:
        raise UsageError(f"share must be in [0, 1], got {share!r}")
    covariance, mask = _covariances(logprobs, advantages, mask)
    chosen = torch.zeros_like(mask, dtype=torch.bool)
    count = int(mask.sum())
    if share == 0 or count == 0:
        return chosen
    order = torch.where(mask > 0, covariance, -torch.inf).flatten().topk(max(1, int(share * count))).indices
    chosen.view(-1)[order] = True
    return chosen


def _covariances(logprobs: Tensor, advantages: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Each token's term of the covariance of log-probability and advantage over the masked tokens, and the mask in their type."""
    mask = mask.to(logprobs.dtype)
    count = mask.sum().clamp(min=1)
    logprobs, advantages = logprobs.detach(), _per_token(advantages, logprobs)
    terms = [torch.where(mask > 0, x, 0.0) - torch.where(mask > 0, x, 0.0).sum() / count for x in (logprobs, advantages)]
    return terms[0] * terms[1], mask


def average(values: Tensor, mask: Tensor, how: Average = "token", *, length: float | None = None) -> Tensor:
    """One number from values a token.

        token           sum of all / number of tokens                  long rows weigh more
        sequence        mean over rows of the row's mean               every row weighs the same
        sequence_sum    mean over rows of the row's sum / length       no row's weight depends on its own length

    Args:
        values: Shape (B, T).
        mask: Shape (B, T). Rows without tokens do not count.
        how: See above.
        length: Constant divisor of "sequence_sum"; 1 by default.

    Returns:
        A scalar; 0 where the mask is 0 everywhere.

    Reference: "token" is DAPO's (arXiv 2503.14476), "sequence" GRPO's, "sequence_sum" Dr. GRPO's (arXiv 2503.20783).

    >>> average(torch.tensor([[1.0, 1.0], [4.0, 9.0]]), torch.tensor([[1, 1], [1, 0]]), "sequence").item()
    2.5
    """
    _one_of("how", how, ("token", "sequence", "sequence_sum"))
    mask = mask.to(values.dtype)
    sums, counts = torch.where(mask > 0, values, 0.0).sum(1), mask.sum(1)
    rows = (counts > 0).sum().clamp(min=1)
    if how == "token":
        return sums.sum() / counts.sum().clamp(min=1)
    return (sums / (counts.clamp(min=1) if how == "sequence" else length or 1.0)).sum() / rows


def _per_token(advantages: Tensor, like: Tensor) -> Tensor:
    advantages = advantages.detach()
    return advantages.unsqueeze(1).expand_as(like) if advantages.dim() == 1 else advantages


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UsageError(f"{name} is {value!r}; allowed: {', '.join(map(repr, allowed))}")
