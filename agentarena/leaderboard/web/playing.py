"""The pages where a person plays a game of one seat: the list of games, and the screen of a match with what can be clicked and typed.

All of it works without scripts: a move is a form that is posted, and the answer sends the browser back to the page. A form says which step
it was made for, so that one that is sent twice, or from an old page, plays nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from agentarena.agents.human import rules_for_people
from agentarena.core.errors import ArenaError, UsageError
from agentarena.leaderboard.replays import replay_data
from agentarena.leaderboard.templating import script_json

from .forms import Part
from .site import Refused, Site
from .visits import MOST_DEALS, Visit, Visits, solo_games

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["COOKIE", "begin", "games", "move", "record", "visit"]

COOKIE = "agentarena_play"


def games(site: Site, request: Request, *, error: str = "", chosen: str = "", status: int = 200) -> Response:
    """The games, a form that starts one, and those of this browser."""
    cookie = request.cookies.get(COOKIE, "")[:100] or site.tokens.new_cookie()
    response = site.page(
        request,
        "play",
        status,
        games={env: tuple(type(game).presets) for env, game in solo_games().items()},
        chosen=chosen or request.query_params.get("env", ""),
        visits=_visits(site).of(cookie),
        token=site.tokens.token(cookie),
        most_deals=MOST_DEALS,
        error=error,
    )
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", path="/play")
    return response


def begin(site: Site, request: Request, body: bytes) -> Response:
    """Start a match."""
    parts = site.form(request, body, COOKIE, "/play")
    env, _, preset = _text(parts, "game").partition(" ")
    try:
        opened = _visits(site).open(request.cookies[COOKIE], env, preset, _deal(_text(parts, "deal")))
    except ArenaError as error:
        return games(site, request, error=str(error), chosen=env, status=422)
    return _to(opened)


def visit(site: Site, request: Request) -> Response:
    """A match: its screen, or how it ended."""
    here = _visit(site, request)
    with here.lock:
        screen = here.screen()
        return site.page(
            request,
            "visit",
            visit=here,
            screen=screen,
            rules="" if here.over else rules_for_people(here.view),
            look="" if screen else here.look(),
            commands=here.commands(screen),
            news=here.course[-1][1],
            returns=here.match.episode.returns[0],
            unit=here.game.info.unit,
            token=site.tokens.token(here.cookie),
            replay=script_json([replay_data(here.record())]) if here.over else "",
        )


def move(site: Site, request: Request, body: bytes) -> Response:
    """Play what was clicked or typed."""
    parts = site.form(request, body, COOKIE, "/play")
    here = _visit(site, request)
    with here.lock:
        if here.over or _text(parts, "step") != str(here.step):
            here.message = "" if here.over else "That page was an old one; nothing was played. This is how things stand."
        elif "command" in parts:
            here.press(_text(parts, "command"))
        elif "field" in parts:
            here.fill(_text(parts, "field"))
        else:
            here.type(_text(parts, "words"))
    return _to(here)


def record(site: Site, request: Request) -> Response:
    """The record of a match that is over, as a file."""
    from starlette.responses import Response

    here = _visit(site, request)
    with here.lock:
        if not here.over:
            raise Refused(404, "The match is not over; its record can be had when it is.")
        line = here.record().line()
    name = f"{here.env}-{here.deal}.jsonl"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(line, media_type="application/jsonl", headers=headers)


def _to(here: Visit) -> Response:
    from starlette.responses import RedirectResponse

    return RedirectResponse(f"/play/{here.id}#screen", 303)


def _visit(site: Site, request: Request) -> Visit:
    here = _visits(site).get(request.cookies.get(COOKIE, ""), request.path_params["visit"])
    if here is None:
        raise Refused(
            404, "There is no such match of this browser; those that nobody plays on are forgotten after an hour. Start another at /play."
        )
    return here


def _visits(site: Site) -> Visits:
    assert site.visits is not None
    return site.visits


def _text(parts: Mapping[str, Part], name: str) -> str:
    return parts.get(name, Part(b"")).text


def _deal(text: str) -> int | None:
    if text.strip() and not (text.strip().isascii() and text.strip().isdigit() and len(text) <= 10):
        raise UsageError(f"the deal is a number from 0 to {MOST_DEALS - 1:,}, or left empty")
    return int(text) if text.strip() else None
