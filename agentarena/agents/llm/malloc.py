"""Settings of glibc under which the memory of freed tensors stays with the process, for models on the CPU.

A step of a small model makes hundreds of tensors of some megabytes that live for a moment. glibc gives each one's memory back to
the system and asks for it again, and the system clears it page by page: more work than what the tensors are for (docs/lab-log.md).
"""

from __future__ import annotations

import ctypes

__all__ = ["tune_malloc"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_RETAINED = 1 << 30
_SINGLE = 256 << 20
_SINGLE_AT_MOST = 32 << 20
"""What older versions of glibc take."""


def tune_malloc() -> bool:
    """Keep up to 1 GiB of freed memory for the next tensors, of single ones up to 256 MiB, from here on and in the whole process.

    Returns:
        Whether the C library knows how; others than glibc are left alone.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # no such function; no such library (Windows)
        return False
    retains = mallopt(_TRIM_THRESHOLD, _RETAINED)
    return bool(retains and (mallopt(_MMAP_THRESHOLD, _SINGLE) or mallopt(_MMAP_THRESHOLD, _SINGLE_AT_MOST)))
