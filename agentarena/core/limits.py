"""How large what comes from outside may be: replies, names, files. Everything is checked where it enters."""

from __future__ import annotations

from typing import Final

__all__ = ["EXTRA", "LINE", "MEMORY", "NAME", "REASON", "REPLIES", "REPLY", "THINKING", "TOKENS", "USAGE", "USAGE_NAMES"]

REPLY: Final = 100_000
"""Longest `Reply.text` that is read, in characters."""
THINKING: Final = 1_000_000
"""Longest `Reply.thinking` that is kept, in characters."""
EXTRA: Final = 100_000
"""Longest `Reply.extra` as JSON, in characters."""
REPLIES: Final = 32_000_000
"""Most that the replies of all seats together may take of one record, in characters of JSON; each seat has an equal part."""
TOKENS: Final = 10_000_000
"""Most token ids in the samples of one reply."""
USAGE: Final = 1e15
"""Greatest value of a `Reply.usage`, so that no sum overflows."""
USAGE_NAMES: Final = 64
"""Most names of `Reply.usage` that one seat may bring into one match."""
MEMORY: Final = 10_000_000
"""Largest notebook (`View.memory`) that an isolated agent may hand back, in bytes as it is sent."""
NAME: Final = 500
"""Longest name or version of an agent, in characters."""
REASON: Final = 300
"""Longest reason of a fault, in characters."""
LINE: Final = 64_000_000
"""Longest line of a record file that is read, in bytes."""
