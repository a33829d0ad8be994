"""Prompts for text tasks as pure functions: what a language model is sent, from the task, the steps so far and the admissible commands.

    messages = verl_prompt(task, history, observation, admissible, history_length=2)

Three forms are in use. `react_prompt` shows one growing transcript of "> command" lines with thoughts allowed between; `verl_prompt` sends one
message a step, with the last few steps and the list of commands, and asks for <think> and <action>; `chat_prompt` is a chat, an
observation a user turn. Each has its way to read a reply: `read_react`, `read_verl`, `read_chat`. The wording is our own; the forms are
those of ReAct (arXiv 2210.03629), of the verl-agent framework and of chat agents as in BALROG (arXiv 2411.13543).

Nothing here knows of a game: households and shops use the same functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["PROMPTS", "Step", "chat_prompt", "react_prompt", "read_chat", "read_react", "read_verl", "steps_of", "verl_prompt"]

Messages = list[dict[str, str]]
"""A chat: `[{"role": "system" | "user" | "assistant", "content": ...}, ...]`."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step that lies behind.

    Attributes:
        observation: What was seen before the command.
        command: What was done.
    """

    observation: str
    command: str


def steps_of(observations: Sequence[str], commands: Sequence[str]) -> list[Step]:
    """The steps behind, of all observations so far, the present one included, and the commands between them.

    >>> steps_of(["a room", "a desk"], ["go to desk 1"])
    [Step(observation='a room', command='go to desk 1')]
    """
    if len(observations) != len(commands) + 1:
        raise ValueError(f"expected one observation more than commands, got {len(observations)} and {len(commands)}")
    return [Step(*pair) for pair in zip(observations, commands, strict=False)]


def react_prompt(
    task: str, history: Sequence[Step], observation: str, admissible: Sequence[str] = (), *, examples: Sequence[str] = ()
) -> Messages:
    """One message: worked examples, then the transcript so far, which ends where the next line is to be written.

    Args:
        task: What is to be done, in words.
        history: All steps so far.
        observation: What is seen now.
        admissible: The commands that do something now; ReAct itself shows none, so they are left out where there are none.
        examples: Whole transcripts of other tasks.
    """
    parts = [
        "Interact with an environment to solve a task. Write one line: either a command, or a line that begins with "
        '"think:" to reason; a thought changes nothing.'
    ]
    parts += [f"Here is an example.\n{example.strip()}" for example in examples]
    lines = [f"Here is the task. {task}"]
    for step in history:
        lines += [step.observation, f"> {step.command}"]
    lines.append(observation)
    if admissible:
        lines.append(f"(Commands that do something: {', '.join(admissible)})")
    return [{"role": "user", "content": "\n\n".join([*parts, "\n".join([*lines, ">"])])}]


def read_react(reply: str) -> tuple[str, bool]:
    """The command of a reply: its first line, without ">"; and whether it is one and no thought.

    >>> read_react(" > go to desk 1\\nYou arrive"), read_react("think: the mug may be on a desk")
    (('go to desk 1', True), ('think: the mug may be on a desk', False))
    """
    line = next((line for line in reply.splitlines() if line.strip().lstrip(">").strip()), "").strip().lstrip(">").strip()
    return line, bool(line) and not line.lower().startswith("think:")


def verl_prompt(
    task: str, history: Sequence[Step], observation: str, admissible: Sequence[str] = (), *, history_length: int = 2
) -> Messages:
    """One message, built anew at each step: task, the last steps, what is seen, the admissible commands, and the form of the reply.

    Args:
        task: What is to be done, in words.
        history: All steps so far; only their number and the last `history_length` are shown.
        observation: What is seen now.
        admissible: The commands that do something now; "help" is left out.
        history_length: How many steps are shown.
    """
    lines = ["You are an expert agent that acts in a text environment."]
    recent = list(history[len(history) - min(history_length, len(history)) :])
    if history:
        lines.append(f"Your task: {task}")
        lines.append(f"You have taken {len(history)} step(s) so far. The last {len(recent)} of them:")
        first = len(history) - len(recent) + 1
        lines += [f"[Observation {at}: '{step.observation}', Action {at}: '{step.command}']" for at, step in enumerate(recent, start=first)]
    lines.append(f"You are now at step {len(history) + 1}. Your current observation: {observation}")
    commands = [command for command in admissible if command != "help"]
    if commands:
        lines.append("The admissible actions are: [" + "\n ".join(f"'{command}'" for command in commands) + "].")
    lines.append(
        "Reason step by step about the situation, within <think> </think>. Then give one admissible action, within <action> </action>."
    )
    return [{"role": "user", "content": "\n".join(lines)}]


_ACTION = re.compile(r"<action>(.*?)</action>", re.DOTALL)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def read_verl(reply: str, *, last: int = 30) -> tuple[str, bool]:
    """The command of a reply, in lower case, and whether the reply has the form that was asked for.

    The first <action> part counts; without one the last characters of the reply are sent, which does nothing. The form is kept where
    there are action and think parts and no Chinese characters. It says nothing about the command: that is `info["action_valid"]`.

    >>> read_verl("<think>Where?</think><action>Go to desk 1</action>"), read_verl("go to desk 1")
    (('go to desk 1', True), ('go to desk 1', False))
    """
    text = reply.lower()
    action = _ACTION.search(text)
    command = action[1].strip() if action else text[-last:]
    thinks = "<think>" in text and "</think>" in text
    return command, bool(action) and thinks and not _CHINESE.search(reply)


def chat_prompt(
    task: str, history: Sequence[Step], observation: str, admissible: Sequence[str] = (), *, system: str = "", most_steps: int = 16
) -> Messages:
    """A chat: each observation a turn of the user, each command one of the assistant.

    Args:
        task: What is to be done, in words.
        history: All steps so far; of many the last `most_steps` are kept.
        observation: What is seen now.
        admissible: The commands that do something now.
        system: What stands first, e.g. the rules of the game.
        most_steps: Most steps that are kept.
    """
    intro = f"{system}\n\n" if system else ""
    messages = [{"role": "system", "content": f"{intro}{task}\nReply with one command, written as <answer>COMMAND</answer>."}]
    for step in history[max(0, len(history) - most_steps) :]:
        messages.append({"role": "user", "content": step.observation})
        messages.append({"role": "assistant", "content": f"<answer>{step.command}</answer>"})
    listed = f"\nAdmissible commands: {', '.join(admissible)}" if admissible else ""
    return [*messages, {"role": "user", "content": f"{observation}{listed}"}]


_ANSWER = re.compile(r"<answer>(.*?)</answer>", re.DOTALL | re.IGNORECASE)


def read_chat(reply: str) -> tuple[str, bool]:
    """The command of a reply, and whether it has the form that was asked for: exactly one answer.

    >>> read_chat("On the desk, perhaps. <answer>go to desk 1</answer>"), read_chat("go to desk 1")
    (('go to desk 1', True), ('go to desk 1', False))
    """
    answers = _ANSWER.findall(reply)
    return (answers[0].strip(), True) if len(answers) == 1 else (reply.strip(), False)


PROMPTS: dict[str, tuple[Callable[..., Messages], Callable[[str], tuple[str, bool]]]] = {
    "react": (react_prompt, read_react),
    "verl": (verl_prompt, read_verl),
    "chat": (chat_prompt, read_chat),
}
"""Name of a form -> what builds its prompt and what reads its reply."""
