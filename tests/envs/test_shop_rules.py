"""The shop's pages, commands, splits and defects."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.core.errors import BadOption, IllegalAction, MatchOver, UsageError
from agentarena.envs.shop import Shop, State
from agentarena.envs.shop.rules.pages import page_text
from agentarena.envs.shop.state import DONE, INDEX, ITEM, RESULTS, TAB

GAME = Shop(goal=0)
RNG = np.random.default_rng(0)


def visit(*commands: str, game: Shop = GAME) -> State:
    """The state after these commands; `#1` opens the first product of the page."""
    state = game.start(np.random.default_rng(0))
    for command in commands:
        if command == "#1":
            command = next(one for one in game.legal(state, 0).suggestions if one.startswith("click[b0"))
        state = game.step(state, {0: command}, RNG)
    return state


def test_a_purchase() -> None:
    state = visit("search[shirts]", "#1", "click[buy now]")
    assert state.place.page == DONE
    assert GAME.to_move(state) == ()
    assert not GAME.truncated(state)
    assert GAME.rewards(state) == (state.earned,)
    with pytest.raises(MatchOver):
        GAME.step(state, {0: "search[shirts]"}, RNG)


@pytest.mark.parametrize(
    ("commands", "page", "number"),
    [
        (("search[red shirts]",), RESULTS, 1),
        (("search[red shirts]", "click[next >]", "click[Next >]"), RESULTS, 3),
        (("search[red shirts]", "click[next >]", "click[< prev]"), RESULTS, 1),
        (("search[red shirts]", "click[back to search]"), INDEX, 0),
        (("search[red shirts]", "click[next >]", "#1", "click[< prev]"), RESULTS, 2),
        (("search[red shirts]", "#1", "click[features]", "click[< prev]"), ITEM, 1),
        (("search[red shirts]", "#1", "click[features]", "click[back to search]"), INDEX, 0),
        (("search[red shirts]", "#1", "search[blue shirts]"), RESULTS, 1),  # a search works on any page
        (("search[zzzz]",), RESULTS, 1),
        (("search[red shirts]", *["click[next >]"] * 7), RESULTS, 8),  # beyond the last page
    ],
)
def test_ways(commands, page, number) -> None:
    place = visit(*commands).place
    assert (place.page, place.results_page) == (page, number)


def test_options_are_kept_on_tabs_and_lost_by_going_back() -> None:
    game = Shop(split="all", goal=next(i for i, n in enumerate(GAME.catalogue.order) if len(GAME.catalogue.goal(int(n)).options) > 1))
    goal = game.goal_of(game.start(RNG).goal)
    product = game.catalogue.product(goal.product)
    first, second = product.options[0][1][:2]
    way = [f"search[{product.title}]", f"click[{product.asin}]", f"click[{first}]", f"click[{second}]"]
    assert visit(*way, game=game).place.chosen == ((product.options[0][0], second),)
    assert visit(*way, "click[description]", "click[< prev]", game=game).place.chosen == ((product.options[0][0], second),)
    assert visit(*way, "click[< prev]", f"click[{product.asin}]", game=game).place.chosen == ()


@pytest.mark.parametrize(
    ("command", "parsed"),
    [
        ("", False), ("buy it", False), ("search[]", False), ("click[search]", True), ("Search[shirts]", False), (" search[shirts]", False),
        ("click[no such label]", True), ("click[buy now]", True), ("search[a [b]", False), ("search[a\nb]", False), ("think[hard]", False),
        ("click[\x1b[31m]", False), ("\x00", False), ("x" * 1000, False),
    ],
)  # fmt: skip
def test_commands_without_effect(command, parsed) -> None:
    before = visit()
    after = GAME.step(before, {0: command}, RNG)
    assert after.place == before.place
    assert (after.turn, after.valid, after.parsed) == (1, False, parsed)
    assert GAME.diagnostics(after, 0)["state_hash"] == GAME.diagnostics(before, 0)["state_hash"]


def test_what_follows_a_command_is_ignored() -> None:
    assert visit("search[shirts] and more").place == visit("search[SHIRTS]").place


@pytest.mark.parametrize("wrong", ["x" * 100_000, 3, None, b"search[a]"])
def test_what_is_no_command_at_all_is_refused(wrong) -> None:
    state = visit()
    with pytest.raises(IllegalAction):
        GAME.step(state, {0: wrong}, RNG)
    assert state == visit()


def test_validity_is_strict() -> None:
    """A search away from the first page works, and is not among the admissible commands."""
    assert visit("search[shirts]").valid
    again = visit("search[shirts]", "search[shirts]")
    assert not again.valid
    assert again.parsed
    assert visit("search[shirts]", "click[next >]").valid


def test_admissible_commands_do_something() -> None:
    for way in (
        (),
        ("search[shirts]",),
        ("search[shirts]", "click[next >]"),
        ("search[shirts]", "#1"),
        ("search[shirts]", "#1", "click[features]"),
    ):
        state = visit(*way)
        for command in GAME.legal(state, 0).suggestions:
            after = GAME.step(state, {0: command}, RNG)
            assert after.valid
            assert after.place != state.place, command


def test_formats() -> None:
    state = visit("search[shirts]", "#1")
    plain, rich, lines = (page_text(GAME, state, name) for name in ("plain", "rich", "lines"))
    instruction = GAME.goal_of(state.goal).instruction
    assert plain.startswith(f"Instruction: [SEP] {instruction} [SEP] Back to Search [SEP] < Prev [SEP] ")
    assert plain.endswith(" [SEP] Rating: N.A. [SEP] Description [SEP] Features [SEP] Reviews [SEP] Buy Now")
    assert "[button] Buy Now [button_]" in rich
    assert "[Description] [Features] [Reviews] [Buy Now]" in lines
    assert page_text(GAME, visit(), "plain") == f"WebShop [SEP] Instruction: [SEP] {instruction} [SEP] Search"
    results = page_text(GAME, visit("search[shirts]"), "plain")
    assert " [SEP] Page 1 (Total results: 50) [SEP] Next > [SEP] B0" in results
    assert page_text(GAME, visit("search[shirts]", "#1", "click[reviews]"), "plain").endswith("Back to Search [SEP] < Prev")


def test_rich_text_says_what_was_clicked() -> None:
    state = visit("search[black shirts size small]", "#1")
    option = next(
        c for c in GAME.legal(state, 0).suggestions if c[6:-1] in dict(GAME.catalogue.product(state.place.product).options)["color"]
    )
    state = GAME.step(state, {0: option}, RNG)
    value = option[6:-1]
    rich = page_text(GAME, state, "rich")
    assert rich.startswith(f"You have clicked {value}.\n")
    assert f"  [clicked button] {value} [clicked button_]" in rich
    back = GAME.step(state, {0: "click[< prev]"}, RNG)
    asin = GAME.catalogue.product(state.place.product).asin
    assert f"\n[clicked button] {asin} [clicked button_]" in page_text(GAME, back, "rich")


def test_pages_hold_ten_of_fifty() -> None:
    for number in range(1, 6):
        state = visit("search[shirts]", *["click[next >]"] * (number - 1))
        assert sum(command.startswith("click[b0") for command in GAME.legal(state, 0).suggestions) == 10
    assert GAME.legal(visit("search[shirts]", *["click[next >]"] * 5), 0).suggestions == (
        "click[back to search]",
        "click[< prev]",
        "click[next >]",
    )


def test_a_visit_without_a_purchase_is_cut_short() -> None:
    game = Shop(max_steps=2)
    state = visit("search[shirts]", "click[next >]", game=game)
    assert game.to_move(state) == ()
    assert game.truncated(state)
    assert "no purchase in 2 commands" in game.text.view(state, 0)


def test_splits_are_disjoint_and_always_apply() -> None:
    parts = [set(Shop(split=name).numbers.tolist()) for name in ("test", "dev", "train")]
    assert [len(part) for part in parts][:2] == [500, 1000]
    assert sum(map(len, parts)) == len(set.union(*parts)) == len(Shop(split="all").numbers)


def test_difficulty_is_read_back() -> None:
    for difficulty in (0, 3, 6):
        game = Shop(split="all", difficulty=difficulty)
        state = game.start(np.random.default_rng(difficulty))
        assert game.diagnostics(state, 0)["difficulty"]["siblings"] == difficulty


@pytest.mark.parametrize("options", [{"products": 100}, {"difficulty": 12}, {"goal": 10**6}])
def test_splits_without_goals_are_refused(options) -> None:
    with pytest.raises(BadOption, match="goal"):
        Shop(**options).start(RNG)


def test_states_are_packed() -> None:
    state = visit("search[shirts]", "#1", "click[features]")
    assert GAME.unpack(GAME.pack(state)) == state
    for data in (b"", b"[]", b'[0,[0,[99999999],0,-1,"",[]],[[],0,"",true,true,0]]', b"null"):
        with pytest.raises(UsageError):
            GAME.unpack(data)


# --- the original's defects ---------------------------------------------------------------------------------------------


def test_special_queries() -> None:
    game = Shop(goal=0, special_queries=True)
    product = game.catalogue.product(5)
    by_query = visit(f"search[<q> {product.query}]", game=game).place.results
    assert {game.catalogue.product(number).query for number in by_query} == {product.query}
    by_category = visit(f"search[<c> {product.category}]", game=game).place.results
    assert {game.catalogue.product(number).category for number in by_category} == {product.category}
    by_attribute = visit(f"search[<a> {product.attributes[0]}]", game=game).place.results
    assert all(product.attributes[0] in game.catalogue.product(number).attributes for number in by_attribute)
    assert len(set(visit("search[<r>]", game=game).place.results)) == 50
    assert visit("search[<r>]").place.results == ()


def test_buying_again() -> None:
    game = Shop(goal=0, buy_again=True)
    state = visit("search[shirts]", "#1", "click[buy now]", game=game)
    assert game.to_move(state) == (0,)
    assert visit("search[shirts]", "#1", "click[buy now]", "search[shirts]", game=game).place.page == RESULTS
    assert visit("search[shirts]", "#1", "click[features]").place.page == TAB


def test_explained_feedback() -> None:
    game = Shop(goal=0, feedback="explain")
    for command in ("buy it", "click[x]"):
        state = visit(command, game=Shop(goal=0, feedback="plain"))
        assert game.text.tell(game.news(state)[0], 0)
        assert not Shop(feedback="plain").text.tell(game.news(state)[0], 0)
    for command, words in (("buy it", "is no command"), ("click[x]", "clicks nothing"), ("search[shirts]", "")):
        state = visit(command, game=game)
        assert words in game.text.view(state, 0, game.news(state))


def test_nothing_that_is_typed_breaks_a_visit() -> None:
    """Scraps of commands, brackets, labels, control characters and markup, on every page."""
    rng = np.random.default_rng(5)
    scraps = [
        "search[",
        "click[",
        "]",
        "[",
        "buy now",
        "next >",
        "< prev",
        "\x00",
        "\x1b",
        "é",
        "\ud800",
        "<answer>",
        " ",
        "\n",
        "a" * 50,
        "b0",
        "<q>",
        "{x}",
        "%s",
    ]
    for game in (GAME, Shop(goal=0, special_queries=True, buy_again=True, format="rich", feedback="explain")):
        for _ in range(40):
            state = game.start(rng)
            while game.to_move(state):
                if rng.random() < 0.5:
                    command = game.legal(state, 0).sample(rng)
                else:
                    command = "".join(scraps[int(rng.integers(len(scraps)))] for _ in range(int(rng.integers(1, 6))))
                state = game.step(state, {0: command}, rng)
                game.text.view(state, 0, game.news(state))
                assert game.observation_space(0).contains(game.observe(state, 0))
                assert game.unpack(game.pack(state)) == state
