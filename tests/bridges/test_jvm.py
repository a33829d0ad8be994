"""Engines of Java that hang: killed in time, whoever waits for them; played with a fake, which is a process that says nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

import agentarena as aa
from agentarena.bridges import jvm
from agentarena.bridges.text_game import Answer, EngineGame, Opened
from agentarena.core.errors import BadOption, ServiceGone, UsageError

KIND = "Fake"
ECHO = "import sys\nfor line in sys.stdin:\n    if 'sleep' not in line:\n        print(line, end='', flush=True)\n"
"""A process that repeats lines, but for those that make it hang."""


class FakeJava:
    """What a package's environment is to `jvm`: a process, calls that wait for it, and `close`."""

    def __init__(self, hangs_at_end: bool = False) -> None:
        process = subprocess.Popen([sys.executable, "-c", ECHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._gateway = SimpleNamespace(java_process=process)
        self.process, self._hangs = process, hangs_at_end

    def step(self, command: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise ConnectionError("Java is gone")
        return line.strip()

    def close(self) -> None:
        if self._hangs:
            self.step("sleep")
        self.process.terminate()


class FakeEngine(jvm.Engine):
    """The bridge's side."""

    def act(self, command: str) -> Answer:
        with self.calling(BadOption):
            if command == "refuse":
                raise BadOption("no")
            return Answer(self.env.step(command), ("look", "sleep"))

    def first(self) -> Answer:
        return Answer("A box.", ("look", "sleep"))


@dataclass(frozen=True)
class FakeGame(EngineGame):
    """A world that hangs on "sleep"."""

    about: ClassVar[str] = "There is a bed."

    def count(self) -> int:
        return 1

    def open(self, number: int) -> Opened:
        engine = FakeEngine(KIND, jvm.lend(KIND, FakeJava))
        return Opened(engine, engine.first(), number, "fake/0", "Stay awake.", "fake")


class Sleeper(aa.Agent):
    """Looks once, then sleeps."""

    def choose(self, view: aa.View) -> str:
        return "sleep" if view.turn else "look"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, seconds in (("CALL_S", 0.4), ("START_S", 5.0), ("_PATIENCE_S", 0.4), ("_TICK_S", 0.02)):
        monkeypatch.setattr(jvm, name, seconds)
    monkeypatch.setattr(jvm.shutil, "which", lambda name: f"/usr/bin/{name}")
    yield
    jvm.close_engines()
    assert jvm.running() == []


def test_a_hung_engine_is_killed_and_the_match_ends_by_its_fault() -> None:
    began = time.monotonic()
    with pytest.raises(ServiceGone, match=r"did not answer within 0\.4 s and was killed"):
        aa.play(FakeGame(max_steps=9), [Sleeper()], matches=1)
    assert time.monotonic() - began < 20
    assert jvm.running() == [], "it is neither kept nor lent again"


def test_a_sound_engine_is_lent_again_and_one_that_failed_is_not() -> None:
    first = FakeEngine(KIND, jvm.lend(KIND, FakeJava))
    assert first.act("look").text == "look"
    with pytest.raises(BadOption):
        first.act("refuse")
    first.close()
    second = FakeEngine(KIND, jvm.lend(KIND, FakeJava))
    assert second.env is first.env
    second.env.process.kill()
    second.env.process.wait()
    with pytest.raises(ServiceGone, match=r"Fake's engine failed: (ConnectionError|BrokenPipeError)"):
        second.act("look")
    second.close()
    assert jvm.lend(KIND, FakeJava) is not second.env


def test_an_engine_that_hangs_at_its_end_is_killed() -> None:
    env = jvm.lend(KIND, lambda: FakeJava(hangs_at_end=True))
    jvm.give_back(KIND, env, sound=False)
    assert env.process.poll() is not None


@pytest.mark.skipif(sys.platform != "linux", reason="what a thread has started is known on Linux alone")
def test_an_engine_that_does_not_start_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jvm, "START_S", 0.4)
    processes: list[subprocess.Popen[bytes]] = []

    def start() -> Any:
        processes.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))
        return processes[0].wait()

    with pytest.raises(ServiceGone, match=r"did not start within 0\.4 s"):
        jvm.lend(KIND, start)
    assert processes[0].wait(5) == -9


def test_what_is_wrong_with_a_start_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise OSError("no such jar")

    with pytest.raises(ServiceGone, match="does not start: OSError: no such jar"):
        jvm.lend(KIND, broken)
    monkeypatch.setattr(jvm.shutil, "which", lambda name: None)
    with pytest.raises(UsageError, match="Fake needs Java"):
        jvm.lend(KIND, broken)


def test_calls_in_time_cost_little() -> None:
    process = SimpleNamespace(kill=lambda: pytest.fail("it was in time"))
    began = time.perf_counter()
    for _ in range(1000):
        with jvm.timed(KIND, process):
            pass
    assert time.perf_counter() - began < 0.5
