"""What is refused before a page is reached, and what a browser is told: hosts, sizes, methods, policies, words of agents."""

from __future__ import annotations

import asyncio
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the page needs the extra `serve`")
from hostile_words import ATTACK, URL
from starlette.testclient import TestClient

from agentarena.leaderboard.web.app import create_app
from agentarena.leaderboard.web.guard import Guard, Limits, host_name, own_names
from agentarena.leaderboard.web.statics import assets


class Page(HTMLParser):
    """Tags, attributes and scripts of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag if tag == "script" else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside != "script":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def pages(keys: SimpleNamespace) -> list[str]:
    return [
        "/",
        keys.duel,
        keys.talk,
        f"{keys.duel}/agent?name=broken-2",
        f"{keys.duel}/agent?name=mine-1",
        f"{keys.duel}/matches",
        f"{keys.duel}/matches?agent={ATTACK.replace('&', '')}&run={ATTACK}&outcome=won",
        f"{keys.duel}/matches/reference/2000003",
        f"{keys.talk}/matches/reference/0",
        f"/nope/{ATTACK}",
    ]


def test_hostile_words_stay_words(client: Any, keys: SimpleNamespace) -> None:
    """No element, handler or style of an agent's making in any page; nothing of it is executed as a template."""
    for path in pages(keys):
        page = Page(client.get(path).text)
        assert not [tag for tag, _ in page.tags if tag in ("img", "style", "iframe", "object", "embed", "base", "i", "u")], path
        assert not [attrs for _, attrs in page.tags if any(name.startswith("on") or name == "style" for name in attrs)], path
        scripts = [attrs for tag, attrs in page.tags if tag == "script"]
        assert all(attrs.get("type") == "application/json" or str(attrs.get("src")).startswith("/static/") for attrs in scripts), path
        links = [str(attrs[name]) for _, attrs in page.tags for name in ("href", "src", "action") if name in attrs]
        assert all(link.startswith(("/", "#")) and not link.startswith("//") for link in links), path
        assert "49" not in [word.strip("{}") for word in page.text.split()] or "{{ 7*7 }}" in page.text


def test_hostile_words_are_shown_as_they_are(client: Any, keys: SimpleNamespace) -> None:
    assert f"talker{ATTACK}" in Page(client.get(keys.duel).text).text
    assert f"it raised {ATTACK}" in Page(client.get(f"{keys.duel}/agent?name=broken-2").text).text
    html = client.get(f"{keys.talk}/matches/reference/0").text
    assert "Trust me \\u003c/script\\u003e" in html  # whole in the data, which the script shows as text


def test_headers_of_every_answer(client: Any, keys: SimpleNamespace) -> None:
    for path in [*pages(keys), "/static/style.css", "/static/nope", "/boards/duel/../../../../etc/passwd"]:
        headers = client.get(path, follow_redirects=False).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8000",
        "",
        "localhost@evil.example",
        "127.0.0.1:x",
        "[::1",
        "0.0.0.0",
    ],
)
def test_foreign_hosts_are_refused(client: Any, host: str) -> None:
    """As when a site's name was pointed at this machine (DNS rebinding)."""
    assert client.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000"])
def test_own_hosts(client: Any, host: str) -> None:
    assert client.get("/static/icon.svg", headers={"host": host}).status_code == 200


def test_a_server_for_the_network_answers_to_addresses_but_not_to_names(home: Path) -> None:
    with TestClient(create_app(home, hosts=own_names("0.0.0.0")), base_url=URL) as client:
        assert client.get("/static/icon.svg", headers={"host": "192.168.7.7:8000"}).status_code == 200
        assert client.get("/static/icon.svg", headers={"host": "evil.example"}).status_code == 421
    assert "board.lan" in own_names("board.lan")
    assert "*" not in own_names("board.lan")


def test_names_in_host_headers() -> None:
    assert [host_name(host) for host in ("a.b:80", "[::1]", "[::1]:80", "[x]", "a b", "a:b:c")] == ["a.b", "::1", "::1", "", "", ""]


def test_sizes(client: Any) -> None:
    assert client.get("/" + "a" * 1100).status_code == 414
    assert client.get("/?q=" + "a" * 2100).status_code == 414
    assert client.get("/", headers={"x": "a" * 17_000}).status_code == 431
    assert client.post("/", content=b"a" * 5000).status_code == 413
    assert client.request("GET", "/", content=b"a" * 5000).status_code == 413
    assert client.get("/", headers={"content-length": "9" * 400}).status_code == 413


def test_methods(client: Any) -> None:
    assert [client.request(method, "/").status_code for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH")] == [405] * 5
    assert client.post("/").status_code == 405
    assert client.head("/static/icon.svg").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2f..%2fweb%2fapp.py",
        "/static/%2e%2e/style.css",
        "/boards/..%2f..%2fkey",
        "/boards/duel/..%2f..%2f..%2fkey",
        "{duel}/matches/..%2f..%2f..%2freference/1",
        "{duel}/matches/..%5c..%5creference/1",
        "{duel}/matches/%2fetc%2fpasswd/1",
        "{duel}/agent?name=../../../key",
        "{duel}%00/matches",
        "/boards/duel/%00",
    ],
)
def test_no_path_leads_out(client: Any, keys: SimpleNamespace, home: Path, path: str) -> None:
    answer = client.get(path.format(duel=keys.duel))
    assert answer.status_code in (400, 404)
    assert (home / "key").read_text().strip() not in answer.text
    assert str(home) not in answer.text


def test_an_error_nobody_foresaw_says_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("secret of the server")

    monkeypatch.setattr("agentarena.leaderboard.web.index.Index.counts", fail)
    with TestClient(create_app(home), base_url=URL, raise_server_exceptions=False) as client:
        answer = client.get("/")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_static_files_carry_their_hash(client: Any) -> None:
    html = client.get("/").text
    for asset in assets().values():
        if asset.name != "replay.js":
            assert asset.url in html
        answer = client.get(asset.url)
        assert answer.content == asset.data
        assert "immutable" in answer.headers["cache-control"]
    assert not re.search(rb"innerHTML|outerHTML|insertAdjacent|eval\(|document\.write", b"".join(asset.data for asset in assets().values()))


def ask(limits: Limits, messages: list[dict[str, Any]], wait: float = 0.0) -> int:
    """The status that a body in pieces gets from a guarded application that reads it."""
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def read(request: Any) -> Any:
        return PlainTextResponse(str(len(await request.body())))

    guard = Guard(Starlette(routes=[Route("/submit", read, methods=["POST"])]), own_names("127.0.0.1"), limits, ["/submit"])
    statuses: list[int] = []
    pieces = iter(messages)

    async def receive() -> Any:
        await asyncio.sleep(wait)
        return next(pieces)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/submit",
        "raw_path": b"/submit",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }
    asyncio.run(guard({**scope, "http_version": "1.1", "scheme": "http", "root_path": "", "client": None, "server": None}, receive, send))
    return statuses[0]


def test_bodies_are_counted_as_they_come() -> None:
    """Whatever Content-Length said, or did not say."""
    piece = {"type": "http.request", "body": b"a" * 60, "more_body": True}
    last = {**piece, "more_body": False}
    assert ask(Limits(upload=200), [piece, piece, last]) == 200
    assert ask(Limits(upload=100), [piece, piece, last]) == 413
    assert ask(Limits(upload=200, body_s=0.05), [piece, piece, last], wait=0.1) == 408
