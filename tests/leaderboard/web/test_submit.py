"""The form that submits: off by default, refused from elsewhere, unpacked with care, played by another process."""

from __future__ import annotations

import io
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the page needs the extra `serve`")
from hostile_words import ATTACK, URL
from starlette.testclient import TestClient

from agentarena.core.errors import UsageError
from agentarena.leaderboard.web.app import create_app
from agentarena.leaderboard.web.archive import Bounds, unpack
from agentarena.leaderboard.web.forms import COOKIE, multipart, same_origin

MANIFEST = 'name = "page"\nversion = "1"\nauthors = ["A"]\nspec = "hanabi/cautious"\n'
CODE = 'name = "code"\nversion = "1"\nauthors = ["A"]\nentry = "agent:act"\n'


def zipped(files: dict[str, str | bytes], change: Callable[[zipfile.ZipInfo], None] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if change is not None:
                change(info)
            archive.writestr(info, text)
    return out.getvalue()


def tarred(members: list[tuple[tarfile.TarInfo, bytes]], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


# --- archives ---------------------------------------------------------------------------------------------------------


def test_a_zip_and_a_tar_unpack(tmp_path: Path) -> None:
    files = {"agent.toml": MANIFEST, "part/agent.py": "x = 1\n"}
    flat = unpack(zipped(files), tmp_path / "flat")
    nested = unpack(zipped({f"mine/{name}": text for name, text in files.items()}), tmp_path / "nested")
    script = tarfile.TarInfo("./mine/run.sh")
    script.mode = 0o4755
    tar = unpack(tarred([(tarfile.TarInfo("mine/agent.toml"), MANIFEST.encode()), (script, b"#!/bin/sh\n")]), tmp_path / "tar")
    plain = unpack(tarred([(tarfile.TarInfo("agent.toml"), MANIFEST.encode())], "w"), tmp_path / "plain")
    for folder in (flat, nested, tar, plain):
        assert (folder / "agent.toml").read_text() == MANIFEST
    assert (flat / "part" / "agent.py").read_text() == "x = 1\n"
    assert (tar / "run.sh").stat().st_mode & 0o7777 == 0o755  # no set-user-id
    assert nested.name == "mine"


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/evil",
        "a/../../evil",
        "..\\evil",
        "C:evil",
        "a\nb",
        "x" * 300,
        "/".join("abcdefghijklmnopqrs"),
        "\u202eevil",
    ],
)
def test_no_name_leads_out(tmp_path: Path, name: str) -> None:
    info = tarfile.TarInfo(name)
    with pytest.raises(UsageError):
        unpack(tarred([(tarfile.TarInfo("agent.toml"), MANIFEST.encode()), (info, b"evil")]), tmp_path / "in" / "tar")
    with pytest.raises(UsageError):
        unpack(zipped({"agent.toml": MANIFEST, name: "evil"}), tmp_path / "in" / "zip")
    outside = [path for path in tmp_path.rglob("*") if path.is_file() and "in" not in path.relative_to(tmp_path).parts]
    assert not outside


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.BLKTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    info = tarfile.TarInfo("link")
    info.type, info.linkname = kind, "/etc/passwd"
    with pytest.raises(UsageError, match="a link or a special file"):
        unpack(tarred([(info, b"")]), tmp_path / "x")


def test_links_in_a_zip_are_refused(tmp_path: Path) -> None:
    def link(info: zipfile.ZipInfo) -> None:
        info.external_attr = 0o120777 << 16

    with pytest.raises(UsageError, match="a link or a special file"):
        unpack(zipped({"link": "/etc/passwd"}, link), tmp_path / "x")


def test_bombs_are_cut_off(tmp_path: Path) -> None:
    small = Bounds(size=100_000, files=20)
    zeros = b"\0" * 5_000_000
    assert len(zipped({"a": zeros})) < 10_000
    for number, data in enumerate(
        [
            zipped({"agent.toml": MANIFEST, "a": zeros}),
            zipped({f"{n}": b"\0" * 9_000 for n in range(19)}),
            tarred([(tarfile.TarInfo("a"), zeros)]),
            zipped({f"{n}": "" for n in range(21)}),
            tarred([(tarfile.TarInfo(f"{n}"), b"") for n in range(21)]),
        ]
    ):
        with pytest.raises(UsageError, match=r"more than|entries"):
            unpack(data, tmp_path / str(number), small)
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 4 * 100_000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"PK\x03\x04 nothing",
        b"\x1f\x8b nothing",
        zipped({"agent.toml": MANIFEST})[:-30],
        tarred([(tarfile.TarInfo("agent.toml"), b"x" * 5000)])[:-30],
        zipped({"readme": ""}),
        zipped({"a": "x", "A": "y", "agent.toml": MANIFEST}),
        zipped({"a": "x", "a/b": "y", "agent.toml": MANIFEST}),
        zipped({"a/agent.toml": MANIFEST, "b/agent.toml": MANIFEST}),
    ],
    ids=["empty", "text", "zip head", "gzip head", "cut zip", "cut tar", "no manifest", "names alike", "file and folder", "two manifests"],
)
def test_damaged_and_doubtful_archives(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UsageError):
        unpack(data, tmp_path / "x")


# --- forms ------------------------------------------------------------------------------------------------------------


def test_multipart_forms() -> None:
    binary = bytes(range(256)) * 5
    body = (
        b'--zz\r\nContent-Disposition: form-data; name="board"\r\n\r\nrps\r\n'
        b'--zz\r\nContent-Disposition: form-data; name="archive"; filename="a;b.zip"\r\nContent-Type: application/zip\r\n\r\n'
        + binary
        + b"\r\n--zz--\r\n"
    )
    parts = multipart('multipart/form-data; boundary="zz"', body)
    assert parts["board"].text == "rps"
    assert (parts["archive"].data, parts["archive"].filename) == (binary, "a;b.zip")
    part = b'--zz\r\nContent-Disposition: form-data; name="%d"\r\n\r\nx\r\n'
    for damaged in (body[:-20], b"", b"--zz--", b"--zz\r\n\r\nx\r\n--zz--", b"".join(part % n for n in range(20)) + b"--zz--"):
        if damaged != b"--zz--":
            with pytest.raises(UsageError):
                multipart("multipart/form-data; boundary=zz", damaged)
    for kind in ("", "text/plain", "multipart/form-data", f"multipart/form-data; boundary={'z' * 80}"):
        with pytest.raises(UsageError):
            multipart(kind, body)


def test_where_a_form_comes_from() -> None:
    host = {"host": "localhost:8000"}
    assert same_origin({**host, "origin": "http://localhost:8000", "sec-fetch-site": "same-origin"}, "http")
    for headers in (
        {},
        {"origin": "null"},
        {"origin": "http://localhost:8001"},
        {"origin": "https://localhost:8000"},
        {"origin": "http://evil.example"},
    ):
        assert not same_origin({**host, **headers}, "http")
    assert not same_origin({**host, "origin": "http://localhost:8000", "sec-fetch-site": "cross-site"}, "http")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Any]:
    with TestClient(create_app(tmp_path / "home", submit=True), base_url=URL) as one:
        yield one


def send(
    client: Any, archive: bytes, *, board: str = "mini-hanabi", token: str | None = None, origin: str | None = URL, **headers: str
) -> Any:
    if token is None:
        token = client.get("/submit").text.split('name="token" value="')[1].split('"')[0]
    head = {**headers, **({} if origin is None else {"origin": origin})}
    return client.post(
        "/submit", data={"board": board, "token": token}, files={"archive": ("a.zip", archive)}, headers=head, follow_redirects=False
    )


def test_the_form_is_off_by_default(home: Path) -> None:
    with TestClient(create_app(home), base_url=URL) as client:
        assert client.get("/submit").status_code == 404
        assert client.post("/submit", headers={"origin": URL}).status_code == 404
        assert "/submit" not in client.get("/").text


def test_forms_from_elsewhere_are_refused(client: Any) -> None:
    archive = zipped({"agent.toml": MANIFEST})
    client.get("/submit")
    assert send(client, archive, origin=None).status_code == 403
    assert send(client, archive, origin="http://evil.example").status_code == 403
    assert send(client, archive, origin="null").status_code == 403
    assert send(client, archive, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert send(client, archive, token="0" * 64).status_code == 403
    assert send(client, archive, token="\u0661").status_code == 403
    token = client.get("/submit").text.split('name="token" value="')[1].split('"')[0]
    client.cookies.clear()
    assert send(client, archive, token=token).status_code == 403
    client.cookies.set(COOKIE, "mine")
    assert send(client, archive, token=token).status_code == 403  # somebody else's token


def test_the_cookie_is_for_the_form_alone(client: Any) -> None:
    cookie = client.get("/submit").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/submit" in cookie


def test_what_is_wrong_is_said_on_the_form(client: Any, tmp_path: Path) -> None:
    for archive, words in (
        (b"", "choose a file"),
        (b"nothing", "cannot be unpacked"),
        (zipped({"agent.toml": MANIFEST.replace('"page"', f"'{ATTACK[:20]}'")}), "name"),
        (zipped({"agent.toml": MANIFEST.replace("hanabi/cautious", "openai:gpt")}), "submit --trust"),
        (zipped({"agent.toml": CODE}), "agent.py"),
    ):
        answer = send(client, archive)
        assert answer.status_code == 422
        assert words in answer.text.split('role="alert"')[1]
        assert "agentarena-upload-" not in answer.text
    assert send(client, zipped({"agent.toml": MANIFEST}), board="../mini-hanabi").status_code == 422


def test_too_much_is_refused(tmp_path: Path) -> None:
    from agentarena.leaderboard.web.guard import Limits

    with TestClient(create_app(tmp_path, submit=True, limits=Limits(upload=5000)), base_url=URL) as client:
        assert send(client, b"PK\x03\x04" + b"x" * 6000, token="x").status_code == 413


def test_a_submission_is_played_and_placed(client: Any) -> None:
    """By a process of its own, while the page goes on answering."""
    answer = send(client, zipped({"mine/agent.toml": MANIFEST}))
    assert answer.status_code == 303
    url = answer.headers["location"]
    states = []
    for _ in range(1500):
        page = client.get(url)
        states.append(page.text.split('class="status ')[1].split('"')[0])
        if states[-1] not in ("waiting", "playing"):
            break
        assert page.headers["refresh"] == "2"
        time.sleep(0.2)
    assert states[-1] == "rated", page.text
    assert "refresh" not in page.headers
    board = client.get("/boards/mini-hanabi")
    assert "page-1" in board.text
    assert client.get(f"{board.url.path}/agent?name=page-1").status_code == 200
    again = client.get(send(client, zipped({"agent.toml": MANIFEST, "more": "1"})).headers["location"])
    assert again.status_code == 200


def test_a_full_queue_and_an_end_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agentarena.leaderboard.web.jobs import Jobs

    with Jobs(tmp_path, None) as jobs:
        monkeypatch.setattr(jobs, "_play", lambda job: time.sleep(0.2))
        first = [jobs.add("rps", tmp_path, jobs.scratch()) for _ in range(8)]
        with pytest.raises(UsageError, match="waiting already"):
            first += [jobs.add("rps", tmp_path, jobs.scratch()) for _ in range(3)]
        assert jobs.get(first[0].id) is first[0]
        assert jobs.get("other") is None
        scratches = [job.scratch for job in first]
    assert not any(scratch.exists() for scratch in scratches)


def test_a_process_that_ends_early_is_said_to_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agentarena.leaderboard.web.jobs import Jobs

    monkeypatch.setattr("agentarena.leaderboard.web.jobs.sys.executable", "/bin/false")
    with Jobs(tmp_path, None) as jobs:
        job = jobs.add("rps", tmp_path, jobs.scratch())
        for _ in range(100):
            if job.over:
                break
            time.sleep(0.05)
        assert job.state == "refused"
        assert not job.scratch.exists()
