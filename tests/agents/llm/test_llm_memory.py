"""Freed memory stays with the process: tensors of some megabytes, made and freed again and again, cost no page faults."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

SCRIPT = """
import ctypes, resource
from agentarena.agents.llm.malloc import tune_malloc

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        for size in (4 << 20, 24 << 20):
            block = libc.malloc(ctypes.c_size_t(size))
            ctypes.memset(block, 1, size)
            libc.free(ctypes.c_void_p(block))
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

without = faults()
assert tune_malloc()
faults()
print(without, faults())
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library has no mallopt"
)
def test_freed_memory_is_kept() -> None:
    child = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    without, kept = map(int, child.stdout.split())
    assert without > 100  # far more, except where pages are huge
    assert kept < without / 50
