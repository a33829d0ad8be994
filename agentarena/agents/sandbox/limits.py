"""What an agent in a sandbox may use."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from agentarena.core.display import shown
from agentarena.core.errors import BadOption

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one sandbox, the process of one seat in one match, may use.

    Attributes:
        answer_s: Wall-clock seconds for each answer, from sending the question to the last byte of the line.
        start_s: Wall-clock seconds from starting the program to its `ready` line.
        memory_bytes: Data that each process may have (RLIMIT_DATA), and what all together may hold in memory.
        processes: Processes and threads.
        open_files: Open descriptors of each process.
        file_bytes: Size of each file it writes.
        scratch_bytes: All files in its scratch directory. Where it has file systems of its own, /dev/shm holds as much again.
        output_bytes: One line of its standard output.
        stderr_bytes: All of its standard error.

    Raises:
        BadOption: A limit is not a positive number.
    """

    answer_s: float = 5.0
    start_s: float = 20.0
    memory_bytes: int = 512 * 1024 * 1024
    processes: int = 64
    open_files: int = 256
    file_bytes: int = 64 * 1024 * 1024
    scratch_bytes: int = 64 * 1024 * 1024
    output_bytes: int = 2 * 1024 * 1024
    stderr_bytes: int = 16 * 1024 * 1024

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            kinds = (int, float) if field.name.endswith("_s") else (int,)
            if isinstance(value, bool) or not isinstance(value, kinds) or not 0 < value < math.inf:
                expected = "a number" if len(kinds) == 2 else "a whole number"
                raise BadOption(f"Limits: {field.name} is {shown(value)}; expected {expected} greater than 0")
