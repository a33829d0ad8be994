"""What every page has at hand: the index, the folder of the boards, templates, and what is switched on."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from agentarena.core.errors import ArenaError
from agentarena.core.registry import recorded_game
from agentarena.core.svg import inline
from agentarena.leaderboard.board import Board, Protocol, Settled, board_names
from agentarena.leaderboard.home import Home
from agentarena.leaderboard.rows import rank_text
from agentarena.leaderboard.templating import environment

from .analysis import Analysis, Cache, analyse
from .forms import Part, Tokens, multipart, same_origin
from .index import EditionInfo, Index
from .jobs import Jobs
from .statics import assets
from .visits import Visits

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["Refused", "Site", "package_boards"]


class Refused(Exception):
    """A request that gets an error page.

    Args:
        status: Its status.
        message: What is wrong and what to do.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@functools.cache
def package_boards() -> dict[str, Board]:
    """The boards that come with the package, by name."""
    return {name: Board.load(name) for name in board_names()}


@dataclass(eq=False)
class Site:
    """What pages are made of.

    Attributes:
        home: Folder of the boards.
        index: Where rows and matches are read.
        jobs: The queue of submissions; `None` where the form is off.
        visits: Matches that people play; `None` where they may not.
        tokens: Tokens of its forms.
        cache: Analyses of editions.
    """

    home: Home
    index: Index
    jobs: Jobs | None = None
    visits: Visits | None = None
    tokens: Tokens = field(default_factory=Tokens)
    cache: Cache = field(default_factory=Cache)

    def __post_init__(self) -> None:
        self.assets = assets()
        self._templates = environment(agent_url=agent_url, rank=rank_text, json=_text, slug=_slug, picture=_picture)
        self._templates.globals.update(assets=self.assets, submits=self.jobs is not None, plays=self.visits is not None)

    def page(self, request: Request, template: str, status: int = 200, **context: Any) -> Response:
        """A page from a template."""
        from starlette.responses import HTMLResponse

        html = self._templates.get_template(f"web/{template}.html.j2").render(path=request.url.path, **context)
        return HTMLResponse(html, status, {"cache-control": "no-store"})

    def form(self, request: Request, body: bytes, cookie: str, page: str) -> dict[str, Part]:
        """The fields of a form that a page of this server posted.

        Args:
            request: The request.
            body: Its body.
            cookie: Name of the cookie that its token belongs to.
            page: Where the form is, for the error page.

        Raises:
            Refused: It came from elsewhere, or from another browser.
            UsageError: It is no form.
        """
        if not same_origin(request.headers, request.url.scheme):
            raise Refused(403, f"The form did not come from a page of this server. Open {page} and send it from there.")
        parts = multipart(request.headers.get("content-type", ""), body)
        if not self.tokens.valid(request.cookies.get(cookie, ""), parts.get("token", Part(b"")).text):
            raise Refused(403, f"The form is too old. Open {page} again and send it from there.")
        return parts

    def edition(self, request: Request) -> EditionInfo:
        """The edition that a path names.

        Raises:
            Refused: It is not in the index.
        """
        board, name = request.path_params["board"], request.path_params["edition"]
        info = self.index.edition(board, name)
        if info is None:
            current = self.unplayed(board)
            if current is None or current.name != name:
                raise Refused(404, "There is no such edition of a board here.")
            return current
        return info

    def unplayed(self, board: str) -> EditionInfo | None:
        """The edition of one of the package's boards under the installed version, as if nobody had played on it."""
        known = package_boards().get(board)
        if known is None:
            return None
        edition = self.home.edition(known)
        return EditionInfo(edition.key, known.name, known.title or known.name, edition.package, known.digest, known.definition, 0)

    def analysis(self, info: EditionInfo, agents: list[str]) -> Analysis:
        """Head-to-head, response graph and faults of an edition; computed once for each state of its log."""
        withdrawn = {row["name"] for row in self.index.submissions(info.key) if row["state"] == "withdrawn"}
        runs = [run for run in self.index.runs(info.key) if run not in withdrawn]
        folders = [self.run_folder(info, run) for run in runs]
        return self.cache.get((info.key, info.entries), lambda: analyse(folders, agents, info.definition["agents"]))

    def run_folder(self, info: EditionInfo, run: str) -> Path:
        """The folder of a run. Both names are the index's, whatever a URL says."""
        return self.home.path / "boards" / info.key / "runs" / run


def agent_url(name: str, info: EditionInfo) -> str:
    """Where an agent's page is."""
    return f"{info.url}/agent?{urlencode({'name': name}, quote_via=quote)}"


def unit(info: EditionInfo) -> str:
    """The unit of an edition's returns; "" where its rules are not at hand, or are code that is not the package's."""
    try:
        return recorded_game(info.definition["env"], info.definition["options"]).info.unit
    except ArenaError:
        return ""


def settings(info: EditionInfo) -> list[tuple[str, str]]:
    """A board's settings in words, for a list of facts; those that this version does not know are written as they are."""
    definition = info.definition
    protocol: Mapping[str, Any] = {**asdict(Protocol()), **definition.get("protocol", {})}
    settled: Mapping[str, Any] = {**asdict(Settled()), **definition.get("settled", {})}
    opponents = "itself in every seat" if protocol["tables"] == "self" else "the board's agents"
    width = f" and an interval of at most {settled['width']:g}" if settled["width"] else ""
    return [
        ("environment", definition["env"]),
        ("ordered by", "Elo" if definition["rating"] == "elo" else "mean return"),
        ("a submission meets", opponents),
        ("rounds", f"{protocol['rounds']:,} to {protocol['most_rounds']:,}"),
        ("settled with", f"{settled['deals']:,} deals{width}"),
        ("seeds", protocol["seeds"]),
        ("deals", "shared by rotated seatings" if protocol["duplicate"] else "one a match"),
        *([("opening moves", f"{protocol['openings']} at random")] if protocol["openings"] else []),
        *([("deadline", f"{protocol['deadline_s']:g} s a decision")] if protocol["deadline_s"] else []),
        ("isolation, at least", protocol["isolation"]),
        ("package", info.package or "any"),
    ]


def _picture(block: Any) -> Any:
    """A block's picture as an element of the page; nothing for other blocks."""
    import markupsafe

    return markupsafe.Markup(inline(block))


def _slug(words: str) -> str:
    """Words as the name of a class of a style sheet."""
    return re.sub(r"[^a-z]", "-", words)


def _text(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True)
