"""Players of array rules: random play, a torch module; and asking the players of a batch for their actions.

Axis letters: B matches, S seats, P policies, A actions, N numbers of a continuous action, R decisions.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from agentarena.core.agent import Agent
from agentarena.core.batch import Batch, BatchPolicy, Bounds, HasBatchPolicy, map_leaves
from agentarena.core.batch_match import BatchMatch
from agentarena.core.errors import AgentNonsense, NotSupported
from agentarena.core.game import Game, HasBatch, require
from agentarena.core.namespace import Arrays

from .specs import agent as build
from .suitability import check_suitable

__all__ = ["PolicyTable", "RandomPolicy", "TorchPolicy", "array_policies", "array_rules"]


def array_rules(game: Game[Any], xp: Any = None, device: Any = None) -> Batch[Any]:
    """The array rules of a game, on `xp` (the module `numpy` or `torch`; numpy by default) and `device`.

    Raises:
        NotSupported: The game has none, or none under these options, or on numpy only.
    """
    rules = require(game, HasBatch, "play on arrays")
    if xp is None or (xp is np and device is None):
        return cast("Batch[Any]", rules.batch())
    if "xp" not in inspect.signature(rules.batch).parameters:
        raise NotSupported(f"the array rules of {type(game).__name__} are for numpy only; leave xp out")
    return cast("Batch[Any]", rules.batch(xp=xp, device=device))


def array_policies(game: Game[Any], players: Sequence[BatchPolicy | Agent | str]) -> list[BatchPolicy | None]:
    """The players as policies on arrays, `None` for an agent that does not play there.

    Args:
        game: What is played.
        players: Policies, which stand for themselves; agents and spec strings, of which those with `batch_policy(game)` play
            (`HasBatchPolicy`); "random" for random play. Equal players are one policy, which is asked for all its seats together.

    Raises:
        UsageError, UnknownName, BadOption: No such agent.
        NotSupported: An agent cannot play the game.
    """
    policies: dict[Any, BatchPolicy | None] = {}
    for player in players:
        if _key(player) not in policies:
            policies[_key(player)] = _array_policy(game, player)
    return [policies[_key(player)] for player in players]


def _key(player: BatchPolicy | Agent | str) -> str | int:
    return player if isinstance(player, str) else id(player)


def _array_policy(game: Game[Any], player: BatchPolicy | Agent | str) -> BatchPolicy | None:
    if isinstance(player, str) and player == "random":
        return RandomPolicy()
    if not isinstance(player, str | Agent):
        return player
    agent = build(player)
    check_suitable([agent], game)
    if isinstance(agent, HasBatchPolicy):
        return agent.batch_policy(game)
    if agent is not player:
        agent.close()
    return None


class RandomPolicy:
    """Uniformly random legal actions; of `Bounds`, numbers uniform between them. The same on every namespace and device."""

    needs_observations = False

    def act(self, observations: Any, masks: Any, rng: np.random.Generator) -> Any:
        """One action for each decision; see `BatchPolicy.act`."""
        if isinstance(masks, Bounds):
            return self._numbers(masks, rng)
        arrays = Arrays.of(masks)
        draws = arrays.asarray(rng.random(masks.shape[0]))
        ranks = masks.T.cumsum(0, dtype=arrays.xp.int32)  # (A, R): long rows are quick
        wanted = arrays.cast(draws * ranks[-1], arrays.xp.int32)
        return (ranks <= wanted).sum(0)

    @staticmethod
    def _numbers(bounds: Bounds, rng: np.random.Generator) -> Any:
        arrays = Arrays.of(bounds.low)
        counts = bounds.high > bounds.low
        out = arrays.copy(bounds.low)
        low, high = bounds.low[counts], bounds.high[counts]
        out[counts] = low + arrays.asarray(rng.random(len(low))) * (high - low)
        return out


class TorchPolicy:
    """A torch module as a policy. It maps R observations to logits of shape (R, A); for `Bounds` to numbers of shape (R, n).

    Actions are drawn from the softmax of the legal logits; numbers are clipped to their bounds. A draw is made from one
    uniform number of the policy's stream, by the cumulated probabilities, so that equal logits and streams are equal actions.

    Args:
        module: The module, in the mode it is to play in. Of a tuple that it returns, the first part counts.
        greedy: Take the legal action with the greatest logit instead.
        temperature: Divides the logits; above 0.
        prepare: What the module is given, from observations as tensors on its device; by default all as float32.
    """

    def __init__(self, module: Any, *, greedy: bool = False, temperature: float = 1.0, prepare: Callable[[Any], Any] | None = None) -> None:
        self.module, self.greedy, self.temperature = module, greedy, temperature
        self.prepare = prepare or (lambda observations: map_leaves(lambda part: part.float(), observations))

    def act(self, observations: Any, masks: Any, rng: np.random.Generator) -> Any:
        """One action for each decision; see `BatchPolicy.act`."""
        import torch

        first = next(self.module.parameters(), None)
        here = Arrays(torch, None if first is None else first.device)
        with torch.inference_mode():
            output = self.module(self.prepare(map_leaves(here.asarray, observations)))
            if isinstance(output, tuple):
                output = output[0]
            back = Arrays.of(masks.low if isinstance(masks, Bounds) else masks)
            if isinstance(masks, Bounds):
                width = output.shape[-1]
                low, high = here.asarray(masks.low[:, :width]), here.asarray(masks.high[:, :width])
                actions = torch.minimum(torch.maximum(output.to(low.dtype), low), high)
            else:
                actions = self._drawn(output.double(), here.asarray(masks) != 0, here, rng)
            return here.to_numpy(actions) if back.numpy else back.asarray(actions)

    def _drawn(self, logits: Any, legal: Any, here: Arrays, rng: np.random.Generator) -> Any:
        """One legal action a row. Shapes (R, A), (R, A) -> (R,)."""
        logits = logits.masked_fill(~legal, -np.inf)
        if self.greedy:
            return logits.argmax(-1)
        totals = (logits / self.temperature).softmax(-1).cumsum(-1)
        draws = here.asarray(rng.random(len(logits))) * totals[:, -1]
        return (totals <= draws[:, None]).sum(-1)


class PolicyTable:
    """Asks policies for the actions of matches on arrays, each once a step with all its decisions together.

    Seats whose spaces differ are asked apart, because their observations do not fit in one array.

    Args:
        match: The matches.
        policies: P policies.
        rngs: The stream of each.
    """

    def __init__(self, match: BatchMatch, policies: Sequence[BatchPolicy], rngs: Sequence[np.random.Generator]) -> None:
        self.match, self.policies, self.rngs = match, policies, rngs
        game, spaces = match.game, []
        self._kind = np.zeros(game.info.seats, np.intp)
        for seat in range(game.info.seats):
            both = (game.observation_space(seat), game.action_space(seat))
            if both not in spaces:
                spaces.append(both)
            self._kind[seat] = spaces.index(both)
        # the length of observations that are vectors, 0 of others
        self._widths = [shape[0] if (shape := getattr(space, "shape", None)) and len(shape) == 1 else 0 for space, _ in spaces]
        self._sighted = [getattr(policy, "needs_observations", True) for policy in policies]
        self._groups = [(policy, kind) for policy in range(len(policies)) for kind in range(len(spaces))]

    def empty(self) -> Any:
        """Actions of nobody, in the shape that `Batch.step` takes."""
        legal, arrays = self.match.legal, self.match.batch.arrays
        if isinstance(legal, Bounds):
            return arrays.full(tuple(legal.low.shape), 0.0, arrays.xp.float64)
        return arrays.full(tuple(legal.shape[:-1]), 0, arrays.xp.int64)

    def choose(self, holder: np.ndarray, actions: Any = None) -> Any:
        """The actions of all seats that are to move and are held by a policy.

        Args:
            holder: Which policy holds which seat of each match, -1 for none: (B, S) int.
            actions: Where they are written; fresh ones by default.

        Returns:
            As `Batch.step` takes them.
        """
        actions = self.empty() if actions is None else actions
        match = self.match
        if not match.simultaneous:
            rows = np.arange(match.size)
            code = np.where(match.mover < 0, -1, holder[rows, match.mover] * len(self._widths) + self._kind[match.mover])
            for number, (policy, _) in enumerate(self._groups):
                self._ask_in_turn(policy, code == number, actions)
            return actions
        everything: list[Any] = []
        for policy, kind in self._groups:
            moving = match.to_move & (holder == policy) & (self._kind == kind)
            if moving.any():
                self._ask_at_once(policy, kind, moving, actions, everything)
        return actions

    def _ask_in_turn(self, policy: int, moving: np.ndarray, actions: Any) -> None:
        match, batch = self.match, self.match.batch
        rows = np.flatnonzero(moving)
        if not len(rows):
            return
        everywhere = len(rows) == match.size
        at = (slice(None) if everywhere else batch.arrays.asarray(rows),)
        observations = None
        if self._sighted[policy]:
            some = match.state if everywhere else batch.select(match.state, rows)
            observations = batch.observe(some, batch.arrays.asarray(match.mover[rows]))
        self._act(policy, observations, match.legal if everywhere else self._legal(at), actions, at)

    def _ask_at_once(self, policy: int, kind: int, moving: np.ndarray, actions: Any, everything: list[Any]) -> None:
        """`everything` holds what all seats see as soon as somebody needed it in this step."""
        match, batch = self.match, self.match.batch
        rows, seats = np.nonzero(moving)
        at = (batch.arrays.asarray(rows), batch.arrays.asarray(seats))
        observations = None
        if self._sighted[policy] and (seats == seats[0]).all():
            some = match.state if len(rows) == match.size else batch.select(match.state, rows)
            observations = batch.observe(some, int(seats[0]))
        elif self._sighted[policy]:
            if not everything:
                everything.append(batch.observe_all(match.state))
            observations = map_leaves(lambda part: part[at], everything[0])
            if self._widths[kind]:
                observations = observations[:, : self._widths[kind]]  # zeros beyond the seat's own observation
        self._act(policy, observations, self._legal(at), actions, at)

    def _legal(self, at: tuple[Any, ...]) -> Any:
        legal = self.match.legal
        return Bounds(legal.low[at], legal.high[at]) if isinstance(legal, Bounds) else legal[at]

    def _act(self, policy: int, observations: Any, legal: Any, actions: Any, at: tuple[Any, ...]) -> None:
        """Ask one policy and write what it decides to `actions[at]`."""
        bounded = isinstance(legal, Bounds)
        count = (legal.low if bounded else legal).shape[0]
        chosen = self.match.batch.arrays.asarray(self.policies[policy].act(observations, legal, self.rngs[policy]))
        shape = tuple(chosen.shape)
        if not (shape == (count,) or (bounded and len(shape) == 2 and shape[0] == count and shape[1] <= legal.low.shape[1])):
            name = type(self.policies[policy]).__name__
            raise AgentNonsense(f"{name}.act returned an array of shape {shape} for {count} decisions")
        if bounded:
            chosen = chosen.reshape(count, -1)
            at = (*at, slice(0, chosen.shape[1]))
        actions[at] = chosen
