"""Telling a model's thinking from its reply, however the model marks it: `split_thinking`.

    <think> ... </think>         also thinking, thought, reasoning, reflection, scratchpad; any case, attributes, a prefix
    [THINK] ... [/THINK]         Mistral
    <|channel|>analysis ...      the channels of harmony; only `final` is the reply
    <|START_THINKING|> ...       Cohere, and <|begin_of_thought|>
    ◁think▷ ... ◁/think▷         Kimi

Thinking is private. Where the marks do not add up, words count as thinking rather than as the reply.
"""

from __future__ import annotations

import re

__all__ = ["marks_thinking", "opening_at_end", "split_thinking"]

_NAME = r"(?:think|thinking|thoughts?|reasoning|reflection|scratchpad)"
_MARK = re.compile(
    rf"""
    # of harmony: a new channel with its header; Gemma writes it without the second bar and ends it with <channel|>
      <\|channel\|?>\s{{0,8}}(?P<channel>\w{{1,24}})(?:[^<]{{0,100}}(?:<\|constrain\|>[^<]{{0,40}})?<\|message\|>)?
    | (?P<over><channel\|>)
    | (?P<frame><\|(?:start\|>(?:assistant)?|end\|>|return\|>|call\|>|message\|>))
    | <\|(?:(?P<pipe_end>/|end_(?:of_)?)|start_|begin_(?:of_)?)?{_NAME}\|>
    | <\|(?P<response>(?:start|end)_response|(?:begin|end)_of_solution)\|>
    # tags, to their `>` where it is near
    | <\s{{0,3}}(?P<tag_end>/)?\s{{0,3}}(?:\w{{1,20}}:)?{_NAME}\b(?:[^<>]{{0,100}}>)?
    | \[\s{{0,3}}(?P<bracket_end>/)?\s{{0,3}}{_NAME}\s{{0,3}}\]
    | ◁(?P<triangle_end>/)?{_NAME}▷
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""A mark. Every repetition is bounded, so that a scan takes time in proportion to the text."""

_CLOSING = ("pipe_end", "tag_end", "bracket_end", "triangle_end", "over")
_FINAL = ("final", "response", "answer")
_BARE = re.compile(r"\s*(?:analysis|commentary)(?=[A-Z\"'(*\n])")  # harmony without its control tokens
_BARE_FINAL = "assistantfinal"


def split_thinking(raw: str) -> tuple[str, str]:
    """The reply and the thinking in what a model wrote, in time proportional to its length.

    A block that is never closed reaches to the end; a closing mark that was never opened ends thinking that began with the
    text, as where a chat template opens it. Blocks may be nested. What has no marks is the reply as it stands.

    >>> split_thinking("<think>corner or centre?</think>\\n\\n<answer>4</answer>")
    ('<answer>4</answer>', 'corner or centre?')
    >>> split_thinking("corner or centre?</think><answer>4</answer>")
    ('<answer>4</answer>', 'corner or centre?')
    >>> split_thinking("<answer>4</answer> <THINK>or was it")
    ('<answer>4</answer>', 'or was it')
    """
    if _BARE.match(raw):
        before, final, after = raw.partition(_BARE_FINAL)
        return (after.strip() if final else ""), _BARE.sub("", before, count=1).strip()
    reply: list[str] = []
    thinking: list[str] = []
    depth = place = 0
    last_opened = -1
    marks = 0
    for mark in _MARK.finditer(raw):
        marks += 1
        words = raw[place : mark.start()]
        (thinking if depth else reply).append(words)
        place = mark.end()
        if mark["frame"] or mark["response"] or mark[0].endswith("/>"):
            continue
        if mark["channel"]:
            depth = 0 if mark["channel"].lower() in _FINAL else 1
        elif any(mark[name] for name in _CLOSING):
            if depth:
                depth -= 1
            else:  # opened before the text began
                thinking.extend(reply)
                reply.clear()
        elif not (depth and last_opened == mark.start() - len(words) and not words.strip()):  # not the same mark twice over
            depth += 1
        last_opened = place if depth else -1
    if not marks:
        return raw, ""
    (thinking if depth else reply).append(raw[place:])
    text = " ".join(part for part in map(str.strip, reply) if part)
    if _MARK.search(text):  # pieces around a block that make up a new mark
        thinking, text = [*thinking, text], ""
    return text, "\n\n".join(part for part in map(str.strip, thinking) if part)


def opening_at_end(text: str) -> str:
    """The mark that ends a prompt, where a chat template opens the thinking of the reply; `""` where it opens none.

    >>> opening_at_end("<|im_start|>assistant\\n<think>\\n"), opening_at_end("<think>\\n\\n</think>\\n\\n")
    ('<think>', '')
    """
    marks = list(_MARK.finditer(text))
    mark = marks[-1] if marks else None
    if mark is None or text[mark.end() :].strip() or not split_thinking(mark[0] + "x")[1]:
        return ""
    return "" if any(mark[name] for name in _CLOSING) else mark[0]


def marks_thinking(token: str) -> bool:
    """Whether a control token tells thinking from the reply: the words of a reply cannot be had without it.

    >>> marks_thinking("[THINK]"), marks_thinking("<|channel|>"), marks_thinking("<|im_end|>")
    (True, True, False)
    """
    mark = _MARK.fullmatch(token)
    return token in ("<|channel|>", "<|channel>") or (mark is not None and not mark["frame"] and not mark["response"])
