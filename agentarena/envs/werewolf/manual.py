"""The rules in words, as configured, and the question at the end of a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .roles import DOCTOR, GUARD, HUNTER, MASON, MEDIUM, POSSESSED, ROLES, SEER, VILLAGER, WITCH, WOLF
from .state import BID, BREW, HUNT, NIGHT, SHOT, SPEAK, STRAW, TALK, VOTE, State
from .telling import a_role

if TYPE_CHECKING:
    from .game import Werewolf

__all__ = ["question", "rules"]


def rules(game: Werewolf) -> str:
    """The rules under these options."""
    lines = [
        f"You play Werewolf with {game.players} players. Each is secretly dealt a role: {_deck(game)}. "
        "You are told your name and your role when the match begins.",
        *(f"- {line}" for line in _roles(game)),
        _night(game),
        _day(game),
        _vote(game),
        _end(game),
        _writing(game),
    ]
    return "\n".join(line for line in lines if line)


def _deck(game: Werewolf) -> str:
    counts = {role: game.deck.count(role) for role in dict.fromkeys((WOLF, *game.deck))}
    plural = {1: "werewolves"}
    return ", ".join(f"{n} {ROLES[role] if n == 1 else plural.get(role, ROLES[role] + 's')}" for role, n in counts.items())


def _roles(game: Werewolf) -> list[str]:
    attack = "any other player" if game.wolf_targets == "others" else "a player who is no werewolf"
    decide = {
        "last": "they propose in turn, and the last one's choice counts",
        "vote": "the most votes decide, ties at random",
        "first": "the most votes decide, ties for the proposal made first",
        "random": "one of them, drawn each night, decides",
    }[game.wolf_rule]
    sees = "whether it is a werewolf" if game.seer_sees == "wolf" else "its role"
    again = "" if game.seer_repeat else ", nobody twice"
    lines = {
        WOLF: f"Werewolves know each other and kill together: each night they attack {attack}; {decide}.",
        SEER: f"The seer tests another player each night and learns {sees}{again}.",
        DOCTOR: f"The doctor protects a player each night from the werewolves{_limits(game.self_save, game.repeat_save)}.",
        GUARD: f"The guard protects a player each night from the werewolves{_limits(game.guard_self, game.guard_repeat)}.",
        WITCH: "The witch has one antidote and one poison. While she has the antidote she is told each night who is attacked. "
        f"She may heal that player{'' if game.witch_self else ', not herself'}, or poison another, or do nothing.",
        HUNTER: "The hunter, when exiled or killed by the werewolves, shoots a player at once; not when poisoned.",
        MASON: "Masons know each other.",
        MEDIUM: "The medium learns after each exile whether the exiled was a werewolf.",
        POSSESSED: "The possessed is human and tests as no werewolf, but wins with the werewolves, whom it does not know.",
        VILLAGER: "Villagers have no power but their voice and vote.",
    }
    return [lines[role] for role in lines if role in game.deck]


def _limits(own: bool, repeat: bool) -> str:
    return ("" if own else ", never itself") + ("" if repeat else ", nobody two nights running")


def _night(game: Werewolf) -> str:
    first = (
        "The match begins at night. " if game.opening == "night" else "The match begins with day 1; a night comes before each later day. "
    )
    quiet = "" if game.first_attack else "In the first night nobody is attacked and only the seer acts. "
    told = {"none": "nothing of their roles", "team": "their sides", "role": "their roles"}[game.night_reveal]
    return f"{first}{quiet}At dawn all learn who died in the night and {told}, but not who was attacked in vain."


def _day(game: Werewolf) -> str:
    rounds = f"{game.rounds} time{'s' if game.rounds != 1 else ''}"
    how = {
        "round_robin": f"each living player speaks {rounds}, by seat.",
        "random": f"each living player speaks {rounds}, in an order drawn each day.",
        "simultaneous": f"all living players speak at once, {rounds}.",
        "bidding": f"{game.rounds} speeches are made. For each, all but the last speaker secretly bid 0 to 4, and the highest bidder has the floor"
        + {"priority": "; equal bids go to those just mentioned", "double": "; those just mentioned have two lots", "none": ""}[
            game.mention
        ]
        + ".",
    }
    talk = "" if game.talks == 0 else f"By day {how[game.discussion]} "
    straw = "After each speech all cast a private straw vote, which has no effect. " if game.straw and game.talks else ""
    return f"{talk}{straw}".strip()


def _vote(game: Werewolf) -> str:
    how = "at once" if game.voting == "simultaneous" else "one by one"
    who = "any living player" if game.self_vote else "another living player"
    nobody = ", or for nobody with pass" if game.abstain else ""
    need = "Whoever has the votes of more than half the living is exiled, else nobody."
    if not game.majority:
        last = {"random": "one of the tied, drawn at random", "nobody": "nobody"}
        tie = last.get(game.tie) or f"after {game.revotes} new ballot(s) among the tied, {last[game.revote_tie]}"
        need = f"Whoever has the most votes is exiled; in a tie, {tie}."
    open_ = {"public": "Votes are public.", "tally": "Only the counts are told.", "secret": "Votes are secret."}[game.ballots]
    told = {"none": "A role is not told.", "team": "The side of the exiled is told.", "role": "The role of the exiled is told."}[
        game.reveal
    ]
    return f"Then the living vote {how} for {who}{nobody}. {need} {open_} {told}"


def _end(game: Werewolf) -> str:
    wolves = {
        "parity": "as many werewolves as others live",
        "more": "more werewolves than others live",
        "extinction": "only werewolves live",
    }
    return (
        f"After every death: the village wins when no werewolf lives; the werewolves win when {wolves[game.wolves_win]}. "
        f"After the vote of day {game.last_day} an undecided match ends without a winner. The dead win and lose with their side."
    )


def _writing(game: Werewolf) -> str:
    lines = "Name a player by name or as seat 3. "
    if game.talks or game.wolf_talk:
        lines += (
            f"When you may speak, say up to {game.words} characters as <say>WORDS</say>, with or without an answer; the answer then tells in a "
            "fixed form what you mean. Words are heard at no other time. "
            if game.words
            else "You speak by moves alone. "
        )
    return lines + "At any time you may add <guess>NAME 0.7, NAME 0.1</guess>: how likely you think each is a werewolf. Nobody hears it."


_QUESTIONS = {
    HUNT: "Whom do you propose to attack?",
    BREW: "Do you use a potion? Name a player to poison, or",
    SHOT: "You die. Whom do you shoot?",
    BID: "How much do you want the floor?",
    STRAW: "Straw vote: whom would you exile now?",
    VOTE: "Whom do you vote to exile?",
}
_AT_NIGHT = {WOLF: "Whom do you attack?", SEER: "Whom do you test?", DOCTOR: "Whom do you protect?", GUARD: "Whom do you protect?"}


def question(game: Werewolf, state: State, seat: int, names: tuple[str, ...]) -> str:
    """The closing question with the legal moves by name."""
    phase = state.phase
    legal = ", ".join(names)
    if phase not in (SPEAK, TALK):
        asked = _AT_NIGHT[state.roles[seat]] if phase == NIGHT else _QUESTIONS[phase]
        return f"{asked} Legal: {legal}"
    heard = "The other werewolves hear you." if phase == TALK else "It is your turn to speak; all hear you."
    words = f" Say up to {game.words} characters, make a move, or both." if game.words else " Make a move."
    return f"{heard} You are {a_role(ROLES[state.roles[seat]])}.{words} Legal: {legal}"
