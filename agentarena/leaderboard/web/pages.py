"""The pages that show: boards, a board, an agent, matches, one match."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from agentarena.core.errors import ArenaError
from agentarena.leaderboard.figures import Axis, axis
from agentarena.leaderboard.replays import replay_data
from agentarena.leaderboard.rows import BoardRow
from agentarena.leaderboard.sections import heat_map
from agentarena.leaderboard.templating import number, script_json, signed

from .analysis import Analysis, find_record
from .drawing import history, response_graph
from .index import PER_PAGE, EditionInfo, Filter
from .site import Refused, Site, package_boards, settings, unit

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["agent", "board", "boards", "edition", "match", "matches"]

_MOST_PAGES = 10**6


def boards(site: Site, request: Request) -> Response:
    """Every board: those that somebody has played on, in all editions, and the package's others."""
    counts, played, seen = site.index.counts(), [], set()
    for info in site.index.editions():
        rows = site.index.rows(info.key)
        current = site.unplayed(info.board)
        seen.add(info.key)
        played.append(
            {
                "key": info.board,
                "info": info,
                "rows": rows,
                "matches": counts.get(info.key, 0),
                "leaders": [row.agent for row in rows if row.rank[0] == 1][:4],
                "current": current is None or current.key == info.key,
                "settled": sum(row.settled for row in rows),
            }
        )
    candidates = [site.unplayed(name) for name in package_boards()]
    waiting = [candidate for candidate in candidates if candidate is not None and candidate.key not in seen]
    played.sort(key=lambda entry: (entry["key"], not entry["current"]))
    return site.page(request, "boards", played=[entry for entry in played if entry["rows"]], waiting=waiting)


def board(site: Site, request: Request) -> Response:
    """To the edition of a board that counts now, or else the newest that is here."""
    from starlette.responses import RedirectResponse

    name = request.path_params["board"]
    info = site.unplayed(name) or next(iter(site.index.editions(name)), None)
    if info is None:
        raise Refused(404, "There is no such board here.")
    return RedirectResponse(f"/boards/{quote(info.key)}", 303)


def edition(site: Site, request: Request) -> Response:
    """The standings of a board in one edition."""
    info = site.edition(request)
    rows = site.index.rows(info.key)
    analysis = site.analysis(info, [row.agent for row in rows]) if rows else Analysis(reason="nobody has played yet")
    current = site.unplayed(info.board)
    others = [one for one in site.index.editions(info.board) if one.key != info.key]
    return site.page(
        request,
        "board",
        info=info,
        rows=rows,
        table=_table(info, rows),
        facts=settings(info),
        names=list(analysis.agents),
        heat=heat_map(analysis.head) if analysis.head and len(rows) > 1 else [],
        graph=response_graph(analysis.response) if analysis.response else None,
        model=analysis.response.model if analysis.response else "",
        analysis=analysis,
        submissions=sorted(site.index.submissions(info.key), key=lambda one: one["entry"], reverse=True),
        current=current is None or current.key == info.key,
        others=[(other, site.index.rows(other.key)) for other in others],
        packaged=info.board in package_boards(),
    )


def agent(site: Site, request: Request) -> Response:
    """One agent of a board."""
    info, name = site.edition(request), request.query_params.get("name", "")
    rows = site.index.rows(info.key)
    row = next((row for row in rows if row.agent == name), None)
    submission = next((one for one in site.index.submissions(info.key) if one["name"] == name), None)
    if row is None and submission is None:
        raise Refused(404, "There is no such agent on this board.")
    analysis = site.analysis(info, [row.agent for row in rows]) if rows else Analysis()
    latest, total = site.index.matches(info.key, Filter(agent=name), per_page=8)
    return site.page(
        request,
        "agent",
        info=info,
        name=name,
        row=row,
        agents=len(rows),
        table=_table(info, rows),
        history=history(_ratings(site, info, name)),
        opponents=_opponents(analysis, name),
        faults=[fault for fault in analysis.faults if fault[0] == name],
        submission=submission,
        latest=latest,
        total=total,
    )


def matches(site: Site, request: Request) -> Response:
    """The matches of a board, filtered, a page at a time."""
    info, query = site.edition(request), request.query_params
    wanted = Filter(
        agent=query.get("agent", ""), run=query.get("run", ""), outcome=query.get("outcome", ""), faults=query.get("faults") == "1"
    )
    page = _whole(query.get("page", "1"), _MOST_PAGES)
    if not page:
        raise Refused(400, "The number of a page is a whole number from 1.")
    listed, total = site.index.matches(info.key, wanted, page)
    chosen = {name: value for name, value in (("agent", wanted.agent), ("run", wanted.run), ("outcome", wanted.outcome)) if value}
    chosen.update({"faults": "1"} if wanted.faults else {})

    def page_url(to: int) -> str:
        return f"{info.url}/matches?{urlencode({**chosen, 'page': to}, quote_via=quote)}"

    return site.page(
        request,
        "matches",
        info=info,
        listed=listed,
        total=total,
        wanted=wanted,
        number=page,
        pages=max(1, math.ceil(total / PER_PAGE)),
        page_url=page_url,
        agents=site.index.agents(info.key),
        runs=site.index.runs(info.key),
        outcomes=site.index.outcomes(info.key),
    )


def match(site: Site, request: Request) -> Response:
    """One match, as a replay."""
    info, run = site.edition(request), request.path_params["run"]
    wanted = _whole(request.path_params["match"], 2**62, least=0)
    listed = None if wanted is None else site.index.match(info.key, run, wanted)
    if listed is None:
        raise Refused(404, "There is no such match on this board.")
    try:
        record = find_record(site.run_folder(info, listed.run), listed.match)
        replay = None if record is None else replay_data(record)
    except (ArenaError, OSError) as error:
        raise Refused(422, f"The match cannot be shown: {error}") from error
    if record is None or replay is None:
        raise Refused(404, "The match is in the index, but not in the records. Run `agentarena leaderboard verify`.")
    before, after = site.index.beside(info.key, listed.run, listed.match)
    return site.page(
        request,
        "match",
        info=info,
        listed=listed,
        record=record,
        before=before,
        after=after,
        unit=unit(info),
        replay=script_json([replay]),
    )


# --- parts ------------------------------------------------------------------------------------------------------------


def _table(info: EditionInfo, rows: Sequence[BoardRow]) -> dict[str, Any]:
    """Axes, formats and columns of a board's table."""
    elo = info.definition["rating"] == "elo"
    in_game = unit(info)
    returns: Callable[[float], str] = signed((row.return_interval[1] - row.return_interval[0]) / 2 for row in rows)
    return {
        "level": f"{100 * info.definition['level']:g} %",
        "elo": elo,
        "unit": in_game,
        "heading": "Elo (Bradley–Terry)" if elo else f"Mean return{f' ({in_game})' if in_game else ''}",
        "rating_form": number(",.0f") if elo else returns,
        "return_form": returns,
        "rating_axis": _axis(((row.rating, row.interval) for row in rows), 1000.0 if elo else 0.0),
        "return_axis": _axis(((row.mean_return, row.return_interval) for row in rows), 0.0),
        "wins": any(not math.isnan(row.win_share) for row in rows),
        "ms": any(not math.isnan(row.ms) for row in rows),
        "forfeits": any(row.forfeits for row in rows),
        "tokens": any(row.tokens for row in rows),
        "cost": any(row.cost_usd for row in rows),
    }


def _axis(figures: Iterable[tuple[float, tuple[float, float]]], mark: float) -> Axis:
    return axis([value for figure, interval in figures for value in (figure, *interval)], mark)


def _ratings(site: Site, info: EditionInfo, name: str) -> list[tuple[str, BoardRow]]:
    """An agent's rows over time, each with what changed the board."""
    out: list[tuple[str, BoardRow]] = []
    known: set[str] = set()
    for _, rows in site.index.history(info.key):
        names = {row.agent for row in rows}
        came, left = sorted(names - known), sorted(known - names)
        change = (
            "first matches"
            if not known
            else "; ".join([*(f"{one} came" for one in came), *(f"{one} left" for one in left)]) or "more matches"
        )
        out += [(change, row) for row in rows if row.agent == name]
        known = names
    return out


def _opponents(analysis: Analysis, name: str) -> list[dict[str, Any]]:
    """Whom an agent met: how often it did better, and by how much."""
    if analysis.head is None or name not in analysis.agents:
        return []
    mine = analysis.agents.index(name)
    return [
        {"agent": other, "score": float(analysis.head.score[mine, number]), "games": int(analysis.head.games[mine, number])}
        for number, other in enumerate(analysis.agents)
        if analysis.head.games[mine, number] > 0 and number != mine
    ]


def _whole(text: str, most: int, least: int = 1) -> int | None:
    """A whole number from a URL, or `None`."""
    plain = text.isascii() and text.isdecimal() and len(text) <= 19
    return value if plain and least <= (value := int(text)) <= most else None
