"""How large what comes from outside may be: replies, names, files. Everything is checked where it enters."""

from __future__ import annotations

from typing import Final

__all__ = ["EXTRA", "LINE", "MEMORY", "NAME", "REASON", "REPLY", "THINKING"]

REPLY: Final = 100_000
"""Longest `Reply.text` that is read, in characters."""
THINKING: Final = 1_000_000
"""Longest `Reply.thinking` that is kept, in characters."""
EXTRA: Final = 100_000
"""Longest `Reply.extra` as JSON, in characters."""
MEMORY: Final = 10_000_000
"""Largest notebook (`View.memory`) that an isolated agent may hand back, in bytes as it is sent."""
NAME: Final = 500
"""Longest name or version of an agent, in characters."""
REASON: Final = 300
"""Longest reason of a fault, in characters."""
LINE: Final = 64_000_000
"""Longest line of a record file that is read, in bytes."""
