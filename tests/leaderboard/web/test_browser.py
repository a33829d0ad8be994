"""The pages in a browser: clicked through, stepped by keys, without a violation of the policy, and photographed.

Skipped where Playwright or Chromium is missing. The pictures are left in the folder that AGENTARENA_SCREENSHOTS names, else in
pytest's own.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="browser tests need Playwright (pip install playwright)")
uvicorn = pytest.importorskip("uvicorn", reason="the page needs the extra `serve`")

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="browser tests need Chromium (apt-get install chromium)")

from agentarena.leaderboard.web.app import create_app  # noqa: E402
from agentarena.leaderboard.web.server import _listener  # noqa: E402

WATCH = "document.addEventListener('securitypolicyviolation', e => console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI))"
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    """A server of the boards, with the form."""
    listener = _listener("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(create_app(home, submit=True), log_level="error", timeout_graceful_shutdown=1, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        options = ["--disable-dev-shm-usage", "--disable-gpu", *(["--no-sandbox"] if os.getuid() == 0 else [])]
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=options)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Any]:
    """Opens pages that fail the test where the console has an error or the policy was violated."""
    troubles: list[str] = []
    contexts: list[Any] = []

    def new(viewport: dict[str, int] = DESKTOP, scheme: str = "light", scripts: bool = True) -> Any:
        context = browser.new_context(viewport=viewport, color_scheme=scheme, java_script_enabled=scripts)
        context.add_init_script(WATCH)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: troubles.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("dialog", lambda dialog: troubles.append(f"dialog: {dialog.message}"))
        contexts.append(context)
        return page

    yield new
    for context in contexts:
        context.close()
    refused = "the server responded with a status of 422"  # which Chromium says of a form that comes back
    assert not [trouble for trouble in troubles if refused not in trouble]


def test_from_boards_to_a_replay(url: str, open_page: Any) -> None:
    page = open_page()
    page.goto(url)
    page.get_by_role("link", name="A duel <b>of</b> three").first.click()
    playwright.expect(page.get_by_role("heading", name="Standings")).to_be_visible()
    page.locator("table.standings").get_by_role("link", name="minimax").click()
    playwright.expect(page.get_by_role("heading", name="Rating over time")).to_be_visible()
    page.get_by_role("link", name="All its matches").click()
    page.get_by_label("Run").select_option("reference")
    with page.expect_navigation(url="**run=reference**"):
        page.get_by_role("button", name="Show").click()
    page.locator("table.matches tbody th a").first.click()
    playwright.expect(page.get_by_role("heading", name="Replay")).to_be_visible()
    assert page.title() != "pwned"


def test_a_replay_is_stepped_by_keys_and_buttons(url: str, keys: SimpleNamespace, open_page: Any) -> None:
    page = open_page()
    page.goto(f"{url}{keys.duel}/matches/reference/1")
    where = page.locator("[data-where]")
    assert where.inner_text().startswith("step 0 of")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert where.inner_text().startswith("step 2 of")
    page.keyboard.press("ArrowLeft")
    assert where.inner_text().startswith("step 1 of")
    page.keyboard.press("End")
    last = int(where.inner_text().split()[-1])
    assert where.inner_text() == f"step {last} of {last}"
    assert page.get_by_role("button", name="Next").is_disabled()
    page.keyboard.press("p")
    playwright.expect(page.get_by_role("button", name="Pause")).to_be_visible()
    playwright.expect(where).to_have_text(f"step 2 of {last}", timeout=10_000)
    page.keyboard.press("p")
    playwright.expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.get_by_role("button", name="First").click()
    assert page.locator(".board .cell").count() == 18
    assert page.locator(".board").first.get_attribute("role") == "img"


def test_a_seat_sees_its_own_words_alone(url: str, keys: SimpleNamespace, open_page: Any) -> None:
    page = open_page()
    page.goto(f"{url}{keys.talk}/matches/reference/0")
    assert page.locator(".view").count() == 7
    page.get_by_label("Seen by").select_option("2")
    assert page.locator(".view").count() == 1
    assert "seat 2" in page.locator(".view h3").inner_text()
    steps = int(page.locator("[data-where]").inner_text().split()[-1])
    for _ in range(steps):
        page.keyboard.press("ArrowRight")
        assert all("seat 2" in text for text in page.locator(".log > details > summary").all_inner_texts())
    page.get_by_label("Seen by").select_option("all")
    page.get_by_label("earlier news too").check()
    spoken = page.locator("q.speech", has_text="Trust me").first
    playwright.expect(spoken).to_be_visible()
    assert "document.title='pwned'" in spoken.inner_text()  # the game writes angle brackets another way
    assert page.locator(".log script, .log img").count() == 0
    assert page.title() != "pwned"


def test_thoughts_open_on_demand(url: str, keys: SimpleNamespace, open_page: Any) -> None:
    page = open_page()
    page.goto(f"{url}{keys.talk}/matches/reference/0")
    page.keyboard.press("ArrowRight")
    words = page.locator(".log > details").first
    assert not words.locator(".think pre").is_visible()
    words.locator("summary").first.click()
    assert not words.locator(".think pre").is_visible()
    words.locator(".think summary").click()
    assert "I lie </script>" in words.locator(".think pre").inner_text()


def test_the_theme_is_remembered(url: str, keys: SimpleNamespace, open_page: Any) -> None:
    page = open_page()
    page.goto(url)
    dark = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(dark)
    page.get_by_role("button", name="Switch between light and dark").click()
    assert page.evaluate(dark) != before
    page.goto(f"{url}{keys.duel}")
    assert page.evaluate(dark) != before


def test_the_keyboard_reaches_everything(url: str, open_page: Any) -> None:
    page = open_page()
    page.goto(url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_pages_without_scripts_still_say_everything(url: str, keys: SimpleNamespace, open_page: Any) -> None:
    page = open_page(scripts=False)
    page.goto(f"{url}{keys.duel}")
    assert page.locator("table.standings tbody tr").count() == 4
    page.goto(f"{url}{keys.duel}/matches/reference/0")
    assert "switched off" in page.locator("noscript").inner_text()


def test_the_form_refuses_and_keeps_the_board(url: str, open_page: Any, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("no archive")
    page = open_page()
    page.goto(f"{url}/submit?board=leduc")
    page.get_by_label("Archive").set_input_files(tmp_path / "a.zip")
    with page.expect_response("**/submit") as caught:
        page.get_by_role("button", name="Submit").click()
    assert caught.value.status == 422
    playwright.expect(page.get_by_role("alert")).to_contain_text("cannot be unpacked")
    assert page.get_by_label("Board").input_value() == "leduc"


def _addresses(keys: SimpleNamespace) -> dict[str, str]:
    return {
        "boards": "/",
        "board": keys.duel,
        "agent": f"{keys.duel}/agent?name=minimax",
        "failed": f"{keys.duel}/agent?name=broken-2",
        "matches": f"{keys.duel}/matches",
        "replay": f"{keys.duel}/matches/reference/2000003",
        "speech": f"{keys.talk}/matches/reference/0",
        "submit": "/submit",
        "play": "/play",
    }


def _visits(page: Any, url: str) -> Iterator[str]:
    """Starts a shop and a household, and gives each of their pages a name while it is shown."""

    def click(button: Any) -> None:
        with page.expect_navigation():
            button.click()

    def start(game: str, deal: str) -> None:
        page.goto(f"{url}/play")
        page.get_by_label("Game and options").select_option(game)
        page.get_by_label("Deal").fill(deal)
        click(page.get_by_role("button", name="Play"))

    start("Shop-v0", "3")
    yield "shop-search"
    page.get_by_label("Search", exact=True).fill("frizz control scalp oils")
    with page.expect_navigation():
        page.get_by_label("Search", exact=True).press("Enter")
    yield "shop-results"
    click(page.locator(".list button").first)
    click(page.locator(".choice button").first)
    playwright.expect(page.locator(".choice button").first).to_have_attribute("aria-pressed", "true")
    yield "shop-product"
    click(page.get_by_role("button", name="Features"))
    yield "shop-features"
    click(page.get_by_role("button", name="< Prev"))
    click(page.get_by_role("button", name="Buy Now"))
    playwright.expect(page.get_by_text("Thank you for shopping with us!").first).to_be_visible()
    yield "shop-end"
    start("Household-v0 seen", "5")
    click(page.locator(".map button").first)
    yield "household"
    start("SkillGame-v0", "1")
    click(page.locator(".buttons button").first)
    yield "skills"


def test_a_game_is_played_without_scripts(url: str, open_page: Any) -> None:
    page = open_page(scripts=False)
    assert len(list(_visits(page, url))) == 7


def test_an_old_page_plays_nothing(url: str, open_page: Any) -> None:
    page = open_page()
    shop = _visits(page, url)
    next(shop)
    old = page.context.new_page()
    old.goto(page.url)
    next(shop)
    old.get_by_label("Search", exact=True).fill("something else")
    old.get_by_label("Search", exact=True).press("Enter")
    playwright.expect(old.get_by_role("alert")).to_contain_text("nothing was played")
    playwright.expect(old.get_by_role("heading", name="Step 2")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_width_and_theme(
    url: str, keys: SimpleNamespace, open_page: Any, viewport: dict[str, int], scheme: str, tmp_path: Path
) -> None:
    """No page is wider than its window; the pictures are there to be looked at."""
    folder = Path(os.environ.get("AGENTARENA_SCREENSHOTS") or tmp_path)
    page = open_page(viewport, scheme)
    for name, address in _addresses(keys).items():
        page.goto(url + address)
        if name in ("replay", "speech"):
            page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowRight")
        _photograph(page, folder, name, viewport["width"], scheme)
    for name in _visits(page, url):
        _photograph(page, folder, name, viewport["width"], scheme)


def _photograph(page: Any, folder: Path, name: str, width: int, scheme: str) -> None:
    picture = page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
    assert len(picture) > 10_000
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility(url: str, keys: SimpleNamespace, browser: Any, scheme: str) -> None:
    """axe-core finds nothing: contrast, names, labels, headings, landmarks."""
    axe = pytest.importorskip("axe_playwright_python.base", reason="needs axe-core (pip install axe-playwright-python)")
    context = browser.new_context(viewport=DESKTOP, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(60_000)
    problems: list[str] = []

    def examine(name: str) -> None:
        page.evaluate(axe.AXE_SCRIPT)
        result = page.evaluate("axe.run({ resultTypes: ['violations'] })")
        problems.extend(
            f"{name}: {one['id']}: {node['html'][:150]} {node.get('failureSummary', '')[:200]}"
            for one in result["violations"]
            for node in one["nodes"][:3]
        )

    for name, address in _addresses(keys).items():
        page.goto(url + address)
        examine(name)
    for name in _visits(page, url):
        examine(name)
    context.close()
    assert not problems, "\n".join(problems)
