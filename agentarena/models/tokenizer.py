"""The tokenizer of `tiny`: byte-pair merges that may span words in prose, never in moves, boards or numbers.

Rules and views repeat the same sentences; cut as usual, at every space, they would make most of each prompt. Here a run of
words is one piece that merging may join into a single token, while digits, card names, board marks and punctuation stay
apart, so that what differs between two positions is always visible token by token.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["CHAT_TEMPLATE", "PIECES", "SPECIALS", "train"]

SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)

PIECES = (
    r"\n[.XO](?= )"  # the first cell of a board's row
    r"| ?\(\d,\d\)"  # a cell by its coordinates
    r"| ?(?:10|[2-9AJQK])[SHDC]\b"  # a playing card
    r"| ?[A-Z][a-z]+"  # a name, or the first word of a sentence
    r"| ?[a-z]{2,}(?:[ '-][a-z]{2,}| a(?= ))*[.:;]*"  # a run of words with its closing punctuation
    r"|</?answer>|\n"  # an answer's tags; a line break
    r"| ?[A-Za-z]{1,2}| ?\d{1,3}| ?[^\sA-Za-z\d]|\s"  # a mark or rank; a number; a sign; a space
)
"""Pieces within which merges happen."""


def train(texts: Iterable[str], vocabulary: int, pieces: str = PIECES) -> Any:
    """A `transformers.PreTrainedTokenizerFast` with `vocabulary` entries at most, trained on `texts`, with a chat template.

    Args:
        texts: What is counted.
        vocabulary: Entries at most; 259 are special tokens and bytes.
        pieces: A regular expression of the pieces within which merges happen.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pieces), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIALS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=120,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=SPECIALS[2], pad_token=SPECIALS[0], padding_side="left")
    fast.chat_template = CHAT_TEMPLATE
    return fast
