"""The web application: addresses, and which page answers each.

    /                                       boards
    /boards/BOARD                           to its edition that counts now
    /boards/BOARD/EDITION                   a board's standings
    /boards/BOARD/EDITION/agent?name=NAME   an agent
    /boards/BOARD/EDITION/matches           matches, filtered
    /boards/BOARD/EDITION/matches/RUN/N     a replay
    /submit, /submit/JOB                    where it is switched on: the form, and what became of a submission
    /play, /play/VISIT                      games of one seat, played by a person; /play/VISIT/record is the record of one that is over
    /static/FILE                            style sheets and scripts

Pages are computed in threads; the files of the index and of the records are read, never written.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from agentarena.core.errors import ArenaError, MissingExtra
from agentarena.leaderboard.home import Home
from agentarena.leaderboard.store import Store

from . import entering, pages, playing
from .guard import Guard, Limits, own_names
from .index import Index
from .jobs import Jobs
from .site import Refused, Site
from .visits import Visits

__all__ = ["create_app"]


def create_app(
    home: str | os.PathLike[str] | None = None,
    store: str | None = None,
    *,
    submit: bool = False,
    play: bool = True,
    hosts: Iterable[str] = (),
    limits: Limits | None = None,
) -> Any:
    """The application, for any ASGI server.

    Args:
        home: Folder of the boards (`Home.at`).
        store: Address of the index; by default the one in `home`.
        submit: Whether agents may be submitted through a form; they are played on this machine.
        play: Whether people may play games of one seat.
        hosts: Names the server goes by, beside 127.0.0.1 and localhost.
        limits: Greatest sizes of a request.

    Raises:
        MissingExtra: Starlette is not installed.
        UsageError: The index cannot be used.
    """
    try:
        from starlette.applications import Starlette
    except ImportError as error:
        raise MissingExtra("starlette", "serve") from error
    place = Home.at(home)
    place.path.mkdir(parents=True, exist_ok=True)
    database = Store(store or place.index)
    site = Site(place, Index(database), Jobs(place.path, store) if submit else None, Visits() if play else None)

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        yield
        if site.jobs is not None:
            site.jobs.close()
        database.close()

    app = Starlette(routes=_routes(site), lifespan=lifespan, exception_handlers=_failures(site))
    # outside of everything, so that error pages have its headers, too
    return Guard(app, own_names("127.0.0.1") | frozenset(hosts), limits or Limits(), ("/submit",) if submit else ())


def _routes(site: Site) -> list[Any]:
    from starlette.routing import Route

    def page(function: Callable[..., Any]) -> Callable[..., Any]:
        def answer(request: Any) -> Any:  # not a coroutine: Starlette runs it in a thread
            return function(site, request)

        return answer

    def form(function: Callable[..., Any]) -> Callable[..., Any]:
        async def receive(request: Any) -> Any:
            from starlette.concurrency import run_in_threadpool

            return await run_in_threadpool(function, site, request, await request.body())

        return receive

    edition = "/boards/{board}/{edition}"
    routes = [
        Route("/", page(pages.boards)),
        Route("/boards/{board}", page(pages.board)),
        Route(edition, page(pages.edition)),
        Route(f"{edition}/agent", page(pages.agent)),
        Route(f"{edition}/matches", page(pages.matches)),
        Route(f"{edition}/matches/{{run}}/{{match}}", page(pages.match)),
        Route("/static/{name}", page(_static)),
    ]
    if site.jobs is not None:
        routes += [
            Route("/submit", page(entering.form), methods=["GET"]),
            Route("/submit", form(entering.receive), methods=["POST"]),
            Route("/submit/{job}", page(entering.job)),
        ]
    if site.visits is not None:
        routes += [
            Route("/play", page(playing.games), methods=["GET"]),
            Route("/play", form(playing.begin), methods=["POST"]),
            Route("/play/{visit}", page(playing.visit), methods=["GET"]),
            Route("/play/{visit}", form(playing.move), methods=["POST"]),
            Route("/play/{visit}/record", page(playing.record)),
        ]
    return routes


def _static(site: Site, request: Any) -> Any:
    from starlette.responses import Response

    asset = site.assets.get(request.path_params["name"])
    if asset is None:
        raise Refused(404, "There is no such file.")
    return Response(asset.data, media_type=asset.type, headers={"cache-control": "public, max-age=31536000, immutable"})


def _failures(site: Site) -> dict[Any, Any]:
    """Error pages. What an unforeseen error says is for the server's log, not for the page."""
    from starlette.exceptions import HTTPException

    def page(request: Any, code: int, message: str) -> Any:
        return site.page(request, "error", code, code=code, message=message)

    def refused(request: Any, error: Exception) -> Any:
        assert isinstance(error, Refused)
        return page(request, error.status, error.message)

    def misused(request: Any, error: Exception) -> Any:
        return page(request, 422, str(error))

    def http(request: Any, error: Exception) -> Any:
        assert isinstance(error, HTTPException)
        words = {404: "There is no such page.", 405: "That is not how this page is used."}
        return page(request, error.status_code, words.get(error.status_code, error.detail))

    def broken(request: Any, error: Exception) -> Any:
        return page(request, 500, "Something went wrong here; the server's terminal says what.")

    return {Refused: refused, ArenaError: misused, HTTPException: http, 500: broken}
