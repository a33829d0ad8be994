"""Whom the policy meets: itself, its past, or any other agent; fixed for a match, and named in its record."""

from __future__ import annotations

import copy
from collections.abc import Callable

from agentarena.agents.specs import agent as agent_of
from agentarena.core.agent import Agent
from agentarena.core.rng import stream

from . import checkpoint
from .config import SelfPlayConfig
from .player import PolicyPlayer
from .policy import Policy

__all__ = ["POLICY", "Opponents"]

POLICY = "policy"
"""Name of the policy in records; a past one is `policy@<digest of its weights>`."""
PAST = 7
"""First step of the path of the stream that draws a past policy: `stream(seed, PAST, match)`."""


class Opponents:
    """The agents of a run's `opponents`, each built once, and the pool of past policies.

    Args:
        config: Its `opponents`, `past_steps`, `past_size`.
        state: Where the pool's weights are.
        seated: Builds the player of a policy: `seated(policy, name, updates)`.
    """

    def __init__(self, config: SelfPlayConfig, state: checkpoint.State, seated: Callable[[Policy, str, int], PolicyPlayer]) -> None:
        self._config, self._state, self._seated = config, state, seated
        self._agents: dict[str, Agent] = {}

    def of(self, name: str, match: int) -> Agent:
        """The opponent of a match: "past" draws one from the pool, anything else is a spec string."""
        if name == "past":
            steps = sorted(self._state.past)
            name = f"past {steps[int(stream(self._config.seed, PAST, match).integers(len(steps)))]}"
        if name not in self._agents:
            self._agents[name] = self._snapshot(int(name.split()[1])) if name.startswith("past ") else agent_of(name)
        return self._agents[name]

    def _snapshot(self, step: int) -> PolicyPlayer:
        policy = Policy(copy.deepcopy(self._state.policy.model), self._state.policy.tokenizer)
        checkpoint.copy_weights(policy, self._state.past[step])
        return self._seated(policy, f"{POLICY}@{checkpoint.digest(self._state.past[step])}", step)

    def remember(self) -> None:
        """Take a snapshot into the pool where it is time to; the oldest leave."""
        config, state = self._config, self._state
        if not config.opponents.get("past") or state.step % config.past_steps:
            return
        state.past[state.step] = checkpoint.weights(state.policy)
        for step in sorted(state.past)[: -config.past_size]:
            del state.past[step]
            self._agents.pop(f"past {step}", None)
