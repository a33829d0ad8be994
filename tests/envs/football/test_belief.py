"""The program over beliefs against the closed forms, and against brute force with three types."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.core.errors import BadOption
from agentarena.envs.football import Hexner
from agentarena.envs.football.solver import exact_value
from agentarena.envs.football.solver.belief import BeliefProgram, envelope, lattice


def hexner(**options):
    return Hexner(**options).system


@pytest.mark.parametrize("kind", ["split", "sim"])
@pytest.mark.parametrize("steps", [1, 2, 4, 5, 10, 20])
def test_two_types(steps: int, kind: str) -> None:
    program = BeliefProgram(hexner(steps=steps), kind)
    for p in (0.0, 0.25, 0.5, 0.9):
        exact = exact_value(p, steps=steps, discretization=kind)
        assert program.value((p, 1 - p)) == pytest.approx(exact.value - exact.base, abs=1e-12)


@pytest.mark.parametrize(("kind", "steps"), [("split", 10), ("sim", 10), ("split", 4)])
def test_the_type_is_revealed_at_the_known_step(kind: str, steps: int) -> None:
    program = BeliefProgram(hexner(steps=steps), kind)
    reveal = exact_value(0.5, steps=steps, discretization=kind).reveal_step
    for step in range(reveal):
        assert len(program.split((0.5, 0.5), step).weights) == 1
    split = program.split((0.5, 0.5), reveal)
    assert sorted(split.posteriors.tolist()) == [[0.0, 1.0], [1.0, 0.0]]
    assert split.weights == pytest.approx([0.5, 0.5])


def test_three_types_against_the_best_partition() -> None:
    """With symmetric targets the best plan reveals everything at one step, or nothing: W at the centre is the least over that step."""
    program = BeliefProgram(Hexner.build("three_types").system, fineness=30)
    line = hexner(targets=((1.0,), (-1.0,)), r1=(0.025,), r2=(0.1,), start_at=(0.0, 0.0, 0.0, 0.0))
    alone = BeliefProgram(line)
    # spread 1 in all at the centre, as with two opposite targets at distance 1
    assert program.value((1 / 3, 1 / 3, 1 / 3)) == pytest.approx(alone.value((0.5, 0.5)), abs=1e-9)
    corners = np.eye(3)
    assert all(abs(program.value(corner)) < 1e-12 for corner in corners)


def test_three_types_reduce_to_two() -> None:
    """Two of three types with one target are one type."""
    program = BeliefProgram(hexner(targets=((0.0, 1.0), (0.0, 1.0), (0.0, -1.0)), prior=(0.2, 0.3, 0.5)), fineness=20)
    exact = exact_value(0.5, steps=10)
    assert program.value((0.2, 0.3, 0.5)) == pytest.approx(exact.value - exact.base, abs=1e-9)


def test_the_envelope_is_convex_and_below() -> None:
    rng = np.random.default_rng(0)
    for types, fineness in ((2, 50), (3, 12), (4, 6)):
        beliefs = lattice(types, fineness)
        values = rng.normal(size=len(beliefs))
        result = envelope(beliefs, values)
        assert (result <= values + 1e-12).all()
        for _ in range(200):
            weights = rng.dirichlet(np.ones(4))
            chosen = rng.integers(len(beliefs), size=4)
            mean = weights @ beliefs[chosen]
            near = int(np.argmin(np.abs(beliefs - mean).sum(1)))
            if np.allclose(beliefs[near], mean):
                assert result[near] <= weights @ result[chosen] + 1e-9
        corner = beliefs.max(1) == 1
        assert result[corner] == pytest.approx(values[corner])


def test_lattices_have_a_limit() -> None:
    with pytest.raises(BadOption, match="beliefs"):
        lattice(6, 400)
