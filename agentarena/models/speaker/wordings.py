"""A paraphrase grammar: every speech act in many wordings, each an opening, the statement and a reason.

Openings and reasons name nobody, so that a sentence is about the one seat of its act. The statements of an act say the same; the
reasons do not change it. The words are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["WORDINGS", "Wording", "count", "utter"]


@dataclass(frozen=True, slots=True)
class Wording:
    """The wordings of one act. `{target}` stands for the seat it is about, `{role}` for a role with its article.

    Attributes:
        openings: What may come before, with a space at the end; "" for nothing.
        statements: The act itself.
        reasons: What may follow, with a space at the beginning; "" for nothing.
    """

    openings: tuple[str, ...]
    statements: tuple[str, ...]
    reasons: tuple[str, ...] = ("",)


_OPENINGS = ("", "", "", "Listen: ", "Friends, ", "To be plain, ", "Here is my view: ", "Let me say this: ", "Please hear me. ")
_QUIET = ("", "", "", "For now, ", "To be honest, ", "This time ")

WORDINGS: Mapping[str, Wording] = {
    "silent": Wording(
        _QUIET,
        (
            "I have nothing to add.", "I would rather listen.", "I pass.", "I will wait and listen.", "I keep my thoughts to myself.",
            "I have seen nothing worth a word.", "I will not speak.",
        ),
        ("", "", "", " Go on without me.", " Let the others begin.", " We know too little."),
    ),
    "claim": Wording(
        _OPENINGS,
        ("I am {role}.", "my role is {role}, you should know.", "you should know that I am {role}.", "I am {role}, and I say so openly.", "I'm {role}."),
        ("", "", "", " Keep that in mind when you choose.", " I hide nothing.", " Do not waste a vote on me.", " Better to tell it early than too late."),
    ),
    "accuse": Wording(
        _OPENINGS,
        (
            "I think {target} is a werewolf.", "{target} looks like a werewolf to me.", "my suspicion falls on {target}.", "I suspect {target}.",
            "I will vote for {target}, and so should you.", "we should exile {target} today.", "{target} is lying to us.", "to me {target} is the most suspicious.",
        ),
        (
            "", "", "", " Those words were too careful.", " So quiet, and so watchful.", " That story does not hold together.", " I trust my nose here.",
            " The last days point that way.", " Nobody else had so much to gain.",
        ),
    ),
    "defend": Wording(
        _OPENINGS,
        (
            "I trust {target}.", "I do not believe {target} is a werewolf.", "{target} seems honest to me.", "{target} is innocent, I am sure.",
            "leave {target} alone, that is a good villager.", "{target} is not a werewolf.", "I take {target} for one of the village.",
        ),
        ("", "", "", " Look elsewhere.", " Those words were plain and open.", " A wolf would not act like that.", " We must not lose an ally.", " I have watched closely."),
    ),
    "result1": Wording(
        (*_OPENINGS, "I am the seer. "),
        (
            "I checked {target}: a werewolf.", "my check of {target} showed a werewolf.", "{target} is a werewolf, I have looked in the night.",
            "I tested {target} in the night, and that is a wolf.", "last night I inspected {target} and saw a werewolf.", "my vision of {target} is a wolf.",
        ),
        ("", "", "", " Vote with me today.", " There is no doubt about it.", " Act on it before night falls.", " I stake my life on it."),
    ),
    "result0": Wording(
        (*_OPENINGS, "I am the seer. "),
        (
            "I checked {target}: not a werewolf.", "my check of {target} showed no werewolf.", "I tested {target} in the night, and that one is clean.",
            "last night I inspected {target}, who is innocent.", "my vision of {target} is clear.", "I looked at {target}: not a wolf.",
        ),
        ("", "", "", " Do not vote there.", " Search among the others.", " There is no doubt about it.", " That leaves fewer places to look."),
    ),
    "agree": Wording(
        _OPENINGS,
        (
            "I agree with {target}.", "what {target} said makes sense.", "I am with {target} on this.", "{target} is right.", "I support what {target} proposes.",
            "I agree with every word of {target}.",
        ),
        ("", "", "", " Let us act together.", " I had the same thought.", " Nobody has put it better.", " Split votes help only our enemies."),
    ),
    "question": Wording(
        ("", "", "", "One moment. ", "Before we vote: ", "Let me ask this: ", "I am curious. "),
        (
            "{target}, what do you know?", "I would like to hear from {target}.", "{target}, whom do you fear most?", "{target}, what is your role?",
            "{target}, why so quiet?", "{target}, how will you vote?", "what does {target} think?",
        ),
        ("", "", "", " Please answer plainly.", " We have a right to know.", " Your silence helps nobody.", " Tell us before we vote."),
    ),
    "throw": Wording(
        ("", "", "", "This round ", "Without much thought, ", "My mind is made up: ", "Listen: "),
        (
            "I choose {target}.", "I play {target}.", "my throw is {target}.", "{target} it is.", "I show {target}.", "I will go with {target}.",
            "I put my trust in {target}.",
        ),
        ("", "", "", " Beat that if you can.", " It feels right.", " You will not see it coming.", " I like the odds."),
    ),
}  # fmt: skip
"""Act -> its wordings: Werewolf's speech acts (`result1` reports a werewolf, `result0` none), and a throw of a matrix game."""


def utter(act: str, rng: np.random.Generator, *, target: str = "", role: str = "") -> str:
    """One wording of an act.

    Args:
        act: A key of `WORDINGS`.
        rng: Draws the parts, each uniformly.
        target: What the seat or throw is called.
        role: The role with its article.
    """
    wording = WORDINGS[act]
    opening, statement, reason = (
        parts[int(rng.random() * len(parts))] for parts in (wording.openings, wording.statements, wording.reasons)
    )
    return _joined(opening, statement, reason, target, role)


def _joined(opening: str, statement: str, reason: str, target: str, role: str) -> str:
    statement = statement.format(target=target, role=role)
    begins = not opening or opening.rstrip().endswith(".")
    return f"{opening}{statement[:1].upper() + statement[1:] if begins else statement}{reason}"


def count(act: str) -> int:
    """How many different wordings an act has for one target."""
    wording = WORDINGS[act]
    return len(set(wording.openings)) * len(wording.statements) * len(set(wording.reasons))


def every(act: str, target: str = "", role: str = "") -> Sequence[str]:
    """All wordings of an act for one target and role."""
    wording = WORDINGS[act]
    parts = [(o, s, r) for o in dict.fromkeys(wording.openings) for s in wording.statements for r in dict.fromkeys(wording.reasons)]
    return [_joined(*part, target, role) for part in parts]
