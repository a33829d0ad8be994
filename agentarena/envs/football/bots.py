"""Reference players of the games on the field."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from agentarena.core.agent import Agent, View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, MissingExtra

from .observation import Sight
from .rules.football import FootballSystem
from .rules.quadratic import QuadraticSystem
from .rules.system import Motion, System
from .solver.belief import Split
from .solver.equilibrium import Equilibrium
from .solver.resolve import Budget, first_plan, mended, planned_answer, planned_move
from .state import ATTACK, DEFENCE
from .text import call_numbers

__all__ = ["BOTS", "Call", "Caller", "Conceal", "EquilibriumPlayer", "Resolve", "Reveal"]

MOST_STEPS = 64
"""Steps of the longest game that is solved again at every step."""


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


class Resolve(Agent):
    """Solves what is left of the match again at every step, for a side as one seat: see `solver.resolve`.

    Attackers draw from their plan and follow the belief that it means; defenders assume the plan that they would have in the attackers'
    place. With `defence=dual` they play instead the strategy of `solver.dual`, which assumes nothing; it is sought once for a game.

    Args:
        first: Iterations of the first plan, and of the dual strategy.
        again: Iterations at each later step.
        seconds: Wall time that any plan may take; 0 for no limit.
        defence: "bayes" or "dual".
    """

    def __init__(self, first: int = 200, again: int = 20, seconds: float = 0.0, defence: str = "bayes") -> None:
        for name, value, most in (("first", first, 10_000), ("again", again, 1000)):
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
                raise BadOption(f"resolve: {name} is {shown(value)}; allowed: a whole number from 0 to {most}")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 600:
            raise BadOption(f"resolve: seconds is {shown(seconds)}; allowed: a number from 0 to 600")
        if defence not in ("bayes", "dual"):
            raise BadOption(f"resolve: defence is {shown(defence)}; allowed: bayes, dual")
        self.budget, self.defence = Budget(first=first, again=again, seconds=float(seconds)), defence

    def cannot_play(self, game: Any) -> str | None:
        if not isinstance(getattr(game, "system", None), System) or game.mode != "team" or game.belief != "hidden":
            return "it needs Football-v0 or one of Hexner's games with mode='team' and belief='hidden'"
        try:
            import torch  # noqa: F401
        except ImportError:
            return str(MissingExtra("torch", "rl"))
        if game.steps > MOST_STEPS:
            return f"the game has {game.steps} steps; it plans at most {MOST_STEPS}"
        return None

    def choose(self, view: View) -> np.ndarray:
        game: Any = view.game
        sight = game.observation.read(view.observation)
        motion, step = Motion(sight.position, sight.velocity, sight.alive), round(float(sight.time) * game.steps)
        if game.layout.side(view.seat) == DEFENCE and self.defence == "dual":
            return self._reported(view, self._guarded(view, sight, motion, step), np.asarray(sight.belief))
        plan = self._plan(view, sight, motion, step)
        if game.layout.side(view.seat) == DEFENCE:
            slot, control = planned_answer(plan, sight.control[ATTACK] if sight.announced else None)
            view.memory["slot"] = slot if sight.announced else None
            return self._reported(view, control, plan.prior)
        slot, control = planned_move(plan, int(np.argmax(sight.type)), float(view.rng.random()))
        view.memory["slot"] = slot
        return control.ravel()

    def _plan(self, view: View, sight: Sight, motion: Motion, step: int) -> Any:
        """The plan for this step: the first one, or what is left of the last, mended."""
        game: Any = view.game
        plan = view.memory.get("plan")
        if plan is None:
            plan = _first_plan(game, self.budget).copy()
        else:
            slot = view.memory["slot"]
            slot = planned_answer(plan, sight.control[ATTACK])[0] if slot is None else slot  # simultaneous steps: seen by now
            plan = plan.below(slot)
            plan = mended(plan, motion, plan.prior, self.budget)
        view.memory["plan"] = plan
        return plan

    def _guarded(self, view: View, sight: Sight, motion: Motion, step: int) -> np.ndarray:
        """The dual strategy's control; what each type has paid so far is counted from what was seen."""
        import torch

        game: Any = view.game
        memory = view.memory.setdefault("dual", {"motion": motion, "paid": np.zeros(game.system.types), "step": step, "both": None})
        if memory["step"] < step:
            both = np.asarray(sight.control) if memory["both"] is None else memory["both"]  # simultaneous steps: seen by now
            _, cost, typed = game.system.advance(memory["motion"], both)
            memory["paid"] = memory["paid"] + cost + (0.0 if typed is None else typed)
        strategy = _dual(game, self.budget)
        parts = [torch.as_tensor(np.array(part)) for part in (*motion, sight.control[ATTACK], memory["paid"])]
        control = strategy.act(Motion(*parts[:3]), parts[3], parts[4], step).numpy()
        memory.update(motion=motion, step=step, both=np.stack([sight.control[ATTACK], control]) if sight.announced else None)
        return np.asarray(control)

    @staticmethod
    def _reported(view: View, control: np.ndarray, belief: np.ndarray) -> np.ndarray:
        game: Any = view.game
        return np.concatenate([control.ravel(), belief]) if game.layout.reports(view.seat) else control.ravel()


@lru_cache(maxsize=16)
def _first_plan(game: Any, budget: Budget) -> Any:
    return first_plan(game.system, game.chances, discretization=game.discretization, budget=budget)


@lru_cache(maxsize=16)
def _dual(game: Any, budget: Budget) -> Any:
    from .solver.dual import DualConfig, solve_dual
    from .solver.sweep import SweepConfig, reveal_sweep

    sweep = reveal_sweep(
        game.system, game.chances, discretization=game.discretization, config=SweepConfig(iterations=budget.first, responses=0, restarts=1)
    )
    config = DualConfig(iterations=budget.first)
    return solve_dual(game.system, game.chances, discretization=game.discretization, sweep=sweep, config=config)


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
    "football/resolve": Resolve,
    "hexner/conceal": Conceal,
    "hexner/equilibrium": EquilibriumPlayer,
    "hexner/resolve": Resolve,
    "hexner/reveal": Reveal,
}
"""Names of the reference players -> class."""
