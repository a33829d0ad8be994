"""Thirteen speech acts as instructions to whoever words them: what the Cicero-like player of the strategy `cicero` says.

    openai:MODEL?strategy=cicero&policy=werewolf/bayes&acts=agentarena.envs.werewolf.text.intents:intent

The policy's move names the act together with what was said before: a claim to be the seer counters a rival's, an accusation of
somebody already accused calls for votes, a villager's claim of somebody accused denies it.

Reference: the Cicero-like baseline of LSPO (arXiv 2502.04686) has 13 predefined acts that its summaries do not list; these are ours.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.core.agent import View
from agentarena.envs.werewolf.actions import Act, space_of, speech
from agentarena.envs.werewolf.options import ROLES, SEER, VILLAGER

__all__ = ["SPEECH_ACTS", "intent", "speech_act"]

SPEECH_ACTS = {
    "silent": "Say nothing of substance: you would rather listen.",
    "claim_villager": "Claim to be a villager.",
    "claim_seer": "Claim to be the seer.",
    "claim_other": "Claim to be the {role}.",
    "counter_claim": "Claim to be the true seer, and that {rival} lies.",
    "deny": "Deny the suspicion against you: you are a villager.",
    "accuse": "Accuse {target} of being a werewolf.",
    "call_vote": "Ask everybody to vote for {target}, who is under suspicion already.",
    "defend": "Defend {target}, whom you trust.",
    "report_wolf": "Report that you tested {target}: a werewolf.",
    "report_clean": "Report that you tested {target}: no werewolf.",
    "agree": "Agree with {target}.",
    "question": "Ask {target} what they know or whom they suspect.",
}
"""Name of a speech act -> the instruction."""


def intent(view: View, action: int) -> str | None:
    """The instruction for a move of speech; `None` for other moves, and for moves of a learned speech space."""
    game: Any = view.game
    parts = game.layout.parts(view.observation)
    role, index = int(parts["role"].argmax()), action - speech(game.players)
    if index < 0:
        return None
    act = space_of(game, role).act(index)
    name = speech_act(act, parts)
    if name is None:
        return None
    rivals = _rivals(parts)
    return SPEECH_ACTS[name].format(
        target=_seat(act.target), role=ROLES[act.value] if act.kind == "claim" else "", rival=_seat(rivals[0]) if len(rivals) else ""
    )


def speech_act(act: Act, parts: dict[str, np.ndarray]) -> str | None:
    """Which of the thirteen an act is for a seat with this observation (`Layout.parts`); `None` for speech without a meaning."""
    me = int(parts["self"].argmax())
    if act.kind == "claim":
        if act.value == SEER:
            return "counter_claim" if len(_rivals(parts)) else "claim_seer"
        if act.value == VILLAGER:
            return "deny" if _suspected(parts, me) else "claim_villager"
        return "claim_other"
    if act.kind == "accuse":
        return "call_vote" if _suspected(parts, act.target) else "accuse"
    if act.kind == "result":
        return "report_wolf" if act.value else "report_clean"
    return act.kind if act.kind in SPEECH_ACTS else None


def _rivals(parts: dict[str, np.ndarray]) -> np.ndarray:
    """The others who claim to be the seer."""
    return np.flatnonzero((parts["claims"][:, SEER] > 0) & (parts["self"] == 0))


def _suspected(parts: dict[str, np.ndarray], seat: int) -> bool:
    """Whether somebody accused the seat or reported it as a werewolf."""
    return bool(parts["accuse"][:, seat].any() or parts["wolves"][:, seat].any())


def _seat(seat: int) -> str:
    return f"seat {seat}"
