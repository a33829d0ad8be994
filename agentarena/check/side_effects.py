"""Checks that playing has no side effects and needs nothing but its arguments: no globals, no output, no files, no clock."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import pickle
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from agentarena.core.game import Game, Information

from .clauses import contract, expect
from .fingerprint import fingerprint
from .subject import Subject, walk

_FORBIDDEN = (
    "open",
    "socket.",
    "subprocess.",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.system",
    "shutil.",
    "urllib.",
    "http.",
    "winreg.",
)
_SEEDS = 3
_MOST_STEPS = 300


def digest(game: Game[Any], seed: int) -> str:
    """Fingerprint of all that happens in one random play, texts and observations included."""
    parts: list[Any] = [game.text.rules(0), game.text.rules(game.info.seats - 1)]
    for moment in walk(game, seed):
        seats = moment.to_move[:3] or (0, game.info.seats - 1)
        for seat in seats:
            parts += [fingerprint(game.observe(moment.state, seat)), game.text.view(moment.state, seat, moment.unread(seat))]
            if isinstance(game, Information):
                parts.append(game.information(moment.state, seat))
        parts += [fingerprint(game.rewards(moment.state)), fingerprint([(e.kind, e.data, e.audience) for e in game.news(moment.state)])]
        parts.append(moment.to_move)
        if moment.step >= _MOST_STEPS:
            break
    return fingerprint(parts)


def main() -> None:
    """Read a pickled game and seeds from standard input, write their digests: the other process of the check below."""
    request = json.loads(sys.stdin.read())
    sys.path[:] = request["path"]
    game = pickle.loads(base64.b64decode(request["game"]))
    sys.stdout.write(json.dumps([digest(game, seed) for seed in request["seeds"]]))


@contract("same play in every process")
def same_play_in_every_process(subject: Subject) -> None:
    """The same seed gives the same play in a process with another hash seed."""
    seeds = list(subject.seeds[:_SEEDS])
    request = {"path": sys.path, "game": base64.b64encode(pickle.dumps(subject.game)).decode(), "seeds": seeds}
    hash_seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    command = [sys.executable, "-c", f"from {__name__} import main; main()"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, env=environment, timeout=120, check=False)
    expect(done.returncode == 0, f"the play failed in another process:\n{done.stderr[-800:]}")
    there, here = json.loads(done.stdout), [digest(subject.game, seed) for seed in seeds]
    for seed, one, two in zip(seeds, here, there, strict=True):
        expect(one == two, f"seed {seed}: the play differs in a process with another hash seed; look for loops over sets and for hash()")


@contract("global generators are untouched")
def global_generators_are_untouched(subject: Subject) -> None:
    """Playing neither uses nor moves the generators of `random` and `numpy.random`."""
    before = random.getstate(), np.random.get_state()  # noqa: NPY002  # the global generator is what is looked at
    for seed in subject.seeds[:_SEEDS]:
        digest(subject.game, seed)
    after = random.getstate(), np.random.get_state()  # noqa: NPY002
    expect(before[0] == after[0], "the global generator of `random` was used; draw from the rng argument")
    expect(fingerprint(before[1]) == fingerprint(after[1]), "the global generator of `numpy.random` was used; draw from the rng argument")


@contract("plays are reproducible")
def plays_are_reproducible(subject: Subject) -> None:
    """A new game object under the same options gives the same play: nothing depends on the clock, on ids or on what was played before."""
    for seed in subject.seeds[:_SEEDS]:
        fresh = pickle.loads(pickle.dumps(subject.game))
        expect(digest(subject.game, seed) == digest(fresh, seed), f"seed {seed}: a second play of the same seed went differently")


@contract("no input or output")
def no_input_or_output(subject: Subject) -> None:
    """Playing prints nothing, opens no file, starts no process and touches no network."""
    for seed in subject.seeds[:_SEEDS]:
        digest(subject.game, seed)  # lazy imports and tables are read now
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _watch() as accesses:
        for seed in subject.seeds[:_SEEDS]:
            digest(subject.game, seed)
    expect(not out.getvalue(), f"a play printed {out.getvalue()[:200]!r}")
    expect(not err.getvalue(), f"a play wrote {err.getvalue()[:200]!r} to standard error")
    if subject.game.info.forkable:  # an outside engine may have its process and its pipes
        expect(not accesses, f"a play did what it should not: {'; '.join(accesses[:3])}")


_watching = threading.local()
_hooked: list[bool] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    accesses = getattr(_watching, "accesses", None)
    if accesses is not None and event.startswith(_FORBIDDEN):
        accesses.append(f"{event} {arguments!r:.120}")


@contextlib.contextmanager
def _watch() -> Iterator[list[str]]:
    """Collect the files, processes and sockets that this thread opens within the block, by the interpreter's audit events."""
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked.append(True)
    accesses: list[str] = []
    _watching.accesses = accesses
    try:
        yield accesses
    finally:
        _watching.accesses = None
