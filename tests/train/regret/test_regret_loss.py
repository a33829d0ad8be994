"""The regret loss: its values, and its gradient against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from agentarena.core.errors import UsageError
from agentarena.evaluate import regret as metrics
from agentarena.train.regret import external_regret, regret_loss


def plays(seed: int, shape: tuple[int, int, int] = (4, 6, 3)) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of policies, and losses."""
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.randn(shape, generator=generator, dtype=torch.float64),
        torch.rand(shape, generator=generator, dtype=torch.float64),
    )


def test_it_is_the_regret_of_the_metrics() -> None:
    logits, losses = plays(0)
    chances = torch.softmax(logits, -1)
    expected = [metrics.external_regret(p.numpy(), costs.numpy())[-1] for p, costs in zip(chances, losses, strict=True)]
    assert external_regret(chances, losses).numpy() == pytest.approx(expected, abs=1e-12)


def test_the_anchors_of_alternating_losses() -> None:
    """25 rounds of (1/2, 0), (0, 1), (1, 0), ...: follow the leader has regret 12.25, Hedge 1.6564, uniform play 0.25."""
    losses = np.array([[0.5, 0.0], *[[0.0, 1.0], [1.0, 0.0]] * 12])
    learners = [metrics.follow_the_leader(losses), metrics.hedge(losses), np.full((25, 2), 0.5)]
    values = external_regret(torch.tensor(np.stack(learners)), torch.tensor(np.stack([losses] * 3)))
    assert values.tolist() == pytest.approx([12.25, 1.6564, 0.25], abs=5e-5)


@pytest.mark.parametrize(("sharpness", "positive"), [(0.0, True), (0.0, False), (5.0, True), (50.0, False)])
def test_the_gradient_is_that_of_finite_differences(sharpness: float, positive: bool) -> None:
    logits, losses = plays(1)
    losses[0] = 1.0 - torch.softmax(logits[0], -1)  # a play that beats every single action somewhat

    def loss(of: torch.Tensor) -> torch.Tensor:
        return regret_loss(torch.softmax(of, -1), losses, sharpness=sharpness, positive=positive)

    assert torch.autograd.gradcheck(loss, (logits.requires_grad_(),), eps=1e-6, atol=1e-7)


def test_sharp_weights_are_the_worst_plays() -> None:
    logits, losses = plays(2)
    chances = torch.softmax(logits, -1)
    worst = external_regret(chances, losses).max() / losses.shape[1]
    assert regret_loss(chances, losses, sharpness=1e5).item() == pytest.approx(worst.item(), rel=1e-3)
    mean = external_regret(chances, losses).mean() / losses.shape[1]
    assert regret_loss(chances, losses, positive=False).item() == pytest.approx(mean.item())


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match=r"one shape \(B, T, A\)"):
        external_regret(torch.ones(2, 3), torch.ones(2, 3))
    with pytest.raises(UsageError, match="sharpness must be at least 0"):
        regret_loss(torch.ones(1, 1, 1), torch.ones(1, 1, 1), sharpness=-1.0)
