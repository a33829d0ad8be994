"""Words of the tax economy: replies, that every action can be written, memory and cues."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from economist_helpers import play, rng, working

from agentarena.core.actions import Box, Product, encode, violation
from agentarena.core.text import Pattern, Unreadable
from agentarena.envs.economist import Economist
from agentarena.envs.economist.options import CUTOFFS
from agentarena.envs.economist.rules.taxes import tax_due, taxes

# --- words ----------------------------------------------------------------------------------------------------------------


def test_replies_of_a_worker() -> None:
    game = Economist()
    state = working(game)
    for words, hours in (("40", 40), ("<answer>37.5</answer>", 37.5), ("I think so.\n<answer> 1e1 </answer>", 10)):
        assert float(game.text.read(state, 1, words)) == hours
    for words in ("forty", "40 hours", "40 50", "nan", "inf", "1e999", "", "-", "<answer>40</answer><answer>41</answer>"):
        assert isinstance(game.text.read(state, 1, words), Unreadable), words
    assert float(game.text.read(state, 1, "150")) == 150  # read as said, then refused by the rules
    assert game.legal(state, 1).violation(game.text.read(state, 1, "150")) is not None


def test_replies_of_a_planner() -> None:
    game = Economist()
    state = game.start(rng())
    assert game.text.read(state, 0, "10, 20 , 35%").tolist() == [10, 20, 35]
    assert isinstance(game.text.read(state, 0, "10, 20"), Unreadable)
    delta = Economist(planner="delta")
    assert delta.text.read(delta.start(rng()), 0, "+10, 0, -20") == {"bracket_1": 3, "bracket_2": 2, "bracket_3": 0}
    assert isinstance(delta.text.read(delta.start(rng()), 0, "5, 0, 0"), Unreadable)


def test_replies_of_parts() -> None:
    game = Economist(bounded=True, government="platforms", planner="delta")
    state = game.start(rng())
    move = game.text.read(state, 1, "stand yes; changes +10, 0, -10")
    assert move["stand"] == 1
    assert (move["bracket_1"], move["bracket_2"], move["bracket_3"]) == (3, 2, 1)
    assert isinstance(game.text.read(state, 1, "vote 3"), Unreadable)  # not now
    assert isinstance(game.text.read(state, 1, "stand maybe"), Unreadable)
    assert game.legal(state, 1).violation(move) is None


def test_memory_and_cues() -> None:
    game = Economist(years=2, weeks=3)
    state = working(game)
    assert "something that you have not tried" in game.text.view(state, 2)
    for worked in (40.0, 30.0):
        state = game.step(state, dict.fromkeys(range(1, 6), worked), rng())
    text = game.text.view(state, 2)
    assert "Your best weeks so far" in text
    assert "Working fewer hours" in text
    assert "Now choose what has been best so far" in text  # the year's last week
    best = text.partition("Your best weeks so far:\n")[2].splitlines()
    utilities = [float(line.rpartition("; ")[2].replace(",", "")) for line in best[:2]]
    assert utilities == sorted(utilities, reverse=True)
    quiet = Economist(years=2, weeks=3, cues="none", memory=0)
    again = quiet.text.view(state, 2)
    assert "best" not in again
    assert "Working fewer" not in again


def test_the_planner_remembers_years() -> None:
    game = Economist(years=4, weeks=1)
    state = game.start(rng())
    for rate in (10.0, 60.0):
        state = game.step(state, {0: np.full(3, rate)}, rng())
        state = game.step(state, dict.fromkeys(range(1, 6), 40.0), rng())
    text = game.text.view(state, 0)
    assert "Best rates so far:\n- 60 %, 60 %, 60 %" in text
    assert "welfare rose" in text
    assert "raised from 0" in text


# --- writing is the inverse of reading ------------------------------------------------------------------------------------

VARIANTS: dict[str, dict[str, Any]] = {
    **{preset: {} for preset in Economist.presets},
    "": {},
    "bounded election": {"bounded": True, "government": "election"},
    "bounded platforms": {"bounded": True, "government": "platforms", "brackets": "us"},
    "delta flat": {"planner": "delta", "brackets": "flat"},
}


def any_member(part: Any, draw: np.random.Generator) -> Any:
    """A member of a part of an action, also of one that does not count now, whose own `sample` gives its default."""
    if isinstance(part, Box):
        return draw.uniform(part.low, part.high) if draw.random() < 0.7 else draw.choice([0.0, 100.0], size=part.shape)
    choices = part if isinstance(part, tuple) else part.choices
    return int(draw.choice(choices))


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_action_is_read_as_it_was_written(variant: str) -> None:
    """Parts that do not count in a phase are recorded as nothing, and so they are not written."""
    game = Economist.build(variant if variant in Economist.presets else None, **VARIANTS[variant])
    draw, compared = rng(1), 0
    while compared < 150:
        state = game.start(draw)
        while game.to_move(state):
            actions: dict[int, Any] = {}
            for seat in game.to_move(state):
                legal = game.legal(state, seat)
                parts = legal.parts.items() if isinstance(legal, Product) else ()
                action = {name: any_member(part, draw) for name, part in parts} or any_member(legal, draw)
                assert violation(legal, action) is None
                reply = game.text.write(state, seat, action)
                again = game.text.read(state, seat, reply)
                assert not isinstance(again, Unreadable), (reply, action)
                assert encode(legal, again) == encode(legal, action), (reply, action)
                options = game.text.options(state, seat)
                assert isinstance(options, Pattern)
                assert re.fullmatch(options.regex, reply), reply
                actions[seat] = action
                compared += 1
            state = game.step(state, actions, draw)


@pytest.mark.parametrize(
    "options", [{}, {"bounded": True}, {"bounded": True, "satisfaction": "paper", "altruistic": 20, "adversarial": 40}]
)
def test_one_workers_credit_is_its_entry_of_all_credits(options: dict[str, Any]) -> None:
    game = Economist(**options)
    for week in play(game)[-1].past:
        assert [game.credit(week, worker) for worker in range(game.population)] == game.credits(week).tolist()


@pytest.mark.parametrize("brackets", CUTOFFS)
def test_the_tax_on_one_income_is_that_of_the_array(brackets: str) -> None:
    draw, cutoffs = rng(2), CUTOFFS[brackets]
    incomes = np.concatenate([draw.uniform(0, 1e6, 200), np.array(cutoffs), np.array(cutoffs) + 1e-9])
    for rates in draw.uniform(0, 1, (20, len(cutoffs))):
        assert [tax_due(income, cutoffs, tuple(rates.tolist())) for income in incomes.tolist()] == taxes(incomes, cutoffs, rates).tolist()
