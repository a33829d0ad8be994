"""What is printed as an install command installs this package, never the stranger's that PyPI calls `agentarena`."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

from agentarena.core import distribution
from agentarena.core.distribution import DISTRIBUTION, install_command
from agentarena.core.errors import MissingExtra

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        ({}, "pip install 'agentarena-suite[rl]'"),
        ({"url": "file:///src/arena", "dir_info": {"editable": True}}, "pip install -e '/src/arena[rl]'"),
        ({"url": "file:///src/my%20arena", "dir_info": {}}, "pip install '/src/my arena[rl]'"),
        ({"url": "https://x.org/a.git", "vcs_info": {"vcs": "git"}}, "pip install 'agentarena-suite[rl] @ git+https://x.org/a.git'"),
        ({"url": "file:///w/a.whl", "archive_info": {}}, "pip install 'agentarena-suite[rl] @ file:///w/a.whl'"),
    ],
)
def test_an_extra_is_installed_from_where_the_package_came_from(origin, command, monkeypatch):
    monkeypatch.setattr(distribution, "_origin", lambda: origin)
    assert install_command("rl") == command
    assert command in str(MissingExtra("torch", "rl"))


def test_distribution_is_installed_under_its_own_name():
    assert metadata.version(DISTRIBUTION) == distribution.version()


def test_no_page_or_message_installs_the_name_that_is_not_ours():
    wrong = re.compile(r"pip install[^\n`]*[\s'\"]agentarena(?!-suite)\b(?!/)")
    places = [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("agentarena/**/*.py"),
        *ROOT.glob("agentarena/**/*.md"),
        *ROOT.glob("*.lock"),
    ]
    hits = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in places
        for line in path.read_text("utf-8").splitlines()
        if wrong.search(line)
    ]
    assert not hits, hits


def test_no_extra_pins_torch_to_one_version():
    assert not re.search(r'"torch\s*==', (ROOT / "pyproject.toml").read_text("utf-8"))
