"""`agentarena serve` as a user starts it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from agentarena.cli import cli
from agentarena.core.errors import MissingExtra, UsageError


def test_it_prints_its_address_answers_and_ends(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn", reason="the page needs the extra `serve`")
    command = [sys.executable, "-u", "-m", "agentarena", "serve", "--home", str(tmp_path / "new"), "--port", "0"]
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by a proxy
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().split()[1]
            assert url.startswith("http://127.0.0.1:")
            with browser.open(url, timeout=120) as answer:
                assert b"Boards without matches yet" in answer.read()
                assert "server" not in {name.lower() for name in answer.headers}
            with pytest.raises(urllib.error.HTTPError, match="421"):
                browser.open(urllib.request.Request(url, headers={"Host": "evil.example"}), timeout=120)
            server.send_signal(signal.SIGINT)
            assert server.wait(timeout=120) == 0
        finally:
            server.kill()


def test_a_port_that_is_taken() -> None:
    pytest.importorskip("uvicorn", reason="the page needs the extra `serve`")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(cli, ["serve", "--port", str(port), "--home", "."])
    assert isinstance(result.exception, UsageError)
    assert "give another --port or --host" in str(result.exception)


@pytest.mark.parametrize("package", ["uvicorn", "starlette"])
def test_without_the_extra(package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    if package == "starlette":
        monkeypatch.setitem(sys.modules, "starlette.applications", None)
    result = CliRunner().invoke(cli, ["serve", "--home", str(tmp_path)])
    assert isinstance(result.exception, MissingExtra)
    assert f"{package} is not installed" in str(result.exception)
