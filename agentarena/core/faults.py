"""Faults of agents: their kinds in records, and what they are told with."""

from __future__ import annotations

from .errors import AgentDied, AgentFault, AgentNonsense, AgentRaised, AgentTimeout

__all__ = ["FAULTS", "kind_of"]

_KINDS: dict[type[AgentFault], str] = {
    AgentRaised: "raised",
    AgentTimeout: "timeout",
    AgentDied: "died",
    AgentNonsense: "nonsense",
    AgentFault: "resigned",
}
FAULTS = {kind: error for error, kind in _KINDS.items()}
"""Kind of a fault in a record -> the error it stands for."""


def kind_of(fault: AgentFault) -> str:
    """The kind of a fault, as records have it."""
    return next(_KINDS[cls] for cls in type(fault).__mro__ if cls in _KINDS)
