"""Reference players of the games on the field."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from agentarena.core.agent import Agent, View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption

from .observation import Sight
from .rules.football import FootballSystem
from .rules.quadratic import QuadraticSystem
from .rules.system import Motion, System
from .solver.belief import Split
from .solver.equilibrium import Equilibrium
from .state import ATTACK, DEFENCE
from .text import call_numbers

__all__ = ["BOTS", "Call", "Caller", "Conceal", "EquilibriumPlayer", "Reveal"]


class EquilibriumPlayer(Agent):
    """Plays its side of the equilibrium of a linear-quadratic game, for a side as one seat.

    With split steps and two types the defender plays the dual game, in which nothing the attackers do costs it more than the value.
    Else it keeps a belief: it asks which of the controls that the attackers may have planned was closest to what they did.
    """

    def choose(self, view: View) -> np.ndarray:
        game: Any = view.game
        plan, sight = _equilibrium(game), game.observation.read(view.observation)
        step = round(float(sight.time) * game.steps)
        belief = self._belief(game, plan, view, sight, step)
        motion = Motion(sight.position, sight.velocity, sight.alive)
        if game.layout.side(view.seat) == DEFENCE:
            control = self._answer(game, plan, sight, belief, step).ravel()
            return np.concatenate([control, belief]) if game.layout.reports(view.seat) else control
        split = self._split(plan, belief, step)
        prototypes, chances = plan.prototypes(motion, split, step), plan.chances(split, belief)
        if game.layout.states_strategy:
            return _padded(prototypes, chances, game.system.types)
        picked = int(view.rng.choice(len(prototypes), p=chances[int(np.argmax(sight.type))]))
        return np.asarray(prototypes[picked].ravel())

    def cannot_play(self, game: Any) -> str | None:
        known = isinstance(getattr(game, "system", None), QuadraticSystem) and game.mode == "team"
        return None if known else "it needs one of Hexner's games with mode='team', whose equilibrium is known"

    def _answer(self, game: Any, plan: Equilibrium, sight: Sight, belief: np.ndarray, step: int) -> np.ndarray:
        """The defenders' control: the dual game's where it is known, else the best one for the belief."""
        motion = Motion(sight.position, sight.velocity, sight.alive)
        if sight.announced and game.system.types == 2 and not game.layout.states_strategy:
            return plan.guard(motion, sight.control[ATTACK], plan.tilt(game.chances), step)
        return plan.answer(motion, belief, step)

    def _split(self, plan: Equilibrium, belief: np.ndarray, step: int) -> Split:
        """What the informed side does; other players of this kind reveal at other times."""
        return plan.split(belief, step)

    def _belief(self, game: Any, plan: Equilibrium, view: View, sight: Sight, step: int) -> np.ndarray:
        """The public belief: posted, or worked out from what the informed side did."""
        if game.layout.states_strategy:
            return np.where(sight.belief < 1e-6, 0.0, sight.belief) / np.where(sight.belief < 1e-6, 0.0, sight.belief).sum()
        memory = view.memory.setdefault("field", {"step": -1, "belief": np.asarray(sight.belief), "split": None, "planned": None})
        if memory["split"] is not None and memory["step"] < step:  # the control of the last step is known by now
            memory["belief"] = _seen(memory["split"], memory["planned"], sight.control[ATTACK])
        belief = memory["belief"]
        split = self._split(plan, belief, step)
        planned = plan.prototypes(Motion(sight.position, sight.velocity, sight.alive), split, step)
        memory.update(step=step, split=split, planned=planned)
        if sight.announced:
            belief = memory["belief"] = _seen(split, planned, sight.control[ATTACK])
            memory["split"] = None
        return np.asarray(belief)


class Reveal(EquilibriumPlayer):
    """Conceals its type before a step and reveals it then, whether or not this is best; as a defender it expects the same of the attackers.

    Args:
        step: The step; the number of steps or more for never.
    """

    def __init__(self, step: int = 0) -> None:
        if isinstance(step, bool) or not isinstance(step, int) or not 0 <= step <= 10_000:
            raise BadOption(f"hexner/reveal: step is {shown(step)}; allowed: a whole number from 0 to 10000")
        self.step = step

    def _answer(self, game: Any, plan: Equilibrium, sight: Sight, belief: np.ndarray, step: int) -> np.ndarray:
        return plan.answer(Motion(sight.position, sight.velocity, sight.alive), belief, step)

    def _split(self, plan: Equilibrium, belief: np.ndarray, step: int) -> Split:
        if step < self.step:
            return Split(np.ones(1), belief[None])
        types = np.flatnonzero(belief > 0)
        return Split(belief[types], np.eye(len(belief))[types])


class Conceal(Reveal):
    """Never reveals its type: aims at the mean target throughout."""

    def __init__(self) -> None:
        super().__init__(10_000)


class Call(Agent):
    """Makes one call throughout.

    Args:
        call: The call, as the rules of the game spell it, with underscores for spaces; by default the last one, "hold" in most games.
    """

    def __init__(self, call: str = "") -> None:
        self.call = call.replace("_", " ").lower()

    def cannot_play(self, game: Any) -> str | None:
        system = getattr(game, "system", None)
        if not isinstance(system, System):
            return "it needs Football-v0 or one of Hexner's games"
        calls = tuple(dict.fromkeys((*system.calls(ATTACK), *system.calls(DEFENCE))))
        return None if not self.call or self.call in calls else f"call is {shown(self.call)}; allowed: {', '.join(calls)}"

    def choose(self, view: View) -> np.ndarray:
        game: Any = view.game
        calls = game.system.calls(game.layout.side(view.seat))
        call = self.call or calls[-1]
        if call not in calls:
            raise BadOption(f"field/call: call is {shown(call)}; allowed for this side: {', '.join(calls)}")
        sight = game.observation.read(view.observation)
        return call_numbers(
            game, Motion(sight.position, sight.velocity, sight.alive), round(float(sight.time) * game.steps), view.seat, call
        )


class Caller(Agent):
    """Calls what fits its type, after a number of steps in which it makes a call that tells nothing; as a defender it makes one call.

    Args:
        fake: Steps before it shows its type.
        look: The call of these steps, with underscores for spaces.
        defence: The defenders' call, likewise.
    """

    def __init__(self, fake: int = 0, look: str = "inside_zone", defence: str = "man") -> None:
        if isinstance(fake, bool) or not isinstance(fake, int) or not 0 <= fake <= 10_000:
            raise BadOption(f"football/caller: fake is {shown(fake)}; allowed: a whole number from 0 to 10000")
        self.fake, self.look, self.defence = fake, look.replace("_", " ").lower(), defence.replace("_", " ").lower()

    def cannot_play(self, game: Any) -> str | None:
        system = getattr(game, "system", None)
        if not isinstance(system, FootballSystem):
            return "it needs Football-v0"
        for name, call, side in (("look", self.look, ATTACK), ("defence", self.defence, DEFENCE)):
            if call not in system.calls(side):
                return f"{name} is {shown(call)}; allowed: {', '.join(system.calls(side))}"
        return None

    def choose(self, view: View) -> np.ndarray:
        game: Any = view.game
        sight = game.observation.read(view.observation)
        step, side = round(float(sight.time) * game.steps), game.layout.side(view.seat)
        if side == DEFENCE:
            call = self.defence
        else:
            call = self.look if step < self.fake else game.system.revealing(int(np.argmax(sight.type)))
        return call_numbers(game, Motion(sight.position, sight.velocity, sight.alive), step, view.seat, call)


@lru_cache(maxsize=64)
def _equilibrium(game: Any) -> Equilibrium:
    return Equilibrium(game.system, game.discretization)


def _seen(split: Split, planned: np.ndarray, control: np.ndarray) -> np.ndarray:
    """The posterior after a control: that of the nearest of those planned; the mean of those equally near."""
    apart = ((planned - control) ** 2).sum((-2, -1))
    near = split.weights * (apart <= apart.min() + 1e-12)
    return np.asarray(near @ split.posteriors / near.sum())


def _padded(prototypes: np.ndarray, chances: np.ndarray, types: int) -> np.ndarray:
    """A stated strategy of I prototypes: those there are, then the first again with no chance."""
    missing = types - len(prototypes)
    prototypes = np.concatenate([prototypes, np.repeat(prototypes[:1], missing, axis=0)])
    return np.concatenate([prototypes.ravel(), np.pad(chances, ((0, 0), (0, missing))).ravel()])


BOTS: dict[str, type[Agent]] = {
    "field/call": Call,
    "football/caller": Caller,
    "hexner/conceal": Conceal,
    "hexner/equilibrium": EquilibriumPlayer,
    "hexner/reveal": Reveal,
}
"""Names of the reference players -> class."""
