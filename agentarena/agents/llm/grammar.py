"""The legal replies (`agentarena.core.text.Options`) in the forms that back-ends decode under; nowhere else is this decided.

    Choices   one of these replies: each bare move in answer tags, as `rules` asks for it
    Pattern   the regular expression, matched in full
    Schema    a JSON document of this schema, without white space between its tokens

`lark` is for llguidance (`hf:`), `structured_outputs` for vLLM in this process and behind a server, `response_format` for
servers that speak OpenAI's protocol.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from agentarena.core.text import Choices, Options, Pattern

__all__ = ["lark", "legal_replies", "portable", "response_format", "structured_outputs", "unwrapped"]

_PIECES = re.compile(r"\\.|\[\^?\]?|.", re.DOTALL)
_ASCII = {r"\d": "0-9", r"\w": "0-9A-Za-z_", r"\s": r" \t\n\r\f\v"}
_IN_CLASS = {"[": r"\[", "&": r"\&", "~": r"\~"}  # literal in Python, operators in Rust
_DELIMITERS = {"/": r"\/", "\n": r"\n"}


def legal_replies(options: Choices) -> tuple[str, ...]:
    """The replies to decode under: each legal move in answer tags, unless it has them already.

    >>> legal_replies(Choices(("fold", "call")))
    ('<answer>fold</answer>', '<answer>call</answer>')
    """
    return tuple(reply if "<answer>" in reply.lower() else f"<answer>{reply}</answer>" for reply in options.replies)


def structured_outputs(options: Options) -> dict[str, Any]:
    """Arguments of vLLM's `StructuredOutputsParams`, the same in a request to a vLLM server.

    >>> structured_outputs(Choices(("fold", "call")))
    {'choice': ['<answer>fold</answer>', '<answer>call</answer>']}
    """
    if isinstance(options, Choices):
        return {"choice": list(legal_replies(options))}
    if isinstance(options, Pattern):
        return {"regex": portable(options.regex)}
    return {"json": dict(options.schema), "disable_any_whitespace": True}


def response_format(options: Options) -> dict[str, Any]:
    """`response_format` of OpenAI's protocol: the reply as the one string of a JSON object. See `unwrapped`."""
    if isinstance(options, Choices):
        move: Mapping[str, Any] = {"type": "string", "enum": list(legal_replies(options))}
    elif isinstance(options, Pattern):
        move = {"type": "string", "pattern": f"^(?:{portable(options.regex)})$"}
    else:
        return {"type": "json_schema", "json_schema": {"name": "reply", "schema": dict(options.schema)}}
    schema = {"type": "object", "properties": {"reply": move}, "required": ["reply"], "additionalProperties": False}
    return {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": schema}}


def portable(regex: str) -> str:
    """A Python regular expression in words that mean the same to every back-end, allowing no more than Python does.

    Engines disagree about digits, letters and spaces beyond ASCII, so the classes of these are spelled out; those inside
    `[^...]` are left to the engine.

    >>> portable(r"vote \\d+|[\\w-]")
    'vote [0-9]+|[0-9A-Za-z_-]'
    """
    out: list[str] = []
    opened = ""  # the character class under way: "[" or "[^"
    for match in _PIECES.finditer(regex):
        piece = match[0]
        if piece in _ASCII and opened != "[^":
            piece = _ASCII[piece] if opened else f"[{_ASCII[piece]}]"
        elif opened:
            if piece == "]":
                opened = ""
            else:
                piece = "".join(_IN_CLASS.get(char, char) for char in piece) if piece[0] != "\\" else piece
        elif piece[0] == "[":
            opened = "[^" if piece.startswith("[^") else "["
        out.append(piece)
    return "".join(out)


def unwrapped(text: str) -> str:
    """The reply in the JSON object that `response_format` asked for; any other text as it is.

    >>> unwrapped('{"reply": "<answer>fold</answer>"}')
    '<answer>fold</answer>'
    """
    try:
        data = json.loads(text)
    except ValueError:
        return text
    return data["reply"] if isinstance(data, dict) and list(data) == ["reply"] and isinstance(data["reply"], str) else text


def lark(options: Options) -> str:
    """A grammar in llguidance's Lark dialect that derives exactly these replies, token by token in any spelling.

    Without `no_forcing` a stretch of text that can only go one way would be bound to one spelling in tokens.
    """
    if isinstance(options, Choices):
        start = "REPLY\nREPLY: " + " | ".join(json.dumps(reply) for reply in dict.fromkeys(legal_replies(options)))
    elif isinstance(options, Pattern):
        pieces = _PIECES.findall(portable(options.regex))
        start = "/" + "".join("".join(_DELIMITERS.get(c, c) for c in piece) if piece[0] != "\\" else piece for piece in pieces) + "/"
    else:
        start = "%json " + json.dumps({**options.schema, "x-guidance": {"whitespace_flexible": False}})
    return f'%llguidance {{"no_forcing": true}}\nstart: {start}\n'
