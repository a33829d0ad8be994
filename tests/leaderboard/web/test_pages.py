"""The pages that show: what stands on each, filters, editions apart, and what is not there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest

from agentarena.leaderboard.leaderboard import Leaderboard
from agentarena.leaderboard.web.drawing import history, response_graph
from agentarena.leaderboard.web.index import Filter, Index


def replay_of(html: str) -> dict[str, Any]:
    return json.loads(html.split('id="replay-data">')[1].split("</script>")[0])[0]


def test_boards_with_and_without_standings(client: Any, keys: SimpleNamespace) -> None:
    html = client.get("/").text
    for url in (keys.duel, keys.other, keys.talk):
        assert f'href="{url}"' in html
    assert "Boards without matches yet" in html
    assert "Kuhn poker" in html
    assert "/submit" not in html


def test_a_board_has_rows_intervals_ties_states_and_other_editions(client: Any, keys: SimpleNamespace) -> None:
    html = client.get(keys.duel).text
    assert html.count('class="bar"') >= 8  # Elo and return of four agents
    assert "interval" in html
    assert "tied" in html
    assert 'class="status settled"' in html
    assert '<table class="heat">' in html
    assert "bubblewrap" in html
    assert "last line" in html  # the failed submission's standard error
    assert html.split('id="editions"')[1].count("<li>") == 1
    assert keys.other in html.split('id="editions"')[1]
    assert "forfeit" in html.split('id="faults"')[1]


def test_rows_of_another_edition_are_not_in_the_table(client: Any, keys: SimpleNamespace) -> None:
    assert "mine-1" not in client.get(keys.other).text
    assert "90 %" in client.get(keys.other).text


def test_the_response_graph_of_two_seats(client: Any, keys: SimpleNamespace) -> None:
    html = client.get(keys.duel).text
    assert html.count('class="node"') == 4
    assert html.count('class="arrow') == 6
    assert 'id="response"' not in client.get(keys.talk).text  # seven seats


def test_a_board_that_nobody_played(client: Any) -> None:
    answer = client.get("/boards/connectfour")
    assert answer.status_code == 200
    assert answer.url.path.startswith("/boards/connectfour/")
    assert "Nobody has played" in answer.text


def test_an_agents_page(client: Any, keys: SimpleNamespace) -> None:
    html = client.get(f"{keys.duel}/agent?name=mine-1").text
    assert 'class="history"' in html
    assert "&lt;i&gt;A. Student&lt;/i&gt;" in html
    assert "&lt;u&gt;Tactical&lt;/u&gt;" in html
    assert "All its matches" in html
    minimax = client.get(f"{keys.duel}/agent?name=minimax").text
    assert "first matches" in minimax
    assert "mine-1 came" in minimax
    assert 'class="band"' in minimax


def test_a_failed_submission_has_a_page_with_its_standard_error(client: Any, keys: SimpleNamespace) -> None:
    html = client.get(f"{keys.duel}/agent?name=broken-2").text
    assert "Has no row" in html
    assert "it raised" in html
    assert "last line" in html


def test_matches_are_filtered_and_paged(client: Any, keys: SimpleNamespace) -> None:
    def listed(query: str) -> list[str]:
        return re.findall(rf'href="({keys.duel}/matches/[^"?]+)"', client.get(f"{keys.duel}/matches{query}").text)

    assert len(listed("")) == 50
    assert len(set(listed("") + listed("?page=2") + listed("?page=3"))) == 120
    assert all("/mine-1/" in url for url in listed("?run=mine-1"))
    assert len(listed("?run=mine-1&agent=random")) == 20
    assert len(listed("?faults=1")) < 50
    assert listed("?agent=nobody") == listed("?page=999") == []
    assert client.get(f"{keys.duel}/matches?page=0").status_code == 400
    assert client.get(f"{keys.duel}/matches?page=x").status_code == 400


def test_a_match_is_a_replay(client: Any, keys: SimpleNamespace, home: Path, boards: SimpleNamespace) -> None:
    html = client.get(f"{keys.duel}/matches/reference/1").text
    replay = replay_of(html)
    assert replay["match"] == 1
    assert len(replay["seats"]) == 2
    assert 'id="replay"' in html
    assert 'rel="next"' in html
    assert re.search(r'<script src="/static/replay.js\?v=\w{16}" integrity="sha384-', html)


def test_hidden_roles_are_kept_apart_by_seat(client: Any, keys: SimpleNamespace) -> None:
    replay = replay_of(client.get(f"{keys.talk}/matches/reference/0").text)
    start = replay["frames"][0]
    assert len(set(start["views"])) == 7
    wolves = {seat for seat, entry in enumerate(replay["seats"]) if entry["role"] == "werewolf"}
    for frame in replay["frames"]:
        assert not set(frame["public"]) & {line for lines in frame["private"].values() for line in lines}
    assert {seat for seat, view in enumerate(start["views"]) if "The werewolves are" in view} == wolves


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/boards/nope",
        "/boards/duel/nope",
        "{duel}/agent",
        "{duel}/agent?name=nobody",
        "{duel}/matches/nope/1",
        "{duel}/matches/reference/999999",
        "{duel}/matches/reference/99999999999999999999999",
        "{duel}/matches/reference/-1",
        "{duel}/matches/reference/1e3",
        "{duel}/matches/reference/١",
        "/static/nope.css",
        "/submit",
    ],
)
def test_what_is_not_there(client: Any, keys: SimpleNamespace, path: str) -> None:
    answer = client.get(path.format(duel=keys.duel))
    assert answer.status_code == 404
    assert "To the boards" in answer.text


def test_damaged_records_are_said_to_be(keys: SimpleNamespace, boards: SimpleNamespace, tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    from agentarena.leaderboard.web.app import create_app

    plain = boards.duel.__class__(**{**vars(boards.duel), "agents": ("random", "minimax")})
    with Leaderboard(plain, tmp_path) as leaderboard:
        leaderboard.play_references()
        records = leaderboard.edition.run_folder("reference") / "records.jsonl"
        url = f"/boards/{leaderboard.edition.key}"
    records.write_text(records.read_text().replace('"steps":', '"step":', 1))
    with TestClient(create_app(tmp_path), base_url="http://localhost:8000") as client:
        assert client.get(url).status_code == 200
        assert "cannot be shown" in client.get(url).text
        assert client.get(f"{url}/matches/reference/0").status_code == 422
        records.unlink()
        assert client.get(f"{url}/matches/reference/1").status_code == 422


def test_the_index_is_read_alone(client: Any, keys: SimpleNamespace, home: Path, boards: SimpleNamespace) -> None:
    with Leaderboard(boards.duel, home) as leaderboard:
        before = leaderboard.store.dump()
        index = Index(leaderboard.store)
        key = leaderboard.edition.key
        assert index.matches(key, Filter(agent="mine-1"))[1] == 60
        assert [len(rows) for _, rows in index.history(key)] == [3, 4]
        for path in ("/", keys.duel, f"{keys.duel}/agent?name=random", f"{keys.duel}/matches", f"{keys.duel}/matches/reference/0"):
            assert client.get(path).status_code == 200
        assert leaderboard.store.dump() == before


def test_names_with_slashes_and_signs_find_their_page(client: Any, keys: SimpleNamespace) -> None:
    links = re.findall(r'href="(/boards/[^"]*/agent\?name=[^"]+)"', client.get(keys.duel).text)
    assert len(set(links)) == 5
    assert all(client.get(link).status_code == 200 for link in links)
    assert any(quote("<script>", safe="") in link for link in links)


def test_drawings_of_little() -> None:
    import numpy as np

    from agentarena.leaderboard.web.analysis import Response

    assert history([]) is None
    graph = response_graph(Response(("a", "b"), np.array([[0.0, np.nan], [np.nan, 0.0]]), {}, ""))
    assert (len(graph.nodes), graph.arrows) == (2, ())
    many = response_graph(Response(tuple(map(str, range(20))), np.zeros((20, 20)), {}, ""))
    assert (len(many.nodes), many.hidden) == (14, 6)
    assert all(arrow.level for arrow in many.arrows)
