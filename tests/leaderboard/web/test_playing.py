"""Playing in a browser: a shop by clicks and words, a household by its map; forms from elsewhere, old pages, other people's matches."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the page needs the extra `serve`")
from hostile_words import ATTACK, URL
from starlette.testclient import TestClient

from agentarena.core.errors import UsageError
from agentarena.core.game import Game
from agentarena.core.replay import verify
from agentarena.envs.shop import Shop
from agentarena.leaderboard.web import visits as visiting
from agentarena.leaderboard.web.app import create_app
from agentarena.leaderboard.web.playing import COOKIE
from agentarena.leaderboard.web.visits import Visits, solo_games


class Person:
    """Someone at a browser: reads a page, fills one of its forms, and is led to the next."""

    def __init__(self, client: Any) -> None:
        self.client, self.page = client, client.get("/play")

    def post(self, path: str, origin: str | None = URL, **fields: str) -> Any:
        self.page = self.client.post(path, data=fields, files={"none": ("", b"")}, headers={} if origin is None else {"origin": origin})
        return self.page

    def start(self, game: str, deal: str = "3") -> str:
        self.page = self.client.get("/play")
        self.post("/play", token=self.token, game=game, deal=deal)
        assert self.page.status_code == 200, self.page.text
        return self.page.url.path

    def move(self, **field: str) -> str:
        self.post(self.page.url.path, token=self.token, step=self.hidden("step"), **field)
        assert self.page.status_code == 200
        return unescape(self.page.text)

    def hidden(self, name: str) -> str:
        return self.page.text.split(f'name="{name}" value="')[1].split('"')[0]

    @property
    def token(self) -> str:
        return self.hidden("token")

    def buttons(self) -> list[str]:
        return [unescape(value) for value in re.findall(r'name="(?:command|words)" value="([^"]*)"', self.page.text)]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Any]:
    with TestClient(create_app(tmp_path / "home"), base_url=URL) as one:
        yield one


def test_the_games_of_one_seat_are_offered(client: Any) -> None:
    html = client.get("/play").text
    assert set(solo_games()) == {"Household-v0", "Shop-v0", "SkillGame-v0"}
    for name in ("Household-v0", "Shop-v0 webshop", "SkillGame-v0 coins"):
        assert f'value="{name}"' in html
    assert "KuhnPoker" not in html
    assert 'href="/play"' in client.get("/").text


def test_a_shop_is_shopped_in(client: Any, tmp_path: Path) -> None:
    person = Person(client)
    path = person.start("Shop-v0")
    assert "Instruction" in person.page.text
    assert person.buttons() == []
    html = person.move(field="  polo   shirts ")
    assert "search[polo shirts]" in html
    assert "results in all" in html
    product = next(one for one in person.buttons() if one.startswith("click[b0"))
    assert 'class="item on"' not in person.move(command=product)
    option = next(one for one in person.buttons() if one not in ("click[back to search]", "click[< prev]"))
    assert 'aria-pressed="true"' in person.move(command=option)
    assert "Description" in person.move(command="click[description]")
    html = person.move(command="click[< prev]")
    assert 'aria-pressed="true"' in html
    html = person.move(command="click[buy now]")
    assert "Thank you for shopping with us!" in html
    assert "Your return: " in html
    assert person.buttons() == []
    assert 'id="replay-data"' in html
    answer = client.get(f"{path}/record")
    assert answer.headers["content-disposition"] == 'attachment; filename="Shop-v0-3.jsonl"'
    (tmp_path / "mine.jsonl").write_bytes(answer.content)
    assert verify(tmp_path / "mine.jsonl").ok
    assert json.loads(answer.content)["seats"][0]["agent"] == "human"


def test_a_household_is_walked_through(client: Any) -> None:
    person = Person(client)
    person.start("Household-v0 seen", "5")
    assert "Your task is to" in person.page.text
    places = [one for one in person.buttons() if one.startswith("go to ")]
    assert len(places) > 5
    assert "look" in person.buttons()
    html = person.move(command=places[0])
    assert f"You arrive at {places[0].removeprefix('go to ')}" in html
    assert "here" not in person.buttons()
    assert "You are carrying nothing" in person.move(words="Inventory") or "not carrying" in person.page.text
    assert "Nothing happens" in person.move(words="fly to the moon")


def test_a_game_without_a_screen_is_played_by_words(client: Any) -> None:
    person = Person(client)
    person.start("SkillGame-v0")
    assert '<pre class="command">' in person.page.text
    commands = person.buttons()
    assert commands
    person.move(words=commands[0])
    assert f"<code>{commands[0]}</code>" in unescape(person.page.text)


def test_what_is_wrong_with_a_move_is_said(client: Any) -> None:
    person = Person(client)
    person.start("Shop-v0")
    for fields, words in (
        ({"field": "   "}, "Type words"),
        ({"words": ""}, "Type a move"),
        ({"words": "x" * 1001}, "at most 1000"),
        ({"command": "y" * 1001}, "at most 1000"),
        ({"field": "z" * 999}, "1000 characters"),
    ):
        assert words in person.move(**fields), fields
        assert person.hidden("step") == "0"
    assert "Nothing happened" in person.move(command="click[buy now]")
    assert "no such field" not in person.move(field="shirts")
    assert "no such field" in person.move(field="shirts")


def test_a_form_that_is_sent_twice_plays_once(client: Any) -> None:
    person = Person(client)
    path = person.start("Shop-v0")
    token = person.token
    person.move(field="shirts")
    person.post(path, token=token, step="0", field="shoes")
    assert "an old one; nothing was played" in person.page.text
    assert person.hidden("step") == "1"
    assert "search[shoes]" not in person.page.text
    for step in ("", "2", "-1", "x"):
        person.post(path, token=token, step=step, command="click[next >]")
        assert person.hidden("step") == "1"


def test_forms_from_elsewhere_are_refused(client: Any) -> None:
    person = Person(client)
    path = person.start("Shop-v0")
    token = person.token
    for where, fields in (("/play", {"game": "Shop-v0"}), (path, {"step": "0", "field": "shirts"})):
        assert person.post(where, origin=None, token=token, **fields).status_code == 403
        assert person.post(where, origin="http://evil.example", token=token, **fields).status_code == 403
        assert person.post(where, origin="null", token=token, **fields).status_code == 403
        assert person.post(where, token="0" * 64, **fields).status_code == 403
        assert client.post(where, data={"token": token, **fields}, headers={"origin": URL}).status_code == 422  # another kind of form
    person.page = client.get(path)
    assert person.hidden("step") == "0"
    cookie = client.get("/play").headers["set-cookie"].lower()
    assert all(one in cookie for one in ("httponly", "samesite=strict", "path=/play"))


def test_nobody_sees_the_match_of_another(client: Any) -> None:
    path = Person(client).start("Shop-v0")
    client.cookies.clear()
    assert client.get(path).status_code == 404
    stranger = Person(client)
    assert "Yours" not in stranger.page.text
    assert client.get(path).status_code == 404
    assert client.get(f"{path}/record").status_code == 404
    assert stranger.post(path, token=stranger.token, step="0", field="shirts").status_code == 404
    client.cookies.clear()
    client.cookies.set(COOKIE, "x" * 5000)
    assert client.get(path).status_code == 404


def test_what_cannot_be_started_is_said(client: Any) -> None:
    person = Person(client)
    token = person.token
    for game, deal, words in (
        ("KuhnPoker-v0", "", "choose a game"),
        ("", "", "choose a game"),
        ("Shop-v0 cheap", "", "no preset"),
        ("Shop-v0 __class__", "", "no preset"),
        (f"Shop-v0 {ATTACK}", "", "no preset"),
        ("Shop-v0", "-1", "number from 0"),
        ("Shop-v0", "1000000", "number from 0"),
        ("Shop-v0", "9" * 1000, "number from 0"),
        ("Shop-v0", "\u0661", "number from 0"),
    ):
        answer = person.post("/play", token=token, game=game, deal=deal)
        assert answer.status_code == 422, game
        assert words in answer.text.split('role="alert"')[1]
        assert "<img src=x" not in answer.text
    assert client.get("/play/none").status_code == 404
    path = person.start("Shop-v0")
    assert client.get(f"{path}/record").status_code == 404


def test_a_page_can_be_had_without_play(tmp_path: Path) -> None:
    with TestClient(create_app(tmp_path, play=False), base_url=URL) as client:
        assert client.get("/play").status_code == 404
        assert client.post("/play", headers={"origin": URL}).status_code == 404
        assert "/play" not in client.get("/").text


def test_texts_of_products_are_data(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    product = {
        "asin": "B000000001",
        "name": f"Chair {ATTACK}",
        "full_description": ATTACK,
        "small_description": [f"Soft {ATTACK}"],
        "pricing": "$12.00",
        "customization_options": {
            'color" onclick="x': [{"value": 'red" autofocus onfocus="alert(1)', "image": None}, {"value": "<b>blue</b>", "image": None}]
        },
        "category": "furniture",
        "query": "chairs",
        "product_category": "Home \u203a Chairs",
        "images": [],
    }
    (tmp_path / "items_shuffle.json").write_text(json.dumps([product]))
    goal = {"attributes": ["soft"], "instruction": f"a soft chair {ATTACK}", "instruction_attributes": ["soft"]}
    (tmp_path / "items_ins_v2.json").write_text(json.dumps({"B000000001": goal}))
    games: dict[str, Game[Any]] = {"Shop-v0": Shop(files=str(tmp_path), goals="synthetic", split="all")}
    monkeypatch.setattr(visiting, "solo_games", lambda: games)
    person = Person(client)
    person.start("Shop-v0")
    commands = (
        "click[b000000001]",
        'click[red" autofocus onfocus="alert(1)]',
        "click[description]",
        "click[< prev]",
        "click[features]",
        "click[< prev]",
        "click[buy now]",
    )
    person.move(field=f"chair {ATTACK}")
    pages = [person.page.text]
    for command in commands:
        assert command in person.buttons()
        person.move(command=command)
        pages.append(person.page.text)
    for html in pages:
        assert "<script>document.title" not in html
        assert "<img src=x" not in html
        assert 'onfocus="' not in html
        assert "<b>blue" not in html
        assert "{{ 7*7 }}" in unescape(html)
    assert "Thank you" in pages[-1]


def test_visits_are_bounded_and_forgotten() -> None:
    visits = Visits(most=12)
    mine = [visits.open("me", "Shop-v0", deal=number) for number in range(10)]
    assert [one.deal for one in visits.of("me")] == [9, 8, 7, 6, 5, 4, 3, 2]
    assert visits.get("me", mine[0].id) is None
    assert visits.get("me", mine[5].id) is mine[5]
    for number in range(20):
        visits.open(f"other {number}", "Shop-v0")
    assert len(visits) == 12
    assert visits.of("me") == []
    quick = Visits(idle_s=0.0)
    quick.open("me", "Shop-v0")
    time.sleep(0.01)
    assert quick.of("me") == []
    with pytest.raises(UsageError, match="number from 0"):
        visits.open("me", "Shop-v0", deal=10**7)


def test_a_long_visit_shows_its_last_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visiting, "_MOST_STEPS_SHOWN", 5)
    visit = Visits().open("me", "Household-v0", deal=1)
    for _ in range(9):
        visit.press("look")
    assert len(visit.course) == 5
    assert visit.step == 9


def test_every_preset_can_be_played(client: Any) -> None:
    person = Person(client)
    for env, game in solo_games().items():
        for preset in type(game).presets:
            person.start(f"{env} {preset}", "7")
            assert 'name="step" value="0"' in person.page.text, (env, preset)
            person.move(words="look")
            assert person.hidden("step") == "1", (env, preset)
