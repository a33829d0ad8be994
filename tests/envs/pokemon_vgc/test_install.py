"""Where Node and the simulator are looked for, and how the simulator is installed, with a Node and an npm that are scripts."""

import errno
import json
import os
import shutil
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from agentarena.core.errors import ArenaError, NotSupported
from agentarena.envs.pokemon_vgc.engine import Engine, Setup, install
from agentarena.envs.pokemon_vgc.engine.errors import InstallFailed, NodeMissing, NodeTooOld, ShowdownMissing

NPM = """
    import json, os, pathlib, sys, time
    assert sys.argv[1] == "ci" and "--ignore-scripts" in sys.argv and "--omit=optional" in sys.argv, sys.argv
    assert json.load(open("package-lock.json"))["packages"]
    with open(os.environ["FAKE_LOG"], "a") as log: log.write("ci\\n")
    what = os.environ.get("FAKE_NPM", "")
    if what:
        print(f"npm error code {what}")
        sys.exit(what != "ENOSPC: a warning")
    time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
    for path, text in {
        "pokemon-showdown/package.json": json.dumps({"name": "pokemon-showdown", "version": os.environ.get("FAKE_VERSION", "0.11.11")}),
        "pokemon-showdown/LICENSE": "MIT",
        "pokemon-showdown/dist/sim/index.js": "sim",
        "pokemon-showdown/dist/sim/index.js.map": "map",
        "pokemon-showdown/dist/lib/a.js": "", "pokemon-showdown/dist/data/a.js": "", "pokemon-showdown/dist/config/a.js": "",
        "pokemon-showdown/dist/server/a.js": "", "pokemon-showdown/server/a.ts": "",
        "ts-chacha20/package.json": "{}", "mysql2/index.js": "",
    }.items():
        path = pathlib.Path("node_modules", path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
"""


def script(path: Path, version: str) -> Path:
    """A Node that says a version and runs its scripts in Python."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo "{version}"; exit; fi\nexec {sys.executable} "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine with nothing on it: no Node, an empty cache."""
    for name in ("AGENTARENA_NODE", "AGENTARENA_SHOWDOWN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    monkeypatch.setenv("AGENTARENA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(install, "_wheel", lambda *parts: None)
    return tmp_path


@pytest.fixture
def fake(bare, monkeypatch):
    """The same with a Node and an npm."""
    node = script(bare / "node" / "bin" / "node", "v22.1.0")
    npm = bare / "node" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    npm.parent.mkdir(parents=True)
    npm.write_text(textwrap.dedent(NPM))
    monkeypatch.setenv("AGENTARENA_NODE", str(node))
    monkeypatch.setenv("FAKE_LOG", str(bare / "log"))
    monkeypatch.setattr(install, "TREE", "a35a0259142802f454b36bb8c7efada32af841f12ea5d8ca08c4481c9793f772")
    return bare


# --- Node -------------------------------------------------------------------------------------------------------------------


def test_no_node(bare):
    with pytest.raises(NodeMissing, match=r"Node 20 or newer: there is none.*\[pokemon\].*AGENTARENA_NODE") as caught:
        install.find_node()
    assert isinstance(caught.value, ArenaError | NotSupported)


def test_node_on_the_path_then_the_wheel_then_the_variable(bare, monkeypatch):
    paths = [script(bare / name / "node", f"v2{number}.0.0") for number, name in enumerate(("path", "wheel", "named", "argument"))]
    monkeypatch.setenv("PATH", str(paths[0].parent))
    assert install.find_node() == paths[0]
    monkeypatch.setattr(install, "_wheel", lambda *parts: paths[1])
    assert install.find_node() == paths[1]
    monkeypatch.setenv("AGENTARENA_NODE", str(paths[2]))
    assert install.find_node() == paths[2]
    assert install.find_node(paths[3]) == paths[3]


@pytest.mark.parametrize(
    ("version", "error", "words"),
    [
        ("v18.20.1", NodeTooOld, "is Node 18.20.1; Pokémon VGC needs 20 or newer"),
        ("v8.1.0-nightly", NodeTooOld, "8.1.0"),
        ("Python 3.11", NodeMissing, "is not Node: it answers --version with 'Python 3.11'"),
        ("", NodeMissing, "is not Node"),
    ],
)
def test_a_node_of_another_version(bare, version, error, words):
    with pytest.raises(error, match=words):
        install.find_node(script(bare / "node", version))


def test_a_node_that_does_not_run(bare):
    path = bare / "node"
    path.write_bytes(b"\x7fELF broken")
    path.chmod(0o755)
    with pytest.raises(NodeMissing, match="does not run"):
        install.find_node(path)
    with pytest.raises(NodeMissing, match="no executable file"):
        install.find_node(bare)


# --- the simulator ----------------------------------------------------------------------------------------------------------


def test_no_simulator(fake):
    with pytest.raises(ShowdownMissing, match=r"pokemon-showdown 0\.11\.11 is not installed. Next step: agentarena pokemon install"):
        install.find_package()
    with Engine() as engine, pytest.raises(ShowdownMissing):
        engine.start(Setup("gen9vgc2025regi"))
    assert not (fake / "log").exists()  # playing downloads nothing


def package(folder: Path, version: str = "0.11.11", name: str = "pokemon-showdown") -> Path:
    (folder / "dist" / "sim").mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"name": name, "version": version}))
    return folder


def test_a_simulator_of_ones_own(bare, monkeypatch):
    own = package(bare / "work" / "node_modules" / "pokemon-showdown")
    for named in (own, bare / "work"):
        monkeypatch.setenv("AGENTARENA_SHOWDOWN", str(named))
        assert install.find_package() == own
    for folder, words in (
        (package(bare / "old", "0.11.10"), "has version 0.11.10; expected"),
        (package(bare / "x", name="chess"), "is no such package"),
    ):
        with pytest.raises(ShowdownMissing, match=words):
            install.find_package(folder)


def test_what_is_installed(fake):
    folder = install.install()
    assert folder == install.find_package() == install.installed_at()
    files = sorted(str(path.relative_to(folder.parent)) for path in folder.parent.rglob("*") if path.is_file())
    inside = ("LICENSE", "dist/config/a.js", "dist/data/a.js", "dist/lib/a.js", "dist/sim/index.js", "package.json")
    assert files == [*(f"pokemon-showdown/{name}" for name in inside), "ts-chacha20/package.json"]
    assert sorted(path.name for path in install.cache_root().iterdir()) == [install.lock_hash(), "lock"]
    install.install()
    assert (fake / "log").read_text() == "ci\n"
    install.install(force=True)
    assert (fake / "log").read_text() == "ci\nci\n"
    assert install.worker_command(patch=True).argv[-1] == "--patch"


def test_two_installers_at_once(fake, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "0.3")
    results = []
    threads = [threading.Thread(target=lambda: results.append(install.install())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [install.installed_at()] * 2
    assert (fake / "log").read_text() == "ci\n"


def test_what_interrupted_installations_left_is_removed(fake):
    root = install.cache_root()
    (root / "tmp-left" / "node_modules").mkdir(parents=True)
    (root / "0123456789abcdef").mkdir()
    os.utime(root / "0123456789abcdef", (0, 0))
    (root / "fedcba9876543210").mkdir()
    (root / install.lock_hash()).mkdir()  # an installation that ended before its last step
    install.install()
    assert sorted(path.name for path in root.iterdir()) == sorted([install.lock_hash(), "fedcba9876543210", "lock"])


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ENOSPC: a warning", "exit code 0: the disk is full"),
        ("ENOSPC", "the disk is full. Free some space, or name another folder with AGENTARENA_CACHE"),
        ("ENOTFOUND", "registry is out of reach"),
        ("EAI_AGAIN", "registry is out of reach"),
        ("EINTEGRITY", "its hash differs"),
        ("E404", "does not have a package"),
        ("E403", "refuses access"),
        ("EWHATEVER", "look at what it says"),
    ],
)
def test_npm_fails(fake, monkeypatch, code, words):
    monkeypatch.setenv("FAKE_NPM", code)
    with pytest.raises(InstallFailed, match=words) as caught:
        install.install()
    assert f"npm error code {code}" in str(caught.value)
    assert [path.name for path in install.cache_root().iterdir()] == ["lock"]  # nothing half-done stays
    monkeypatch.delenv("FAKE_NPM")
    install.install()


def test_another_version_from_npm(fake, monkeypatch):
    monkeypatch.setenv("FAKE_VERSION", "0.11.12")
    with pytest.raises(InstallFailed, match=r"0\.11\.12; expected 0\.11\.11"):
        install.install()


def test_files_that_are_missing_or_changed(fake, monkeypatch):
    monkeypatch.setattr(install, "TREE", "0" * 64)
    with pytest.raises(InstallFailed, match="npm left files out, or changed some"):
        install.install()
    assert not install.installed_at().exists()


def test_a_disk_without_room(fake, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - 2**20, 2**20))
    with pytest.raises(InstallFailed, match="has 1 MiB free; the installation needs 300 MiB"):
        install.install()


def test_a_disk_that_fills_up(fake, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "move", full)
    with pytest.raises(InstallFailed, match=r"No space left on device\. Free some space"):
        install.install()
    assert [path.name for path in install.cache_root().iterdir()] == ["lock"]


def test_a_cache_that_is_a_file(fake, monkeypatch):
    (fake / "file").write_text("")
    monkeypatch.setenv("AGENTARENA_CACHE", str(fake / "file"))
    with pytest.raises(InstallFailed, match="AGENTARENA_CACHE"):
        install.install()


def test_no_npm(bare, monkeypatch):
    monkeypatch.setenv("AGENTARENA_NODE", str(script(bare / "node" / "bin" / "node", "v22.1.0")))
    with pytest.raises(NodeMissing, match="no npm"):
        install.install()


def test_the_lock_file_has_hashes_and_no_addresses():
    text = (Path(install.__file__).parent / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert packages["node_modules/pokemon-showdown"]["version"] == install.SHOWDOWN
    assert all(entry["integrity"].startswith("sha512-") for name, entry in packages.items() if name)
    assert "resolved" not in text
