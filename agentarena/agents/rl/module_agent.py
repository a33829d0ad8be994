"""A torch module as an agent: asked once for all pending decisions, with results that do not depend on what else is pending.

A copy of the module computes in float64 and its outputs are rounded to float32: what a batch of another size, or another machine,
changes in the last digits is rounded away. Modules that cannot compute in float64 are asked for one decision at a time.

Axis letters: R decisions, A actions, N numbers of a continuous action, D numbers of a flat observation.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from agentarena.agents.arrays import TorchPolicy
from agentarena.core.actions import Action, Box
from agentarena.core.agent import Agent, View
from agentarena.core.batch import BatchPolicy, map_leaves
from agentarena.core.display import shown
from agentarena.core.errors import AgentNonsense, BadOption, MissingExtra, NotSupported
from agentarena.core.game import Game
from agentarena.core.namespace import Arrays

from .choice import drawn, probabilities

__all__ = ["ModuleAgent", "check_choice", "need_torch", "with_masks"]


def need_torch() -> Any:
    """The module torch.

    Raises:
        MissingExtra: It is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingExtra("torch", "rl") from error
    return torch


def check_choice(name: str, greedy: Any, temperature: Any) -> None:
    """Raise unless `greedy` is a truth value and `temperature` a number above 0.

    Raises:
        BadOption: One of them is not.
    """
    if not isinstance(greedy, bool):
        raise BadOption(f"agent {name}: it plays greedily with true, and draws with false; got {shown(greedy)}")
    if isinstance(temperature, bool) or not isinstance(temperature, int | float) or not 0 < temperature < float("inf"):
        raise BadOption(f"agent {name}: temperature is {shown(temperature)}; expected a number above 0")


def with_masks(space: spaces.Space[Any], actions: int) -> spaces.Dict:
    """What `agentarena.make_solo` shows a learner: the game's observation and the mask of legal actions, in the order of names."""
    return spaces.Dict({"action_mask": spaces.Box(0, 1, (actions,), np.int8), "observation": space})


class ModuleAgent(Agent):
    """Plays by a module that maps observations to one logit or Q-value of each action, or to the numbers of a continuous action.

    Illegal actions have probability 0; numbers are clipped to their bounds.

    Args:
        module: The torch module; it is put into evaluation mode.
        greedy: Play the legal action with the greatest output; else draw from the softmax.
        temperature: Divides the outputs before the softmax.
        device: Where it computes, in torch's words, e.g. "cuda".
        masks: Whether the module sees `{"action_mask", "observation"}`, as in `agentarena.make_solo`, and not the observation alone.
        flat: Whether it sees rows of numbers (`network.flatten`), and not the observation in the game's own shape.
        deviation: Standard deviation of each number of a continuous action that is not played greedily; none by default.
        name: What messages call it until it has a name.
    """

    operational = frozenset({"device", "trust"})

    def __init__(
        self,
        module: Any,
        *,
        greedy: bool = False,
        temperature: float = 1.0,
        device: str = "cpu",
        masks: bool = False,
        flat: bool = False,
        deviation: np.ndarray | None = None,
        name: str = "module",
    ) -> None:
        torch = need_torch()
        check_choice(name, greedy, temperature)
        self.name = self.name or name
        self.greedy, self.temperature, self.masks, self.flat, self.deviation = greedy, float(temperature), masks, flat, deviation
        try:
            self.module = module.to(device).eval()
        except (RuntimeError, AssertionError) as error:  # torch has its own words for a device that is not there
            raise BadOption(f"agent {name}: device {shown(device)} cannot be used: {shown(str(error), 200)}") from error
        self._here = Arrays(torch, torch.device(device))
        self._exact: Any = _in_float64(self.module)
        self._rows_only = False
        self._spaces: list[spaces.Space[Any]] = []
        self._slots: dict[tuple[Game[Any], int], int] = {}
        self._refusals: dict[Game[Any], list[str | None]] = {}

    # --- which games ----------------------------------------------------------------------------------------------------

    def cannot_play(self, game: Game[Any]) -> str | None:
        """Why it can play no seat of a game; `None` where it can play some."""
        refusals = self._refused(game)
        return None if None in refusals else refusals[0]

    def _refused(self, game: Game[Any]) -> list[str | None]:
        if game not in self._refusals:
            self._refusals[game] = [self.refusal(game, seat) for seat in range(game.info.seats)]
        return self._refusals[game]

    def refusal(self, game: Game[Any], seat: int) -> str | None:
        """Why it cannot play a seat of a game; `None` when it can. By default the module is tried on an observation of zeros."""
        wanted = _outputs(game.action_space(seat))
        if wanted is None:
            kind = type(game.action_space(seat)).__name__
            return f"a network plays Discrete or Box actions, and those of seat {seat} are of a {kind} space"
        try:
            space = self._input_space(game, seat)
            outputs = self._outputs(space, map_leaves(lambda part: part[None], _zeros(space)))
        except NotSupported as error:
            return str(error)
        except Exception as error:  # of a module that is not ours, about numbers that are not its
            return f"its network does not take what seat {seat} sees: {type(error).__name__}: {shown(str(error), 200)}"
        got = tuple(outputs.shape)
        return None if got == (1, wanted) else f"its network gives an output of shape {got}, and seat {seat} needs (1, {wanted})"

    def _input_space(self, game: Game[Any], seat: int) -> spaces.Space[Any]:
        space, actions = game.observation_space(seat), game.action_space(seat)
        return with_masks(space, int(actions.n)) if self.masks and isinstance(actions, spaces.Discrete) else space

    def _slot(self, game: Game[Any], seat: int) -> int:
        """The number of the space that a seat's inputs lie in; seats with equal spaces are asked together.

        Raises:
            NotSupported: It cannot play the seat.
        """
        slot = self._slots.get((game, seat))
        if slot is None:
            reason = self._refused(game)[seat]
            if reason is not None:
                raise NotSupported(f"agent {shown(self.name)}: {reason}")
            space = self._input_space(game, seat)
            if space not in self._spaces:
                self._spaces.append(space)
            slot = self._slots[game, seat] = self._spaces.index(space)
        return slot

    # --- decisions ------------------------------------------------------------------------------------------------------

    def act(self, views: Sequence[View]) -> Sequence[Action]:
        """See `Agent.act`. One forward pass for all views with equal spaces."""
        groups: dict[int, list[int]] = {}
        for index, view in enumerate(views):
            groups.setdefault(self._slot(view.game, view.seat), []).append(index)
        actions: list[Action] = [None] * len(views)
        for slot, indices in groups.items():
            for index, action in zip(indices, self._decided([views[index] for index in indices], slot), strict=True):
                actions[index] = action
        return actions

    def choose(self, view: View) -> Action:
        """See `Agent.choose`."""
        return self.act([view])[0]

    def policy(self, view: View) -> Mapping[int, float]:
        """Probabilities over the legal actions, those that decisions are drawn from.

        Raises:
            NotSupported: The actions are not listed, or not of the game's kind.
        """
        if isinstance(view.legal, Box):
            raise NotSupported(f"agent {shown(self.name)}: real-valued actions have no probabilities")
        (row,) = self._chances([view], self._slot(view.game, view.seat))
        return {action: float(row[action]) for action in view.choices}

    def _decided(self, views: Sequence[View], slot: int) -> list[Action]:
        if isinstance(views[0].legal, Box):
            outputs = self._checked(self._outputs(self._spaces[slot], self._inputs(views)))
            return [self._numbers(view, row) for view, row in zip(views, outputs, strict=True)]
        chances = self._chances(views, slot)
        return drawn(chances, np.array([view.uniform for view in views])).tolist()

    def _chances(self, views: Sequence[View], slot: int) -> np.ndarray:
        """Shape (R, A)."""
        masks = np.stack([view.mask for view in views])
        outputs = np.where(masks, self._outputs(self._spaces[slot], self._inputs(views)), 0.0)  # modules may write -inf where illegal
        return probabilities(self._checked(outputs), masks, greedy=self.greedy, temperature=self.temperature)

    def _inputs(self, views: Sequence[View]) -> Any:
        """What the module sees of each decision, stacked: an array or a dict of arrays with first axis R."""
        inputs: list[Any] = [view.observation for view in views]
        if self.masks and not isinstance(views[0].legal, Box):
            inputs = [{"action_mask": view.mask, "observation": one} for view, one in zip(views, inputs, strict=True)]
        return _stacked(inputs)

    def _numbers(self, view: View, row: np.ndarray) -> np.ndarray:
        legal = view.legal
        spread = 0.0 if self.greedy or self.deviation is None else self.deviation * view.rng.standard_normal(len(row))
        return np.asarray(np.clip((row + spread).reshape(legal.shape), legal.low, legal.high))

    def _checked(self, outputs: np.ndarray) -> np.ndarray:
        if not np.isfinite(outputs).all():
            raise AgentNonsense(f"agent {shown(self.name)}: its network gives numbers that are not finite")
        return outputs

    # --- the module -----------------------------------------------------------------------------------------------------

    def _outputs(self, space: spaces.Space[Any], inputs: Any) -> np.ndarray:
        """The module's outputs, on the host. Shape (R, A) or (R, N), float64 rounded to float32."""
        torch = self._here.xp
        with torch.inference_mode():
            prepared = self._prepared(space, map_leaves(self._here.asarray, inputs))
            outputs = None if self._rows_only else self._in_one_pass(prepared)
            if outputs is None:
                self._rows_only = True
                outputs = torch.cat([_output(self.module(_row(prepared, number))) for number in range(len(_leaves(prepared)[0]))])
            return np.asarray(self._here.to_numpy(outputs.to(torch.float32)), np.float64)

    def _in_one_pass(self, inputs: Any) -> Any:
        """The outputs in float64; `None` where the module does not compute in it, though it does in float32."""
        if self._exact is None:
            return None
        try:
            return _output(self._exact(map_leaves(lambda part: part.double(), inputs)))
        except Exception:  # modules say it in many ways
            self.module(inputs)  # raises where the observation itself is wrong
            return None

    def _prepared(self, space: spaces.Space[Any], inputs: Any) -> Any:
        if self.flat:
            from .network import flatten

            return flatten(space, inputs, self._here.xp)
        return map_leaves(lambda part: part.float(), inputs)

    def batch_policy(self, game: Game[Any] | None = None) -> BatchPolicy:
        """The same player on arrays: in `agentarena.play_arrays`, `agentarena.make_vec` and on any device; it computes in float32.

        Args:
            game: The rules that it plays; needed where the agent does not know them by itself.
        """
        if game is None:
            raise NotSupported(f"agent {shown(self.name)}: say which game it is to play on arrays: batch_policy(game)")
        seat = next((seat for seat, reason in enumerate(self._refused(game)) if reason is None), None)
        if seat is None:
            raise NotSupported(f"agent {shown(self.name)}: {self._refused(game)[0]}")
        space = self._input_space(game, seat)
        policy = TorchPolicy(
            self.module, greedy=self.greedy, temperature=self.temperature, prepare=lambda inputs: self._prepared(space, inputs)
        )
        return _MaskedInputs(policy) if self.masks and isinstance(game.action_space(seat), spaces.Discrete) else policy


class _MaskedInputs:
    """A policy whose module sees the masks too."""

    def __init__(self, policy: TorchPolicy) -> None:
        self.policy = policy

    def act(self, observations: Any, masks: Any, rng: np.random.Generator) -> Any:
        return self.policy.act({"action_mask": masks, "observation": observations}, masks, rng)


def _in_float64(module: Any) -> Any:
    try:
        return copy.deepcopy(module).double()
    except Exception:  # modules that cannot be copied or converted are asked as they are
        return None


def _output(output: Any) -> Any:
    return output[0] if isinstance(output, tuple) else output


def _outputs(space: spaces.Space[Any]) -> int | None:
    """How many numbers a module must give for one decision; `None` where no module can decide."""
    if isinstance(space, spaces.Discrete):
        return int(space.n)
    return int(np.prod(space.shape)) if isinstance(space, spaces.Box) else None


def _zeros(space: spaces.Space[Any]) -> Any:
    if isinstance(space, spaces.Dict):
        return {name: _zeros(part) for name, part in space.spaces.items()}
    if isinstance(space, spaces.MultiDiscrete):
        return space.start.copy()
    if isinstance(space, spaces.Discrete):
        return np.asarray(space.start)
    if space.shape is None or space.dtype is None:
        raise NotSupported(f"observations of a {type(space).__name__} space are no numbers")
    return np.zeros(space.shape, space.dtype)


def _stacked(inputs: Sequence[Any]) -> Any:
    if isinstance(inputs[0], dict):
        return {name: _stacked([one[name] for one in inputs]) for name in inputs[0]}
    return np.stack([np.asarray(one) for one in inputs])


def _row(tree: Any, number: int) -> Any:
    """One decision, with its axis."""
    return map_leaves(lambda part: part[number : number + 1], tree)


def _leaves(tree: Any) -> list[Any]:
    return [leaf for part in tree.values() for leaf in _leaves(part)] if isinstance(tree, dict) else [tree]
