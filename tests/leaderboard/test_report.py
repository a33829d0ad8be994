"""The report: complete, self-contained, the same bytes for the same records, and safe whatever agents say."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import agentarena as aa
from agentarena.core.agent import Agent, Reply, View
from agentarena.core.errors import UsageError
from agentarena.evaluate import Interval
from agentarena.leaderboard import figures, replays, report
from agentarena.leaderboard.published import agent_named
from agentarena.matches.tournaments import Tournament, tournament

ATTACK = "</script><script>document.title='pwned'</script><img src=x onerror=alert(1)>{{ 7*7 }}"


class Talker(Agent):
    """Answers in hostile words; sometimes unreadably, and raises now and then."""

    name = f"talker{ATTACK}"

    def choose(self, view: View) -> Reply:
        if view.match % 7 == 3 and view.turn == 1:
            raise RuntimeError(f"boom {ATTACK}")
        if view.attempt == 0 and view.turn == 0:
            return Reply(f"I refuse {ATTACK}", thinking=f"hmm {ATTACK}\u2028")
        assert isinstance(view.legal, tuple)
        return Reply(f"{ATTACK} <answer>{view.write(view.legal[-1])}</answer>", usage={"prompt_tokens": 100})


class Page(HTMLParser):
    """Tags and text of a page, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self._in: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._in.append(tag)
            if tag == "script":
                self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        if self._in and tag == self._in[-1]:
            self._in.pop()

    def handle_data(self, data: str) -> None:
        if self._in and self._in[-1] == "script":
            self.scripts[-1] += data
        elif not self._in:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def replays(self) -> list[dict]:
        return list(json.loads(self.scripts[0]))


@pytest.fixture(scope="module")
def hostile() -> Tournament:
    return tournament("TicTacToe-v0", ["random", "minimax", Talker()], rounds=8, seed=1)


@pytest.fixture(scope="module")
def html(hostile: Tournament) -> str:
    return report.render(hostile, replays=5)


def test_everything_is_there(html: str, hostile: Tournament) -> None:
    page = Page(html)
    ids = {attrs.get("id") for _, attrs in page.tags}
    assert {"standings", "head-to-head", "differences", "by-seat", "costs", "replays", "method"} <= ids
    best = hostile.standings.rows[0]
    assert best.agent == "minimax"
    assert f"{best.elo:,.0f}" in page.text
    assert f"{best.win_share:.1%}" in page.text
    assert "48 matches on 24 deals" in page.text
    assert "agentarena tournament TicTacToe-v0 random minimax" in page.text
    assert "prompt_tokens" in page.text
    assert "forfeit" in page.text
    assert html.count('class="bar"') >= 3 * 4  # return, wins, Elo and alpha-Rank of each agent


def test_it_needs_nothing_from_outside(html: str) -> None:
    page = Page(html)
    assert not [tag for tag, _ in page.tags if tag in ("link", "img", "iframe", "object", "embed", "base", "form")]
    assert not [attrs for _, attrs in page.tags if "src" in attrs or any(name.startswith("on") for name in attrs)]
    assert all(str(attrs["href"]).startswith("#") for _, attrs in page.tags if "href" in attrs)
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|innerHTML|eval\(", html)
    policy = next(attrs["content"] for tag, attrs in page.tags if tag == "meta" and attrs.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_hostile_words_stay_words(html: str) -> None:
    page = Page(html)
    assert sum(tag == "script" for tag, _ in page.tags) == 2
    assert len(page.scripts) == 2
    assert "49" not in [word.strip("{}") for word in page.text.split()]
    assert Talker.name in page.text  # shown as it is
    thoughts = [a["thinking"] for r in page.replays for f in r["frames"] for attempts in f["replies"].values() for a in attempts]
    assert f"hmm {ATTACK}\u2028" in thoughts  # whole in the data
    assert "\u2028" not in page.scripts[0]


def test_tags_are_balanced(html: str) -> None:
    """Every element that is opened is closed, in order."""
    void = {"meta", "input", "br", "wbr", "line", "rect", "circle", "path"}
    stack: list[str] = []

    class Check(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag not in void:
                stack.append(tag)

        def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag in void

        def handle_endtag(self, tag: str) -> None:
            assert stack.pop() == tag

    Check().feed(html)
    assert stack == []


def test_same_records_same_bytes(hostile: Tournament, tmp_path: Path) -> None:
    hostile.save(tmp_path / "t")
    loaded = Tournament.load(tmp_path / "t")
    assert report.render(loaded) == report.render(str(tmp_path / "t")) == report.render([tmp_path / "t"])


def test_replays_follow_the_match(html: str, hostile: Tournament) -> None:
    records = {record.match: record for record in hostile.results.records}
    finished = Page(html).replays
    assert len(finished) == 5
    assert any(replay["outcome"] == "forfeited" for replay in finished)
    for replay in finished:
        record = records[replay["match"]]
        assert [seat["agent"] for seat in replay["seats"]] == [seat.agent for seat in record.seats]
        assert len(replay["frames"]) == len(record.actions) + 1
        assert replay["frames"][-1]["returns"] == list(record.returns)
        assert all(len(frame["views"]) == 2 for frame in replay["frames"])


def test_hidden_cards_are_kept_apart_by_seat() -> None:
    """What a seat's view and news say in the page is what the game tells that seat, and no more."""
    runs = aa.play("KuhnPoker-v0", ["random", "random"], matches=12, seed=3)
    for replay in Page(report.render(runs, replays=12)).replays:
        start = replay["frames"][0]
        assert start["views"][0] != start["views"][1]
        for frame in replay["frames"]:
            assert set(frame["private"]) <= {"0", "1"}
            assert not set(frame["public"]) & {line for lines in frame["private"].values() for line in lines}


def test_published_figures_stand_beside_ours(hostile: Tournament) -> None:
    rows = (
        report.PublishedRow(name="Perfect player", agent="minimax", win_share=0.9, win_interval=Interval(0.85, 0.95), mean_return=0.8),
        report.PublishedRow(name="Somebody else", win_share=0.1),
    )
    html = report.render(hostile, published=report.Published(rows, "A paper (2025).", "Other rules."))
    page = Page(html)
    assert "Perfect player" in page.text
    assert "A paper (2025). Other rules." in page.text
    assert "not in this run" in page.text
    assert html.count('class="theirs"') == 3  # the key, the return and the win share


def test_a_games_figures_are_declared_in_its_package() -> None:
    """`figures.figures(records)` of the game's package is what the report draws; other games draw nothing."""
    from agentarena.core import registry

    assert registry.figures(aa.game("TicTacToe-v0")) is None
    draw = registry.figures(aa.game("Commons-v0"))
    assert draw is not None
    page = report.render(aa.play("Commons-v0", ["random"], matches=2), replays=0)
    assert '<section id="figures">' in page
    assert page.count("<figcaption>") == len(draw(aa.play("Commons-v0", ["random"], matches=2).records)) > 0


def test_published_agents_are_found_by_name() -> None:
    names = ["ismcts?simulations=5", "random", "mcts?simulations=1", "mcts?simulations=2"]
    assert agent_named("ismcts", names) == "ismcts?simulations=5"
    assert agent_named("random", names) == "random"
    assert agent_named("mcts", names) is None  # two candidates
    assert agent_named(None, names) is None


def test_the_command_repeats_the_run(tmp_path: Path) -> None:
    """What the page says to type gives the records the page is made of."""
    import shlex

    from click.testing import CliRunner

    from agentarena.cli import cli

    finished = tournament("TicTacToe-v0", ["random", "mcts?simulations=2"], matches=3, seed=5, duplicate=False, draw=0.25)
    words = shlex.split(report._command(finished.about, {"draw": 0.25}))
    result = CliRunner().invoke(cli, [*words[1:], "--out", str(tmp_path), "--quiet"])
    assert result.exit_code == 0, result.output
    assert [r.line() for r in Tournament.load(tmp_path).results.records] == [r.line() for r in finished.results.records]


def test_a_games_own_table_of_published_figures() -> None:
    from agentarena.envs.dhumbal.analysis import published

    finished = tournament("Dhumbal-v0", ["dhumbal/aggressive", "dhumbal/random"], rounds=2, players=2)
    page = Page(report.render(finished, published=published.CHAMPIONSHIP))
    assert "88.3%" in page.text
    assert "+70.10" in page.text or "+70.1" in page.text


def test_several_files_become_one_report(tmp_path: Path) -> None:
    for seed in (0, 1):
        aa.play("TicTacToe-v0", ["random", "minimax"], matches=6, seed=seed, out=tmp_path / f"{seed}.jsonl")
    page = Page(report.render([tmp_path / "0.jsonl", tmp_path / "1.jsonl"]))
    assert "12 matches on 12 deals" in page.text
    assert "0, 1" in page.text


@pytest.mark.parametrize(
    ("env", "agents"), [("MiniHanabi-v0", ["random", "random"]), ("LevineHats-v0", ["random"]), ("fixtures.games:Moles", ["random"])]
)
def test_games_of_other_kinds(env: str, agents: list[str]) -> None:
    """Common payoffs, one agent alone in every seat, hidden roles."""
    page = Page(report.render(aa.play(env, agents, matches=4)))
    assert "Standings" in page.text
    assert env in page.text


def test_one_match_and_none() -> None:
    runs = aa.play("TicTacToe-v0", ["random", "minimax"], matches=1)
    assert "1 match on 1 deal of" in Page(report.render(runs, replays=0)).text
    with pytest.raises(UsageError, match="no matches"):
        report.render(aa.play("TicTacToe-v0", ["random"], matches=0))


def test_the_file_appears_whole(hostile: Tournament, tmp_path: Path) -> None:
    path = report.write(hostile, tmp_path / "new" / "report.html", title="A <title> & more")
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "A &lt;title&gt; &amp; more" in path.read_text(encoding="utf-8")
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]


def test_choice_of_replays(hostile: Tournament) -> None:
    records = hostile.results.records
    finished = replays.select(records, 4)
    assert len({record.match for record in finished}) == 4
    assert any(record.faults for record in finished)
    assert max(record.turns for record in records) in {record.turns for record in finished}
    assert replays.select(records, 0) == []
    assert len(replays.select(records[:2], 9)) == 2


def test_axis_of_nothing() -> None:
    assert figures.axis([float("nan")], 0.0) == figures.Axis(0.0, 1.0, None)
    assert figures.axis([1000.0, 1001.0], 0.0).mark is None
    assert figures.axis([2.0, 2.0], None).at(2.0) == 50


def test_agents_that_keep_their_seats_each_have_a_column() -> None:
    results = aa.play("TicTacToe-v0", ["random", "tictactoe/perfect"], matches=6, rotate=False)
    table = report.render(results, replays=0).split('<section id="by-seat"')[1]
    assert '<th scope="col">Seat 0</th>' in table
    assert '<th scope="col">Seat 1</th>' in table
