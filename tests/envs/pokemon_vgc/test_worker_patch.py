"""The event look-up patch changes no byte of any log."""

import random

import pytest
from pokemon_helpers import needs_simulator
from worker_helpers import FORMATS, Worker, pair_of, play

pytestmark = needs_simulator


def digests(worker: Worker, format: str, battles: int) -> list[str]:
    ends = []
    for number in range(battles):
        name = f"{format}-{number}"
        start = worker.ok("start", battle=name, format=format, seed=f"{number},1,2,3", teams=pair_of(format, number, 16), want=[])
        play(worker, name, start, random.Random(number))
        ends.append(worker.ok("digest", battle=name)["digest"])
        worker.ok("drop", battle=name)
    return ends


def compare(battles: int) -> None:
    with Worker() as plain, Worker("--patch") as patched:
        assert not plain.ok("hello")["patched"]
        assert patched.ok("hello")["patched"]
        for format in FORMATS:
            assert digests(plain, format, battles) == digests(patched, format, battles)


def test_patched_battles_have_the_same_logs():
    compare(5)


@pytest.mark.slow
def test_many_patched_battles_have_the_same_logs():
    compare(200)
