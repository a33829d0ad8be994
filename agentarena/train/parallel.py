"""Several processes on one run (`torchrun --nproc-per-node 2 -m agentarena train selfplay ...`): each takes a share of every gradient.

All play the same matches, since these follow from the seed; learning, which takes most of the time, is what they share. The
first process alone writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor

__all__ = ["join", "leave", "rank", "sum_over_processes", "world"]


def join() -> None:
    """Meet the other processes that `torchrun` started; without it this process is alone."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not dist.is_initialized():
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")


def leave() -> None:
    """Part from the other processes."""
    if dist.is_initialized():
        dist.destroy_process_group()


def world() -> int:
    """How many processes there are."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """The number of this one, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def sum_over_processes(tensors: Iterable[Tensor]) -> None:
    """Replace each tensor by its sum over all processes."""
    if world() > 1:
        for tensor in tensors:
            dist.all_reduce(tensor)
