"""Submissions: a folder with `agent.toml` and the agent's code or weights.

    agent.toml
        name = "first"
        authors = ["A. Student"]
        version = "1.0"
        entry = "agent:act"              # one of: entry, spec, command

A submission is read, checked and copied; nothing of it is imported or run here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agentarena.agents.specs import harmless
from agentarena.agents.spelling import parse as parse_spec
from agentarena.core.display import printable, shown
from agentarena.core.errors import BadOption, UsageError

from . import schema
from .schema import setting

__all__ = ["MANIFEST", "Manifest", "Submission", "prepare"]

MANIFEST = "agent.toml"
MOST_FILES = 2000
MOST_BYTES = 2_000_000_000
"""Bytes of a submission's files, weights included."""
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}"
_ENTRY = r"[A-Za-z_][A-Za-z0-9_.]{0,99}:[A-Za-z_][A-Za-z0-9_]{0,99}"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What `agent.toml` says. Exactly one of `entry`, `spec` and `command` names the agent."""

    name: str = setting("Letters, digits, '.', '_', '-'; at most 48.", pattern=_NAME, example='"first"')
    version: str = setting("Raise it with every change.", pattern=r"[A-Za-z0-9][A-Za-z0-9._+-]{0,31}", example='"1.0"')
    authors: tuple[str, ...] = setting("Who made it.", example='["A. Student"]')
    entry: str | None = setting(
        'Python: "module:attribute", a function `act(view)`, an `Agent`, or a class of one.', None, pattern=_ENTRY, example='"agent:act"'
    )
    spec: str | None = setting(
        "A spec string of an agent that comes with the package, or of a model.", None, example='"mcts?simulations=200"'
    )
    command: tuple[str, ...] = setting(
        "A program and its arguments, which speaks JSON lines (docs/protocol.md).", (), example='["node", "agent.js"]'
    )
    needs: tuple[str, ...] = setting("What must be installed to run it, for readers.", ())
    model: str = setting("The model behind it, where there is one, for readers.", "")
    license: str = setting("Its licence, for readers.", "")
    description: str = setting("One or two sentences, for readers.", "")

    def __post_init__(self) -> None:
        ways = [name for name in ("entry", "spec", "command") if getattr(self, name)]
        if len(ways) != 1:
            listed = " and ".join(ways) or "none of them"
            raise BadOption(f'give exactly one of entry, spec and command, got {listed}. Add e.g.: entry = "agent:act"')
        if not self.authors:
            raise BadOption('authors: name at least one. Add e.g.: authors = ["A. Student"]')
        if self.spec:
            parse_spec(self.spec)


@dataclass(frozen=True)
class Submission:
    """A submission's folder as it was read.

    Attributes:
        folder: The folder.
        manifest: What its `agent.toml` says.
        digest: SHA-256 over the names and contents of all its files, hexadecimal.
    """

    folder: Path
    manifest: Manifest
    digest: str

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Submission:
        """Read and check a submission; nothing of it is run.

        Raises:
            UsageError: It is no folder, lacks `agent.toml`, is too large, or has a link or a special file in it.
            BadOption: A field of `agent.toml` is wrong; the message names the line and the remedy.
        """
        place = Path(folder)
        if not place.is_dir():
            raise UsageError(f"{printable(str(place))} is no folder; a submission is one with {MANIFEST} in it")
        if not (place / MANIFEST).is_file():
            raise UsageError(f"{printable(str(place))} has no {MANIFEST}; `agentarena submit prepare {printable(str(place))}` writes one")
        files = list(_files(place))
        manifest = schema.load(Manifest, place / MANIFEST)
        _expect_entry(place, manifest)
        return cls(place, manifest, _digest(place, files))

    @property
    def name(self) -> str:
        """What records and boards call it.

        Name and version, e.g. "first-1.0".
        """
        return f"{self.manifest.name}-{self.manifest.version}"

    @property
    def own_code(self) -> bool:
        """Whether it brings code of its own, which is run isolated."""
        return not self.manifest.spec

    @property
    def trusted_spec(self) -> bool:
        """Whether its spec names an agent of the package: neither code, nor a model, nor an address."""
        return bool(self.manifest.spec) and harmless(str(self.manifest.spec))

    def copy_to(self, target: Path) -> Submission:
        """Copy its files into a new folder, read-only, and check that the copy is what was read.

        Raises:
            UsageError: The files changed meanwhile.
        """
        if not target.exists():
            part = target.with_name(f"{target.name}.part-{os.getpid()}")
            shutil.rmtree(part, ignore_errors=True)
            for path in _files(self.folder):
                copy = part / path.relative_to(self.folder)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy, follow_symlinks=False)
                copy.chmod(0o555 if os.access(path, os.X_OK) else 0o444)
            try:
                part.rename(target)
            except OSError:  # another process has just copied the same
                shutil.rmtree(part, ignore_errors=True)
        copied = Submission.load(target)
        if copied.digest != self.digest:
            raise UsageError(
                f"{printable(str(self.folder))} changed while it was copied, or its copy {target} was changed; submit it again"
            )
        return copied


def _files(folder: Path) -> Iterator[Path]:
    """The files of a submission, in order of their names; caches of Python and version control are left out."""
    count = size = 0
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in ("__pycache__", ".git"))
        for name in sorted([*names, *(one for one in folders if (Path(base) / one).is_symlink())]):
            path = Path(base) / name
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode):
                raise UsageError(
                    f"{shown(str(path), 300)} is a link or a special file; a submission has plain files only. Copy what it points to"
                )
            count, size = count + 1, size + status.st_size
            if count > MOST_FILES or size > MOST_BYTES:
                raise UsageError(
                    f"{printable(str(folder))} has more than {MOST_FILES:,} files or {MOST_BYTES:,} bytes; leave out what the agent does not need"
                )
            yield path


def _digest(folder: Path, files: list[Path]) -> str:
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        whole.update(f"{content}  {path.relative_to(folder).as_posix()}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def _expect_entry(folder: Path, manifest: Manifest) -> None:
    """Raise unless the file that holds the entry is there; it is not imported."""
    if not manifest.entry:
        return
    module = manifest.entry.partition(":")[0].replace(".", "/")
    if not (folder / f"{module}.py").is_file() and not (folder / module / "__init__.py").is_file():
        raise BadOption(
            f"{printable(str(folder / MANIFEST))}, entry: {shown(manifest.entry, 200)} names the file {module}.py, which is not in the folder"
        )


_TEMPLATE = """\
# Schema: `agentarena submit schema`. One of entry, spec and command names the agent.
name = "{name}"
version = "1.0"
authors = ["your name"]
entry = "agent:act"
# spec = "mcts?simulations=200"
# command = ["node", "agent.js"]
description = ""
"""
_AGENT = '''\
"""An agent for a board: `act` is called with what its seat knows and answers with a legal action."""


def act(view):
    """The first legal action. `view` has text, legal, observation and news; `view.legal` lists the actions where they can be listed."""
    return view.legal[0]
'''


def prepare(folder: str | os.PathLike[str]) -> list[Path]:
    """Write `agent.toml` and a first `agent.py` into a folder; files that are there stay as they are.

    Returns:
        The files that were written.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    name = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "-" for letter in place.resolve().name)
    texts = {MANIFEST: _TEMPLATE.format(name=name.strip("._-")[:48] or "agent"), "agent.py": _AGENT}
    if (place / MANIFEST).exists():
        del texts["agent.py"]
    written = [place / file for file in texts if not (place / file).exists()]
    for path in written:
        path.write_text(texts[path.name], encoding="utf-8")
    return written
