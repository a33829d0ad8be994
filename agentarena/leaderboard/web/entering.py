"""The form that submits an agent, and the page that says what becomes of it. Both are there only where the server was started so."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from agentarena.core.errors import ArenaError, UsageError
from agentarena.leaderboard.submission import Submission

from .archive import unpack
from .forms import COOKIE, Part
from .jobs import Job, Jobs
from .site import Refused, Site, package_boards

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["form", "job", "receive"]


def form(site: Site, request: Request, *, error: str = "", board: str = "", status: int = 200) -> Response:
    """The form."""
    cookie = request.cookies.get(COOKIE, "")[:100] or site.tokens.new_cookie()
    response = site.page(
        request,
        "submit",
        status,
        boards=package_boards().values(),
        chosen=board or request.query_params.get("board", ""),
        token=site.tokens.token(cookie),
        error=error,
    )
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", path="/submit")
    return response


def receive(site: Site, request: Request, body: bytes) -> Response:
    """Take a form: unpack and check what was sent, and put it into the queue."""
    from starlette.responses import RedirectResponse

    parts = site.form(request, body, COOKIE, "/submit")
    board = parts.get("board", Part(b"")).text
    try:
        entered = _enter(site, board, parts.get("archive", Part(b"")).data)
    except ArenaError as error:
        return form(site, request, error=str(error), board=board, status=422)
    return RedirectResponse(f"/submit/{entered.id}", 303)


def job(site: Site, request: Request) -> Response:
    """The state of a submission that came through the form."""
    entered = _jobs(site).get(request.path_params["job"])
    if entered is None:
        raise Refused(404, "There is no such submission; those that were placed are on their board's page.")
    info = next((one for one in site.index.editions(entered.board) if one.key == entered.edition), None)
    response = site.page(request, "job", job=entered, info=info, ahead=_jobs(site).ahead(entered), board=package_boards()[entered.board])
    if not entered.over:
        response.headers["refresh"] = "2"
    return response


def _enter(site: Site, board: str, data: bytes) -> Job:
    if board not in package_boards():
        raise UsageError("choose a board of the list")
    if not data:
        raise UsageError("choose a file: a .zip, .tar or .tar.gz of the submission's folder")
    scratch = _jobs(site).scratch()
    try:
        folder = unpack(data, scratch / "submission")
        submission = _checked(folder)
        entered = _jobs(site).add(board, folder, scratch)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    entered.name = submission.name
    return entered


def _checked(folder: Path) -> Submission:
    """The submission, checked before it waits; nothing of it is run. Messages name files within it, not where it lies."""
    try:
        submission = Submission.load(folder)
    except ArenaError as error:
        raise UsageError(str(error).replace(f"{folder}/", "").replace(str(folder), "the archive")) from None
    if submission.manifest.spec and not submission.trusted_spec:
        raise UsageError("spec: names a model, an address or code, which the page does not run; submit it with `agentarena submit --trust`")
    return submission


def _jobs(site: Site) -> Jobs:
    assert site.jobs is not None
    return site.jobs
