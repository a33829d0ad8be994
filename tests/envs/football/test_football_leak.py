"""What an observer learns of the attackers' play: nothing of a pooling one, one bit of one that shows it, when it shows it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import agentarena as aa
from agentarena.core.errors import BadOption
from agentarena.core.rng import CHANCE, stream
from agentarena.envs.football import ATTACK, Football, Hexner
from agentarena.envs.football.analysis.observer import Leak, by_attackers, calls, known, learned, observe, posted, queried
from agentarena.envs.football.solver.equilibrium import Equilibrium
from agentarena.envs.football.state import Strategy

sys.path.append(str(Path(__file__).parents[2] / "agents" / "llm"))

FOOTBALL = Football(steps=3)
HEXNER = Hexner(steps=4, discretization="split")


def seen_of(game, attackers: str, defenders: str, matches: int = 40):
    """The matches that `attackers` attacked in."""
    return by_attackers(aa.play(game, [attackers, defenders], matches=matches, seed=2).records)[game, (attackers,)]


def test_observations_hold_the_type_and_what_was_done() -> None:
    record = aa.play(HEXNER, ["hexner/equilibrium"] * 2, matches=1, seed=3).records[0]
    seen = observe(record)
    assert seen.type == int(HEXNER.start(stream(record.seed, CHANCE, record.deal)).secret)
    assert [int(step.before.step) for step in seen.steps] == [0, 1, 2, 3]
    moves = [action for step in record.actions for seat, action in step if seat == ATTACK]
    assert [step.control.ravel().tolist() for step in seen.steps] == moves


@pytest.mark.parametrize(("fake", "bits"), [(0, [0, 1, 1, 1]), (1, [0, 0, 1, 1]), (2, [0, 0, 0, 1]), (10_000, [0, 0, 0, 0])])
def test_scripted_attackers_leak_what_they_must(fake: int, bits: list[int]) -> None:
    """One bit once the play is shown, none before: exactly where the agent can be queried, nearly where it is learned from 29 matches."""
    seen = seen_of(FOOTBALL, f"football/caller?fake={fake}", "football/caller?defence=zone", matches=60)
    exact, by_frequency = queried(seen, aa.agent(f"football/caller?fake={fake}")), learned(seen)
    assert exact.bits == pytest.approx(bits, abs=1e-5)
    assert exact.brier[-1] == pytest.approx(0.5 * (1 - bits[-1]), abs=1e-5)
    assert by_frequency.bits == pytest.approx(bits, abs=0.08)
    assert (by_frequency.bits <= exact.bits + 1e-3).all()
    assert by_frequency.log_score == pytest.approx(np.log(0.5) + np.log(2) * by_frequency.bits)


def test_the_equilibrium_leaks_all_at_its_step() -> None:
    seen = seen_of(HEXNER, "hexner/equilibrium", "hexner/conceal")
    plan = Equilibrium(HEXNER.system)

    def strategies(before, belief):
        step = int(before.step)
        split = plan.split(np.where(belief < 1e-3, 0, belief), step)
        return Strategy(plan.prototypes(before, split, step), plan.chances(split, belief))

    for result in (known(seen, strategies), queried(seen, aa.agent("hexner/equilibrium"))):
        assert result.bits == pytest.approx([0, 0, 0, 1, 1], abs=1e-5)
    assert seen_of(HEXNER, "hexner/equilibrium", "hexner/reveal?step=1")[0].attackers == ("hexner/equilibrium",)


def test_a_mixed_strategy_leaks_its_mutual_information() -> None:
    """Type 0 plays the first control with chance .9, type 1 with .3: I(type; control) by its definition."""
    game = Hexner(steps=1)
    chances = np.array([[0.9, 0.1], [0.3, 0.7]])
    both = np.array([[[1.0, 0.0]], [[-1.0, 0.0]]])
    records = aa.play(Hexner(steps=1), [_Mixed(chances, both), "field/call"], matches=600, seed=5).records
    groups = by_attackers(records)
    result = known(groups[game, ("mixed",)], lambda before, belief: Strategy(both, chances))
    mean = chances.mean(0)
    assert result.bits[1] == pytest.approx(float((0.5 * chances * np.log2(chances / mean)).sum()), abs=4 * result.bits_error[1])
    assert learned(groups[game, ("mixed",)]).bits[1] == pytest.approx(result.bits[1], abs=0.03)


class _Mixed(aa.Agent):
    def __init__(self, chances, both) -> None:
        self.chances, self.both, self.name = chances, both, "mixed"

    def choose(self, view):
        if view.seat != ATTACK:
            return np.zeros(2)
        own = int(np.argmax(view.game.observation.read(view.observation).type))
        return self.both[int(view.rng.random() >= self.chances[own, 0])].ravel()


def test_a_posted_belief_is_taken_as_it_is() -> None:
    game = Hexner(steps=4, discretization="split", belief="public")
    seen = by_attackers(aa.play(game, ["hexner/equilibrium"] * 2, matches=12, seed=1).records)[game, ("hexner/equilibrium",)]
    assert posted(seen).bits == pytest.approx([0, 0, 0, 1, 1], abs=1e-5)
    with pytest.raises(BadOption, match="hidden"):
        queried(seen, aa.agent("hexner/equilibrium"))


def test_calls_are_told_apart_by_movement() -> None:
    seen = seen_of(FOOTBALL, "field/call?call=power", "football/caller?defence=zone", matches=4)
    assert {calls(FOOTBALL, step) for one in seen for step in one.steps} == {FOOTBALL.system.calls(ATTACK).index("power")}


def test_scores_by_hand() -> None:
    result = Leak(np.array([[[0.5, 0.5], [0.75, 0.25]], [[0.5, 0.5], [0.75, 0.25]]]), np.array([0, 1]))
    assert result.bits == pytest.approx([0, (np.log2(1.5) + np.log2(0.5)) / 2])
    assert result.brier == pytest.approx([0.5, (2 * 0.25**2 + 2 * 0.75**2) / 2])


def test_errors() -> None:
    with pytest.raises(BadOption, match="two or more"):
        learned(seen_of(HEXNER, "hexner/conceal", "hexner/reveal", matches=2)[:1])
    with pytest.raises(BadOption, match="Football-v0"):
        observe(aa.play("TicTacToe-v0", ["random", "random"], matches=1).records[0])


def test_a_language_model_that_shows_its_play_is_found_out() -> None:
    """A model behind a server: one that calls by its play leaks nearly a bit, one that always makes the same call none."""
    from fake_server import FakeServer, Say

    def by_play(number: int, body, run: str = "inside zone", other: str = "play-action") -> Say:
        view = body["messages"][-1]["content"]
        return Say(f"<answer>{'man' if 'YOUR PLAY' not in view else other if 'YOUR PLAY: pass' in view else run}</answer>")

    def alike(number: int, body) -> Say:
        return by_play(number, body, "power", "power")

    for script, low, high in ((by_play, 0.8, 1.0), (alike, -0.05, 0.01)):
        with FakeServer(script) as fake:
            records = aa.play(FOOTBALL, [fake.spec(name="model"), "football/caller"], matches=30, seed=1).records
        assert not any(record.faults for record in records)
        bits = learned(by_attackers(records)[FOOTBALL, ("model",)]).bits[-1]
        assert low < bits < high
