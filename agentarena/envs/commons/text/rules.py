"""The rules in words, as configured. Consequences are described; formulas only where the option `explain` asks for them."""

from __future__ import annotations

from agentarena.envs.commons.options import CommonsOptions

from .vocabulary import VOCABULARY, number, times

__all__ = ["NATURE", "rules"]

NATURE = {
    "none": "",
    "altruistic": "By nature you care for the others as much as for yourself, and for those who come after.",
    "selfish": "By nature you put your own gain first, and what you can have now before what may come later.",
}
"""How a seat is described to itself, by the option `disposition`."""


def rules(options: CommonsOptions, seat: int) -> str:
    """The rules for one seat."""
    parts = (_setting(options, seat), _resource(options), _visibility(options), *_institutions(options), _moves(options))
    return "\n".join(part for part in parts if part)


def _setting(options: CommonsOptions, seat: int) -> str:
    words = VOCABULARY[options.scenario]
    lines = [
        f"{words.setting} You are player {seat} of {options.players} (numbered from 0). There are at most {options.rounds} {words.span}s."
    ]
    if options.newcomer:
        who = "You join" if options.is_newcomer(seat) else f"Player {options.players - 1} joins"
        lines.append(f"{who} in {words.span} {options.newcomer}, without having heard what was said before.")
    if NATURE[options.disposition]:
        lines.append(NATURE[options.disposition])
    return " ".join(lines)


def _resource(options: CommonsOptions) -> str:
    words = VOCABULARY[options.scenario]
    if options.resource == "static":
        return _account(options)
    lines = []
    if options.resource == "doubling":
        lines.append(
            f"Every {words.span} each player says in private how many {words.unit} it wants to {words.take} (a whole number). "
            f"If more is wanted than there is, {_ALLOCATION[options.allocation]}."
        )
        lines.append(words.regrows)
        if options.explain:
            lines.append(
                f"At the end of a {words.span} what is left is multiplied by {options.factor}, up to {number(options.capacity)} {words.unit}, which is "
                f"how much there can be. If less than {number(options.theta * options.capacity)} is left before that, {words.pool} has collapsed for good and it "
                "is all over."
            )
    else:
        lines.append(
            f"Every {words.span} each player chooses at the same time how much effort, from 0 to 1, it puts into its {words.taking}. More effort brings "
            f"more, and so does a richer resource. {words.regrows} Once it falls too low, it has collapsed and it is all over."
        )
        if options.explain:
            lines.append(
                f"A player's harvest is {number(options.alpha)} times its effort times the stock R; without harvest the stock grows by "
                f"{number(options.growth)} R (1 - R / {number(options.capacity)}); it has collapsed below {number(options.theta * options.capacity)}."
            )
    if options.consumption:
        lines.append(f"Each player uses up {number(options.consumption)} {words.unit} a {words.span} of what it has.")
    if options.starvation:
        lines.append("Whoever has less than nothing left starves and leaves.")
    return " ".join(lines)


_ALLOCATION = {
    "stochastic": "it is handed out unit by unit, each to a random player who still wants one",
    "proportional": "everybody gets a part in proportion to what it wanted, and all see what was wanted",
}


def _account(options: CommonsOptions) -> str:
    lines = [
        f"Every round each player has {options.tokens} tokens and chooses at the same time how many of them (a whole number) to invest in the group "
        "account; the others stay in its private account. The private account pays the same for every token. What the group account pays depends on all the "
        "tokens in it and is shared in proportion to what each player invested."
    ]
    if options.explain:
        lines.append(
            f"A token in the private account earns {number(options.outside)} cents. X tokens in the group account earn {number(options.pool_a)} X - "
            f"{number(options.pool_b)} X^2 cents together, which is less than nothing when X is large."
        )
    if options.consumption:
        lines.append(f"Each player uses up {number(options.consumption)} cents a round.")
    return " ".join(lines)


def _visibility(options: CommonsOptions) -> str:
    words = VOCABULARY[options.scenario]
    stock = "" if options.resource == "static" else f"Everybody sees the state of {words.pool}. "
    if options.public_harvests:
        return f"{stock}After each {words.span} everybody sees what each player {words.took}."
    return f"{stock}After each {words.span} everybody sees what all players {words.took} together, but not who {words.took} how much."


def _institutions(options: CommonsOptions) -> list[str]:
    words = VOCABULARY[options.scenario]
    lines = []
    if options.talk:
        when = f"Before the {words.taking}" if options.talk_when == "before" else f"After the {words.taking}"
        some = f" in the first {options.talk_rounds} {words.span}s" if options.talk_rounds else ""
        how = (
            f"players talk in turns, {times(options.talk)} at most"
            if options.floor == "turns"
            else "all players talk at once" + (f", {times(options.talk)}" if options.talk > 1 else "")
        )
        what = "name a cap that nobody should exceed, agree, or blame a player"
        if options.latent:
            what = "give a signal, whose meaning the players make themselves"
        lines.append(f"{when}{some} {how}. One may {what}, and say anything in free words.")
    if options.sanction == "random":
        lines.append(
            f"Then each player may watch another one, drawn at random, at a cost of {number(options.watch_cost)}; all see who watches whom. It sees what that "
            f"player {words.took} and may punish it: that costs itself {number(options.sanction_cost)} and the other {_fine(options)}. All see who punished whom."
        )
    elif options.sanction == "chosen":
        lines.append(
            f"Then each player may punish one other: that costs itself {number(options.sanction_cost)} and the other {_fine(options)}. All see who punished whom."
        )
    if options.learning != "none":
        more = ", its last note" if options.reflection else ""
        lines.append(
            f"From time to time you learn from another player, above all from one who does better: you are told what it {words.took}{more} and how it fared."
        )
    if options.reflection:
        readers = "; those who learn from you will read it" if options.learning != "none" else "; nobody else reads it"
        lines.append(f"At the end of each {words.span} you may note your strategy and what you believe{readers}.")
    if options.voting != "none":
        how = (
            "the middle one of the proposals becomes the norm"
            if options.voting == "median"
            else "all vote on the proposals and the one with most votes becomes the norm"
        )
        lines.append(
            f"Each player proposes a cap on what one player should {words.take} in a {words.span}; {how}, of equals the lower. "
            "A norm binds nobody by itself."
        )
    return lines


def _fine(options: CommonsOptions) -> str:
    grows = f", and {number(100 * options.graduation)} % of that more for each time it was punished before" if options.graduation else ""
    return f"{number(options.fine)}{grows}"


def _moves(options: CommonsOptions) -> str:
    words = VOCABULARY[options.scenario]
    what = "your effort, a number from 0 to 1" if options.resource == "logistic" else "a whole number"
    if options.levels:
        what = f"your level of effort: level 0 to level {options.levels}, of which the last is all you can do"
    lines = [f"When asked what to {words.take}, a move is {what}."]
    if options.voting != "none" or options.talk:
        unit = "tokens" if options.resource == "static" else words.unit
        scale = (
            f"a level: level {options.levels} stands for {number(options.highest_cap)} {unit}" if options.levels else f"a number of {unit}"
        )
        lines.append(f"A cap is {scale}.")
    if not options.harvest_only:
        lines.append("Other moves are yes, pass, or a player, as you are asked.")
    if options.talk or options.reflection:
        lines.append(
            f"When you talk or note something, words go between <say> and </say>, at most {options.words} characters, before the move."
        )
    return " ".join(lines)
