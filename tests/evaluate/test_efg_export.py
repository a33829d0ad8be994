"""Small games as .efg texts: written, read back, solved, and opened by pygambit where it is installed."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import agentarena as aa
from agentarena.agents.search.lp import solve_lp
from agentarena.agents.search.tree import tree_of
from agentarena.core.errors import NotSupported
from agentarena.envs.efg import EFG
from agentarena.evaluate import extensive_form, nash_conv, to_efg

LEDUC = -0.0856064241


def test_kuhn_comes_back_as_it_was() -> None:
    rules = EFG(source=to_efg("KuhnPoker-v0"))
    assert len(rules.form.nodes) == 55
    assert sum(info_set.player >= 0 for info_set in rules.form.sets) == 12
    assert solve_lp(rules).values[0] == pytest.approx(-1 / 18, abs=1e-9)
    assert nash_conv(rules, "uniform") == pytest.approx(11 / 12)


def test_leduc_comes_back_as_it_was() -> None:
    rules = EFG(source=to_efg("LeducPoker-v0"))
    assert sum(info_set.player >= 0 for info_set in rules.form.sets) == 288
    assert solve_lp(rules).values[0] == pytest.approx(LEDUC, abs=1e-9)


def test_simultaneous_moves_are_hidden_from_each_other() -> None:
    rules = EFG(source=to_efg(aa.game("RockPaperScissors-v0", options={"rounds": 1})))
    assert len(rules.form.sets) == 2
    assert rules.info.max_steps == 2
    assert solve_lp(rules).values[0] == pytest.approx(0, abs=1e-9)


def test_chances_are_exact_fractions() -> None:
    form = extensive_form("KuhnPoker-v0")
    assert next(s for s in form.sets if s.player < 0).probabilities == (Fraction(1, 6),) * 6


def test_three_players_have_the_same_tree() -> None:
    kuhn = aa.game("KuhnPoker-v0", options={"players": 3})
    mine, theirs = tree_of(EFG(source=to_efg(kuhn))), tree_of(kuhn)
    assert [len(side.sets) for side in mine.sides] == [len(side.sets) for side in theirs.sides]
    assert nash_conv(mine.game, "uniform") == pytest.approx(2.0625)


@pytest.mark.parametrize(("env", "words"), [("Dhumbal-v0", "dhumbal|Dhumbal"), ("ConnectFour-v0", "nodes|information")])
def test_what_cannot_be_written_is_refused(env: str, words: str) -> None:
    with pytest.raises(NotSupported, match=words):
        to_efg(env, max_nodes=1000)


@pytest.mark.parametrize(("env", "value"), [("KuhnPoker-v0", -1 / 18), ("LeducPoker-v0", LEDUC)])
def test_gambit_opens_them(env: str, value: float, tmp_path: Any) -> None:
    gambit = pytest.importorskip("pygambit")
    path = tmp_path / "game.efg"
    path.write_text(to_efg(env))
    game = gambit.read_efg(str(path))
    assert game.is_perfect_recall
    result = gambit.nash.lp_solve(game, rational=False)
    profile = result.equilibrium if hasattr(result, "equilibrium") else result.equilibria[0]
    payoffs = profile.payoffs if hasattr(profile, "payoffs") else {player.label: profile.payoff(player) for player in game.players}
    assert float(payoffs["seat 0"]) == pytest.approx(value, abs=1e-7)
