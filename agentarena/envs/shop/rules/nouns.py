"""The nouns of a title: by a lexicon, which is the default, or by a model of spaCy where the user has one."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from agentarena.core.errors import UsageError

from .colours import COLOURS

__all__ = ["lexicon_nouns", "spacy_nouns"]

_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
_FUNCTION_WORDS = """
a about above across after all also an and any are as at be before below between both but by can could do does down each either every
    few for from has have he her his how i if in into is it its just like made make makes many may more most much my neither new no nor not of
    off on one only onto or other our out over own per plus she so some such than that the their them then there these they this those to too
    two three four five six seven eight nine ten under until up us use used using very via was we were what when where which while who will
    with within without you your
"""
_ADJECTIVES = """
adjustable anti big breathable bright casual certified classic clean comfortable compact cordless cozy cute daily deep durable dry easy
    electric elegant extra fast fine flat foldable formal free fresh friendly full genuine good great grown handmade hard heavy high hot hypoallergenic
    inflatable large lightweight little long loose low machine medium mini mid modern modest moisturizing multiple narrow natural nice non old organic
    original outdoor plain portable premium pure quick quiet rapid raw real rechargeable reclining refillable regular removable resistant reusable
    rich rigid round safe scented sealed sensitive sharp short shiny simple skinny slim small smart smooth soft solid special square stackable
    standard steady straight strong stylish sugary super sweet tall thick thin tight toned traditional ultra unscented vegan vintage warm
    washable waterproof weatherproof wide wild wireless wooden xl
"""
_ENDINGS = ("able", "ible", "ful", "less", "ous", "proof", "resistant", "friendly", "ly", "-free")


@functools.lru_cache(maxsize=16_384)
def lexicon_nouns(title: str) -> tuple[str, ...]:
    """The words of a title that are no function words, colours, common adjectives or words with the ending of one, repeats included.

    Cruder than a tagger, the same on every machine, and nothing to download. On titles of the generated catalogue, whose words are known, it
    keeps brands, kinds of products, materials and places.

    >>> lexicon_nouns("Norvale Wireless Headphones for Travel, Black")
    ('norvale', 'headphones', 'travel')
    """
    words = _WORD.findall(title.lower()[:2000])
    return tuple(word for word in words if len(word) > 2 and word not in _NO_NOUNS and not word.endswith(_ENDINGS))


_NO_NOUNS = frozenset((*_FUNCTION_WORDS.split(), *_ADJECTIVES.split(), *COLOURS))


def spacy_nouns(model: str = "en_core_web_sm") -> Callable[[str], list[str]]:
    """Nouns by a model of spaCy: words tagged NOUN or PROPN, in lower case, as the original counts them.

    Which model it is changes rewards: the original's code says small, its setup once installed large. Models are not on PyPI.

    Raises:
        UsageError: spaCy or the model is not installed.
    """
    try:
        import spacy
    except ImportError:
        raise UsageError("spaCy is not installed; install it with a model, e.g. en_core_web_sm, or leave nouns to the lexicon") from None
    try:
        tagger = spacy.load(model)
    except OSError as error:
        raise UsageError(f"spaCy has no model {model!r}; install it, or leave nouns to the lexicon") from error
    return functools.lru_cache(maxsize=65_536)(
        lambda title: [token.text.lower() for token in tagger(title) if token.pos_ in ("NOUN", "PROPN")]
    )
