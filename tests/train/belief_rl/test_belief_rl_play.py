"""Trees of public beliefs: the closed form played out, its bounds, and policies whose sampled matches cost what their tree says."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

import torch

import agentarena as aa
from agentarena.agents.rl.belief_file import load_beliefs, save_beliefs
from agentarena.agents.rl.belief_network import BeliefPolicies, Shapes
from agentarena.core.errors import BadOption, NotSupported, UsageError
from agentarena.envs.football import ATTACK, DEFENCE, Football, Hexner
from agentarena.envs.football.solver import exact_value
from agentarena.envs.football.solver.equilibrium import Equilibrium
from agentarena.train.belief_rl.play import attack_of, defend_of, walk
from agentarena.train.belief_rl.responses import bounds, lower, upper


def closed_form(game):
    """The equilibrium's attackers and defenders as strategies of the tree."""
    system, plan = game.system, Equilibrium(game.system, game.discretization)
    targets = torch.as_tensor(system.targets)

    def aimed(k, motion, belief, side):
        return system.aimed(torch.einsum("mi,ind->mnd", belief, targets[:, side]), side, motion, torch.full((len(belief),), k))

    def attack(k, motion, belief):
        types = torch.eye(2, dtype=torch.float64)
        if k < plan.reveal_step:
            return aimed(k, motion, belief, ATTACK)[:, None].expand(-1, 2, -1, -1), torch.full(
                (len(belief), 2, 2), 0.5, dtype=torch.float64
            )
        shown = [aimed(k, motion, types[i].expand_as(belief), ATTACK) for i in range(2)]
        return torch.stack(shown, 1), types.expand(len(belief), 2, 2)

    return attack, lambda k, motion, belief: aimed(k, motion, belief, DEFENCE)


@pytest.mark.parametrize(("kind", "value"), [("split", -0.317460), ("sim", -0.687831)])
def test_the_closed_form_cannot_be_exploited(kind: str, value: float) -> None:
    """Values of the table; both best responses find nothing better."""
    game = Hexner(steps=2, discretization=kind, belief="public")
    attack, defend = closed_form(game)
    played = walk(game.system, game.chances, kind, attack, defend)
    assert float(played.cost) == pytest.approx(value, abs=1e-6)
    assert upper(game, attack, [defend]) == pytest.approx(float(played.cost), abs=1e-9)
    assert lower(game, defend, attack) == pytest.approx(float(played.cost), abs=1e-6)


def test_attackers_who_pool_are_answered_at_their_price() -> None:
    """The upper bound of a strategy that never shows its type is the price of never, 0; a defender who is sure can be exploited."""
    game = Hexner(steps=2, discretization="split", belief="public")
    attack, defend = closed_form(game)

    def pooling(k, motion, belief):
        prototypes, chances = attack(0, motion, belief) if k == 0 else (attack(k, motion, belief)[0].mean(1, keepdim=True), None)
        del chances
        return prototypes.expand(-1, 2, -1, -1), torch.full((len(belief), 2, 2), 0.5, dtype=torch.float64)

    plan = Equilibrium(game.system)
    assert upper(game, pooling, [defend]) == pytest.approx(plan.base(game.chances) + plan.prices(game.chances)[-1], abs=1e-9)

    def sure(k, motion, belief):
        return defend(k, motion, torch.eye(2, dtype=belief.dtype)[0].expand_as(belief))

    assert lower(game, sure, attack) < exact_value(0.5, steps=2).value - 0.1


def untrained(game, seed: int = 0) -> BeliefPolicies:
    """Small networks whose outputs are not small."""
    torch.manual_seed(seed)
    policies = BeliefPolicies(Shapes.of(game, (8,)), 0.2 * game.system.bound, 4.0)
    with torch.no_grad():
        for head in policies.sides:
            head.body[-1].weight.mul_(60.0)
            head.body[-1].bias.normal_()
    return policies


@pytest.mark.parametrize("belief", ["public", "hidden"])
@pytest.mark.parametrize("kind", ["split", "sim"])
def test_matches_of_the_player_cost_what_the_tree_says(kind: str, belief: str, tmp_path) -> None:
    """Trained with a public belief, played with a posted one and with one that both sides keep themselves."""
    game = Hexner(steps=3, discretization=kind, belief="public", prior=(0.3, 0.7))
    path = tmp_path / "policies.safetensors"
    save_beliefs(path, untrained(game), game, {})
    policies = load_beliefs(path).policies
    with torch.no_grad():
        played = walk(game.system, game.chances, kind, attack_of(game.system, policies), defend_of(game.system, policies))
    assert 0.71 < played.certainty[-1] < 0.99
    records = aa.play(
        Hexner(steps=3, discretization=kind, belief=belief, prior=(0.3, 0.7)), [f"belief-rl:{path}"] * 2, matches=200, seed=4
    ).records
    costs = -np.array([record.returns[ATTACK] for record in records])
    assert not any(record.faults for record in records)
    assert costs.mean() == pytest.approx(float(played.cost), abs=4 * costs.std() / np.sqrt(len(costs)))


def test_policies_without_beliefs_play_their_type(tmp_path) -> None:
    game = Hexner(steps=2, discretization="sim", prior=(0.3, 0.7))
    path = tmp_path / "policies.safetensors"
    save_beliefs(path, untrained(game), game, {})
    policies = load_beliefs(path).policies
    worth = bounds(game, policies, iterations=30)
    assert worth.lower < worth.play < worth.upper
    assert worth.certainty == pytest.approx((1.0, 1.0))
    records = aa.play(game, [f"belief-rl:{path}"] * 2, matches=40, seed=4).records
    costs = {round(-record.returns[ATTACK], 12) for record in records}
    assert len(costs) == 2
    assert min(costs) < worth.play < max(costs)
    with pytest.raises(NotSupported, match="without a public belief"):
        aa.play(Hexner(steps=2, belief="public"), [f"belief-rl:{path}"] * 2, matches=1)


def test_files_are_checked(tmp_path) -> None:
    game = Hexner(steps=2, belief="public")
    path = tmp_path / "policies.safetensors"
    save_beliefs(path, untrained(game), game, {"seed": 1})
    assert load_beliefs(path).about == {"seed": 1}
    with pytest.raises(NotSupported, match="other options"):
        aa.play(Hexner(steps=3), [f"belief-rl:{path}", "random"], matches=1)
    with pytest.raises(NotSupported, match="trained on Hexner-v0"):
        aa.play(Football(), [f"belief-rl:{path}", "random"], matches=1)
    with pytest.raises(UsageError, match="no such file"):
        load_beliefs(tmp_path / "other.safetensors")
    broken = bytearray(path.read_bytes())
    broken[-3] ^= 1
    (tmp_path / "broken.safetensors").write_bytes(broken)
    with pytest.raises(BadOption, match="damaged"):
        load_beliefs(tmp_path / "broken.safetensors")
    (tmp_path / "none.safetensors").write_bytes(b"nothing")
    with pytest.raises(BadOption, match="none of this version"):
        load_beliefs(tmp_path / "none.safetensors")
