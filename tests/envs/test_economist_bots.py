"""Reference players of the tax economy: rational workers against the closed form, planners against each other, figures, a crowd."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import agentarena as aa
from agentarena.core.agent import Agent, Reply, View
from agentarena.core.errors import BadOption
from agentarena.envs.economist import Economist
from agentarena.envs.economist.analysis.closed_forms import arc_elasticity
from agentarena.envs.economist.bots.planners import us_rates
from agentarena.envs.economist.bots.saez import estimate_elasticity, saez_binned
from agentarena.envs.economist.figures import figures
from agentarena.envs.economist.options import CUTOFFS
from agentarena.envs.economist.rules.labour import rational_labour
from agentarena.envs.economist.rules.taxes import US_RATES
from agentarena.envs.economist.solver import by_grid, cma_es, coordinate_search, rational_response, welfare_of
from agentarena.plots import lines, ticks


def run(who: Any, worker: Any = "economist/rational", **options: Any) -> Any:
    game = aa.game("Economist-v0", **options)
    players = [who] + [worker] * game.population
    return aa.play("Economist-v0", players, matches=1, rotate=False, **options).records[0]


def hours_of(record: Any) -> np.ndarray:
    """Hours of each week and worker. Shape (weeks, N)."""
    return np.array([[move for _, move in step] for step in record.actions if len(step) > 1], np.float64)


@pytest.mark.parametrize("options", [{"brackets": "us"}, {"brackets": "three", "skills": "pareto"}, {"own": True}])
def test_rational_workers_play_the_closed_form(options: dict[str, Any]) -> None:
    own = options.pop("own", False)
    worker = f"economist/rational?own_rebate={own}"
    record = run("economist/us", worker, population=12, years=1, weeks=1, **options)
    game: Economist = record.game()
    share = 1 / 12 if own else 0.0
    best = rational_labour(game.expected_skills, game.edges, us_rates(game.edges) / 100, game.tastes, own_share=share)
    assert hours_of(record)[0] == pytest.approx(best, rel=3e-6)


def test_one_question_and_many_get_the_same_answer() -> None:
    """A single worker is answered by `choose`, a crowd by arrays."""

    class One(Agent):
        def __init__(self) -> None:
            self.inner = aa.agent("economist/rational")

        def choose(self, view: View) -> Any:
            return self.inner.choose(view)

    crowd, single = run("economist/us"), run("economist/us", One())
    assert hours_of(crowd) == pytest.approx(hours_of(single), rel=1e-12)


def test_workers_on_the_papers_grid() -> None:
    options = {"skills": "given", "skill_parameters": [250.0, 500.0, 1000.0, 2000.0, 5000.0], "years": 1, "weeks": 1}
    record = run("economist/flat?rate=20", "economist/rational?grid=true", **options)
    assert hours_of(record)[0].tolist() == [20, 30, 40, 50, 70]


def test_rational_crra_workers_settle() -> None:
    """Expecting last week's rebate again they come to the equilibrium that `Economy.answer` finds."""
    record = run("economist/flat?rate=40", eta=0.23, years=1, weeks=8)
    expected = rational_response(record.game(), np.full(3, 40.0)).hours
    assert hours_of(record)[-1] == pytest.approx(expected, rel=1e-4)


def test_hill_climbers_come_near_the_best_hours() -> None:
    record = run("economist/flat?rate=30", "economist/hill_climber", years=1, weeks=40)
    expected = rational_response(record.game(), np.full(3, 30.0)).hours
    assert np.abs(hours_of(record)[-1] - expected).max() < 3.0


def test_fixed_workers() -> None:
    assert set(hours_of(run("economist/us", "economist/fixed?hours=37")).ravel()) == {37.0}
    values = hours_of(run("economist/us", "economist/fixed"))
    assert (values == values[0]).all()
    assert ((values >= 40) & (values <= 60)).all()
    with pytest.raises(BadOption):
        aa.agent("economist/fixed?hours=101")


def test_us_schedule_on_other_brackets() -> None:
    assert us_rates(CUTOFFS["us"]).tolist() == pytest.approx([100 * rate for rate in US_RATES])
    assert us_rates((0.0,)).tolist() == [12.0]


def test_planners_in_order() -> None:
    """Rational workers, default objective: search beats Saez beats the US schedule; a bandit learns to beat the US schedule."""
    worth = {}
    for planner in ("us", "saez", "grid", "cmaes", "bandit"):
        years = 60 if planner == "bandit" else 1
        worth[planner] = run(f"economist/{planner}", years=years, weeks=1).returns[0] / years
    assert worth["us"] < worth["saez"] < worth["grid"] <= worth["cmaes"] * 1.0001
    assert worth["us"] < worth["bandit"] < worth["grid"]


def test_planners_of_deltas_walk_to_their_rates() -> None:
    record = run("economist/flat?rate=90", planner="delta", years=4, weeks=1, rates=(20.0,))
    changes = [step[0][1]["bracket_1"] for step in record.actions if len(step) == 1]
    assert changes == [4, 4, 4, 3]  # +20, +20, +20, +10


def test_searches_agree_on_seven_brackets() -> None:
    game = Economist(population=50, brackets="us")
    welfare = welfare_of(game)
    slow, fast = coordinate_search(welfare, 7, points=11), cma_es(welfare, 7, np.random.default_rng(0), evaluations=1500)
    a, b = (float(welfare(x[None])[0]) for x in (slow, fast))
    assert abs(a - b) < 0.02 * max(a, b)
    assert a > 2 * float(welfare(us_rates(game.edges)[None])[0])
    flat = welfare_of(Economist(brackets="flat"))
    assert abs(float(by_grid(flat, 1, 101)[0]) - float(cma_es(flat, 1, np.random.default_rng(1))[0])) < 1.0


def test_cma_es_finds_the_top_of_a_tilted_hill() -> None:
    """A badly scaled quadratic in four dimensions whose top lies inside, and one whose top lies at a corner."""
    axes = np.linalg.qr(np.random.default_rng(3).standard_normal((4, 4)))[0]
    scales, top = np.array([1.0, 5.0, 25.0, 125.0]), np.array([30.0, 45.0, 60.0, 75.0])

    def hill(x: np.ndarray) -> np.ndarray:
        return -((((x - top) @ axes) ** 2) * scales).sum(axis=1)

    assert cma_es(hill, 4, np.random.default_rng(0)) == pytest.approx(top, abs=0.01)
    corner = cma_es(lambda x: x @ np.array([1.0, -1.0, 1.0, -1.0]), 4, np.random.default_rng(0))
    assert corner == pytest.approx([100, 0, 100, 0], abs=0.01)


def test_elasticities_are_recovered() -> None:
    """Incomes of constant elasticity 0.4: the estimate moves to it; arc elasticities of rational workers are near it."""
    rates = np.random.default_rng(0).uniform(0.1, 0.8, 200)
    e = 0.5
    for _ in range(400):
        e = estimate_elasticity(1000 * (1 - rates) ** 0.4, rates, e)
    assert e == pytest.approx(0.4, abs=1e-3)
    assert estimate_elasticity(np.ones(5), rates[:5], 0.7) == 0.7
    game = Economist(brackets="flat")
    low, high = (rational_response(game, np.array([rate])).hours for rate in (35.0, 45.0))
    assert arc_elasticity(low, high, 0.65, 0.55) == pytest.approx(np.full(5, 0.4), abs=1e-3)


def test_binned_saez_rates_are_rates() -> None:
    incomes = rational_response(Economist(population=300), np.full(3, 30.0)).income
    for cutoffs in CUTOFFS.values():
        rates = saez_binned(incomes, cutoffs, 0.4)
        assert rates.shape == (len(cutoffs),)
        assert ((rates >= 0) & (rates <= 1)).all()
        assert (saez_binned(incomes, cutoffs, 4.0) <= rates + 1e-12).all()  # more elastic, less tax
    assert saez_binned(np.zeros(5), CUTOFFS["three"], 0.4).shape == (3,)


@pytest.mark.parametrize("preset", ["democracy", "platforms", "bounded", "society", "random_skills", "crra", "paper"])
@pytest.mark.parametrize("worker", ["rational", "fixed", "hill_climber"])
def test_bots_play_every_preset(preset: str, worker: str) -> None:
    game = aa.game("Economist-v0", preset=preset)
    options = {**game.options, "years": 2, "weeks": 2}
    record = run("economist/saez", f"economist/{worker}", **options)
    assert record.faults == []


def test_voters_choose_the_platform_that_suits_them() -> None:
    """The richest stands for no tax, the poorest for high taxes; the poor are more."""
    record = run("economist/us", government="platforms", planner="absolute", years=1, weeks=1)
    votes = {seat: move["ballot"] for seat, move in record.actions[1]}
    assert votes[1] != votes[5]


def test_ppo_needs_its_file() -> None:
    with pytest.raises(BadOption, match="no file"):
        aa.agent("economist/ppo?path=nowhere.zip")


def test_a_thousand_workers_in_one_match() -> None:
    env = aa.make_parallel("Economist-v0", population=1000, years=1, weeks=3)
    env.reset(seed=0)
    actions: dict[str, Any] = {agent: np.array(30.0, np.float32) for agent in env.possible_agents}
    actions["player_0"] = np.full(3, 30.0, np.float32)
    for _ in range(4):
        observations, rewards, ended, cut, _ = env.step(actions)
    assert len(observations) == 1001
    assert all(ended.values())
    assert not any(cut.values())
    game = env.game
    week = env.episode.state.past[-1]
    assert rewards["player_0"] == week.welfare
    assert rewards["player_1000"] == pytest.approx(float(week.utility[-1]))
    assert game.info.seats == 1001


class Talker(Agent):
    """Knows the game from its words alone: repeats the best rates it is shown, or tries others; works what did it good."""

    def choose(self, view: View) -> Reply:
        text = view.text
        if "Set the 3 rates" in text:
            tried = [(20, 20, 20), (90, 60, 40), (60, 60, 60)][view.turn % 3]
            best = re.search(r"Best rates so far:\n- ([^;]*);", text)
            answer = best[1].replace(" %", "") if best and "Now choose what has been best" in text else ", ".join(map(str, tried))
            return Reply(f"I compare what I remember.\n<answer>{answer}</answer>")
        return Reply("<answer>35</answer>")


def test_a_player_of_words_plans_from_its_memory() -> None:
    record = run(Talker(), years=4, weeks=1)
    decrees = [step[0][1] for step in record.actions if len(step) == 1]
    assert decrees[:3] == [[20, 20, 20], [90, 60, 40], [60, 60, 60]]
    assert decrees[3] == max(decrees[:3], key=lambda rates: float(rational_response(record.game(), np.array(rates)).welfare))
    assert record.faults == []
    assert run("economist/us", Talker(), years=1, weeks=2).faults == []


def test_gymnasium_seat_of_the_planner() -> None:
    import gymnasium

    env = gymnasium.make("agentarena/Economist-v0", opponents="economist/rational", years=2, weeks=1)
    env.reset(seed=0)
    _, reward, terminated, _, _ = env.step(np.array([20, 20, 20], np.float32))
    assert not terminated
    assert reward == pytest.approx(float(rational_response(env.unwrapped.game, np.full(3, 20.0)).welfare), rel=1e-6)  # type: ignore[attr-defined]


def test_figures_of_a_run() -> None:
    runs = aa.play("Economist-v0", ["economist/bandit", *["economist/rational"] * 5], matches=2, rotate=False)
    plots = figures(runs.records)
    assert [title.partition(":")[0].partition(",")[0] for title, _ in plots] == [
        "Social welfare over the tax years",
        "Tax rates by bracket over the years",
        "Inequality over the years (Gini coefficient)",
        "Lorenz curves of the last week",
        "Labour by skill in the last week",
    ]
    assert all(svg.startswith("<svg") and svg.endswith("</svg>") and "nan" not in svg for _, svg in plots)
    assert figures([]) == []


def test_reports_show_the_figures(tmp_path: Path) -> None:
    from agentarena.leaderboard import report

    runs = aa.play("Economist-v0", ["economist/us", *["economist/rational"] * 5], matches=1, rotate=False)
    html = report.write(runs, tmp_path / "report.html", replays=0).read_text(encoding="utf-8")
    assert html.count("<figure") == 5
    assert 'id="figures"' in html
    other = report.render(aa.play("TicTacToe-v0", ["random", "random"], matches=2), replays=0)
    assert 'id="figures"' not in other


def test_plots_escape_words_and_leave_out_what_is_no_number() -> None:
    svg = lines({"<b>&": [(0, 1), (1, float("nan")), (2, 3)]}, x="x", y="y")
    assert "&lt;b&gt;&amp;" in svg
    assert "nan" not in svg
    assert svg.count("L") == 1
    assert lines({"a": []}, x="x", y="y") == ""
    assert ticks(3.0, 3.0) == [3.0]
