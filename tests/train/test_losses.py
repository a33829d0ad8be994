"""Losses: cases by hand, identities, and each gradient against finite differences on a toy policy."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402

from agentarena.core.errors import UsageError  # noqa: E402
from agentarena.train.losses import (  # noqa: E402
    average,
    clip_cov,
    clipped,
    clipping_bias,
    divergence,
    entropy,
    entropy_band,
    kl,
    kl_cov,
    ratios,
    surrogate,
)

MASK = torch.tensor([[1, 1, 1, 0], [1, 1, 0, 0]])
TURNS = torch.tensor([[0, 0, 1, 0], [0, 1, 0, 0]])


class Toy:
    """A softmax policy over five tokens at each of B x T places."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(0)

        def draw(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=generator, dtype=torch.float64)

        self.logits = draw(2, 4, 5).requires_grad_()
        self.old, self.reference = self.logits.detach() + 0.4 * draw(2, 4, 5), draw(2, 4, 5)
        self.tokens = torch.randint(5, (2, 4), generator=generator)
        self.advantages = draw(2, 4)

    def logprobs(self, logits: Tensor) -> Tensor:
        return logits.log_softmax(-1).gather(-1, self.tokens.unsqueeze(-1)).squeeze(-1)

    def check(self, loss) -> None:
        """The gradient of `loss(logits)` by backpropagation is that of central differences."""
        (gradient,) = torch.autograd.grad(loss(self.logits), self.logits)
        step = 1e-6
        for index in [(0, 0, 1), (0, 2, 3), (1, 1, 0), (1, 0, 4), (0, 3, 2)]:
            shift = torch.zeros_like(self.logits)
            shift[index] = step
            with torch.no_grad():
                difference = (loss(self.logits + shift) - loss(self.logits - shift)) / (2 * step)
            assert gradient[index].item() == pytest.approx(difference.item(), abs=1e-7)


@pytest.fixture
def toy() -> Toy:
    return Toy()


# --- ratios -----------------------------------------------------------------------------------------------------------


def test_ratios_by_hand():
    new = torch.log(torch.tensor([[2.0, 0.5, 3.0, 9.0], [4.0, 1.0, 9.0, 9.0]]))
    old = torch.zeros_like(new)
    root = math.sqrt
    torch.testing.assert_close(ratios(new, old, MASK), torch.tensor([[2.0, 0.5, 3.0, 1.0], [4.0, 1.0, 1.0, 1.0]]))
    turn = ratios(new, old, MASK, "turn", TURNS)
    torch.testing.assert_close(turn, torch.tensor([[1.0, 1.0, 3.0, 1.0], [4.0, 1.0, 1.0, 1.0]]))
    sequence = ratios(new, old, MASK, "sequence")
    torch.testing.assert_close(sequence, torch.tensor([[3 ** (1 / 3)] * 3 + [1.0], [root(4), root(4), 1.0, 1.0]]))


def test_one_turn_is_the_sequence_and_turns_of_one_token_are_tokens(toy: Toy):
    new, old = toy.logprobs(toy.logits), toy.logprobs(toy.old)
    torch.testing.assert_close(ratios(new, old, MASK, "turn", torch.zeros_like(TURNS)), ratios(new, old, MASK, "sequence"))
    each = torch.arange(4).expand(2, 4)
    torch.testing.assert_close(ratios(new, old, MASK, "turn", each), ratios(new, old, MASK))


@pytest.mark.parametrize("level", ["token", "turn", "sequence"])
def test_at_the_first_step_every_ratio_is_one_and_the_gradient_is_that_of_policy_gradient(toy: Toy, level):
    new = toy.logprobs(toy.logits)
    advantages = torch.tensor([0.7, -1.2], dtype=torch.float64)  # one a row, so that levels agree
    w = ratios(new, new.detach(), MASK, level, TURNS)
    assert (w == 1).all()
    (gradient,) = torch.autograd.grad(average(surrogate(w, advantages), MASK), toy.logits, retain_graph=True)
    (plain,) = torch.autograd.grad(average(advantages.unsqueeze(1) * new, MASK), toy.logits)
    torch.testing.assert_close(gradient, plain)


@pytest.mark.parametrize("level", ["token", "turn", "sequence"])
@pytest.mark.parametrize("how", ["token", "sequence", "sequence_sum"])
def test_gradient_of_the_clipped_objective(toy: Toy, level, how):
    old = toy.logprobs(toy.old)
    toy.check(lambda logits: average(-surrogate(ratios(toy.logprobs(logits), old, MASK, level, TURNS), toy.advantages), MASK, how))


def test_what_stands_under_no_mask_is_never_looked_at(toy: Toy):
    old = toy.logprobs(toy.old)
    spoiled = torch.where(MASK > 0, old, torch.nan)
    for level in ("token", "turn", "sequence"):
        loss = average(surrogate(ratios(toy.logprobs(toy.logits), spoiled, MASK, level, TURNS), toy.advantages), MASK)
        (gradient,) = torch.autograd.grad(loss, toy.logits)
        assert torch.isfinite(gradient).all()
        assert (gradient[MASK == 0] == 0).all()


# --- clipping ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("w", "advantage", "value", "is_clipped"),
    [
        (1.5, 1.0, 1.2, True),
        (1.1, 1.0, 1.1, False),
        (0.5, 1.0, 0.5, False),
        (0.5, -1.0, -0.8, True),
        (1.5, -1.0, -1.5, False),
        (9.0, -1.0, -9.0, False),
        (9.0, 0.0, 0.0, False),
    ],
)
def test_clipping_by_hand(w, advantage, value, is_clipped):
    w, advantage = torch.tensor([[w]]), torch.tensor([[advantage]])
    assert surrogate(w, advantage).item() == pytest.approx(value)
    assert clipped(w, advantage).item() is is_clipped


def test_the_dual_clip_bounds_a_bad_actions_weight():
    w, bad = torch.tensor([[9.0]]), torch.tensor([[-2.0]])
    assert surrogate(w, bad, dual=3.0).item() == pytest.approx(-6.0)
    assert clipped(w, bad, dual=3.0).item()
    assert surrogate(w, -bad, dual=3.0).item() == surrogate(w, -bad).item()


def test_an_asymmetric_clip_leaves_rare_tokens_more_room():
    w, good = torch.tensor([[1.25, 1.4]]), torch.tensor([[1.0, 1.0]])
    torch.testing.assert_close(surrogate(w, good, high=0.28), torch.tensor([[1.25, 1.28]]))


@pytest.mark.parametrize("dual", [None, 1.1])
@pytest.mark.parametrize("level", ["token", "turn"])
def test_what_clipping_took_and_what_it_left_make_the_whole_gradient(toy: Toy, level, dual):
    w = ratios(toy.logprobs(toy.logits), toy.logprobs(toy.old), MASK, level, TURNS)
    kept, lost = (
        torch.autograd.grad(average(f(w, toy.advantages, dual=dual), MASK), toy.logits, retain_graph=True)[0]
        for f in (surrogate, clipping_bias)
    )
    (whole,) = torch.autograd.grad(average(w * toy.advantages, MASK), toy.logits)
    assert clipped(w, toy.advantages, dual=dual)[MASK > 0].any()
    torch.testing.assert_close(kept + lost, whole)


# --- divergence, entropy ----------------------------------------------------------------------------------------------


def test_divergences_by_hand_and_at_equality():
    d = torch.tensor([math.log(2.0), 0.0])
    assert kl(d, torch.zeros(2), "k1").tolist() == pytest.approx([math.log(2), 0])
    assert kl(d, torch.zeros(2), "k2").tolist() == pytest.approx([math.log(2) ** 2 / 2, 0])
    assert kl(d, torch.zeros(2), "k3").tolist() == pytest.approx([0.5 - 1 + math.log(2), 0])


def exact(policy: Tensor, reference: Tensor) -> Tensor:
    return (policy.exp() * (policy - reference)).sum()


def test_estimates_average_to_the_divergence(toy: Toy):
    policy, reference = toy.logits[0, 0].log_softmax(-1), toy.reference[0, 0].log_softmax(-1)
    for estimator in ("k1", "k3"):
        assert (policy.exp() * kl(policy, reference, estimator)).sum().item() == pytest.approx(exact(policy, reference).item())
    assert (kl(policy, reference, "k3") >= 0).all()


def test_the_exact_divergence_and_entropy_and_their_gradients(toy: Toy):
    barred = torch.zeros(2, 4, 5, dtype=torch.bool)
    barred[..., 3:] = True

    def scores(logits: Tensor) -> Tensor:
        return logits.masked_fill(barred, -torch.inf).log_softmax(-1).flatten(0, 1)

    policy, reference = scores(toy.logits), scores(toy.reference)
    for n in range(8):
        assert divergence(policy, reference)[n].item() == pytest.approx(exact(policy[n, :3], reference[n, :3]).item())
        assert entropy(policy)[n].item() == pytest.approx(-(policy[n, :3].exp() * policy[n, :3]).sum().item())
    toy.check(lambda logits: (divergence(scores(logits), reference) + entropy(scores(logits))).mean())


def test_in_a_loss_k2_has_the_gradient_of_the_divergence_and_k1_none(toy: Toy):
    """Expectations over the sampled token, which is not differentiated through, as in training."""
    policy, reference = toy.logits[0, 0].log_softmax(-1), toy.reference[0, 0].log_softmax(-1)
    (wanted,) = torch.autograd.grad(exact(policy, reference), toy.logits, retain_graph=True)
    gradient = {
        estimator: torch.autograd.grad((policy.exp().detach() * kl(policy, reference, estimator)).sum(), toy.logits, retain_graph=True)[0]
        for estimator in ("k1", "k2")
    }
    torch.testing.assert_close(gradient["k2"], wanted)
    torch.testing.assert_close(gradient["k1"], torch.zeros_like(wanted))


@pytest.mark.parametrize("estimator", ["k1", "k2", "k3"])
def test_gradient_of_divergences(toy: Toy, estimator):
    reference = toy.logprobs(toy.reference)
    toy.check(lambda logits: average(kl(toy.logprobs(logits), reference, estimator), MASK))


def test_the_entropy_band_by_hand_and_its_gradient(toy: Toy):
    usual = torch.tensor([1.0, 2.0])
    assert entropy_band(torch.tensor([0.5, 5.0]), usual, low=0.8, high=1.5).tolist() == pytest.approx([0.3, 2.0])
    assert entropy_band(torch.tensor([1.0, 2.0]), usual, low=0.8, high=1.2).tolist() == [0, 0]

    def loss(logits: Tensor) -> Tensor:
        return average(entropy_band(entropy(logits.log_softmax(-1)), torch.full((2, 4), 0.6, dtype=torch.float64), high=1.2), MASK)

    assert loss(toy.logits).item() > 0
    assert torch.autograd.grad(loss(toy.logits), toy.logits)[0].abs().sum() > 0
    toy.check(loss)


def test_the_guards_pick_the_tokens_of_largest_covariance():
    logprobs = torch.tensor([[0.0, -4.0, -2.0, 9.0]])
    advantages = torch.tensor([[2.0, -2.0, 0.0, 9.0]])
    mask = torch.tensor([[1, 1, 1, 0]])  # means -2 and 0: terms 4, 4, 0
    assert kl_cov(logprobs, advantages, mask, share=0.7).tolist() == [[True, True, False, False]]
    assert not kl_cov(logprobs, advantages, mask, share=0.0).any()
    chance = clip_cov(logprobs, advantages, mask, share=1 / 3, low=1.0, high=5.0)
    assert chance.tolist() == [[pytest.approx(0.5), pytest.approx(0.5), 0.0, 0.0]]


# --- averaging --------------------------------------------------------------------------------------------------------


def test_averages_by_hand():
    values = torch.tensor([[1.0, 2.0, 3.0, 99.0], [10.0, 20.0, 99.0, 99.0]])
    assert average(values, MASK).item() == pytest.approx(36 / 5)
    assert average(values, MASK, "sequence").item() == pytest.approx((2 + 15) / 2)
    assert average(values, MASK, "sequence_sum", length=4).item() == pytest.approx((6 + 30) / 4 / 2)
    assert average(values, torch.zeros_like(MASK)).item() == 0
    padded = torch.cat([values, torch.full((1, 4), 7.0)])
    wider = torch.cat([MASK, torch.zeros(1, 4, dtype=MASK.dtype)])
    for how in ("token", "sequence", "sequence_sum"):
        assert average(padded, wider, how).item() == pytest.approx(average(values, MASK, how).item())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: ratios(x, x, MASK, "word"), "level is 'word'; allowed: 'token', 'turn', 'sequence'"),
        (lambda x: ratios(x, x, MASK, "turn"), "needs turns"),
        (lambda x: surrogate(x, x, low=0.0), "low"),
        (lambda x: surrogate(x, x, dual=0.5), "dual > 1"),
        (lambda x: kl(x, x, "k9"), "estimator is 'k9'"),
        (lambda x: entropy_band(x, x, low=2, high=1), "0 <= low <= high"),
        (lambda x: kl_cov(x, x, MASK, share=2), "share must be"),
        (lambda x: average(x, MASK, "median"), "how is 'median'"),
    ],
)
def test_parameters_out_of_range_are_named(call, message):
    with pytest.raises(UsageError, match=message):
        call(torch.ones(2, 4))
