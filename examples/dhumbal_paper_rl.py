"""DQN and PPO for Dhumbal with the settings of S. R. Malla, arXiv 2510.11736: networks, features, shaped rewards, opponents, stopping rules.

    python examples/dhumbal_paper_rl.py --episodes 10000 --out runs/dhumbal-paper     # dqn.safetensors and ppo.safetensors
    agentarena demo --learned runs/dhumbal-paper                                      # in the paper's tournaments

Five players under the paper's rules; the learner sits in a random seat against the four rule-based players in the thresholds of the
paper's training code. What differs: 32 matches are under way at once, and each episode is learned from when it ends; an episode
does end (the paper's environment never says so); a discard of a hand that may call is one decision with the call; action choices
beyond the legal ones do not exist, so there is no penalty for them. For a policy that is trained to win see benchmarks/dhumbal_rl.py.
"""

from __future__ import annotations

import argparse
import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import agentarena as aa
from agentarena.envs.dhumbal import Dhumbal
from agentarena.envs.dhumbal.actions import STOCK
from agentarena.envs.dhumbal.analysis.learners import HIDDEN, OUTPUTS, STATE, paper_state, ranked_action, save_layers, shaped
from agentarena.envs.dhumbal.observation import VALUE

OPPONENTS = (
    "dhumbal/aggressive",
    "dhumbal/conservative",
    "dhumbal/balanced?call=8&often=0.0&sometimes=0.0",
    "dhumbal/opportunistic?call=8",
)
ENVS, WINDOW = 32, 500  # matches at once; episodes of a win rate
LEARNING_RATE, GAMMA = 1e-4, 0.99


def network(outputs: int) -> nn.Sequential:
    """117 - 128 - 64 - outputs, with rectifiers."""
    sizes = (STATE, *HIDDEN, outputs)
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(sizes):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def masked(outputs: Tensor, counts: Tensor) -> Tensor:
    """The first `counts` outputs of each row; the others at minus infinity. Shapes (R, 128), (R,)."""
    return outputs.masked_fill(torch.arange(OUTPUTS) >= counts[:, None], -torch.inf)


@dataclass
class Episode:
    """The learner's decisions in one match: lists of equal length, and whether it won."""

    states: list[np.ndarray]
    counts: list[int]
    ranks: list[int]
    rewards: list[float]
    won: bool = False


class Learner:
    """What both algorithms are asked: ranks of legal actions, and to learn from an episode."""

    settled = 0.05
    """Training ends when two win rates in a row differ by less."""
    epsilon = 0.0

    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.rng = np.random.default_rng(seed)
        self.actor = network(OUTPUTS)

    def ranks(self, states: np.ndarray, counts: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            outputs = masked(self.actor(torch.as_tensor(states)), torch.as_tensor(counts))
            return self.pick(outputs, counts)

    def pick(self, outputs: Tensor, counts: np.ndarray) -> np.ndarray:
        return torch.distributions.Categorical(logits=outputs).sample().numpy()

    def learn(self, episode: Episode) -> None:
        raise NotImplementedError


class DQN(Learner):
    """Replay of 2000 decisions, 32 of them after each episode; chance of a random action from 1 to 0.01, times 0.995 each time."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.target = network(OUTPUTS)
        self.target.load_state_dict(self.actor.state_dict())
        self.optimizer = torch.optim.Adam(self.actor.parameters(), LEARNING_RATE)
        self.memory: deque[tuple[Any, ...]] = deque(maxlen=2000)
        self.epsilon, self.episodes = 1.0, 0

    def pick(self, outputs: Tensor, counts: np.ndarray) -> np.ndarray:
        at_random = self.rng.random(len(counts)) < self.epsilon
        return np.where(at_random, (self.rng.random(len(counts)) * counts).astype(int), outputs.argmax(-1).numpy())

    def learn(self, episode: Episode) -> None:
        count = len(episode.ranks)
        for t in range(count):
            last = t == count - 1
            following = (episode.states[t], 1, 0.0) if last else (episode.states[t + 1], episode.counts[t + 1], GAMMA)
            self.memory.append((episode.states[t], episode.ranks[t], episode.rewards[t], *following))
        self.episodes += 1
        if self.episodes % 100 == 0:
            self.target.load_state_dict(self.actor.state_dict())
        if len(self.memory) < 32:
            return
        chosen = self.rng.choice(len(self.memory), 32, replace=False)
        states, ranks, rewards, after, counts, discounts = (np.array(part) for part in zip(*(self.memory[i] for i in chosen), strict=True))
        with torch.no_grad():
            best = masked(self.target(torch.as_tensor(after)), torch.as_tensor(counts)).max(-1).values
            goals = torch.as_tensor(rewards, dtype=torch.float32) + torch.as_tensor(discounts, dtype=torch.float32) * best
        values = self.actor(torch.as_tensor(states)).gather(1, torch.as_tensor(ranks)[:, None]).squeeze(1)
        _descend(self.optimizer, nn.functional.mse_loss(values, goals))
        self.epsilon = max(0.01, self.epsilon * 0.995)


class PPO(Learner):
    """Clip 0.2, 5 epochs of batches of 16 after each episode, advantages with lambda 0.95, entropy 0.01, value loss 0.5."""

    settled = 0.02

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.critic = network(1)
        self.optimizer = torch.optim.Adam([*self.actor.parameters(), *self.critic.parameters()], LEARNING_RATE)

    def learn(self, episode: Episode) -> None:
        states, counts = torch.as_tensor(np.array(episode.states)), torch.as_tensor(episode.counts)
        ranks = torch.as_tensor(episode.ranks)
        with torch.no_grad():
            before = torch.distributions.Categorical(logits=masked(self.actor(states), counts)).log_prob(ranks)
            values = self.critic(states).squeeze(-1).numpy()
        gaps = np.array(episode.rewards) + GAMMA * np.append(values[1:], 0.0) - values
        advantages, carried = np.zeros(len(gaps), np.float32), 0.0
        for t in reversed(range(len(gaps))):
            advantages[t] = carried = gaps[t] + GAMMA * 0.95 * carried
        goals = torch.as_tensor(advantages + values)
        scaled = torch.as_tensor((advantages - advantages.mean()) / (advantages.std() + 1e-8))
        for _ in range(5):
            for rows in torch.randperm(len(ranks)).split(16):
                policy = torch.distributions.Categorical(logits=masked(self.actor(states[rows]), counts[rows]).clamp(min=-1e9))
                ratio = (policy.log_prob(ranks[rows]) - before[rows]).exp()
                gain = torch.minimum(ratio * scaled[rows], ratio.clamp(0.8, 1.2) * scaled[rows]).mean()
                error = nn.functional.mse_loss(self.critic(states[rows]).squeeze(-1), goals[rows])
                _descend(self.optimizer, -gain + 0.5 * error - 0.01 * policy.entropy().mean())


def _descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def episodes(game: Dhumbal, learner: Learner, seed: int) -> Iterator[Episode]:
    """Matches of the learner against the four players, without end, in the order in which they are over."""
    vector = aa.make_vec(game, ENVS, opponents=list(OPPONENTS[: game.players - 1]), seat="random", autoreset_mode="SameStep", seed=seed)
    seen, _ = vector.reset()
    value = game.layout["value"].start
    open_episodes = [Episode([], [], [], []) for _ in range(ENVS)]
    while True:
        observations, masks = seen["observation"], seen["action_mask"]
        states, counts = paper_state(game, observations, masks), (masks != 0).sum(axis=1)
        ranks = learner.ranks(states, counts)
        took, before = masks[:, STOCK] != 0, observations[:, value] * VALUE
        seen, rewards, terminated, truncated, _ = vector.step(ranked_action(masks, ranks))
        ended = terminated | truncated
        gained = np.where(ended, rewards, shaped(before, seen["observation"][:, value] * VALUE, took))
        for row, episode in enumerate(open_episodes):
            episode.states.append(states[row])
            episode.counts.append(int(counts[row]))
            episode.ranks.append(int(ranks[row]))
            episode.rewards.append(float(gained[row]))
            if ended[row]:
                episode.won = bool(rewards[row] > 0)
                open_episodes[row] = Episode([], [], [], [])
                yield episode


def train(learner: Learner, most: int, seed: int) -> int:
    """Learn from at most `most` episodes, fewer when two win rates in a row are alike; returns how many."""
    game = Dhumbal.build("paper", players=5, coins=1_000_000)
    rates: list[float] = []
    wins = 0
    for number, episode in enumerate(episodes(game, learner, seed), 1):
        learner.learn(episode)
        wins += episode.won
        if number % WINDOW == 0:
            rates.append(wins / WINDOW)
            wins = 0
            print(
                f"{type(learner).__name__}: {number:,} episodes, {rates[-1]:.1%} of the last {WINDOW} won, epsilon {learner.epsilon:.2f}",
                flush=True,
            )
        settled = len(rates) > 1 and number % WINDOW == 0 and abs(rates[-1] - rates[-2]) < learner.settled
        if number >= most or settled:
            return number
    raise AssertionError("episodes do not end")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=10_000, help="Most episodes of each; the paper's limits are 50 000 and 10 000.")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--out", type=Path, default=Path("runs/dhumbal-paper"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name, kind in (("dqn", DQN), ("ppo", PPO)):
        learner: Learner = kind(arguments.seed)
        count = train(learner, arguments.episodes, arguments.seed)
        linear = [layer for layer in learner.actor if isinstance(layer, nn.Linear)]
        layers = {f"{i}.{kind}": getattr(layer, kind).detach().numpy() for i, layer in enumerate(linear) for kind in ("weight", "bias")}
        save_layers(arguments.out / f"{name}.safetensors", layers)
        print(f"{arguments.out / name}.safetensors after {count:,} episodes")


if __name__ == "__main__":
    main()
