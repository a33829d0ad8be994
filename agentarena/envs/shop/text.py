"""The shop in words: the open page, and what may be done."""

from __future__ import annotations

from typing import Any

from agentarena.core.actions import Action
from agentarena.core.events import Event
from agentarena.core.text import Choices, Options, Pattern, TextFace, Unreadable, answer_in, quote, tags_in

from .actions import MAX_CHARS, PREVIOUS
from .rules.clicks import admissible
from .rules.pages import page_text
from .state import INDEX

__all__ = ["ShopText"]

_LONGEST_BARE = 200
"""Longest command that is read without the tags of an answer."""


class ShopText(TextFace[Any]):
    """Text face. A customer's own words are repeated in quotes alone."""

    def rules(self, seat: int) -> str:
        again = "Play goes on after a purchase. " if self.game.buy_again else "Buying ends the visit. "
        return (
            "You shop online for a customer, whose instruction stands on every page. Find a product of the kind that is wanted with the wanted "
            "attributes, choose the wanted options, mind the price, and buy it. Each turn you give one command: search[words] looks for products "
            "by words, click[label] clicks a button, a product's number, an option or a tab. A click on what is not on the page does nothing. "
            f"{again}The score is from 0 to 1: the share of wanted attributes, options and price that the purchase meets, less where the kind of "
            f"product is wrong, and 0 without a purchase in {self.game.max_steps} commands. Reply with exactly one command, written as "
            "<answer>COMMAND</answer>."
        )

    def look(self, state: Any, seat: int) -> str:
        page = page_text(self.game, state)
        if not self.game.truncated(state):
            return page
        return f"{page}\nThe visit is over: no purchase in {state.turn} commands."

    def tell(self, event: Event, seat: int) -> str:
        data = event.data
        if event.kind == "purchase":
            matched = f"attributes {data['attributes']:.2f}, options {data['options_matched']:.2f}, price {'kept' if data['price_ok'] else 'too high'}"
            return f"You bought {data['asin']} for {data['price']:.2f} dollars: {matched}, type {data['type']:g}."
        if event.kind != "command" or self.game.feedback == "plain" or data["action_valid"]:
            return ""
        words = quote(data["command"], 100)
        if not data["parse_ok"]:
            return f"Nothing happened: {words} is no command; write search[words] or click[label]."
        searched = data["command"].startswith("search")
        return "" if searched else f"Nothing happened: {words} clicks nothing that is on this page."

    def ask(self, state: Any, seat: int) -> str:
        if state.place.page == INDEX:
            return "Your move: search[words]."
        return "Your move: " + ", ".join(admissible(self.game, state)) + "."

    def options(self, state: Any, seat: int) -> Options:
        """Any words on the first page, where a search is due; the clicks elsewhere."""
        if state.place.page == INDEX:
            return Pattern(rf"(?:<answer>)?[^<]{{1,{MAX_CHARS}}}(?:</answer>)?")
        return Choices(tuple(self.write(state, seat, command) for command in admissible(self.game, state)))

    def read(self, state: Any, seat: int, reply: str) -> Action | Unreadable:
        if tags_in(reply, "say"):
            return Unreadable("nobody listens in a shop; write search[words] or click[label]")
        answer = answer_in(reply)
        if isinstance(answer, str) and len(answer) > MAX_CHARS:
            return Unreadable(f"a command has at most {MAX_CHARS} characters")
        return answer

    def write(self, state: Any, seat: int, action: Action) -> str:
        """The command; what could be a tag is written with other brackets, and a command without words as one that does nothing."""
        text = str(action) if str(action).strip() else "nothing"
        if text.count("<") != text.count(f"[{PREVIOUS}]"):
            text = text.replace("<", "(")
        return text if len(text) <= _LONGEST_BARE else f"<answer>{text}</answer>"
