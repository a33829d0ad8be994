"""Football-v0: contact, tackles, plays and the playbook."""

from __future__ import annotations

import numpy as np
import pytest

import agentarena as aa
from agentarena.core.errors import NotSupported
from agentarena.envs.football import Football
from agentarena.envs.football.rules.football import FootballSystem
from agentarena.envs.football.rules.plays import carrier
from agentarena.envs.football.rules.roster import ROSTERS
from agentarena.envs.football.rules.system import Motion

torch = pytest.importorskip("torch")


def roll(system: FootballSystem, attack: str, defence: str) -> tuple[Motion, np.ndarray]:
    """Both sides make one call throughout: the motion at the end, and what each type pays besides the controls."""
    motion, paid = Motion(*system.start, np.ones(system.types)), np.zeros(system.types)
    for step in range(system.steps):
        control = np.stack([system.called(attack, 0, motion, step), system.called(defence, 1, motion, step)])
        motion, _, typed = system.advance(motion, control)
        paid = paid + typed
    return motion, paid + system.terminal(motion)


def alone(system: FootballSystem) -> Motion:
    """The attackers as at the snap, the defenders far away."""
    position = system.start[0].copy()
    position[1] += 50.0
    return Motion(position, np.zeros_like(position), np.ones(system.types))


def test_nobody_near_no_tackle() -> None:
    system = Football(plays=("run", "pass", "sweep_left", "sweep_right"), prior=(1, 1, 1, 1)).system
    motion, cost, typed = system.advance(alone(system), np.zeros((2, 11, 2)))
    assert motion.alive == pytest.approx(np.ones(4), abs=1e-12)
    assert typed == pytest.approx(np.zeros(4), abs=1e-12)
    assert float(cost) == 0.0


def test_the_authors_tackle_is_nearly_certain_with_nobody_near() -> None:
    """sigmoid(0) = 1/2 for each of eleven defenders: 1 - 2^-11 a step, so that a run pays about 50 in ten steps whatever is played."""
    system = Football.build("paper").system
    _, _, typed = system.advance(alone(system), np.zeros((2, 11, 2)))
    assert typed[0] == pytest.approx(5 * (1 - 2.0**-11), abs=1e-6)
    assert typed[1] == 0.0
    for attack in ("inside zone", "sweep left"):
        _, paid = roll(system, attack, "zone")
        assert 45 < paid[0] < 55


def test_a_held_carrier_is_tackled_and_worth_where_it_is() -> None:
    system = Football(plays=("run", "pass"), rate=1000.0).system
    motion = alone(system)
    position = motion.position.copy()
    position[1, 0] = position[0, carrier("run", system.roster)]  # one defender stands where the RB does
    after, _, typed = system.advance(Motion(position, motion.velocity, motion.alive), np.zeros((2, 11, 2)))
    assert after.alive[0] < 1e-6
    assert typed[0] == pytest.approx(-position[0, carrier("run", system.roster), 0], abs=1e-6)
    assert after.alive[1] > 1e3 * after.alive[0]  # the QB is hardly held


def test_what_a_play_gains_is_what_its_tackles_and_its_end_are_worth() -> None:
    """Chances of ending add up to one, so the gain lies between the carrier's least and greatest x."""
    system = Football(plays=("run", "sweep_left"), lane=0.0).system
    motion, least, greatest, paid = Motion(*system.start, np.ones(2)), 9.0, -9.0, np.zeros(2)
    who = carrier("run", system.roster)
    for step in range(system.steps):
        motion, _, typed = system.advance(
            motion, np.stack([system.called("sweep left", 0, motion, step), system.called("zone", 1, motion, step)])
        )
        paid, x = paid + typed, float(motion.position[0, who, 0])
        least, greatest = min(least, x, float(system.start[0][0, who, 0])), max(greatest, x)
    gain = -(paid + system.terminal(motion))
    assert gain[0] == pytest.approx(gain[1])  # without the lane's price a sweep is a run
    assert least <= gain[0] <= greatest


def test_players_are_no_faster_than_they_can() -> None:
    system = Football(contact="none").system
    motion = Motion(*system.start, np.ones(2))
    for _ in range(system.steps):
        motion, _, _ = system.advance(motion, system.bound)
    assert np.hypot(*np.moveaxis(motion.velocity, -1, 0)) == pytest.approx(np.minimum(system.roster.speeds, np.inf), rel=1e-6)


def test_contact_conserves_what_two_players_share() -> None:
    """Two players of weight 1 who meet head-on come to rest; those who are far apart keep their velocity."""
    system = Football().system
    motion = alone(system)
    position, velocity = motion.position.copy(), motion.velocity.copy()
    position[1, 0] = position[0, 0]
    velocity[0, 0], velocity[1, 0], velocity[0, 5] = (1.0, 0.0), (-1.0, 0.0), (1.0, 0.0)
    after, _, _ = system.advance(Motion(position, velocity, motion.alive), np.zeros((2, 11, 2)))
    assert abs(after.velocity[0, 0, 0]) < 0.2
    assert after.velocity[0, 5] == pytest.approx([1.0, 0.0])


@pytest.mark.parametrize("preset", [None, "paper", "sweeps", "five", "conceal"])
def test_costs_are_differentiable_and_alike_on_torch(preset: str | None) -> None:
    system = Football.build(preset).system
    rng = np.random.default_rng(0)
    control = rng.uniform(-1, 1, (3, 2, system.players, 2)) * system.bound
    position = np.broadcast_to(system.start[0], control.shape) + rng.normal(0, 0.05, control.shape)
    start = (position, rng.normal(0, 0.5, control.shape), np.ones((3, system.types)))

    def total(values, arrays) -> tuple:
        motion, cost, typed = system.advance(Motion(*arrays), values)
        return cost, typed, system.terminal(motion)

    tensor = torch.tensor(control, requires_grad=True)
    ours, theirs = total(control, start), total(tensor, [torch.tensor(np.array(x)) for x in start])
    for a, b in zip(ours, theirs, strict=True):
        assert a == pytest.approx(b.detach().numpy(), rel=1e-9, abs=1e-9)
    loss = sum(part.sum() for part in theirs)
    (gradient,) = torch.autograd.grad(loss, tensor)
    step = np.zeros_like(control)
    step[0, 0, 2, 1] = 1e-6
    up, down = (sum(float(np.sum(part)) for part in total(control + sign * step, start)) for sign in (1, -1))
    assert float(gradient[0, 0, 2, 1]) == pytest.approx((up - down) / 2e-6, rel=1e-4, abs=1e-5)


def test_calls_are_within_the_bounds_and_differ() -> None:
    system = Football().system
    for side, other in ((0, "zone"), (1, "inside zone")):
        ends = set()
        for call in system.calls(side):
            motion = Motion(*system.start, np.ones(2))
            for step in range(system.steps):
                own, theirs = system.called(call, side, motion, step), system.called(other, 1 - side, motion, step)
                assert (np.abs(own) <= system.bound[side] + 1e-12).all()
                motion, _, _ = system.advance(motion, np.stack([own, theirs] if side == 0 else [theirs, own]))
            ends.add(motion.position[side].round(6).tobytes())
        assert len(ends) == len(system.calls(side))


def test_a_pass_prefers_who_is_free() -> None:
    system = Football().system
    motion = alone(system)
    position = motion.position.copy()
    receiver = system.roster.number("WRL")
    position[0, receiver] = (1.5, 1.4)
    free = system.terminal(Motion(position, motion.velocity, motion.alive))[1]
    position[1, 0] = position[0, receiver]
    covered = system.terminal(Motion(position, motion.velocity, motion.alive))[1]
    assert free < covered - 0.1


def test_lines_stand_where_lines_stand() -> None:
    """In the formation of ours linebackers are behind their line and all attackers behind the ball; in the authors' they are not."""
    ours, theirs = ROSTERS["standard"], ROSTERS["paper"]
    line, backers = ours.numbers(1, "LDE", "LDT", "RDT", "RDE"), ours.numbers(1, "SLB", "MLB", "WLB")
    assert ours.positions[1, list(backers), 0].min() > ours.positions[1, list(line), 0].max()
    assert ours.positions[0, :, 0].max() < 0 < ours.positions[1, :, 0].min()
    assert theirs.positions[1, list(backers), 0].max() < theirs.positions[1, list(line), 0].min()


def test_players_as_seats_share_a_sides_return() -> None:
    game = Football(steps=2, mode="player")
    assert game.info.seats == 22
    assert game.action_space(0).shape == (2,)
    results = aa.play(game, ["random"] * 22, matches=2, seed=0)
    for record in results.records:
        assert len(set(record.returns[:11])) == 1
        assert sum(record.returns) == pytest.approx(0.0, abs=1e-9)


def test_the_play_is_over_when_no_play_goes_on() -> None:
    game = Football(plays=("run", "sweep_left"), rate=1000.0)
    record = aa.play(game, ["field/call?call=inside_zone", "field/call?call=blitz"], matches=1, seed=0).records[0]
    assert record.steps < game.steps


@pytest.mark.parametrize(
    ("player", "words"),
    [
        ("field/call?call=nowhere", "call is 'nowhere'"),
        ("football/caller?look=blitz", "look is 'blitz'"),
        ("football/caller?defence=punt", "defence is"),
    ],
)
def test_a_call_that_is_none_is_named_before_the_first_match(player: str, words: str) -> None:
    with pytest.raises(NotSupported, match=words):
        aa.play("Football-v0", [player, "random"], matches=1)


def test_linebackers_away_from_the_lane_cost_the_defenders() -> None:
    """`cover` pays the attackers the linebackers' squared distances from the lane of their sweep, y = +0.8 or -0.8."""
    plain, covered = (Football(plays=("sweep_left", "run"), contact="none", cover=cover).system for cover in (0.0, 2.0))
    motion = Motion(*plain.start, np.ones(2))
    apart = sum((y - 0.8) ** 2 for y in (-0.8, 0.0, 0.8))  # SLB, MLB, WLB at the snap
    assert plain.terminal(motion) - covered.terminal(motion) == pytest.approx([2.0 * apart, 0.0])


def test_grip_scales_contact() -> None:
    systems = [Football(grip=grip).system for grip in (1.0, 0.25)]
    full, light = (system._weights(Motion(*system.start, np.ones(2))) for system in systems)
    assert light == pytest.approx(full / 4)
