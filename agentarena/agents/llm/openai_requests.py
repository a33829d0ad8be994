"""A request in the words of OpenAI's protocol, and in those of servers that want it a little different."""

from __future__ import annotations

from typing import Any

from .chat_form import fold_system
from .engine import Request
from .grammar import response_format, structured_outputs
from .openai_failures import names

__all__ = ["TOKENS_FIELDS", "Wording"]

TOKENS_FIELDS = ("max_tokens", "max_completion_tokens")
"""What servers call the greatest number of tokens of a reply."""


class Wording:
    """How requests are put to one server. What helped with a request that was refused for its form is kept for the next ones.

    Args:
        model: The model, as the server calls it.
        tokens_field: One of `TOKENS_FIELDS`; `None` for the newer one at OpenAI, the older one elsewhere, and the other one where
            the server asks for it.
        openai: Whether it is OpenAI's own server.
        dialect, thinking, effort, send_seed: As in `agentarena.agents.llm.agent.openai`.
    """

    def __init__(
        self,
        model: str,
        *,
        tokens_field: str | None,
        openai: bool,
        dialect: str,
        thinking: bool | None,
        effort: str | None,
        send_seed: bool,
    ) -> None:
        self._model, self._dialect, self._thinking, self._effort, self._send_seed = model, dialect, thinking, effort, send_seed
        self._tokens_field, self._fixed = tokens_field or TOKENS_FIELDS[openai], tokens_field is not None
        self._folded = False  # whether the rules go into the first user message

    def arguments(self, request: Request) -> dict[str, Any]:
        """Arguments of `chat.completions.create`."""
        out: dict[str, Any] = {"model": request.adapter or self._model}  # servers list adapters as models
        out["messages"] = fold_system(request.messages) if self._folded else [dict(message) for message in request.messages]
        out[self._tokens_field] = request.max_tokens
        extra: dict[str, Any] = {}
        if request.temperature is not None:
            out["temperature"] = request.temperature
        if request.top_p < 1:
            out["top_p"] = request.top_p
        if request.top_k:
            extra["top_k"] = request.top_k
        if request.seed is not None and self._send_seed:
            out["seed"] = request.seed
        if request.stop:
            out["stop"] = list(request.stop)
        if self._effort is not None:
            out["reasoning_effort"] = self._effort
        if self._thinking is not None:
            extra["chat_template_kwargs"] = {"enable_thinking": self._thinking}
        if request.options is not None:
            if self._dialect == "vllm":
                extra["structured_outputs"] = structured_outputs(request.options)
            else:
                out["response_format"] = response_format(request.options)
        if extra:
            out["extra_body"] = extra
        return out

    def changed(self, error: Exception, arguments: dict[str, Any], changes: set[str]) -> dict[str, Any] | None:
        """The request as a server wants it that refused it for its form; `None` where that is not known.

        Args:
            error: Why it was refused.
            arguments: The request.
            changes: What was changed before; what is changed now is added. Nothing is changed twice.
        """
        field = _field(arguments)
        other = TOKENS_FIELDS[1 - TOKENS_FIELDS.index(field)]
        if not self._fixed and "field" not in changes and names(error, field, other):
            changes.add("field")
            return {other if name == field else name: value for name, value in arguments.items()}
        if "system" not in changes and arguments["messages"][0]["role"] == "system" and names(error, "system", "role"):
            changes.add("system")
            return {**arguments, "messages": fold_system(arguments["messages"])}
        return None

    def keep(self, arguments: dict[str, Any], changes: set[str]) -> None:
        """Put the next requests like this one, which was answered after these changes."""
        if "field" in changes:
            self._tokens_field = _field(arguments)
        self._folded = self._folded or "system" in changes


def _field(arguments: dict[str, Any]) -> str:
    return next(name for name in TOKENS_FIELDS if name in arguments)
