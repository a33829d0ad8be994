"""The pages of the shop and the map of the household as screens, in replays and reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import agentarena as aa
from agentarena.core.frames import frames
from agentarena.core.registry import drawing, screen
from agentarena.core.screen import Block, screen_lines
from agentarena.envs.household.drawing import screen as household_screen
from agentarena.envs.shop import Shop
from agentarena.envs.shop.drawing import screen as shop_screen
from agentarena.leaderboard.replays import replay_data
from agentarena.leaderboard.report import render

GAME = Shop(goal=0)
RNG = np.random.default_rng(0)
ATTACK = "</script><script>document.title='pwned'</script><img src=x onerror=alert(1)>"


def visit(*commands: str, game: Shop = GAME) -> list[Block]:
    """The screen after these commands; `#1` opens the first product of the page."""
    state = game.start(np.random.default_rng(0))
    for command in commands:
        if command == "#1":
            command = next(one for one in game.legal(state, 0).suggestions if one.startswith("click[b0"))
        state = game.step(state, {0: command}, RNG)
    return list(shop_screen(game, state, 0))


def commands_of(blocks: list[Block]) -> list[str]:
    return [item.command for block in blocks for item in block.items if item.command]


@pytest.mark.parametrize(
    "commands",
    [
        (),
        ("search[shirts]",),
        ("search[shirts]", "click[next >]"),
        ("search[zzzz]",),
        ("search[shirts]", "#1"),
        ("search[shirts]", "#1", "click[features]"),
    ],
)
def test_what_can_be_clicked_is_what_is_admissible(commands: tuple[str, ...]) -> None:
    state = GAME.start(np.random.default_rng(0))
    for command in commands:
        if command == "#1":
            command = next(one for one in GAME.legal(state, 0).suggestions if one.startswith("click[b0"))
        state = GAME.step(state, {0: command}, RNG)
    suggestions = [one for one in GAME.legal(state, 0).suggestions if one.startswith("click")]
    assert sorted(commands_of(list(shop_screen(GAME, state, 0)))) == sorted(suggestions)


def test_every_page() -> None:
    index = visit()
    assert [block.kind for block in index] == ["text", "field", "facts"]
    assert (index[1].before, index[1].after) == ("search[", "]")
    results = next(block for block in visit("search[shirts]") if block.kind == "list")
    assert (len(results.items), results.title[:7]) == (10, "Page 1,")
    assert next(block for block in visit("search[zzzz]") if block.kind == "list").title == "No more results"
    item = visit("search[shirts]", "#1")
    choice = next(block for block in item if block.kind == "choice")
    chosen = visit("search[shirts]", "#1", choice.items[0].command)
    assert next(value.on for block in chosen if block.title == choice.title for value in block.items)
    assert any(block.title == "Features" and block.items for block in visit("search[shirts]", "#1", "click[features]"))
    assert "There is nothing here." in screen_lines(tuple(visit("search[shirts]", "#1", "click[reviews]")))
    words = screen_lines(tuple(visit("search[shirts]", "#1", "click[buy now]")))
    assert "Thank you for shopping with us!" in words
    assert "Score: " in words
    game = Shop(goal=0, max_steps=1)
    assert "nothing was bought" in screen_lines(tuple(visit("search[shirts]", game=game)))


def test_replays_show_pages_and_maps() -> None:
    for env, bot, words in (("Shop-v0", "shop/options", "Thank you"), ("Household-v0", "household/searcher", "You are at")):
        (record,) = aa.play(env, [bot], matches=1, seed=1).records
        steps = frames(record)
        assert all(len(step.screens) == 1 for step in steps)
        assert words in screen_lines(steps[-1].screens[0])
        data = replay_data(record)
        assert len(json.dumps(data)) < 400_000
        assert data["frames"][0]["screens"][0][0]["items"][0]["text"]
    (record,) = aa.play("TicTacToe-v0", ["random", "random"], matches=1).records
    assert frames(record)[0].screens == ()
    assert "screens" not in replay_data(record)["frames"][0]


def test_the_map_tells_what_the_agent_knows() -> None:
    game = aa.game("Household-v0", split="valid_seen", game=0)
    state = game.start(np.random.default_rng(0))
    places = household_screen(game, state, 0)[1]
    assert places.kind == "map"
    assert places.title == "You are in the middle of the room"
    assert {item.mark for item in places.items} == {"not seen"}
    assert not any(item.detail for item in places.items)
    target = places.items[0]
    assert target.command == f"go to {target.text}"
    state = game.step(state, {0: target.command}, RNG)
    after = household_screen(game, state, 0)[1].items[0]
    assert (after.on, after.command) == (True, "")
    assert after.mark == "closed" or after.detail
    bare = aa.game("Household-v0", split="valid_seen", game=0, admissible=False)
    assert not any(item.command for item in household_screen(bare, bare.start(RNG), 0)[1].items)


def test_texts_of_products_are_data(tmp_path: Path) -> None:
    """A catalogue whose texts are markup, in a report."""
    product: dict[str, Any] = {
        "asin": "B000000001",
        "name": f"Chair {ATTACK}",
        "full_description": f"A chair. {ATTACK}",
        "small_description": [f"Soft {ATTACK}", "\x1b[31mred"],
        "pricing": "$12.00",
        "customization_options": {f"color {ATTACK}"[:60]: [{"value": f"red {ATTACK}"[:60], "image": None}]},
        "category": "furniture",
        "query": "chairs",
        "product_category": "Home \u203a Chairs",
        "images": [],
    }
    (tmp_path / "items_shuffle.json").write_text(json.dumps([product, {**product, "asin": "B000000002"}]))
    goals = {
        one: {"attributes": ["soft"], "instruction": f"a soft chair {ATTACK}", "instruction_attributes": ["soft"]}
        for one in ("B000000001", "B000000002")
    }
    (tmp_path / "items_ins_v2.json").write_text(json.dumps(goals))
    options: dict[str, Any] = {"files": str(tmp_path), "goals": "synthetic", "split": "all"}
    records = aa.play("Shop-v0", ["shop/options"], matches=1, seed=0, **options)
    html = render(records)
    assert "<script>document.title" not in html
    assert "<img src=x" not in html
    page = json.loads(html.split('id="replay-data">')[1].split("</script>")[0])[0]
    assert ATTACK in json.dumps(page, ensure_ascii=False)
    assert "\x1b" not in "".join(screen_lines(one.screens[0]) for one in frames(records.records[0]))


def test_games_without_a_drawing_have_neither() -> None:
    assert screen(aa.game("KuhnPoker-v0")) is None
    assert drawing(aa.game("Shop-v0")) is None
    assert screen(aa.game("TicTacToe-v0")) is None


def test_watching_in_a_terminal_shows_the_pages() -> None:
    from click.testing import CliRunner

    from agentarena.cli.watch import command

    shop = CliRunner().invoke(command, ["Shop-v0", "shop/options", "--delay", "0", "--set", "format=plain"])
    assert shop.exit_code == 0, shop.output
    assert "Search: search[...]" in shop.output
    assert "[Description] [Features] [Reviews]" in shop.output
    assert "Thank you for shopping with us!" in shop.output
    assert "[SEP]" not in shop.output
    household = CliRunner().invoke(command, ["Household-v0", "household/searcher", "--delay", "0", "--seat", "0"])
    assert household.exit_code == 0, household.output
    assert "You are at" in household.output
