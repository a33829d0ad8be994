"""Train an actor of TorchRL on Kuhn poker by REINFORCE, save its weights, and play the file by its spec string.

    python examples/torchrl_agent.py --batches 60 --out torchrl_kuhn.safetensors

Needs the extra "torchrl". The opponent is the equilibrium policy, against which no policy wins more than 1/18 chip a hand.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file
from tensordict.nn import TensorDictModule
from torchrl.envs import GymWrapper
from torchrl.modules import MaskedCategorical, ProbabilisticActor

import agentarena as aa

ENV = "KuhnPoker-v0"
OPPONENT = "kuhnpoker/nash"


class Net(torch.nn.Module):
    """Logits of observations in any shape of batch."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(14, width), torch.nn.Tanh(), torch.nn.Linear(width, 2))

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.layers(observation.to(self.layers[0].weight.dtype))
        return logits


class Legal(MaskedCategorical):
    """The distribution over legal actions; masks arrive as 0 and 1."""

    def __init__(self, logits: torch.Tensor, mask: torch.Tensor) -> None:
        super().__init__(logits=logits, mask=mask != 0)


def actor(width: int = 32) -> ProbabilisticActor:
    """What the spec string names: it is built here, and its weights come from the file."""
    net = TensorDictModule(Net(width), in_keys=["observation"], out_keys=["logits"])
    keys = {"logits": "logits", "mask": "action_mask"}
    return ProbabilisticActor(net, in_keys=keys, distribution_class=Legal, return_log_prob=True)


def train(batches: int, hands: int, seed: int) -> ProbabilisticActor:
    """REINFORCE on whole hands; the baseline is the mean of the batch."""
    torch.manual_seed(seed)
    env = GymWrapper(aa.make_solo(ENV, opponents=OPPONENT, seat="random"), categorical_action_encoding=True)
    env.set_seed(seed)
    policy = actor()
    optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
    for _ in range(batches):
        episodes = [env.rollout(10, policy) for _ in range(hands)]
        returns = torch.stack([episode["next", "reward"].sum() for episode in episodes])
        log_probs = torch.stack([policy.get_dist(episode).log_prob(episode["action"]).sum() for episode in episodes])
        loss = -(log_probs * (returns - returns.mean())).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return policy


def main(arguments: list[str] | None = None) -> aa.Results:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--hands", type=int, default=32)
    parser.add_argument("--matches", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="torchrl_kuhn.safetensors")
    args = parser.parse_args(arguments)
    policy = train(args.batches, args.hands, args.seed)
    save_file({name: tensor.contiguous() for name, tensor in policy.state_dict().items()}, args.out)
    spec = f"torchrl:{Path(__file__)}:actor?weights={args.out}"
    print(f"NashConv {aa.evaluate.nash_conv(ENV, spec):.3f} (uniform play: {aa.evaluate.nash_conv(ENV, 'uniform'):.3f})")
    results = aa.play(ENV, [spec, OPPONENT], matches=args.matches, seed=args.seed)
    print(results)
    return results


if __name__ == "__main__":
    main()
