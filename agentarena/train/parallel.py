"""Several processes that train one policy: each plays its share of the matches and carries its share of the gradient.

`torchrun` and `accelerate launch` start the processes and set `RANK`, `WORLD_SIZE` and `LOCAL_RANK`. All of them hold the same
weights, optimizer and statistics and do the same arithmetic on the same numbers, so nothing is broadcast after the start; the
first one alone writes logs and checkpoints. With one process, every function here does nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from agentarena.core.errors import UsageError
from agentarena.core.record import Record

__all__ = ["gather_records", "join", "leave", "rank", "require_equal", "share", "sum_over_processes", "world"]


def join() -> None:
    """Join the other processes, where a launcher has started some: gloo for tensors in main memory, NCCL for those on a GPU."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not dist.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")


def leave() -> None:
    """Part from the other processes."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()


def rank() -> int:
    """Number of this process, from 0."""
    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


def world() -> int:
    """Number of processes."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def share(entries: Sequence[Any]) -> list[Any]:
    """Every `world`-th entry, beginning with this process's number."""
    return list(entries[rank() :: world()])


def sum_over_processes(tensors: Iterable[Tensor]) -> None:
    """Replace each tensor by its sum over the processes."""
    if world() > 1:
        for tensor in tensors:
            dist.all_reduce(tensor)


def gather_records(records: Sequence[Record]) -> list[Record]:
    """The matches of all processes, in the order of their numbers. They travel as JSON lines with their token samples."""
    if world() == 1:
        return list(records)
    others = [Record.parse(line, trust=True) for number, text in enumerate(_gather(_lines(records))) if number != rank() for line in text]
    return sorted([*records, *others], key=lambda record: record.match)


def require_equal(what: str, value: str) -> None:
    """Check that all processes have the same value, such as the digest of their weights.

    Raises:
        UsageError: They differ.
    """
    values = [text[0].decode() for text in _gather(value.encode())] if world() > 1 else [value]
    if len(set(values)) > 1:
        raise UsageError(f"{what} differs between the processes: {', '.join(values)}. Start all of them with the same files and settings")


def _lines(records: Sequence[Record]) -> bytes:
    for record in records:
        record.with_samples = True
    return "\n".join(record.line() for record in records).encode()


def _gather(text: bytes) -> list[list[bytes]]:
    """The lines of every process's text."""
    length = torch.tensor([len(text)])
    lengths = [torch.zeros_like(length) for _ in range(world())]
    dist.all_gather(lengths, length)
    padded = torch.zeros(max(int(one) for one in lengths), dtype=torch.uint8)
    padded[: len(text)] = torch.frombuffer(bytearray(text), dtype=torch.uint8) if text else padded[:0]
    texts = [torch.zeros_like(padded) for _ in lengths]
    dist.all_gather(texts, padded)
    return [bytes(one[: int(size)].numpy().tobytes()).split(b"\n") if int(size) else [] for one, size in zip(texts, lengths, strict=True)]
