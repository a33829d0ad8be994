"""The prompt forms of text tasks for language agents: `hf:model?prompt=verl` is asked as verl-agent asks, and read as it reads.

`envs.text_prompts` has the forms as pure functions. Here they are given what a view knows: the task, the steps so far, what was last
answered, and the admissible commands. What a reply says becomes a command whatever its form, as in the frameworks that the forms come from.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from agentarena.core.actions import Text
from agentarena.core.agent import View
from agentarena.core.errors import NotSupported
from agentarena.core.limits import THINKING
from agentarena.envs.text_prompts import PROMPTS, Step

from .chat import Prompt
from .settings import Prompting
from .strategies import Steps, Strategy

__all__ = ["form"]

_KEY = "text_task"
_DEPTH = {"verl": "history_length", "chat": "most_steps"}
_ANSWERED = re.compile(r"\s*<answer>([^<>]*)</answer>\s*")
_NOTHING = "nothing"
"""The command of a reply without words."""


def form(prompting: Prompting) -> Strategy:
    """A strategy that asks once, in the form that `prompting.prompt` names.

    `memory=last:k` says how many steps are shown, `state` shows none, `chat` is the form's own habit. The reply in the record is the
    command; what the model wrote stands beside it as thinking.
    """
    build, read = PROMPTS[prompting.prompt]
    depth = prompting.depth
    limits = {_DEPTH[prompting.prompt]: depth} if depth is not None and prompting.prompt in _DEPTH else {}

    def decide(view: View, prompt: Prompt) -> Steps:
        past = _past(view)
        steps = [Step(*pair) for pair in past["steps"]]
        if depth is not None and prompting.prompt not in _DEPTH:
            steps = steps[len(steps) - min(depth, len(steps)) :]
        messages = build(past["task"], steps, past["now"], _admissible(view) if prompting.choices else (), **limits)
        if prompting.system:
            messages = [{"role": "system", "content": prompting.system}, *messages]
        if view.attempt:
            messages[-1]["content"] += f"\n\n{view.retry_reason}"
        (completion,) = yield [prompt.ask(messages=tuple(messages), prompt_ids=None)]
        answered = _ANSWERED.fullmatch(completion.text)
        command = answered[1] if answered else read(completion.text)[0]
        past["command"] = " ".join(re.sub("[<>]", " ", command).split()) or _NOTHING
        thinking = completion.thinking if answered else "\n\n".join(filter(None, (completion.thinking, completion.text)))
        reply = prompt.reply(completion)
        return dataclasses.replace(reply, text=f"<answer>{past['command']}</answer>", thinking=thinking[:THINKING])

    return decide


def _past(view: View) -> dict[str, Any]:
    """The seat's notes on the match: the task, the steps behind, and what is seen now."""
    past: dict[str, Any] = view.memory.setdefault(_KEY, {"task": "", "steps": [], "now": None, "command": ""})
    if view.attempt and past["now"] is not None:
        return past
    if past["now"] is not None:
        past["steps"].append([past["now"], past["command"]])
    tasks = [
        str(event.data[key])
        for event in view.news
        for key in ("task", "instruction")
        if event.kind in ("task", "goal") and key in event.data
    ]
    past["task"] = past["task"] or "\n".join(tasks)
    answers = [str(event.data["text"]) for event in view.news if event.kind == "answer"]
    past["now"] = "\n".join(answers) or view.text_without_choices
    return past


def _admissible(view: View) -> tuple[str, ...]:
    legal = view.legal
    if isinstance(legal, Text):
        return legal.suggestions
    if isinstance(legal, tuple) and all(isinstance(one, str) for one in legal):
        return legal
    raise NotSupported(
        f"prompt forms are for games of commands; the actions of {type(view.game).__name__} are not words. Leave prompt away"
    )
