"""Reference players of the commons, societies of them, and reports."""

from __future__ import annotations

import json
import math

import pytest
from commons_helpers import PLAIN, RNG

import agentarena as aa
from agentarena.agents.specs import agent
from agentarena.core.agent import Agent, Reply, View
from agentarena.core.errors import BadOption, NotSupported
from agentarena.envs.commons import Commons
from agentarena.envs.commons.analysis.metrics import measure, norm_similarity, summarise
from agentarena.envs.commons.analysis.societies import LABORATORY, learning_only, outcomes, play, with_collective_choice
from agentarena.envs.commons.figures import figures
from agentarena.envs.commons.options import ORDERS
from agentarena.envs.commons.state import HARVEST, TALK

# --- players ----------------------------------------------------------------------------------------------------------------------------

BOTS = ("constant", "greedy", "sustainable", "threshold", "conditional", "norm_follower", "punisher", "imitator")


@pytest.mark.parametrize("preset", [None, "scarce_altruistic", "govsim_newcomer", "owg10", "owg_both"])
@pytest.mark.parametrize("levels", [0, 4])
def test_every_bot_plays_every_configuration(preset, levels):
    if levels and preset not in (None, "scarce_altruistic"):
        pytest.skip("levels are for efforts")
    game = Commons.build(preset, talk=2, levels=levels, rounds=4)
    members = [agent(f"commons/{BOTS[seat % len(BOTS)]}") for seat in range(game.players)]
    for match in range(2):
        state = play(game, members, match=match)
        assert state.cause in ("time", "collapse")
        assert state == play(game, members, match=match)  # the same draws, the same match


def test_what_bots_reach_in_closed_form():
    def final(name, **options):
        game = Commons(rounds=120, **{**PLAIN, **options})
        return game, play(game, [agent(f"commons/{name}")] * game.players)

    game, state = final("greedy", growth=0.2, theta=0.01)
    assert len(state.past) == 17  # all-in
    for order in ORDERS:
        game, state = final("sustainable", order=order)
        assert state.past[-1].total == pytest.approx(125.0, rel=1e-9)  # the greatest sustainable yield
    game, state = final("constant?amount=0.625")
    assert (state.stock, state.past[-1].total) == (pytest.approx(500.0, abs=1e-3), pytest.approx(125.0, abs=1e-3))
    game = Commons.build("govsim_silent")
    assert measure(game, play(game, [agent("commons/sustainable")] * 5)).gain == 120.0
    assert measure(game, play(game, [agent("commons/greedy")] * 5)).survival_time == 1.0
    # conditional cooperators without a bias keep what fair beginners begin; with one they drift upwards
    assert measure(game, play(game, [agent("commons/conditional?bias=1.0")] * 5)).gain == 120.0
    assert measure(game, play(game, [agent("commons/conditional?bias=1.3")] * 5)).survival_time < 12
    _lake, state = final("threshold?above=0.5")
    assert min(done.stock for done in state.past) > 500 * (1 - 0.4)


def test_norm_followers_keep_the_norm_and_punishers_punish_who_does_not():
    game = Commons(rounds=12, norm=10.0, voting="none", learning="none", reflection=False)
    members = [agent("commons/punisher")] * 7 + [agent("commons/greedy")]
    state = play(game, members)
    result = measure(game, state)
    assert result.compliance == pytest.approx(7 / 8)
    fined = [other for done in state.past for other in done.punished if other >= 0]
    assert set(fined) == {7}
    watchers_of_the_greedy = sum(other == 7 for done in state.past for other in done.watched)
    assert len(fined) == watchers_of_the_greedy


def test_bots_refuse_other_games_and_parameters():
    with pytest.raises(NotSupported):
        agent("commons/greedy").choose(View(aa.game("KuhnPoker-v0"), aa.game("KuhnPoker-v0").start(RNG), 0))
    for wrong in (
        "commons/constant?amount=-1",
        "commons/threshold?above=2",
        "commons/imitator?disposition=kind",
        "commons/punisher?watches=7",
    ):
        with pytest.raises(BadOption):
            agent(wrong)


# --- findings about people, with players whose assumptions are stated ----------------------------------------------------------------------


def test_covenants_with_and_without_a_sword():
    net, gross = {}, {}
    for name, make in LABORATORY.items():
        treatment = make()
        result = summarise(outcomes(treatment.game, treatment.members, 20))
        net[name], gross[name] = result["net_efficiency"], result["efficiency"]
    assert net["talk and sanctions"].low > net["talk"].high
    neither = net["neither"].mean  # all societies come to the same: it has no interval
    assert net["talk"].low > neither
    assert net["sanctions"].high < neither  # swords alone do not raise the net yield
    assert gross["sanctions"].low > gross["neither"].mean  # though they raise the gross one
    assert f"{100 * net['neither'].mean:.3f}" == "39.506"  # eight tokens each on average: the equilibrium's share


def test_collective_choice_prolongs_selfish_societies():
    alone, together = (
        summarise(outcomes(case.game, case.members, 8))["survival_time"]
        for case in (learning_only(50), with_collective_choice("median", 50))
    )
    assert alone.high < together.low


# --- reports ---------------------------------------------------------------------------------------------------------------------------------


def test_figures_of_recorded_matches():
    result = aa.play("Commons-v0", [*["commons/punisher"] * 5, *["commons/imitator"] * 3], matches=2, seed=0, rounds=5)
    plots = dict(figures(result.records))
    assert len(plots) == 6
    assert all(svg.startswith("<svg") and svg.endswith("</svg>") and "http" not in svg for svg in plots.values())
    assert "5 commons/punisher" in plots["Harvest of all together"] or "3 commons/imitator" in plots["Harvest of all together"]
    assert figures([]) == []
    lab = aa.play("Commons-v0", ["commons/constant?amount=8"] * 8, matches=1, seed=0, preset="owg10")
    titles = [title for title, _ in figures(lab.records)]
    assert not any("Stock" in title or "Punish" in title for title in titles)


def test_records_keep_words_and_numbers():
    class Speaker(Agent):
        def choose(self, view):
            obs = view.game.layout.read(view.observation)
            return Reply(
                {HARVEST: "<answer>9</answer>", TALK: "<say>Nine each!</say><answer>9</answer>"}.get(
                    obs.phase, "<say>note</say><answer>pass</answer>"
                )
            )

    result = aa.play("Commons-v0", [Speaker()] * 5, matches=1, seed=0, preset="govsim_fishery", rounds=3)
    (record,) = result.records
    assert "Nine each!" in json.dumps(record.actions)
    assert record.returns == (27.0,) * 5


def test_norm_similarity_and_summaries():
    assert math.isnan(norm_similarity([], 10.0))
    assert norm_similarity([(1.0, 2.0, 3.0)], 2.0) == pytest.approx(1 - (1 + 1 + 2) / 3 / 2)
    game = Commons.build("govsim_silent")
    result = summarise(outcomes(game, [agent("commons/sustainable")] * 5, 3))
    assert (result["survived"].mean, result["survived"].count) == (1.0, 3)
    assert result["norm"].count == 0
    assert result["survived"].low < 0.5  # three of three say little
