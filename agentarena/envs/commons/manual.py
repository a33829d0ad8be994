"""The rules in words, as configured. Consequences are described; formulas only where the option `explain` asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .words import VOCABULARY, number, times

if TYPE_CHECKING:
    from .game import Commons

__all__ = ["NATURE", "rules"]

NATURE = {
    "none": "",
    "altruistic": "By nature you care for the others as much as for yourself, and for those who come after.",
    "selfish": "By nature you put your own gain first, and what you can have now before what may come later.",
}
"""What a seat is told of itself, by the option `disposition`."""


def rules(game: Commons, seat: int) -> str:
    """The rules for one seat."""
    return "\n".join(line for line in (_setting(game, seat), _resource(game), _sight(game), *_institutions(game), _moves(game)) if line)


def _setting(game: Commons, seat: int) -> str:
    words = VOCABULARY[game.scenario]
    lines = [f"{words.setting} You are player {seat} of {game.players} (numbered from 0). There are at most {game.rounds} {words.span}s."]
    if game.newcomer:
        who = "You join" if seat == game.players - 1 else f"Player {game.players - 1} joins"
        lines.append(f"{who} in {words.span} {game.newcomer}, without having heard what was said before.")
    if NATURE[game.disposition]:
        lines.append(NATURE[game.disposition])
    return " ".join(lines)


def _resource(game: Commons) -> str:
    words = VOCABULARY[game.scenario]
    if game.resource == "static":
        return _account(game)
    lines = []
    if game.resource == "doubling":
        lines.append(
            f"Every {words.span} each player says in private how many {words.unit} it wants to {words.take} (a whole number). "
            f"If more is wanted than there is, {_ALLOCATION[game.allocation]}."
        )
        lines.append(words.regrows)
        if game.explain:
            lines.append(
                f"At the end of a {words.span} what is left is multiplied by {game.factor}, up to {number(game.capacity)} {words.unit}, which is "
                f"how much there can be. If less than {number(game.theta * game.capacity)} is left before that, {words.pool} has collapsed for good and it "
                "is all over."
            )
    else:
        lines.append(
            f"Every {words.span} each player chooses at the same time how much effort, from 0 to 1, it puts into its {words.taking}. More effort brings "
            f"more, and so does a richer resource. {words.regrows} Once it falls too low, it has collapsed and it is all over."
        )
        if game.explain:
            lines.append(
                f"A player's harvest is {number(game.alpha)} times its effort times the stock R; without harvest the stock grows by "
                f"{number(game.growth)} R (1 - R / {number(game.capacity)}); it has collapsed below {number(game.theta * game.capacity)}."
            )
    if game.consumption:
        lines.append(f"Each player uses up {number(game.consumption)} {words.unit} a {words.span} of what it has.")
    if game.starvation:
        lines.append("Whoever has less than nothing left starves and leaves.")
    return " ".join(lines)


_ALLOCATION = {
    "stochastic": "it is handed out unit by unit, each to a random player who still wants one",
    "proportional": "everybody gets a part in proportion to what it wanted, and all see what was wanted",
}


def _account(game: Commons) -> str:
    lines = [
        f"Every round each player has {game.tokens} tokens and chooses at the same time how many of them (a whole number) to invest in the group "
        "account; the others stay in its private account. The private account pays the same for every token. What the group account pays depends on all the "
        "tokens in it and is shared in proportion to what each player invested."
    ]
    if game.explain:
        lines.append(
            f"A token in the private account earns {number(game.outside)} cents. X tokens in the group account earn {number(game.pool_a)} X - "
            f"{number(game.pool_b)} X^2 cents together, which is less than nothing when X is large."
        )
    if game.consumption:
        lines.append(f"Each player uses up {number(game.consumption)} cents a round.")
    return " ".join(lines)


def _sight(game: Commons) -> str:
    words = VOCABULARY[game.scenario]
    stock = "" if game.resource == "static" else f"Everybody sees the state of {words.pool}. "
    if game.open:
        return f"{stock}After each {words.span} everybody sees what each player {words.took}."
    return f"{stock}After each {words.span} everybody sees what all players {words.took} together, but not who {words.took} how much."


def _institutions(game: Commons) -> list[str]:
    words = VOCABULARY[game.scenario]
    lines = []
    if game.talk:
        when = f"Before the {words.taking}" if game.talk_when == "before" else f"After the {words.taking}"
        some = f" in the first {game.talk_rounds} {words.span}s" if game.talk_rounds else ""
        how = (
            f"players talk in turns, {times(game.talk)} at most"
            if game.floor == "turns"
            else "all players talk at once" + (f", {times(game.talk)}" if game.talk > 1 else "")
        )
        lines.append(
            f"{when}{some} {how}. One may name a cap that nobody should exceed, agree, or blame a player, and say anything in free words."
        )
    if game.sanction == "random":
        lines.append(
            f"Then each player may watch another one, drawn at random, at a cost of {number(game.watch_cost)}; all see who watches whom. It sees what that "
            f"player {words.took} and may punish it: that costs itself {number(game.sanction_cost)} and the other {_fine(game)}. All see who punished whom."
        )
    elif game.sanction == "chosen":
        lines.append(
            f"Then each player may punish one other: that costs itself {number(game.sanction_cost)} and the other {_fine(game)}. All see who punished whom."
        )
    if game.learning != "none":
        more = ", its last note" if game.reflection else ""
        lines.append(
            f"From time to time you learn from another player, above all from one who does better: you are told what it {words.took}{more} and how it fared."
        )
    if game.reflection:
        readers = "; those who learn from you will read it" if game.learning != "none" else "; nobody else reads it"
        lines.append(f"At the end of each {words.span} you may note your strategy and what you believe{readers}.")
    if game.voting != "none":
        how = (
            "the middle one of the proposals becomes the norm"
            if game.voting == "median"
            else "all vote on the proposals and the one with most votes becomes the norm"
        )
        lines.append(
            f"Each player proposes a cap on what one player should {words.take} in a {words.span}; {how}, of equals the lower. "
            "A norm binds nobody by itself."
        )
    return lines


def _fine(game: Commons) -> str:
    grows = f", and {number(100 * game.graduation)} % of that more for each time it was punished before" if game.graduation else ""
    return f"{number(game.fine)}{grows}"


def _moves(game: Commons) -> str:
    words = VOCABULARY[game.scenario]
    what = "your effort, a number from 0 to 1" if game.resource == "logistic" else "a whole number"
    if game.levels:
        what = f"your level of effort: level 0 to level {game.levels}, of which the last is all you can do"
    lines = [f"When asked what to {words.take}, a move is {what}."]
    if game.voting != "none" or game.talk:
        unit = "tokens" if game.resource == "static" else words.unit
        scale = f"a level: level {game.levels} stands for {number(game.top)} {unit}" if game.levels else f"a number of {unit}"
        lines.append(f"A cap is {scale}.")
    if not game.bare:
        lines.append("Other moves are yes, pass, or a player, as you are asked.")
    if game.talk or game.reflection:
        lines.append(
            f"When you talk or note something, words go between <say> and </say>, at most {game.words} characters, before the move."
        )
    return " ".join(lines)
